/* tokens_model.h — Tokens in virtual time: a list of those that were made, and what they cost.
 *
 * A token is a place in the list and how often that place has been used; so a thief may go on
 * showing one long after it has expired, and the list is no longer than what can still be accepted:
 * a place whose session is over is used again. A forged token is a number that says its flaw
 * (services/port/tokens.h).
 *
 * Making and checking are processor time on the node that asks, by its service's algorithm
 * (struct tokens_spec): they wait for a core and hold it as any other work does. What is refused
 * before the signature is looked at costs what reading a session's id does. */
#ifndef SIM_WORLD_TOKENS_MODEL_H
#define SIM_WORLD_TOKENS_MODEL_H

#include "services/base/dice.h"
#include "services/port/tokens.h"
#include "sim/scenario/scenario.h"
#include "sim/world/world_parts.h"

enum { TOKENS_MAX = 1 << 22 }; /* At once; beyond it the run ends at the memory limit. */

struct token_entry {
    struct token_claims access, session; /* When the session ends, nothing can be accepted. */
    uint32_t uses;                       /* Of this place. */
    uint8_t algorithm;
    bool is_signed;
};

struct tokens_model {
    const struct tokens_spec *spec;
    struct events *events;
    struct dice dice;
    struct arena *arena; /* Of all of them. */
    struct token_entry *all;
    uint32_t length, next; /* Places used so far; the one whose turn it is to be used again. */
    struct token_claims forged[TOKEN_FLAWS]; /* Shown last. */
    struct token_claims over;                /* Of a place that has been used again. */
    bool never_expire;                       /* A planted bug. */
};

extern const struct tokens_ops tokens_model_ops;

void tokens_model_open(struct tokens_model *model, const struct model_setup *with,
                       const struct tokens_spec *spec);

#endif
