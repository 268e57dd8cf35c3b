/* table_inside.h — The two sides of the live table; for services/live/table alone.
 *
 * table_live.c is the loop's side: asking, timeouts, completing. table_worker.c is the threads':
 * connections and the work. Between them stand the lines and the list of what has ended, under one
 * lock. A question is the loop's while it is on no list, whoever's takes it off while it is on one,
 * and a worker's while it is TABLE_BEGUN; its call is the loop's always, and workers do not look at
 * it. */
#ifndef SERVICES_LIVE_TABLE_TABLE_INSIDE_H
#define SERVICES_LIVE_TABLE_TABLE_INSIDE_H

#include "services/base/list.h"
#include "services/live/loop/threads.h"
#include "services/live/node/stats.h"
#include "services/live/table/table_live.h"

enum table_state { TABLE_IN_LINE, TABLE_BEGUN, TABLE_ENDED };

struct table_buffer { /* Operations of a write, copied. */
    struct table_buffer *next;
    uint32_t size; /* Which of the sizes. */
    struct table_op ops[];
};

struct table_question {
    struct link link; /* In a line, on the list of what has ended, or of what is free. */
    struct table_live *table;
    struct call *call; /* NULL: nobody waits any more. */
    struct event *alarm;
    enum table_state state;
    struct table_buffer *buffer; /* NULL: a read. */
    uint32_t ops_max;
    struct database_question read;
    uint64_t asked_ns, begun_ns, deadline_ns; /* CLOCK_MONOTONIC. */
    bool was_refused;                         /* Its time was up when a worker took it. */
    enum database_end end;
    int64_t value;
};

struct table_line {
    struct list waiting; /* struct table_question */
    pthread_cond_t has_come;
};

struct table_worker {
    struct table_live *table;
    struct table_line *line;
    struct database *database; /* Its thread's alone, once that runs. */
    pthread_t thread;
};

enum { TABLE_BUFFER_SIZES = 4 };

struct table_live {
    struct table port; /* First. */
    struct loop *loop;
    struct node_stats *stats;
    struct table_settings settings;
    struct list free; /* Questions; the loop's alone. */
    struct table_buffer *free_buffers[TABLE_BUFFER_SIZES];
    struct bell ended_bell;

    pthread_mutex_t lock; /* Guards what follows. */
    struct table_line lines[2];
    struct list ended;
    struct stats_level busy;
    bool is_stopping;

    struct table_line *read_line, *write_line; /* The same one, or two. */
    uint32_t workers_max;
    struct table_worker workers[];
};

/* Runs in each worker's thread. */
void *table_worker_run(void *worker);

#endif
