/* lab.h — One run of one variant on real processes: a scenario and a seed in, a result out.
 *
 *   servers up -> schema, topics -> nodes up -> load, faults, seconds -> drain -> evidence -> audit
 *      -> result -> nodes down -> what was made in the servers is dropped -> servers down
 *
 * Everything that is started is a child in a process group of its own that dies with us, also when
 * we are killed; everything that is written lies in one folder under /tmp that is removed in the
 * end. The same scenario, services, clients, audit and report as in virtual time: only sim/world
 * is replaced. */
#ifndef SIM_LAB_LAB_H
#define SIM_LAB_LAB_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "services/live/node/settings.h"
#include "sim/lab/message.h"
#include "sim/measure/result.h"
#include "sim/scenario/scenario.h"

/* Where the servers are: the embedded ones where the text is NULL or "". */
struct lab_servers {
    const char *redis, *memcached; /* HOST:PORT; the one that the scenario's store.kind means. */
    const char *kafka;             /* HOST:PORT[,HOST:PORT…] */
    const char *rabbitmq; /* HOST:PORT, or with a user: services/live/rabbit/rabbit_lab.h */
    const char *db;       /* postgres://… */
    bool allows_remote;
};

struct lab_progress { /* Once a second while there is load, and while it drains. */
    uint64_t now_ns;
    double offered_rps, ok_rps, failed_rps, p99_ms; /* Of the last second. p99 NaN: no answer. */
    uint32_t replicas;
    uint64_t lag;
    bool is_draining;
};

struct lab_rates {  /* Of a scenario, per second; 0: not known. */
    double visited; /* Asks of all services. */
    double stored;  /* Commands to the store. */
    double put;     /* Records. */
    double written; /* Transactions that write. */
};

struct lab_options {
    const char *lang; /* Of what goes wrong: "en", "ru"; NULL: English. */
    uint64_t seed;
    struct lab_servers servers;
    bool burns;               /* Real processor work instead of timers. */
    const char *attach;       /* Ask this HOST:PORT and start no nodes (docker compose); or NULL. */
    const char *token;        /* For listening beyond loopback and registering; or NULL. */
    const char *run;          /* Name of the run; NULL: made up, and nobody else's. */
    struct lab_rates rates;   /* calibrate: beside which it measures, … */
    unsigned parts;           /* … and what, besides hops: enum calibrate_part; 0: all. */
    enum failpoint failpoint; /* Of the first batchers started; test builds only. */
    const atomic_bool *is_interrupted;                                    /* NULL: never. */
    void (*progress)(void *context, const struct lab_progress *progress); /* Or NULL. */
    void *context;
};

enum lab_end {
    LAB_DONE,       /* There is a result, perhaps a partial one: result->end. */
    LAB_DEPENDENCY, /* A server is not there: exit code 5. */
    LAB_TROUBLE,    /* Something else: exit code 1. */
    LAB_INTERRUPTED /* Before there was anything to measure: exit code 130. */
};

static inline bool lab_is_interrupted(const struct lab_options *options)
{
    return options->is_interrupted != NULL && atomic_load(options->is_interrupted);
}

struct lab_report {
    struct message trouble; /* Of LAB_DEPENDENCY and LAB_TROUBLE: what, and the cure. */

    /* How far the measurement itself can be believed. */
    double send_lag_p50_ms, send_lag_p99_ms; /* Behind the intended instants. */
    bool is_void;                            /* send_lag_p99_ms > 2: its figures are not judged. */
    char servers[200]; /* "Redis 7.0.15, embedded broker: no replication …, SQLite 3.40.1" */
    bool has_embedded_broker;
    uint32_t deaths; /* Nodes that faults have killed. */
    uint32_t failpoint_deaths;
    uint64_t gaps; /* Records that retention dropped. */
};

/* scenario is borrowed for as long as the result lives. */
enum lab_end lab_run(const struct scenario *scenario, const struct lab_options *options,
                     struct result *result, struct lab_report *report);

/* Requests per second at the peak of all loads together, but for closed ones, which ask as fast as
 * they are answered. Above 1,500 two cores are too small: for a warning, not a refusal. */
double lab_peak_rate(const struct scenario *scenario);

/* The threads of counters really compute, where all else waits its work out. True where they do so
 * on all cores of this machine: driver, balancers and kernel are then in their way, of which the
 * model knows nothing. */
bool lab_lacks_core(const struct scenario *scenario);

#endif
