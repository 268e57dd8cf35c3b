/* theory_inside.h — What the files of this layer share: the paths of requests, the state that one
 * phase hands to the next, and a phase at work. Seconds and rates per second throughout.
 *
 * A path is what one request waits for, leg by leg; a verb has a few, each with its share (a hit, a
 * miss). Everything that is asked for is added up over the paths, each station then says how long
 * its legs take, and the paths are walked once more for the answers. */
#ifndef SIM_THEORY_THEORY_INSIDE_H
#define SIM_THEORY_THEORY_INSIDE_H

#include "services/port/ask.h"
#include "sim/theory/popularity.h"
#include "sim/theory/station.h"
#include "sim/theory/theory.h"

enum { LEGS_MAX = SCENARIO_STEPS_MAX + 6, PATHS_MAX = 8, TOPICS = 3 };

enum leg_kind { LEG_CPU, LEG_SLEEP, LEG_STORE, LEG_READ, LEG_WRITE, LEG_PUT, LEG_ASK };

/* Topics by who takes them: enum topic_kind, and what custom services put, which nobody takes. */
enum { TOPIC_OF_CUSTOM = 2 };

struct leg {
    enum leg_kind kind;
    double mean, cs2;   /* Of the work itself, without waiting. */
    double core;        /* Of the mean: what takes a core. */
    uint32_t target;    /* ASK: the service; PUT: the topic. */
    double bytes;       /* STORE: of the value. */
    double timeout;     /* STORE, READ, WRITE: how long who asks waits. */
    bool is_locking;    /* WRITE: holds the row of the request's key to the commit. */
    bool is_concurrent; /* Begins with the leg before; never the first. */
};

struct path {
    double share;
    struct leg legs[LEGS_MAX];
    uint32_t legs_max, answered; /* The legs from `answered` on are behind the answer. */
};

struct verb_paths {
    struct path paths[PATHS_MAX];
    uint32_t paths_max;
};

struct demand {                /* What is asked of one station. */
    double rate, sum, squares; /* Rate, rate x mean, rate x mean square. */
};

struct lag { /* Records behind: of the replica with the hottest partition, and of the others. */
    double hot, others;
};

struct past { /* What a phase finds. */
    double cpu[SCENARIO_SERVICES_MAX], front[SCENARIO_SERVICES_MAX];
    double threads[SCENARIO_SERVICES_MAX];
    double limit[SCENARIO_SERVICES_MAX]; /* Tokens that are spent. */
    double store, table;
    struct lag lag[SCENARIO_SERVICES_MAX];
    struct popularity menus, counts, likes; /* Asks so far. */
};

struct answer { /* Some requests and how long theirs takes: a shift and a gamma. */
    double weight, shift, mean, variance;
    double timeout, patience; /* Of the client; INFINITY: none. */
};

struct answers {
    struct answer *all;
    size_t length, room;
    double offered, lost; /* Requests; lost: without an answer whatever the time. */
    bool is_out_of_memory;
};

struct notes { /* What some phase had. */
    bool has_overload, has_loss, has_starved_users, has_tied_pages;
    bool has_other_reads; /* Of the store: of keys that are neither menus nor counters. */
};

struct table_load {
    struct demand reads, writes;
    double locking;                    /* Transactions per second that lock the hottest row. */
    double timeout;                    /* Of those who ask; the longest. */
    double inside_max;                 /* Transactions that their services can have under way. */
    double flush, core_wait, row_wait; /* Means of a write. */
    double turn, turn_wait;            /* Among those who write, and the wait for it. */
    double disk, pool, cores_rho, row; /* Utilisations. */
    double writers;                    /* The same, of the turns; 0: there is no limit to them. */
    double hold;                       /* Of a connection, mean. */
    double
        slack; /* Of an overload that lasts: how far below the timeout waits are, mean; else 0. */
    struct station station;
};

struct topic_load {
    double rate, nodes;
    struct popularity keys;
    double hot;            /* Share of the hottest partition. */
    double wait, variance; /* Of a put, from the call to its acknowledgement. */
    double partition;      /* Utilisation of its leader. */
};

struct batcher_load {
    double rate, records, seconds; /* Records per batch, and the time that one takes. */
    double capacity;               /* Of one replica. */
    double hot;                    /* Share of the replica with the hottest partition. */
    double active;                 /* Replicas that have a partition. */
    double utilization;            /* Of its cores. */
};

struct work { /* A phase at work. */
    const struct scenario *scenario;
    struct theory *theory;
    struct past *past;
    bool is_out_of_memory;
    bool has_starved_users; /* Open arrivals alone are too much: closed ones have no rate. */
    bool has_tied_pages;    /* The store is full, and its pages are not free for any size. */
    bool has_evicted_counts;
    uint32_t phase;
    double from_s, seconds;
    double rates[SCENARIO_LOADS_MAX];
    double visits[SCENARIO_SERVICES_MAX][VERB_MAX];
    double work[SCENARIO_SERVICES_MAX]
               [VERB_MAX];                      /* Time on a loop, or behind the lock, per visit. */
    double cores_wanted[SCENARIO_SERVICES_MAX]; /* By all that is asked of a service. */
    double admitted[SCENARIO_SERVICES_MAX]; /* Share of visits that a worker or a place is for. */
    struct verb_paths paths[SCENARIO_SERVICES_MAX][VERB_MAX];
    struct popularity menus, counts, likes; /* Asks within the phase. */
    struct popularity values;               /* The same, of visits that leave a value behind. */
    double value_bytes, value_life;         /* Of such a value, mean; seconds until it expires. */
    double menu_hits, count_hits;           /* Shares. */
    double lru_age;                         /* 0: everything fits. */
    double likes_rows;
    struct demand store_load;
    double store_bytes; /* Of values, per second. */
    double store_timeout;
    struct station cpu[SCENARIO_SERVICES_MAX], front[SCENARIO_SERVICES_MAX], store;
    struct station threads[SCENARIO_SERVICES_MAX]; /* Workers; of an event loop, its places. */
    struct station limit[SCENARIO_SERVICES_MAX];   /* A bucket: its line is of tokens spent. */
    struct table_load table;
    struct topic_load topics[TOPICS];
    struct batcher_load batchers[SCENARIO_SERVICES_MAX];
    double replicas[SCENARIO_SERVICES_MAX];
};

static inline double seconds_of(uint64_t ns)
{
    return (double)ns * 1e-9;
}

static inline double way_s(const struct way *way) /* Of a message, on average. */
{
    return seconds_of(way->latency_ns + way->jitter_ns);
}

/* timeline.c: the phases of the scenario; false: no memory. And the rates of one. */
bool timeline_make(struct theory *theory);
void timeline_rates(struct work *work);
double timeline_asks(const struct load_spec *load, uint64_t from_ns, uint64_t to_ns);

/* cache.c: what is asked for by key, and what of it is found. */
void cache_work(struct work *work);
const struct service_spec *cache_of_menus(const struct scenario *scenario); /* NULL: none. */
bool cache_evicts_menus(const struct work *work); /* Before they expire. */
void cache_remember(struct past *past, const struct work *work);

/* paths.c: the paths of every verb of every service; wants cache_work. And the bodies of a verb's
 * request and of its answer, through whoever passes them on. */
void paths_make(struct work *work);
uint32_t asks_passed_on(const struct service_spec *spec, uint32_t to); /* Per visit, the same. */
double asked_bytes(const struct scenario *scenario, uint32_t service, uint32_t verb);
double answered_bytes(const struct scenario *scenario, uint32_t service, uint32_t verb);

/* closed.c: the rates of closed loads, if there are any; and all stations of a phase at given
 * rates. */
void closed_work(struct work *work);
void phase_work(struct work *work);
bool phase_is_overloaded(const struct work *work);

/* services.c: visits, processors, balancers; and everything that they ask of others. */
void services_work(struct work *work);
/* Cores that a replica's own code can use at once: by the interpreter's lock one, however many
 * there are; and no more than it has processes. */
uint32_t services_own_cores(const struct service_spec *spec);
/* Seconds on a core of this service per second of work, over its visits: 1 / speed, and where there
 * are stragglers, among the replicas of the start, the mean and the mean square of that. Who takes
 * turns sends them as many visits as the others; who goes by weights, or by latency, as many as
 * they can do. The fewest open requests are taken for that as well, and near saturation they are;
 * when most replicas idle, ties are drawn evenly, and stragglers get up to their part by number. */
struct pace {
    double mean, square;
    double visits; /* Share of the visits that goes to stragglers. */
};
struct pace services_pace(const struct scenario *scenario, const struct service_spec *service);
bool services_has_front(const struct scenario *scenario, uint32_t service);
double services_visits(const struct work *work, uint32_t service);
/* Shares of them: who gets past balancer and workers to the cores, and who is served there too. */
double services_let_in(const struct work *work, uint32_t service);
double services_served(const struct work *work, uint32_t service);
double services_top_key(const struct work *work, uint32_t verb); /* Share of the hottest. */
void threads_work(struct work *work); /* After all else: who holds a thread, and for how long. */
/* Moves `admitted` to what full workers let in; false: it was that already. */
bool threads_admit(struct work *work);

/* auth.c */
bool auth_signs(const struct service_spec *spec);
bool auth_looks_up(const struct service_spec *spec);
void lines_of_gateway(struct work *work, uint32_t service);

/* data.c, log.c */
void demand_add(struct demand *demand, double rate, double mean, double cs2);
void store_work(struct work *work);
void table_work(struct work *work);
/* Whether transactions that wait for the disk share a flush; how long one waits for its own, that
 * included, at so many per second; and how long for its turn among the writers, of `turn` each. */
bool table_shares_flushes(const struct table_spec *spec);
double table_flush_s(const struct table_spec *spec, double rate);
double table_turn_wait_s(const struct table_spec *spec, double rate, double turn);
/* Of who has that timeout and gets a connection: the wait for it where the answer comes in time,
 * its variance, and the share of those who are gone by then. */
struct table_wait {
    double mean, variance, late;
};
struct table_wait table_wait_of(const struct table_load *table, double timeout, uint32_t slice);
/* Records in a batch at most. */
double batch_most(const struct work *work, const struct service_spec *spec);
void topics_work(struct work *work);   /* Puts, and how long they take. */
void batchers_work(struct work *work); /* Before table_work: they write too. */
void batchers_lag(struct work *work);
void batchers_drain(struct work *work); /* After the last phase: what is left after the drain. */

/* answers.c: how long requests take, and what that makes of the whole run. */
struct moments {
    double shift, mean, variance;             /* What is certain, and what varies. */
    double lost;                              /* Share without an answer. */
    double turn_mean, turn_variance, no_turn; /* Waits for cores, apart; P(none). */
};
struct moments answers_of_verb(const struct work *work, uint32_t service, uint32_t verb,
                               uint32_t slice);
double answers_mean(const struct work *work, uint32_t service, uint32_t verb); /* Seconds. */
double hops_of(const struct scenario *scenario, uint32_t service); /* Messages there and back. */
double handshake_s(const struct scenario *scenario, uint32_t service); /* Per request. */
double network_s(const struct scenario *scenario, uint32_t service,
                 uint32_t verb); /* All of them. */
void answers_add(struct work *work, struct answers *answers);
double answers_quantile(const struct answers *answers, size_t from, double p);
double answers_in_time(const struct answers *answers, size_t from, bool with_late);

/* notes.c: what was assumed, and why figures are not estimable; of a phase (`before`: the answers
 * of those before it), and at the end. False: not even how busy the services are is known. */
void notes_of_phase(struct notes *notes, const struct work *work, const struct answers *answers,
                    const struct answers *before);
bool notes_of_run(struct theory *theory, const struct notes *notes);
bool notes_any_queued_poison(const struct scenario *scenario);

/* lines.c: says it. */
void lines_of_phase(struct work *work, double p99_s);

/* money.c: what an order of this phase leaves over. */
void money_lines(struct work *work);

/* say.c: a line, then its numbers one by one. */
void say(struct work *work, enum theory_what what, const char *service, struct theory_number value,
         const char *numbers);
void say_with(struct work *work, struct theory_number number); /* To the line said last. */
void say_verb(struct work *work, const char *verb);            /* The same; a static text. */
void say_more(struct work *work, const char *numbers);

#endif
