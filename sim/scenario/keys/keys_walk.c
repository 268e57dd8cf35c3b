/* keys_walk.c — Going through all keys with their full paths. */
#include "sim/scenario/keys/keys_walk.h"

#include <stdio.h>

static void walk(struct key_visit *visit, const struct group *group, const char *prefix)
{
    for (size_t i = 0; i < group->keys_max; i++) {
        const struct key *key = &group->keys[i];
        char path[KEY_PATH_MAX];

        (void)snprintf(path, sizeof path, "%s%s", prefix, key->name);
        visit->meet(visit, key, path);
        if (key->group == NULL)
            continue;
        (void)snprintf(path, sizeof path, "%s%s%s", prefix, key->name,
                       key->type == KEY_GROUP ? "." : ".*.");
        walk(visit, key->group, path);
    }
}

void keys_walk(struct key_visit *visit)
{
    walk(visit, &root_group, "");
    walk(visit, &variant_group, "variants.*.");
    walk(visit, &duration_dist_group, "DURATION.");
    walk(visit, &money_dist_group, "AMOUNT.");
}
