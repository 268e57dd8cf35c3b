/* thieves.h — Those who ask with what is not theirs: a stolen token, or one that they made.
 *
 *   thief    takes the token that its victim has in hand, and asks with it at a steady pace, denied
 *            or not, until it has expired or the load is over
 *   forger   a load whose every request shows a token with one of the flaws, each in its turn
 *
 * They are no customers: what they ask is in no figure of requests, latency or money, and no answer
 * to them is a success. They look and touch nothing: where their load likes or orders, they count
 * likes or read menus. */
#ifndef SIM_LOAD_THIEVES_H
#define SIM_LOAD_THIEVES_H

#include "sim/load/people.h"

size_t thieves_bytes(const struct load_spec *spec);
struct thieves *thieves_open(struct clients *clients); /* NULL: there will be none. */

/* With the person's token, at once. NULL: there are too many already. */
struct thief *thief_begin(struct clients *clients, struct person *person);

/* Its victim's logout was acknowledged, now: the person forgets the thief, who does not know. */
void thief_is_noticed(struct thief *thief);

/* One request of a forger. */
void thieves_forge(struct clients *clients);

#endif
