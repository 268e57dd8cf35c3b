/* places.h — Where scenarios are: the path as given, else by name among those that are shipped. */
#ifndef SIM_COMMAND_PLACES_H
#define SIM_COMMAND_PLACES_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/command/command.h"
#include "sim/scenario/load_story.h"

/* Folders with scenarios, in the order in which they are looked at: $SIM_SCENARIOS, ./scenarios,
 * PREFIX/share/sim/scenarios beside the program. Writes the i-th into path; false beyond. */
bool places_folder(unsigned i, char *path, size_t path_bytes);

/* The file that a word names: itself if it is there, else NAME.yaml in one of the folders, else
 * itself again (whoever opens it will say what is wrong). */
void places_find(const char *word, char *path, size_t path_bytes);

/* A scenario as a command line names it; words are borrowed from argv. */
enum { PLACES_OVERRIDES_MAX = 64 };
struct named_story {
    const char *file; /* NULL: none yet. */
    const char *overrides[PLACES_OVERRIDES_MAX];
    unsigned overrides_max;
};

/* What is given to --set. False: it is no PATH=VALUE, or one too many. */
bool places_override(struct named_story *named, const char *value);

/* Its story, with a file of further keys laid over it (NULL: none). EXIT_USAGE after all its faults
 * were told on stderr, EXIT_RUNTIME without memory; the story is then empty. */
int places_load(struct story *story, const struct named_story *named, const char *overlay,
                const struct settings *settings);

/* The same as it runs on the machine that the overlay tells of: see overlay_is_last. */
int places_load_on(struct story *story, const struct named_story *named, const char *machine,
                   const struct settings *settings);

#endif
