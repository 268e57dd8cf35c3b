/* tokens_live.h — The tokens port: real signatures, charged to the replica's processor.
 *
 * A token is made or checked at once, on the loop's thread, and what that took (this thread's
 * processor time) is what the emulated core is then busy for, from the instant when it was asked.
 * So it queues behind other work and delays it, as in the virtual world, and nothing is counted
 * twice: by the time the core is free the real work is long done. Under --burn the answer follows
 * at once, since the work has been burnt. */
#ifndef SERVICES_LIVE_TOKENS_TOKENS_LIVE_H
#define SERVICES_LIVE_TOKENS_TOKENS_LIVE_H

#include "services/live/loop/cpu_live.h"
#include "services/live/tokens/token_keys.h"
#include "services/live/tokens/wallet.h"

struct node_stats;
struct tokens_live; /* port is its first member. */

struct tokens_live_config {
    const struct token_settings *settings; /* Read while it opens. */
    struct wallet *wallet;                 /* Borrowed, as the next two. */
    struct cpu_live *cpu;
    struct node_stats *stats;
    bool is_burnt;
};

/* Settings without a key: sessions alone; an order that is to be signed fails. NULL: the key is no
 * key of its algorithm. */
struct tokens_live *tokens_live_open(struct loop *loop, const struct tokens_live_config *config);
void tokens_live_close(struct tokens_live *tokens); /* What is being made is never told. */
struct tokens *tokens_live_port(struct tokens_live *tokens);

#endif
