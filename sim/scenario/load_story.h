/* load_story.h — From a YAML file to a bound story, or to all of its faults at once.
 *
 *   bytes -> events (libyaml) -> tree with places -> merged -> bound
 *                                     (parents < file < overlay < variant < --set)
 *
 * Hostile input is refused in milliseconds and bounded memory: size, depth, aliases, duplicate
 * keys and encodings are judged while the tree grows. */
#ifndef SIM_SCENARIO_LOAD_STORY_H
#define SIM_SCENARIO_LOAD_STORY_H

#include <stdbool.h>
#include <stdio.h>

#include "sim/scenario/scenario.h"

struct problems; /* Faults found, with their places; at most 20 are kept, all are counted. */

struct problems *problems_open(void);
void problems_close(struct problems *problems);
unsigned problems_count(const struct problems *problems);

/* Writes them in the shape of design.md section 4, in the language lang ("en", "ru"). */
void problems_print(const struct problems *problems, FILE *out, const char *lang);

struct story_source {
    const char *path;
    const char *overlay; /* A file of further keys, laid over the scenario's; NULL: none. */
    bool
        overlay_is_last; /* Over --set and variants, too: for a run on the machine that it tells of,
                             which is no other because a variant says so. */
    const char *const *overrides; /* "path=value" as given to --set, in order. */
    size_t overrides_max;
};

/* False when there were problems; the story is then empty. An overlay says what a machine is like
 * (sim calibrate writes one), so it has no `extends`, no `variants` and no name; it is part of
 * story.sha256. */
bool story_load_from(struct story *story, const struct story_source *source,
                     struct problems *problems);

/* The same without an overlay. */
bool story_load(struct story *story, const char *path, const char *const *overrides,
                size_t overrides_max, struct problems *problems);
void story_close(struct story *story);

#endif
