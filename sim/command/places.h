/* places.h — Where scenarios are: the path as given, else by name among those that are shipped. */
#ifndef SIM_COMMAND_PLACES_H
#define SIM_COMMAND_PLACES_H

#include <stddef.h>

#include "sim/command/command.h"

/* Folders with scenarios, in the order in which they are looked at: ./scenarios, $SIM_SCENARIOS,
 * PREFIX/share/sim/scenarios beside the program. Writes the i-th into path; false beyond. */
bool places_folder(const struct settings *settings, unsigned i, char *path, size_t path_bytes);

/* The file that a word names: itself if it is there, else NAME.yaml in one of the folders, else
 * itself again (whoever opens it will say what is wrong). */
void places_find(const struct settings *settings, const char *word, char *path, size_t path_bytes);

#endif
