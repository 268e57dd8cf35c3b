/* memcached_inside.h — The two sides of the live memcached; for services/live/memcached alone.
 *
 *   memcached_live.c     the loop's side: what is asked, its timer, how it ends
 *   memcached_watch.c    is the server there? An idle connection of the loop's
 *   memcached_worker.c   a thread with a connection
 *   memcached_words.c    one command, in libmemcached's words
 *   memcached_lab.c      the blocking side
 *
 * A question is the loop's while it is on no list, whoever's takes it off while it is on one, and a
 * worker's while it is begun; its call is the loop's always, and workers do not look at it. */
#ifndef SERVICES_LIVE_MEMCACHED_MEMCACHED_INSIDE_H
#define SERVICES_LIVE_MEMCACHED_MEMCACHED_INSIDE_H

#include "services/base/arena.h"
#include "services/base/list.h"
#include "services/base/pool.h"
#include "services/live/loop/threads.h"
#include "services/live/memcached/memcached_live.h"
#include "services/live/store/store_address.h"
#include "services/port/two_steps.h"

struct event;
struct lookup;
struct memcached_st;

enum {
    MEMCACHED_OUT_MAX = 16384,
    MEMCACHED_KEY_BYTES = 96,
    MEMCACHED_VALUE_MAX = 16 << 20 /* Each worker keeps room for the largest that there was. */
};

/* ---- memcached_words.c ----------------------------------------------------------------------- */

struct memcached_words {         /* A connection, and what its commands have in common. */
    struct memcached_st *handle; /* NULL: none. */
    char run[STORE_RUN_BYTES];
    uint64_t keep_ns;
    char *text; /* A value, ready to send; grows to the largest that there was. */
    size_t text_size;
};

/* A connection that answers; else NULL, and why (may be NULL) says what is wrong. */
struct memcached_st *memcached_words_connect(const struct store_address *address, char *why,
                                             size_t why_max);

/* What went wrong last, in a few words; why may be NULL. */
void memcached_explain(const struct memcached_st *handle, char *why, size_t why_max);

/* One command, and its answer. False: the connection is not to be used any more. For
 * STORE_ADD_IF_NEW it is the step that steps says. */
bool memcached_words_ask(struct memcached_words *words, const struct store_asked *asked,
                         const struct two_steps *steps, enum call_outcome *outcome, int64_t *value);

/* ---- memcached_live.c ------------------------------------------------------------------------ */

enum memcached_state { MEMCACHED_IN_LINE, MEMCACHED_BEGUN, MEMCACHED_DONE };

struct memcached_question {
    void *free;          /* The pool's, while it is free. */
    struct event *alarm; /* Made when it is first needed, kept with the record. */
    struct link link;    /* In a line, or on the list of what has ended. */
    struct memcached_live *memcached;
    struct memcached_worker *worker;
    struct call *call; /* NULL: nobody waits, or no longer. */
    enum memcached_state state;
    bool is_given_up; /* It timed out. */
    struct store_asked asked;
    uint64_t asked_ns, deadline_ns; /* CLOCK_MONOTONIC. */
    enum call_outcome outcome;
    int64_t value;
};

struct memcached_worker {
    struct memcached_live *memcached;
    struct list waiting; /* struct memcached_question */
    pthread_cond_t has_come;
    struct memcached_words words; /* Its thread's alone, once that runs. */
    uint64_t generation;          /* Of the server that its connection was made to. */
    pthread_t thread;
};

struct memcached_watch {
    int fd;              /* -1: none. */
    struct event *event; /* On fd: first writable, then readable, which is its end. */
    struct event *retry; /* Time to try again. */
    uint64_t backoff_ns;
    struct lookup *lookup; /* Under way; NULL: none. */
    uint32_t lookups;      /* That were begun. */
    bool is_connecting;
};

struct memcached_live {
    struct store port; /* First. */
    struct loop *loop;
    struct node_stats *stats;
    struct store_address address;
    struct arena arena;
    struct pool questions;
    struct memcached_watch watch;
    bool is_first; /* No connection has come about or failed yet: commands wait for it. */
    struct bell ended_bell;

    pthread_mutex_t lock; /* Guards what follows, the lines, and states of questions. */
    struct list ended;
    uint64_t generation; /* 0: the server is not there; else which of its lives this is. */
    uint64_t lives;
    bool is_stopping;

    uint32_t workers_max;
    struct memcached_worker workers[];
};

/* memcached_watch.c. What it finds it tells memcached_live.c. */
void memcached_watch_open(struct memcached_live *memcached);
void memcached_watch_close(struct memcached_live *memcached);
void memcached_is_there(struct memcached_live *memcached);
void memcached_is_away(struct memcached_live *memcached);

/* Runs in each worker's thread. */
void *memcached_worker_run(void *worker);

#endif
