/* store_inside.h — The parts of the store's model; for sim/world/store alone.
 *
 * store_model.c is the threads and their lines, of Redis (one) and of memcached alike.
 *
 *   Redis       store_commands.c what a command does, store_keys.c what the keys hold and when they
 *               expire, store_eviction.c which of them goes when memory is full
 *   memcached   memcached_client.c the connections of nodes, memcached_commands.c what a command
 *               does, slabs.c what the items hold and which of them goes
 *
 * Keys of Redis stand in one dense array, in no order: dropping one moves the last into its place.
 * So a random key is a random index, which is what sampling needs, and a map leads from the key to
 * its place. The members of a set hang on a list, so that a set can go at once. */
#ifndef SIM_WORLD_STORE_INSIDE_H
#define SIM_WORLD_STORE_INSIDE_H

#include "services/base/dice.h"
#include "services/base/list.h"
#include "services/base/map.h"
#include "services/base/pool.h"
#include "services/port/two_steps.h"
#include "sim/world/meter.h"
#include "sim/world/op.h"
#include "sim/world/store/slabs.h"
#include "sim/world/store/store_model.h"

enum {
    STORE_COMMANDS_MAX = 1 << 18, /* In flight; beyond three quarters of them all are refused. */
    STORE_KEYS_MAX = 1 << 22,     /* Beyond it writes fail, as when memory is full. */
    STORE_MEMBERS_MAX = 1 << 24,  /* Of all sets together; the same. */
    STORE_CANDIDATES_MAX = 16,    /* Redis: EVPOOL_SIZE. */
    STORE_THREADS_MAX = 16        /* store.threads */
};

/* What a key costs beside its value, in bytes: 56 for the table's entry and the object (dictEntry
 * 24, robj 16, string headers and the allocator's rounding), 16 for the name. A member of a set is
 * an entry with a short string. Both are near what MEMORY USAGE says of Redis 7 on 64 bits. */
enum { STORE_KEY_BYTES = 56 + 16, STORE_NUMBER_BYTES = 8, STORE_MEMBER_BYTES = 40 };

struct store_member {
    struct link link; /* In its set. */
    uint64_t member;
};

struct store_entry {
    uint64_t key;
    int64_t value;       /* Of a set: how many members. */
    uint64_t bytes;      /* Of the value: what a SET brought, or the members. */
    uint64_t expires_ns; /* 0: never. */
    uint64_t touched_ns;
    struct list *members; /* NULL: not a set. */
    uint32_t frequency;   /* LFU's logarithmic counter, 0 … 255. */
};

struct store_candidate { /* For eviction, from earlier samples too. */
    uint64_t key;
    uint64_t idleness; /* More: rather this one. */
};

struct store_keys {
    const struct store_spec *spec;
    struct store_entry *entries; /* `length` of them, dense. */
    uint64_t length, length_max;
    uint64_t mortal;    /* How many have a TTL. */
    uint64_t bytes;     /* All keys, overhead included. */
    struct map places;  /* (key, 0) -> its index */
    struct map members; /* (set's key, member) -> struct store_member */
    struct pool member_records, set_records;
    struct store_candidate candidates[STORE_CANDIDATES_MAX]; /* The last one is the best. */
    uint32_t candidates_max;
    uint64_t walk; /* Where active expiry goes on. */
    struct dice dice;
    struct store_result *counts; /* Lent by the model. */
};

void store_keys_init(struct store_keys *keys, const struct model_setup *with,
                     const struct store_spec *spec, struct store_result *counts);

/* The key, or NULL: not there, or expired, and then it is dropped and counted. */
struct store_entry *store_keys_find(struct store_keys *keys, uint64_t key, uint64_t now_ns);

/* Counts an access, for the choice of what to evict. */
void store_keys_touch(struct store_keys *keys, struct store_entry *entry, uint64_t now_ns);

/* Evicts until `bytes` more fit, sparing nothing. False: they never will, or none may go. */
bool store_keys_make_room(struct store_keys *keys, uint64_t bytes, uint64_t now_ns);

/* A number under a key that is not there; room has been made. NULL: too many keys. */
struct store_entry *store_keys_insert(struct store_keys *keys, uint64_t key, int64_t value,
                                      uint64_t bytes, uint64_t now_ns);
void store_keys_resize(struct store_keys *keys, struct store_entry *entry, uint64_t bytes);
void store_keys_expire(struct store_keys *keys, struct store_entry *entry, uint64_t expires_ns);
void store_keys_drop(struct store_keys *keys, struct store_entry *entry);
void store_keys_clear(struct store_keys *keys);

/* Members. False: it was there already, or was not. The caller has seen to room and places; the
 * entry of an empty set is not yet one of a set, and a set that is left empty is dropped. */
bool store_keys_has_member(const struct store_keys *keys, uint64_t set, uint64_t member);
bool store_keys_enter(struct store_keys *keys, struct store_entry *set, uint64_t member);
bool store_keys_leave(struct store_keys *keys, struct store_entry *set, uint64_t member);

/* One turn of active expiry. */
void store_keys_walk(struct store_keys *keys, uint64_t now_ns);

/* store_eviction.c: drops the key that deserves it most, as far as sampling tells. False: the
 * policy allows none, or there is none. */
bool store_evict(struct store_keys *keys, uint64_t now_ns);
uint32_t store_frequency(const struct store_entry *entry, uint64_t now_ns); /* After decay. */

struct store_connection; /* memcached_client.c */
struct store_thread;

struct store_command {
    struct op op;
    struct link link; /* While it waits. */
    struct store_asked asked;
    enum call_outcome outcome; /* The answer. */
    int64_t value;
    bool is_turned_away; /* Too many in flight. */
    struct store_thread *thread;

    struct store_connection *connection; /* NULL: of Redis. */
    struct two_steps steps;              /* Of add_if_new. */
    bool is_for_nobody;                  /* Asked without a call. */
};

struct store_thread {
    struct list waiting;
    struct store_command *served; /* NULL: it is idle. */
    uint64_t served_from_ns;      /* Its start, or its going on after a pause. */
    uint64_t service_ns;          /* Its time on the thread, from then on. */
    struct meter busy;
};

struct store_model {
    struct events *events;
    struct link_model *link;
    struct arena *arena;
    const struct store_spec *spec;
    struct pool commands;
    struct store_thread threads[STORE_THREADS_MAX];
    uint32_t threads_max;
    bool is_used, is_down, is_paused, is_cut;
    struct store_keys keys; /* Of Redis. */
    struct slabs *slabs;    /* Of memcached; NULL: it is Redis. */
    struct map connections; /* (node, nth) -> struct store_connection */
    struct event walk;
    struct event warm;
    uint64_t warmup_ns;
    struct store_result counts;
    bool evicted_in_warmup;
    enum store_bug bug;
    uint64_t additions; /* For the planted bug. */
};

enum { STORE_WALK_PLACE = 0xfffffe, STORE_WARM_PLACE = 0xffffff }; /* In tags: no node's id. */

/* store_commands.c, memcached_commands.c: does it, and sets its outcome and value. */
void store_execute(struct store_model *model, struct store_command *command, uint64_t now_ns);
void memcached_execute(struct store_model *model, struct store_command *command, uint64_t now_ns);
int64_t store_planted(struct store_model *model, int64_t delta); /* What is added in truth. */
void store_walk(struct event *event); /* Active expiry, every 100 ms while a key can expire. */

/* memcached_client.c: asks over one of the node's connections; and what came of it. */
void memcached_client_ask(struct store_model *model, struct store_command *command);
void memcached_client_answered(struct store_model *model, struct store_command *command);
void memcached_client_lost(struct store_model *model, struct store_command *command);

/* store_model.c: on its way to the server. False: it will never arrive. */
bool store_model_send(struct store_model *model, struct store_command *command);

#endif
