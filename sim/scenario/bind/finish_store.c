/* finish_store.c — What differs between the stores that can be named. */
#include "sim/scenario/bind/bind.h"
#include "sim/scenario/bind/finish.h"
#include "sim/scenario/bind/idle.h"

static const uint64_t memcached_memory = UINT64_C(64) << 20; /* memcached -m 64 */

static void judge_persistence(struct binder *binder, struct node *node,
                              const struct store_spec *store)
{
    if (store->is_persistent)
        blame(
            binder->problems, node_find(node, "persistent"), "no",
            "memcached writes nothing to a disk: what is to survive a crash goes into the table, "
            "or kind: redis",
            "memcached ничего не пишет на диск: то, что должно пережить падение, держат в таблице, "
            "или kind: redis");
}

static void judge_eviction(struct binder *binder, struct node *node, struct store_spec *store)
{
    struct node *eviction = node_find(node, "eviction");

    if (eviction == NULL)
        store->eviction = EVICTION_LRU;
    else if (store->eviction == EVICTION_LFU)
        blame(binder->problems, eviction, "lru", "memcached knows no lfu", "у memcached нет lfu");
}

static void judge_memory(struct binder *binder, struct node *node, struct store_spec *store)
{
    struct node *memory = node_find(node, "memory");

    if (memory == NULL)
        store->memory = memcached_memory;
    else if (!memory->is_blamed && store->memory < 2 * store->item_max)
        blame(binder->problems, memory, "64MiB",
              "memcached always has a limit, and wants room for two of its largest items",
              "у memcached предел есть всегда, и в нём место для двух самых больших элементов");
}

static bool has(struct node *map, const char *key)
{
    return map != NULL && node_find(map, key) != NULL;
}

void finish_store(struct binder *binder, struct node *node, void *into)
{
    struct store_spec *store = into;
    struct node *own;

    idle_in_store(binder, node);
    if (store->kind != STORE_MEMCACHED || node == NULL || node->kind != NODE_MAP)
        return;
    judge_persistence(binder, node, store);
    judge_eviction(binder, node, store);
    judge_memory(binder, node, store);
    own = node_find(node, "memcached");
    if (has(own, "latency"))
        store->way.latency_ns = store->memcached_way.latency_ns;
    if (has(own, "jitter"))
        store->way.jitter_ns = store->memcached_way.jitter_ns;
    if (has(own, "command"))
        store->command_ns = store->memcached_command_ns;
    if (has(own, "per_kib"))
        store->kib_ns = store->memcached_kib_ns;
}
