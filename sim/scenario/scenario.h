/* scenario.h — One story, bound: what sim/scenario makes of a YAML file and all else reads.
 *
 * Times are whole nanoseconds, money whole minor units of one currency, shares 0 … 1, sizes bytes,
 * rates per second. Every field has a key in keys.c with its type, range, default and a line of
 * help; nothing here is set anywhere else. A bound scenario is read-only, owns its memory through
 * its arena, and is shared by all threads of a run. */
#ifndef SIM_SCENARIO_SCENARIO_H
#define SIM_SCENARIO_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/dice.h"
#include "services/base/door_line.h"

enum {
    NAME_MAX_BYTES = 48,
    SERVICE_NAME_MAX_BYTES = NAME_MAX_BYTES - 9, /* NAME/balancer is a name as well. */
    SCENARIO_LOADS_MAX = 16,
    SCENARIO_SERVICES_MAX = 16,
    SCENARIO_STEPS_MAX = 16,
    SCENARIO_PHASES_MAX = 64,
    SCENARIO_THRESHOLDS_MAX = 32,
    SCENARIO_FAULTS_MAX = 64,
    SCENARIO_TIERS_MAX = 8,
    SCENARIO_VARIANTS_MAX = 32,
    MEMORY_POSTS_MAX = 1000 /* Of one counter; posts in keys_memory.c says the same. */
};

struct text { /* Both may be the same; never NULL once bound, perhaps "". */
    const char *en, *ru;
};

/* ---- Load ------------------------------------------------------------------------------- */

enum arrivals_kind { ARRIVALS_POISSON, ARRIVALS_CONSTANT, ARRIVALS_CLOSED };

struct phase { /* From at_ns on; a ramp reaches the rate in a straight line. */
    uint64_t at_ns;
    double rate;      /* Per second. */
    uint64_t ramp_ns; /* 0: at once. */
};

enum keys_dist { KEYS_ZIPF, KEYS_UNIFORM, KEYS_CONSTANT };

struct keys_spec {
    enum keys_dist dist;
    double s;   /* Zipf's exponent. */
    uint64_t n; /* Distinct keys, 1 … n. KEYS_CONSTANT: always 1. */
};

enum jitter { JITTER_NONE, JITTER_FULL, JITTER_EQUAL };

struct retry_spec {
    uint32_t attempts;   /* Tries in all; 1: no retry. */
    uint64_t backoff_ns; /* Before the second try; doubles each time. */
    uint64_t backoff_max_ns;
    enum jitter jitter;
    double budget; /* Retries per first try allowed, a token bucket; 1: no limit. */
};

enum load_auth { LOAD_NOBODY, LOAD_PEOPLE, LOAD_FORGER };

struct load_auth_spec { /* What those who ask hold in their hands. */
    enum load_auth as;
    double logout;          /* Share of logins that end with a logout, … */
    double stolen;          /* … and of those that end with one because the token was stolen. */
    struct dist after;      /* From the login to it. */
    uint64_t thief_each_ns; /* From one try of a thief to the next. */
};

struct load_spec {
    char name[NAME_MAX_BYTES]; /* Its stream of chance; by default verb/position. */
    uint8_t verb;              /* enum verb of services/port/ask.h */
    uint32_t service;          /* Index into services: who is asked. */
    enum arrivals_kind arrivals;
    struct phase phases[SCENARIO_PHASES_MAX]; /* Open arrivals. */
    uint32_t phases_max;
    uint32_t users; /* Closed: how many, each waiting for its answer, then thinking. */
    struct dist think;
    struct keys_spec keys;
    uint64_t people;    /* Distinct user ids, drawn uniformly: who asks. */
    uint32_t zones;     /* Delivery areas, drawn uniformly. */
    struct dist amount; /* The basket, minor units. */
    double poison;      /* Share of the orders that the table refuses for good. */
    uint32_t bytes;
    uint8_t priority;
    uint64_t patience_ns; /* An ok after it is late; 0: never. */
    uint64_t timeout_ns;  /* One try; then the client hangs up. 0: it never does. */
    bool passes_deadline; /* Tells the services when the patience ends. */
    struct retry_spec retry;
    struct load_auth_spec auth;
};

/* ---- Services --------------------------------------------------------------------------- */

enum service_kind {
    KIND_CUSTOM,
    KIND_LIKES,
    KIND_DELIVERY,
    KIND_BATCHER,
    KIND_GATEWAY,
    KIND_COUNTER
};
enum runtime_model { RUNTIME_EVENT_LOOP, RUNTIME_THREADS, RUNTIME_GIL_THREADS, RUNTIME_PROCESSES };
enum likes_design {
    DESIGN_TABLE,   /* Rows only; every question scans. */
    DESIGN_INDEXED, /* Unique index, and a counter row in the same transaction. */
    DESIGN_CACHED,  /* Rows in SQL, the counter in the store. */
    DESIGN_QUEUED,  /* The store answers, a log carries, one row per transaction. */
    DESIGN_BATCHED  /* The same, many rows per transaction. */
};
enum likes_ack { ACK_STORE, ACK_QUEUE, ACK_TABLE }; /* T0, T1, T2: what "acknowledged" means. */
enum orders_mode { ORDERS_SYNC, ORDERS_QUEUED };

enum topic_kind { TOPIC_KIND_LIKES, TOPIC_KIND_ORDERS };
enum auth_kind { AUTH_NONE, AUTH_SESSION, AUTH_JWT, AUTH_JWT_DENYLIST };
enum auth_algorithm { ALGORITHM_HS256, ALGORITHM_RS256, ALGORITHM_EDDSA, ALGORITHMS };
enum scale_signal { SIGNAL_CPU, SIGNAL_IN_FLIGHT, SIGNAL_RATE, SIGNAL_LAG };

enum count_design { COUNT_UNLOCKED, COUNT_LOCKED, COUNT_ATOMIC, COUNT_SHARDED, COUNT_COPIED };

enum step_kind {
    STEP_COMPUTE,
    STEP_NATIVE,
    STEP_SLEEP,
    STEP_BLOCK,
    STEP_STORE_GET,
    STEP_STORE_SET,
    STEP_STORE_ADD,
    STEP_TABLE_READ,
    STEP_TABLE_WRITE,
    STEP_PUT,
    STEP_ASK
};

struct step_spec {
    enum step_kind kind;
    struct dist time; /* COMPUTE, NATIVE, SLEEP, BLOCK. */
    uint32_t service; /* ASK: index into services. */
    uint64_t ttl_ns;  /* STORE_SET. */
    uint64_t timeout_ns;
    bool is_concurrent; /* Begins with the step before it. */
};

struct autoscale_spec {
    bool is_on;
    enum scale_signal signal;
    double target; /* cpu: share; in_flight, lag: number; rate: per second. */
    uint32_t replicas_min, replicas_max;
    uint64_t every_ns;       /* 15 s */
    double tolerance;        /* 0.1 */
    uint64_t down_window_ns; /* 5 min */
};

struct auth_spec {
    enum auth_kind kind;
    enum auth_algorithm algorithm;
    uint64_t ttl_ns;     /* Of a signed token. */
    uint64_t session_ns; /* Of a session: to the next login. */
    uint64_t leeway_ns;
    bool accepts_without_store; /* A denylist that does not answer denies nobody. */
};

struct pipeline_spec { /* Processor time around the handler, stage by stage. */
    struct dist accept, route, validate, dependencies, validate_answer, serialise, send;
    /* And per KiB: of the request, then of the answer. */
    uint64_t validate_kib_ns, validate_answer_kib_ns, serialise_kib_ns, send_kib_ns;
};

struct memory_spec { /* What the threads of a replica share. */
    enum count_design design;
    uint64_t adds;    /* Increments in one like. */
    uint32_t posts;   /* Counters. */
    uint64_t work_ns; /* Of the program's own, before each. */
    double jitter;    /* Share by which that varies, up and down. */
    uint64_t gap_ns;  /* unlocked: from read to write. */
    uint64_t hold_ns; /* locked. */
    uint32_t bytes;   /* copied: of the object. */
};

struct service_spec {
    char name[NAME_MAX_BYTES];
    enum service_kind kind;
    uint32_t replicas;
    uint32_t cores;
    double speed;        /* Of one core, against the core that work is quoted for. */
    uint32_t stragglers; /* The first so many replicas have another one; */
    double straggler_speed;
    enum runtime_model runtime;
    uint32_t threads;            /* threads, gil_threads. */
    uint32_t processes;          /* processes. */
    uint64_t quantum_ns;         /* All but event_loop. */
    uint64_t switch_interval_ns; /* gil_threads. */
    uint64_t memory;             /* Of one process. */
    uint32_t queue;              /* Waiting for a first turn; beyond it visits are shed. */
    enum line_order line;        /* Who of them is next. */
    uint32_t in_flight;          /* Inside one replica at once; beyond it visits are shed. */
    uint64_t boot_ns;
    struct autoscale_spec autoscale;
    struct pipeline_spec pipeline; /* All that take visits. */

    /* likes, delivery */
    struct dist work_read,
        work_write;         /* Processor time: of a count, a menu; of a like, an order. */
    struct dist work_light; /* Of what is ready: a cached menu, a status, an order that
                                          only goes to the log. */
    struct dist work_batch, work_record; /* Of a batcher: per batch, and per record in it. */
    uint64_t store_timeout_ns, table_timeout_ns, queue_timeout_ns;

    /* likes */
    enum likes_design design;
    enum likes_ack ack;

    /* delivery */
    bool menu_cache;
    uint64_t menu_ttl_ns;
    bool single_flight;
    uint64_t menu_lease_ns; /* 0: no leases. */
    double menu_early;      /* XFetch's beta; 0: no early refresh. */
    uint32_t menu_bytes;
    enum orders_mode orders;

    /* batcher */
    enum topic_kind topic;
    uint32_t batch;       /* Records in one transaction at most. */
    uint64_t linger_ns;   /* Longest wait for a batch to fill; for orders the dispatch window. */
    uint32_t attempts;    /* Before a record goes to the dead letters. */
    uint32_t trip_orders; /* Orders that one courier carries at most. */

    /* gateway */
    uint32_t behind; /* Index into services: whom it stands before. */
    struct auth_spec auth;
    uint64_t ask_timeout_ns;

    /* counter */
    struct memory_spec shared;

    /* custom */
    struct step_spec steps[SCENARIO_STEPS_MAX];
    uint32_t steps_max;
};

static inline double service_speed(const struct service_spec *spec, uint32_t replica)
{
    return replica < spec->stragglers ? spec->straggler_speed : spec->speed;
}

/* Who holds a visit from the door to its answer, and how many of them there are: threads or
 * processes. An event loop has none: 0. */
static inline uint32_t service_workers(const struct service_spec *spec)
{
    switch (spec->runtime) {
    case RUNTIME_EVENT_LOOP:
        break;
    case RUNTIME_THREADS:
    case RUNTIME_GIL_THREADS:
        return spec->threads;
    case RUNTIME_PROCESSES:
        return spec->processes;
    }
    return 0;
}

/* Processes of one replica. */
static inline uint32_t service_processes(const struct service_spec *spec)
{
    return spec->runtime == RUNTIME_PROCESSES ? spec->processes : 1;
}

/* ---- What stands around them -------------------------------------------------------------- */

enum balancer_policy {
    POLICY_NONE, /* No balancer: the one replica is asked directly. */
    POLICY_ROUND_ROBIN,
    POLICY_WEIGHTED,
    POLICY_RANDOM,
    POLICY_LEAST_CONNECTIONS,
    POLICY_TWO_CHOICES,
    POLICY_PEAK_EWMA,
    POLICY_CONSISTENT_HASH
};

struct balancer_spec {
    enum balancer_policy policy;
    uint64_t timeout_ns;      /* For one try at one replica. */
    uint32_t attempts;        /* Tries on different replicas, idempotent verbs only. */
    uint64_t health_every_ns; /* 0: no active checks. */
    uint64_t health_timeout_ns;
    uint32_t health_fall, health_rise; /* Checks in a row. */
    uint64_t slow_start_ns;            /* 0: a replica that comes has its full share at once. */
    uint32_t outlier_failures;         /* In a row, that eject a replica; 0: never. */
    uint64_t outlier_for_ns;           /* Times the ejections so far. */
    double outlier_share;              /* Of the replicas at most. */
    uint64_t hedge_after_ns;           /* 0: no second question. */
    double hedge_share;                /* Of the questions at most. */
    double limit_rate;                 /* Visits per second; 0: no limit. */
    uint32_t limit_burst;              /* Tokens that are saved up. */
    double breaker_share;              /* Of calls that fail, which opens it; 0: there is none. */
    uint32_t breaker_calls;            /* Calls in a window that it takes at least. */
    uint64_t breaker_window_ns, breaker_open_ns;
    double bound;     /* consistent_hash: load of one over the mean, at most; 1.25. */
    uint64_t ewma_ns; /* peak_ewma: decay. */
    uint64_t work_ns; /* Processor time per request. */
    uint32_t cores;
};

struct way {             /* Of one message, in one direction. */
    uint64_t latency_ns; /* At least. */
    uint64_t jitter_ns;  /* Mean of an exponential addition. */
};

struct network_spec {
    struct way way;        /* Between nodes. */
    uint64_t kib_ns;       /* And per KiB of a message's body. */
    uint64_t handshake_ns; /* A new connection, before its first message. */
    double loss;           /* Share of all messages that never arrive. */
};

enum store_kind { STORE_REDIS, STORE_MEMCACHED };
enum eviction { EVICTION_NONE, EVICTION_LRU, EVICTION_LFU };

struct store_spec {
    enum store_kind kind;
    struct way way;
    uint64_t command_ns; /* One thread's time, per command. */
    uint64_t kib_ns;     /* And per KiB of value. */
    uint64_t memory;     /* maxmemory; 0: no limit. memcached: -m, always limited. */
    enum eviction eviction;
    bool is_persistent; /* AOF: what was answered survives a crash. Never with memcached. */

    /* memcached */
    uint32_t threads;              /* -t; Redis has one. */
    uint64_t item_max;             /* -I: bytes of the largest item. */
    double growth;                 /* -f: of one class's chunks to the last one's. */
    struct way memcached_way;      /* Laid over `way`, … */
    uint64_t memcached_command_ns; /* … command_ns … */
    uint64_t memcached_kib_ns;     /* … and kib_ns. */
};

enum queue_server { QUEUE_KAFKA, QUEUE_RABBITMQ };
enum queue_acks { ACKS_NONE, ACKS_LEADER, ACKS_ALL };

struct queue_spec {
    enum queue_server kind;
    struct way way;
    enum queue_acks acks;
    uint64_t replicate_ns; /* acks all: to the followers and back. */
    uint64_t session_ns;   /* A silent member is thrown out after. */

    /* Kafka */
    uint32_t partitions;
    uint64_t linger_ns;    /* Producer. */
    uint32_t batch;        /* Producer: records in a batch at most. */
    uint64_t append_ns;    /* Broker, per batch. */
    uint64_t record_ns;    /* Broker, per record. */
    uint64_t rebalance_ns; /* The whole group stands still for. */
    uint64_t retention;    /* Records kept per partition; 0: all. */

    /* RabbitMQ */
    uint32_t prefetch;   /* Messages that one consumer may have without an acknowledgement. */
    uint64_t message_ns; /* The queue's one process, per message. */
    uint64_t flush_ns;   /* To disk, before it confirms; shared by all that wait for it. */
    uint64_t memory;     /* Publishers are stopped beyond; 0: never. */
    bool single_active;  /* One consumer at a time, the others stand by. */
    struct rabbit_costs {
        struct way way;
        uint64_t replicate_ns, message_ns, flush_ns;
    } rabbitmq; /* Laid over the keys of the same names. */
};

struct table_spec {
    struct way way;
    uint32_t connections;      /* The pool; who finds none waits. */
    uint32_t connections_each; /* Beside a live run: of each process's own pool. 0: one for all. */
    uint32_t cores;            /* Of the server. */
    uint64_t quantum_ns;       /* One turn on a core while others wait; 0: to the end. */
    uint64_t statement_ns;     /* Parse, plan, one index seek. */
    uint64_t row_ns;           /* Each row written, or walked through an index. */
    uint64_t scan_row_ns;      /* Each row that a scan looks at. */
    uint64_t commit_ns;        /* One flush to disk. */
    bool group_commit;         /* Transactions that wait for the disk share a flush. */
    uint32_t writers;          /* Transactions that write at a time; 0: no limit. SQLite: 1. */
    uint64_t likes_rows;       /* Rows there at the start. */
};

struct sharing_spec {              /* What it costs threads to share memory. */
    uint64_t atomic_ns;            /* An indivisible instruction, its cache line at hand, … */
    uint64_t line_ns;              /* … or in another core. */
    uint64_t park_ns;              /* A system call that finds nothing to wait for. */
    uint64_t wake_ns, asleep_ns;   /* Of a sleeper: for who wakes it, and until it runs. */
    uint64_t allocate_ns, copy_ns; /* An object, and each KiB of it. */
    uint64_t quantum_ns;           /* On a core that another thread wants. */
};

struct tokens_spec { /* Processor time of one of them. */
    uint64_t sign_ns[ALGORITHMS], verify_ns[ALGORITHMS];
    uint64_t session_ns; /* Making a session's id, or reading one. */
};

struct tier_spec {
    char name[NAME_MAX_BYTES];
    double share;         /* Of the restaurants. */
    double commission;    /* Share of the basket. */
    int64_t subscription; /* Per month. */
};

struct surge_spec {
    double from;     /* Orders per second that couriers carry at the ordinary fee; 0: no surge. */
    double step;     /* The fee rises by it for each such share of orders too many. */
    double most;     /* And by no more than this. */
    double couriers; /* Share of the rise that is theirs. */
    uint64_t window_ns;
};

struct ads_spec {
    int64_t thousand; /* Menus seen. */
    int64_t click;
    double clicks; /* Share of the menus seen. */
};

struct premium_spec {
    double share;     /* Of the customers. */
    int64_t month;    /* Per member. */
    int64_t order;    /* Per order of a member. */
    uint8_t priority; /* Of a member's orders. */
    double analytics; /* Share of the restaurants. */
    int64_t analytics_month;
};

struct support_spec {
    int64_t contact;
    double contacts; /* Share of the orders that failed or came late. */
};

struct prices_spec {
    char currency[4];
    double commission;    /* Share of the basket; where there are no tiers. */
    int64_t subscription; /* Per restaurant and month; where there are no tiers. */
    struct tier_spec tiers[SCENARIO_TIERS_MAX];
    uint32_t tiers_max;
    int64_t delivery_fee, delivery_km; /* Per order, and per kilometre. */
    struct surge_spec surge;
    int64_t courier_trip, courier_km; /* Per trip, and per kilometre of an order. */
    uint32_t distance_m;              /* From restaurant to customer, mean. */
    double distance_spread;           /* Evenly, so far to either side. */
    double payment;                   /* Share of what the customer pays. */
    struct ads_spec ads;
    struct premium_spec premium;
    struct support_spec support;
    int64_t core_hour; /* Per core and hour of replicas. */
    int64_t store_hour, queue_hour, table_hour;
    int64_t table_core_hour;
    uint64_t rented_ns;    /* What is bought is paid for at least so long … */
    uint64_t on_demand_ns; /* … and what an autoscaler starts, so long. */
};

enum fault_kind { FAULT_CRASH, FAULT_PAUSE, FAULT_CUT };

struct fault_spec {
    uint64_t at_ns, for_ns;
    enum fault_kind kind;
    char target[NAME_MAX_BYTES]; /* "store", "queue", "table", "balancer", a service, or
                                    service/replica. */
};

/* ---- What it should show ------------------------------------------------------------------ */

enum comparison { BELOW, AT_MOST, ABOVE, AT_LEAST };

struct threshold {
    char text[96];   /* As written. */
    char metric[64]; /* "latency.p99", a name from sim/measure/metric.h */
    enum comparison comparison;
    double bound; /* ms, share, money minor units, per second: the metric's own unit. */
};

enum expectation { EXPECT_NOTHING, EXPECT_PASS, EXPECT_FAIL };

struct limits_spec {
    uint64_t events;
    uint64_t wall_ns;
    uint64_t memory;
};

struct scenario {
    char name[NAME_MAX_BYTES];
    char variant[NAME_MAX_BYTES]; /* "" when the file has no variants. */
    struct text title, question, variant_title;
    enum expectation expect;
    uint64_t seed;
    uint64_t duration_ns, warmup_ns, drain_ns;
    struct limits_spec limits;
    struct load_spec loads[SCENARIO_LOADS_MAX];
    uint32_t loads_max;
    struct service_spec services[SCENARIO_SERVICES_MAX];
    uint32_t services_max;
    struct balancer_spec balancer;
    struct network_spec network;
    struct store_spec store;
    struct queue_spec queue;
    struct table_spec table;
    struct sharing_spec memory;
    struct tokens_spec tokens;
    struct prices_spec prices;
    struct fault_spec faults[SCENARIO_FAULTS_MAX];
    uint32_t faults_max;
    struct threshold thresholds[SCENARIO_THRESHOLDS_MAX];
    uint32_t thresholds_max;
};

/* A file with all its variants, in the order of the file; at least one (variant ""). */
struct story {
    struct scenario *variants;
    uint32_t variants_max;
    char sha256[65];  /* Of the file's bytes, its parent's and the overrides. */
    const char *path; /* As given. */
    void *memory;     /* The loader's own. */
};

#endif
