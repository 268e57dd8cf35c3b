/* finish_servers.c — What differs between stores, and between queues, that can be named; and what
 * follows from a link. */
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

/* Of `own`, the group of the one that was chosen: what it says lies over what is said for all. */
static void lay(struct node *own, const char *key, uint64_t *under, uint64_t over)
{
    if (node_find(own, key) != NULL)
        *under = over;
}

void finish_network(struct binder *binder, struct node *node, void *into)
{
    struct network_spec *network = into;

    (void)binder;
    if (node == NULL || node_find(node, "handshake") == NULL)
        network->handshake_ns = 2 * network->way.latency_ns;
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
    if (own == NULL)
        return;
    lay(own, "latency", &store->way.latency_ns, store->memcached_way.latency_ns);
    lay(own, "jitter", &store->way.jitter_ns, store->memcached_way.jitter_ns);
    lay(own, "command", &store->command_ns, store->memcached_command_ns);
    lay(own, "per_kib", &store->kib_ns, store->memcached_kib_ns);
}

void finish_queue(struct binder *binder, struct node *node, void *into)
{
    struct queue_spec *queue = into;
    const struct rabbit_costs *over = &queue->rabbitmq;
    struct node *own;

    idle_in_queue(binder, node);
    if (queue->kind != QUEUE_RABBITMQ || node == NULL || node->kind != NODE_MAP)
        return;
    own = node_find(node, "rabbitmq");
    if (own == NULL)
        return;
    lay(own, "latency", &queue->way.latency_ns, over->way.latency_ns);
    lay(own, "jitter", &queue->way.jitter_ns, over->way.jitter_ns);
    lay(own, "replicate", &queue->replicate_ns, over->replicate_ns);
    lay(own, "message", &queue->message_ns, over->message_ns);
    lay(own, "flush", &queue->flush_ns, over->flush_ns);
}
