/* wallet.h — The texts behind a process's token handles.
 *
 * Whoever holds a token in this process (a visit, an answer on its way, people) names it by one
 * word; here is what that word stands for: the access token and the session's id. What a request
 * shows is one text, and both at once.
 *
 * Kept until it is dropped. When `max` are kept, the one that was kept longest makes room: a handle
 * tells whether its text is still there, so nobody is ever given another's. */
#ifndef SERVICES_LIVE_TOKENS_WALLET_H
#define SERVICES_LIVE_TOKENS_WALLET_H

#include "services/live/http/http.h"
#include "services/port/tokens.h"

enum { WALLET_TEXT_MAX = 8192 }; /* Of one text: more does not fit a head. */

struct wallet;

struct wallet *wallet_open(uint32_t max);
void wallet_close(struct wallet *wallet);

/* Copies both. A grant has both; what was shown has no session: then the first stands for both.
 * Never 0. */
uint64_t wallet_keep(struct wallet *wallet, struct span access, struct span session);

/* Borrowed until the next wallet_keep or wallet_drop. False: it is not here. */
bool wallet_find(const struct wallet *wallet, uint64_t token, enum token_part part,
                 struct span *text);

/* Both texts of a grant. False: it is not here, or it is one that was shown, which nobody else is
 * to be given: a handle can be guessed. */
bool wallet_find_grant(const struct wallet *wallet, uint64_t token, struct span *access,
                       struct span *session);
void wallet_drop(struct wallet *wallet, uint64_t token); /* Twice, or 0, changes nothing. */

/* What token_forged(flaw) stands for; copied. */
void wallet_forge(struct wallet *wallet, enum token_flaw flaw, struct span text);

#endif
