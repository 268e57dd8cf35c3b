/* servers.h — A store, a broker and SQL for one run: embedded, or those of the user.
 *
 * Only what the scenario uses is started: the services' designs say what that is (servers_wanted).
 * Embedded: `redis-server` or `memcached` on a unix socket in the run's folder, Redis without
 * persistence unless the scenario says so; `sim-node broker` or, where the queue is RabbitMQ,
 * `rabbitmq-server` in the run's folder; an SQLite file in the run's folder. */
#ifndef SIM_LAB_SERVERS_H
#define SIM_LAB_SERVERS_H

#include "sim/lab/lab.h"
#include "sim/lab/process.h"
#include "sim/lab/servers_rabbitmq.h"

enum { SERVERS_RUN_MAX = 24 };

/* Whether somebody has given it. */
static inline bool servers_has_text(const char *text)
{
    return text != NULL && text[0] != '\0';
}

struct servers_wanted {
    bool store, queue, table;
};

struct janitor { /* janitor.h */
    pid_t pid;   /* 0: none. */
    int pipe;    /* Its end is ours to close. */
};

struct store_figures { /* Since its start; ours, since the run's. cpu_us: user and system. */
    uint64_t evicted, expired, cpu_us;
    uint64_t bytes;  /* Redis: at the peak; memcached: now. */
    uint64_t wasted; /* memcached: of its pages, in no item. */
    uint32_t threads;
};

struct servers {
    struct servers_wanted wanted;
    char folder[64]; /* "/tmp/sim-XXXXXX"; sun_path is short. */
    char run[SERVERS_RUN_MAX];
    struct process store_process, broker; /* pid 0: not running, or not ours. */
    struct rabbit_server rabbit;          /* Instead of the broker; the same. */
    struct janitor janitor;
    const struct store_spec *store_spec;   /* Borrowed from the scenario. */
    struct store_figures store_earlier;    /* Of its processes that faults have killed. */
    bool is_store_stopped;                 /* By a fault. */
    bool has_lost_counts;                  /* One was killed that could not be asked before. */
    bool store_is_theirs, table_is_theirs; /* Not started by us: the run's traces are dropped. */
    bool is_lasting; /* Nodes that are not ours live on what is made: nothing is dropped. */
    int lock;        /* A held database; -1: none. */
    bool was_queue_struck, is_broker_down; /* By a fault; down: the embedded Kafka is. */
    struct store_settings store;
    struct queue_settings queue;
    struct table_settings table;       /* connections: of all nodes together. */
    char versions[200];                /* For struct lab_report. */
    const struct lab_options *options; /* Borrowed; for interruptions. */
    bool has_embedded_broker;
};

struct servers_wanted servers_wanted_by(const struct service_spec *spec);
struct servers_wanted servers_wanted(const struct scenario *scenario);

/* Writes into the scenario what these servers are like whatever it says, for a virtual world beside
 * them: sessions of the embedded Kafka last 6 s, RabbitMQ has the memory of its machine, each
 * process has a pool of its own. */
void servers_overrule(struct scenario *scenario, const struct lab_servers *where);

/* Of the connections that all share in the virtual world, each process's part. */
uint32_t servers_connections_each(const struct scenario *scenario);

/* All are on this machine, or allowed to be elsewhere, and short enough for nodes to be told. */
bool servers_are_named_well(const struct lab_servers *where, struct message *trouble);

/* What was given, or (NULL, "") a name that nobody else has. False: it is no name. */
bool servers_name_run(char run[static SERVERS_RUN_MAX], const char *given);

/* Where everything is and what it is called; nothing is started. False: a server is not on this
 * machine and --allow-remote was not said. */
bool servers_note(struct servers *servers, const struct scenario *scenario,
                  const struct lab_options *options, struct message *trouble);

/* False: nodes that somebody else starts cannot use what this variant wants. */
bool servers_can_outlive_a_run(const struct servers *servers, struct message *trouble);

/* After servers_note, with servers that are all the user's: makes schema and topics, for nodes that
 * somebody else starts (docker compose). Nobody drops them. */
enum lab_end servers_prepare(struct servers *servers, const struct scenario *scenario,
                             struct message *trouble);

/* Starts, probes, makes schema and topics. enum lab_end; trouble says what and the cure. What
 * has been started is for servers_down in any case. */
enum lab_end servers_up(struct servers *servers, const struct scenario *scenario,
                        const struct lab_options *options, struct message *trouble);

/* Drops what the run has made in servers that are not ours, stops ours, removes the folder. */
void servers_down(struct servers *servers);

/* Whether one of ours has ended by itself, and how. It is reaped, and told of once. */
bool servers_have_died(struct servers *servers, struct message *why);

/* Faults. Of a server that is the user's they are refused: false, and why. A crash of embedded SQL
 * is a lock held for its time; a cut of anything is a stop (SIGSTOP): nothing comes through. */
bool servers_fault(struct servers *servers, const struct fault_spec *fault, bool begins,
                   struct message *why);

/* Ends faults that have not ended: what has outlived them in store, queue and SQL can be read
 * again. For when the services have stopped. */
void servers_heal(struct servers *servers);

/* One more in servers->versions. */
void servers_add_version(struct servers *servers, const char *text);
/* servers_store.c: one part of servers_note and servers_up; the process, ours, from its start to
 * its first answer (false: why), and to its end by a fault. */
void servers_store_note(struct servers *servers, const struct scenario *scenario,
                        const struct lab_servers *where);
enum lab_end servers_store_up(struct servers *servers, struct message *trouble);
bool servers_store_start(struct servers *servers);
bool servers_store_wait(struct servers *servers, char version[static 32], struct message *why);
void servers_store_kill(struct servers *servers);

/* What it has counted, in all its processes. Blocking: a millisecond, as a rule. False: it did not
 * answer, or is stopped. */
bool servers_store_read(const struct servers *servers, struct store_figures *figures);

/* Where a node that listens there is reached by its balancer; where it listens, if that is one
 * address or if there is no balancer. False: nobody knows the balancer's host. A name blocks. */
bool servers_own_address(const struct address *listen, const struct address *front,
                         struct address *own);

/* The path of a program beside our own (sim-node), or on the PATH. False: not found. */
bool servers_find_program(const char *name, char *path, size_t path_max);

#endif
