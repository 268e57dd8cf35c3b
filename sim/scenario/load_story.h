/* load_story.h — From a YAML file to a bound story, or to all of its faults at once.
 *
 *   bytes -> events (libyaml) -> tree with places -> merged (extends, --set, variant) -> bound
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

/* overrides: "path=value" as given to --set, in order. False when there were problems; the story
 * is then empty. */
bool story_load(struct story *story, const char *path, const char *const *overrides,
                size_t overrides_max, struct problems *problems);
void story_close(struct story *story);

#endif
