/* keys_walk.h — Going through all keys with their full paths, as a reader would write them:
 * "services.*.replicas", "load.*.retry.attempts". */
#ifndef SIM_SCENARIO_KEYS_WALK_H
#define SIM_SCENARIO_KEYS_WALK_H

#include "sim/scenario/keys/keys.h"

enum { KEY_PATH_MAX = 96 };

struct key_visit {
    /* Called for a key before the keys inside it. */
    void (*meet)(struct key_visit *visit, const struct key *key, const char *path);
};

/* In the order of the tables; distributions are told once each, as "DURATION.mean". */
void keys_walk(struct key_visit *visit);

#endif
