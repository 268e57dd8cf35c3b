/* pool.c — Jobs go to threads under one lock, and come back by one bell.
 *
 * A job is given its place (in the line for the lock, or for a core) by whoever gives it to a
 * thread, and not by the thread when it has woken: so work is done in the order in which it was
 * asked for, whatever order the system wakes threads in. A job is the loop's while it is on the
 * list of spare ones, and whoever's holds the lock otherwise; its call is the loop's always. */
#define _GNU_SOURCE
#include "services/live/runtime/pool.h"

#include <stdlib.h>

#include "services/base/list.h"
#include "services/base/ranks.h"
#include "services/live/loop/threads.h"
#include "services/live/node/stats.h"
#include "services/live/runtime/lock.h"

enum { STACK_BYTES = 256 * 1024 };

struct job {
    struct link link; /* Waiting for a thread, ended, or spare. */
    struct call *call;
    enum cpu_kind kind;
    enum stats_wait what;
    uint32_t rank; /* In the line for a core. */
    uint64_t ns;
    uint64_t begun_ns; /* A blocking call: when its thread began to wait. CLOCK_MONOTONIC. */
    uint64_t asked_ns; /* The loop's clock. */
};

struct worker {
    struct pool_live *pool;
    uint32_t number;
    struct job *job;  /* NULL: it waits for one. */
    struct link idle; /* On the pool's list, while it has none. */
    pthread_t thread;
};

struct pool_live {
    struct loop *loop;
    struct node_stats *stats;
    struct cpu_spec spec;
    struct bell ended_bell;
    struct list spare; /* The loop's alone. */

    struct cores *cores; /* Its lock guards what follows. */
    struct lock lock;    /* gil_threads. */
    struct list waiting, ended, idle;
    uint32_t started;
    struct worker workers[]; /* [spec.workers] */
};

/* ---- Threads --------------------------------------------------------------------------------- */

static bool wants_lock(const struct pool_live *pool, const struct job *job)
{
    return pool->spec.model == CPU_GIL_THREADS && job->kind == CPU_OWN;
}

/* The job has a thread from at_ns on. */
static void give_thread(struct pool_live *pool, struct worker *worker, struct job *job,
                        uint64_t at_ns)
{
    worker->job = job;
    job->begun_ns = at_ns;
    cores_set_rank(pool->cores, worker->number, job->rank);
    if (wants_lock(pool, job))
        lock_want(&pool->lock, worker->number, at_ns);
    else if (job->kind != CPU_BLOCK)
        cores_want(pool->cores, worker->number, at_ns);
    pthread_cond_signal(&pool->cores->turns[worker->number].come);
}

/* A blocking call: the thread does nothing else, and no core is its own. When it was over. */
static uint64_t block(struct worker *worker, const struct job *job)
{
    struct cores *cores = worker->pool->cores;
    uint64_t until_ns = job->ns < UINT64_MAX / 2 ? job->begun_ns + job->ns : UINT64_MAX / 2;

    while (loop_clock_ns() < until_ns && !cores->is_stopping)
        cores_wait(cores, worker->number, until_ns);
    return until_ns;
}

/* When it was over. */
static uint64_t do_job(struct worker *worker)
{
    struct pool_live *pool = worker->pool;
    const struct job *job = worker->job;

    if (job->kind == CPU_BLOCK)
        return block(worker, job);
    if (wants_lock(pool, job))
        lock_compute(&pool->lock, worker->number, job->ns, pool->spec.is_burnt);
    else
        cores_compute(pool->cores, worker->number, job->ns, pool->spec.is_burnt);
    return pool->cores->turns[worker->number].due_ns;
}

/* A job that waits may have come after the thread was free, before it said so. */
static void give_to_waiting(struct worker *worker, struct job *job, uint64_t at_ns)
{
    uint64_t asked_ns = worker->pool->loop->origin_ns + job->asked_ns;

    give_thread(worker->pool, worker, job, at_ns > asked_ns ? at_ns : asked_ns);
}

static void end_job(struct worker *worker, uint64_t at_ns)
{
    struct pool_live *pool = worker->pool;
    struct link *next = list_take_first(&pool->waiting);
    bool was_empty = list_is_empty(&pool->ended);

    list_push_last(&pool->ended, &worker->job->link);
    worker->job = NULL;
    if (next != NULL)
        give_to_waiting(worker, list_entry(next, struct job, link), at_ns);
    else
        list_push_first(&pool->idle, &worker->idle);
    if (was_empty)
        bell_ring(&pool->ended_bell);
}

static void *work(void *context)
{
    struct worker *worker = context;
    struct pool_live *pool = worker->pool;

    pthread_mutex_lock(&pool->cores->lock);
    while (!pool->cores->is_stopping) {
        if (worker->job == NULL)
            pthread_cond_wait(&pool->cores->turns[worker->number].come, &pool->cores->lock);
        else
            end_job(worker, do_job(worker));
    }
    pthread_mutex_unlock(&pool->cores->lock);
    return NULL;
}

/* The first that is idle, or a new one; NULL: all have work. */
static struct worker *find_thread(struct pool_live *pool)
{
    struct link *idle = list_take_first(&pool->idle);
    struct worker *worker = &pool->workers[pool->started];
    pthread_attr_t attributes;

    if (idle != NULL)
        return list_entry(idle, struct worker, idle);
    if (pool->started == pool->spec.workers)
        return NULL;
    *worker = (struct worker){.pool = pool, .number = pool->started};
    check(pthread_attr_init(&attributes) == 0);
    check(pthread_attr_setstacksize(&attributes, STACK_BYTES) == 0);
    if (thread_begin(&worker->thread, &attributes, work, worker))
        pool->started++;
    else
        worker = NULL;
    pthread_attr_destroy(&attributes);
    check(pool->started > 0); /* Not one thread: the system is out of everything. */
    return worker;
}

/* ---- The loop's side ------------------------------------------------------------------------- */

static struct job *take_job(struct pool_live *pool)
{
    struct link *link = list_take_first(&pool->spare);
    struct job *job = link != NULL ? list_entry(link, struct job, link) : malloc(sizeof *job);

    check(job != NULL);
    return job;
}

void pool_live_submit(struct pool_live *pool, struct call *call, enum cpu_kind kind, uint64_t ns,
                      int what)
{
    uint64_t now_ns = loop_now_ns(pool->loop);
    struct worker *worker;
    struct job *job;

    if (kind == CPU_BLOCK && ns == 0) { /* Nothing to wake a thread for. */
        stats_waited(pool->stats, (enum stats_wait)what, 0);
        loop_finish(pool->loop, call, CALL_OK, 0);
        return;
    }
    job = take_job(pool);
    *job = (struct job){.call = call,
                        .kind = kind,
                        .what = (enum stats_wait)what,
                        .rank = line_rank(pool->spec.line, call->priority),
                        .ns = ns,
                        .asked_ns = now_ns};
    pthread_mutex_lock(&pool->cores->lock);
    worker = find_thread(pool);
    if (worker != NULL)
        give_thread(pool, worker, job,
                    cores_free_since(pool->cores, pool->loop->origin_ns + now_ns));
    else
        list_push_last(&pool->waiting, &job->link);
    pthread_mutex_unlock(&pool->cores->lock);
}

static struct job *take_ended(struct pool_live *pool)
{
    struct link *link;

    pthread_mutex_lock(&pool->cores->lock);
    link = list_take_first(&pool->ended);
    pthread_mutex_unlock(&pool->cores->lock);
    return link != NULL ? list_entry(link, struct job, link) : NULL;
}

static void some_have_ended(void *context)
{
    struct pool_live *pool = context;
    struct job *job;

    while ((job = take_ended(pool)) != NULL) {
        stats_waited(pool->stats, job->what, loop_now_ns(pool->loop) - job->asked_ns);
        loop_finish(pool->loop, job->call, CALL_OK, 0);
        list_push_first(&pool->spare, &job->link);
    }
}

void pool_live_read(struct pool_live *pool)
{
    struct node_stats *stats = pool->stats;
    uint64_t now_ns = loop_clock_ns();

    pthread_mutex_lock(&pool->cores->lock);
    cores_read(pool->cores, now_ns, &stats->busy);
    if (pool->spec.model == CPU_GIL_THREADS)
        lock_read(&pool->lock, now_ns, stats);
    pthread_mutex_unlock(&pool->cores->lock);
    stats->busy.since_ns = stats->gil_held.since_ns = now_ns - pool->loop->origin_ns;
}

uint64_t pool_live_stood_still_ns(struct pool_live *pool)
{
    uint64_t stood_still_ns;

    pthread_mutex_lock(&pool->cores->lock);
    stood_still_ns = pool->cores->stood_still_ns;
    pthread_mutex_unlock(&pool->cores->lock);
    return stood_still_ns;
}

/* ---- Opening and closing --------------------------------------------------------------------- */

struct pool_live *pool_live_open(struct loop *loop, const struct cpu_spec *spec,
                                 struct node_stats *stats)
{
    struct pool_live *pool = calloc(1, sizeof *pool + spec->workers * sizeof pool->workers[0]);

    check(pool != NULL && spec->workers > 0);
    pool->loop = loop;
    pool->stats = stats;
    pool->spec = *spec;
    pool->cores = calloc(1, cores_bytes(spec->workers));
    check(pool->cores != NULL);
    cores_init(pool->cores, spec->cores, spec->workers, spec->quantum_ns, false);
    if (spec->model == CPU_GIL_THREADS)
        lock_init(&pool->lock, pool->cores, spec->switch_interval_ns);
    list_init(&pool->spare);
    list_init(&pool->waiting);
    list_init(&pool->ended);
    list_init(&pool->idle);
    check(bell_open(&pool->ended_bell, loop, some_have_ended, pool));
    return pool;
}

static void free_all(struct list *jobs)
{
    struct link *link;

    while ((link = list_take_first(jobs)) != NULL)
        free(list_entry(link, struct job, link));
}

static void stop(struct pool_live *pool)
{
    pthread_mutex_lock(&pool->cores->lock);
    cores_stop(pool->cores);
    pthread_mutex_unlock(&pool->cores->lock);
    for (uint32_t i = 0; i < pool->started; i++)
        pthread_join(pool->workers[i].thread, NULL);
}

void pool_live_close(struct pool_live *pool)
{
    stop(pool);
    for (uint32_t i = 0; i < pool->started; i++)
        free(pool->workers[i].job);
    free_all(&pool->spare);
    free_all(&pool->waiting);
    free_all(&pool->ended);
    bell_close(&pool->ended_bell);
    if (pool->spec.model == CPU_GIL_THREADS)
        lock_close(&pool->lock);
    cores_close(pool->cores);
    free(pool->cores);
    free(pool);
}
