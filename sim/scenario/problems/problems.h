/* problems.h — The user's slips, each with its place, what was found and what to write instead.
 *
 * A problem keeps its own copy of the source line, so that it outlives the file's bytes. Messages
 * are given in both languages at once, as two formats over the same arguments; which one is
 * printed is decided last. Untrusted text in the arguments goes through quote() of utf8.h. */
#ifndef SIM_SCENARIO_PROBLEMS_H
#define SIM_SCENARIO_PROBLEMS_H

#include "sim/scenario/load_story.h"
#include "sim/scenario/yaml/source.h"

enum { PROBLEMS_KEPT = 20 };

/* suggestion: what to write instead, or NULL. en, ru: formats over the same arguments. */
__attribute__((format(printf, 4, 6))) __attribute__((format(printf, 5, 6))) void
problem_at(struct problems *problems, struct place place, const char *suggestion, const char *en,
           const char *ru, ...);

/* The same for a finished message. */
void problem_say(struct problems *problems, struct place place, struct text message,
                 const char *suggestion);

/* Further problems are only counted: what would make them helpful need not be worked out. */
bool problems_are_full(const struct problems *problems);

#endif
