/* memcached_live.c — The loop's side of the live memcached: asking, timeouts, completing.
 *
 *   asked --> in line --> begun by a worker --> ended --> drain: loop_finish
 *     |          | timeout: dropped   | timeout
 *     | full,    | server away:       v
 *     | away     v   refused      timed out; the end, when it comes, is counted and dropped
 *     +-----> refused
 *
 * How many may be in line or begun is the pool's size. */
#include "services/live/memcached/memcached_inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <event2/event.h>

#include "services/base/map.h"
#include "services/live/node/stats.h"

/* ---- How it ends ----------------------------------------------------------------------------- */

static void tell(struct memcached_live *memcached, struct call *call, uint64_t asked_ns,
                 enum call_outcome outcome, int64_t value)
{
    memcached->stats->store_missed += !call_is_served(outcome);
    if (call == NULL)
        return;
    stats_waited(memcached->stats, STATS_STORE, loop_clock_ns() - asked_ns);
    loop_finish(memcached->loop, call, outcome, value);
}

/* The record is the pool's again; who has given up was told before. */
static void finish(struct memcached_question *question, enum call_outcome outcome, int64_t value)
{
    struct memcached_live *memcached = question->memcached;
    struct call *call = question->call;

    if (call != NULL)
        loop_alarm_clear(question->alarm);
    if (!question->is_given_up)
        tell(memcached, call, question->asked_ns, outcome, value);
    question->call = NULL;
    pool_give(&memcached->questions, question);
}

static void time_out(void *context)
{
    struct memcached_question *question = context;
    struct memcached_live *memcached = question->memcached;
    struct call *call = question->call;
    enum memcached_state state;

    pthread_mutex_lock(&memcached->lock);
    state = question->state;
    if (state == MEMCACHED_IN_LINE)
        list_remove(&question->worker->waiting, &question->link);
    question->is_given_up = state == MEMCACHED_BEGUN;
    pthread_mutex_unlock(&memcached->lock);
    switch (state) {
    case MEMCACHED_IN_LINE:
        finish(question, CALL_TIMEOUT, 0);
        return;
    case MEMCACHED_BEGUN:
        question->call = NULL;
        tell(memcached, call, question->asked_ns, CALL_TIMEOUT, 0);
        return;
    case MEMCACHED_DONE: /* The drain is on its way and tells more. */
        return;
    }
}

static void count(struct node_stats *stats, const struct memcached_question *question)
{
    if (question->asked.verb != STORE_GET)
        return;
    stats->store_hits += question->outcome == CALL_OK;
    stats->store_misses += question->outcome == CALL_ABSENT;
}

static struct memcached_question *take_ended(struct memcached_live *memcached)
{
    struct link *first;

    pthread_mutex_lock(&memcached->lock);
    first = list_take_first(&memcached->ended);
    pthread_mutex_unlock(&memcached->lock);
    return first == NULL ? NULL : list_entry(first, struct memcached_question, link);
}

static void drain(void *context)
{
    struct memcached_live *memcached = context;
    struct memcached_question *question;

    while ((question = take_ended(memcached)) != NULL) {
        count(memcached->stats, question);
        finish(question, question->outcome, question->value);
    }
}

/* ---- What the watch finds -------------------------------------------------------------------- */

void memcached_is_there(struct memcached_live *memcached)
{
    memcached->is_first = false;
    pthread_mutex_lock(&memcached->lock);
    memcached->generation = ++memcached->lives;
    memcached->stats->store_reconnects += memcached->lives > 1;
    for (uint32_t i = 0; i < memcached->workers_max; i++)
        pthread_cond_signal(&memcached->workers[i].has_come);
    pthread_mutex_unlock(&memcached->lock);
}

static struct link *take_waiting(struct memcached_worker *worker)
{
    struct link *first;

    pthread_mutex_lock(&worker->memcached->lock);
    first = list_take_first(&worker->waiting);
    pthread_mutex_unlock(&worker->memcached->lock);
    return first;
}

void memcached_is_away(struct memcached_live *memcached)
{
    struct link *first;

    memcached->is_first = false;
    pthread_mutex_lock(&memcached->lock);
    memcached->generation = 0;
    pthread_mutex_unlock(&memcached->lock);
    for (uint32_t i = 0; i < memcached->workers_max; i++)
        while ((first = take_waiting(&memcached->workers[i])) != NULL)
            finish(list_entry(first, struct memcached_question, link), CALL_REFUSED, 0);
}

/* ---- How it begins --------------------------------------------------------------------------- */

/* generation is changed by this thread alone, so it may read it without the lock. */
static bool is_admitting(const struct memcached_live *memcached, const struct store_asked *asked)
{
    return (memcached->generation != 0 || memcached->is_first) &&
           asked->bytes <= MEMCACHED_VALUE_MAX;
}

static struct memcached_worker *worker_of(struct memcached_live *memcached,
                                          const struct store_asked *asked)
{
    uint64_t key = asked->verb == STORE_ADD_IF_NEW ? asked->counter : asked->key;

    return &memcached->workers[map_hash(key, 0) % memcached->workers_max];
}

static void wait_in_line(struct memcached_question *question)
{
    struct memcached_worker *worker = question->worker;

    pthread_mutex_lock(&question->memcached->lock);
    question->state = MEMCACHED_IN_LINE;
    list_push_last(&worker->waiting, &question->link);
    pthread_cond_signal(&worker->has_come);
    pthread_mutex_unlock(&question->memcached->lock);
}

static void submit(struct store *port, struct call *call, const struct store_asked *asked,
                   uint64_t timeout_ns)
{
    struct memcached_live *memcached = (struct memcached_live *)port;
    uint64_t now_ns = memcached->loop->origin_ns + loop_now_ns(memcached->loop);
    struct memcached_question *question =
        is_admitting(memcached, asked) ? pool_take(&memcached->questions) : NULL;

    if (question == NULL) {
        tell(memcached, call, now_ns, CALL_REFUSED, 0);
        return;
    }
    memcached->stats->store_commands++;
    question->memcached = memcached;
    question->worker = worker_of(memcached, asked);
    question->call = call;
    question->is_given_up = false;
    question->asked = *asked;
    question->asked_ns = now_ns;
    question->deadline_ns = now_ns + timeout_ns < timeout_ns ? UINT64_MAX : now_ns + timeout_ns;
    if (call != NULL && question->alarm == NULL)
        question->alarm = loop_alarm(memcached->loop, time_out, question);
    if (call != NULL)
        loop_alarm_set(question->alarm, timeout_ns);
    wait_in_line(question);
}

static const struct store_ops memcached_live_ops = {.ask = submit};

struct store *memcached_live_port(struct memcached_live *memcached)
{
    return &memcached->port;
}

/* ---- From open to close ---------------------------------------------------------------------- */

static void start_workers(struct memcached_live *memcached)
{
    for (uint32_t i = 0; i < memcached->workers_max; i++) {
        struct memcached_worker *worker = &memcached->workers[i];

        check(thread_begin(&worker->thread, NULL, memcached_worker_run, worker));
    }
}

static void init_worker(struct memcached_live *memcached, uint32_t nth,
                        const struct memcached_settings *settings)
{
    struct memcached_worker *worker = &memcached->workers[nth];

    worker->memcached = memcached;
    worker->words.keep_ns = settings->keep_ns;
    snprintf(worker->words.run, sizeof worker->words.run, "%s", settings->run);
    list_init(&worker->waiting);
    pthread_cond_init(&worker->has_come, NULL);
}

static struct memcached_live *new_memcached(struct loop *loop,
                                            const struct memcached_settings *settings,
                                            const struct store_address *address,
                                            struct node_stats *stats)
{
    uint32_t workers_max = settings->connections;
    struct memcached_live *memcached =
        calloc(1, sizeof *memcached + workers_max * sizeof memcached->workers[0]);

    if (memcached == NULL)
        return NULL;
    if (!arena_open(&memcached->arena,
                    pool_bytes(sizeof(struct memcached_question), MEMCACHED_OUT_MAX))) {
        free(memcached);
        errno = ENOMEM;
        return NULL;
    }
    pool_init(&memcached->questions, &memcached->arena, sizeof(struct memcached_question),
              MEMCACHED_OUT_MAX);
    memcached->port.ops = &memcached_live_ops;
    memcached->loop = loop;
    memcached->stats = stats;
    memcached->address = *address;
    memcached->is_first = true;
    memcached->workers_max = workers_max;
    list_init(&memcached->ended);
    pthread_mutex_init(&memcached->lock, NULL);
    for (uint32_t i = 0; i < workers_max; i++)
        init_worker(memcached, i, settings);
    return memcached;
}

static void free_memcached(struct memcached_live *memcached)
{
    for (uint32_t i = 0; i < memcached->workers_max; i++) {
        pthread_cond_destroy(&memcached->workers[i].has_come);
        free(memcached->workers[i].words.text);
    }
    pthread_mutex_destroy(&memcached->lock);
    arena_close(&memcached->arena);
    free(memcached);
}

struct memcached_live *memcached_live_open(struct loop *loop,
                                           const struct memcached_settings *settings,
                                           struct node_stats *stats)
{
    struct store_address address;
    struct memcached_live *memcached;

    if (!store_address_read(&address, settings->server, NULL, 0) ||
        !store_run_is_sound(settings->run))
        return NULL;
    if (settings->connections == 0 || settings->connections > MEMCACHED_CONNECTIONS_MAX) {
        errno = EINVAL;
        return NULL;
    }
    memcached = new_memcached(loop, settings, &address, stats);
    if (memcached == NULL)
        return NULL;
    if (!bell_open(&memcached->ended_bell, loop, drain, memcached)) {
        free_memcached(memcached);
        return NULL;
    }
    start_workers(memcached);
    memcached_watch_open(memcached);
    return memcached;
}

static void free_alarms(struct memcached_live *memcached)
{
    for (uint32_t i = 0; i < memcached->questions.fresh; i++) {
        unsigned char *record = memcached->questions.records + i * memcached->questions.record_size;
        struct event *alarm = ((struct memcached_question *)(void *)record)->alarm;

        if (alarm != NULL)
            loop_alarm_free(alarm);
    }
}

void memcached_live_close(struct memcached_live *memcached)
{
    pthread_mutex_lock(&memcached->lock);
    memcached->is_stopping = true;
    for (uint32_t i = 0; i < memcached->workers_max; i++)
        pthread_cond_signal(&memcached->workers[i].has_come);
    pthread_mutex_unlock(&memcached->lock);
    for (uint32_t i = 0; i < memcached->workers_max; i++)
        pthread_join(memcached->workers[i].thread, NULL);
    memcached_watch_close(memcached);
    bell_close(&memcached->ended_bell);
    free_alarms(memcached);
    free_memcached(memcached);
}
