/* table_worker.c — A thread with a connection: takes a question, asks it, gives it back.
 *
 *   has no connection -> connects, with pauses -> takes the first in line -> asks -> has ended
 *          ^                                                                   |
 *          +-------------------- the connection is broken ---------------------+
 *
 * A worker without a connection takes nothing, so what waits for it waits in line, where its
 * timeout says for certain that nothing happened. */
#include "services/live/table/table_inside.h"

#include <time.h>

enum { PAUSE_MS = 50, PAUSE_MAX_MS = 1000, NS_PER_MS = 1000000 };

/* ---- Connecting ----------------------------------------------------------------------------- */

/* Sleeps, or until the table closes. Called with the lock held, as all that is named `_locked`. */
static void pause_locked(struct table_worker *worker, uint32_t pause_ms)
{
    struct table_live *table = worker->table;
    uint64_t until_ns = loop_clock_ns() + (uint64_t)pause_ms * NS_PER_MS;

    while (!table->is_stopping && loop_clock_ns() < until_ns) {
        pthread_mutex_unlock(&table->lock);
        nanosleep(&(struct timespec){.tv_nsec = 10 * NS_PER_MS}, NULL);
        pthread_mutex_lock(&table->lock);
    }
}

static void drop_connection(struct table_worker *worker)
{
    database_close(worker->database);
    worker->database = NULL;
}

static void connect_locked(struct table_worker *worker)
{
    struct table_live *table = worker->table;
    uint32_t pause_ms = PAUSE_MS;
    char why[160];

    while (worker->database == NULL && !table->is_stopping) {
        pthread_mutex_unlock(&table->lock);
        worker->database = database_open(&table->settings, why);
        pthread_mutex_lock(&table->lock);
        if (worker->database != NULL)
            return;
        pause_locked(worker, pause_ms);
        pause_ms = pause_ms * 2 > PAUSE_MAX_MS ? PAUSE_MAX_MS : pause_ms * 2;
    }
}

/* ---- Working -------------------------------------------------------------------------------- */

static void ask(struct table_worker *worker, struct table_question *question)
{
    uint64_t left_ms = (question->deadline_ns - question->begun_ns) / NS_PER_MS + 1;
    uint32_t timeout_ms = left_ms > INT32_MAX ? INT32_MAX : (uint32_t)left_ms;

    if (question->buffer == NULL)
        question->end =
            database_read(worker->database, &question->read, timeout_ms, &question->value);
    else
        question->end = database_write(worker->database, question->buffer->ops, question->ops_max,
                                       timeout_ms, &question->value);
    if (database_is_broken(worker->database))
        drop_connection(worker);
}

static void end_locked(struct table_live *table, struct table_question *question)
{
    bool was_empty = list_is_empty(&table->ended);

    question->state = TABLE_ENDED;
    list_push_last(&table->ended, &question->link);
    if (was_empty)
        bell_ring(&table->ended_bell);
}

static void count_locked(struct table_live *table, int64_t change)
{
    uint64_t now_ns = loop_clock_ns() - table->loop->origin_ns;

    stats_level_set(&table->busy, now_ns, table->busy.now + (uint64_t)change);
}

static void serve_locked(struct table_worker *worker)
{
    struct table_live *table = worker->table;
    struct table_question *question =
        list_entry(list_take_first(&worker->line->waiting), struct table_question, link);

    question->begun_ns = loop_clock_ns();
    if (question->begun_ns >= question->deadline_ns) {
        question->was_refused = true;
        end_locked(table, question);
        return;
    }
    question->state = TABLE_BEGUN;
    count_locked(table, 1);
    pthread_mutex_unlock(&table->lock);
    ask(worker, question);
    pthread_mutex_lock(&table->lock);
    count_locked(table, -1);
    end_locked(table, question);
}

/* A server that has gone away says so on the idle connection. False: there is none any more, and
 * another worker is woken for what this one had been woken for. */
static bool has_connection_locked(struct table_worker *worker)
{
    bool is_broken;

    pthread_mutex_unlock(&worker->table->lock);
    is_broken = database_is_broken(worker->database);
    if (is_broken)
        drop_connection(worker);
    pthread_mutex_lock(&worker->table->lock);
    if (is_broken)
        pthread_cond_signal(&worker->line->has_come);
    return !is_broken;
}

void *table_worker_run(void *context)
{
    struct table_worker *worker = context;
    struct table_live *table = worker->table;

    pthread_mutex_lock(&table->lock);
    while (!table->is_stopping) {
        if (worker->database == NULL)
            connect_locked(worker);
        else if (list_is_empty(&worker->line->waiting))
            pthread_cond_wait(&worker->line->has_come, &table->lock);
        else if (has_connection_locked(worker) && !list_is_empty(&worker->line->waiting) &&
                 !table->is_stopping)
            serve_locked(worker);
    }
    pthread_mutex_unlock(&table->lock);
    if (worker->database != NULL)
        drop_connection(worker);
    return NULL;
}
