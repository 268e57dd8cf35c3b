/* table_live.c — The loop's side of the live table: asking, timeouts, completing.
 *
 *   asked --> in line --> begun by a worker --> ended --> drain: loop_finish
 *     |          | timeout       | timeout
 *     | full     v               v
 *     +-----> refused         timed out; the end, when it comes, is counted and dropped
 *
 * Each question has an alarm of libevent's that is made once and used again with its record; what
 * writes bring is copied into buffers of four sizes, used again as well. Both are as many as there
 * ever were at once. */
#include "services/live/table/table_inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint32_t buffer_ops[TABLE_BUFFER_SIZES] = {4, 64, 1024, TABLE_OPS_MAX};

/* ---- Records -------------------------------------------------------------------------------- */

static struct table_buffer *take_buffer(struct table_live *table, uint32_t ops_max)
{
    struct table_buffer *buffer;
    uint32_t size = 0;

    while (buffer_ops[size] < ops_max)
        size++;
    buffer = table->free_buffers[size];
    if (buffer != NULL) {
        table->free_buffers[size] = buffer->next;
        return buffer;
    }
    buffer = malloc(sizeof *buffer + buffer_ops[size] * sizeof buffer->ops[0]);
    check(buffer != NULL);
    buffer->size = size;
    return buffer;
}

static void give_back(struct table_live *table, struct table_question *question)
{
    struct table_buffer *buffer = question->buffer;

    if (buffer != NULL) {
        buffer->next = table->free_buffers[buffer->size];
        table->free_buffers[buffer->size] = buffer;
    }
    question->buffer = NULL;
    question->call = NULL;
    list_push_first(&table->free, &question->link);
}

static void time_out(void *context);

static struct table_question *take_question(struct table_live *table)
{
    struct link *link = list_take_first(&table->free);
    struct table_question *question;

    if (link != NULL)
        return list_entry(link, struct table_question, link);
    question = calloc(1, sizeof *question);
    check(question != NULL);
    question->table = table;
    question->alarm = loop_alarm(table->loop, time_out, question);
    return question;
}

static void free_questions(struct list *list)
{
    struct link *link;

    while ((link = list_take_first(list)) != NULL) {
        struct table_question *question = list_entry(link, struct table_question, link);

        loop_alarm_free(question->alarm);
        free(question->buffer);
        free(question);
    }
}

/* ---- Ends ----------------------------------------------------------------------------------- */

/* The workers' level, as of now on the loop's clock, which may be behind theirs. */
static void copy_level(struct table_live *table)
{
    uint64_t now_ns = loop_now_ns(table->loop);

    pthread_mutex_lock(&table->lock);
    table->stats->table_busy = table->busy;
    pthread_mutex_unlock(&table->lock);
    if (table->stats->table_busy.since_ns > now_ns)
        table->stats->table_busy.since_ns = now_ns;
}

static void finish(struct table_question *question, enum call_outcome outcome, int64_t value)
{
    struct table_live *table = question->table;
    struct call *call = question->call;

    loop_alarm_clear(question->alarm);
    stats_waited(table->stats, STATS_TABLE, loop_clock_ns() - question->asked_ns);
    question->call = NULL;
    loop_finish(table->loop, call, outcome, value);
}

static void time_out(void *context)
{
    struct table_question *question = context;
    struct table_live *table = question->table;
    enum table_state state;

    pthread_mutex_lock(&table->lock);
    state = question->state;
    if (state == TABLE_IN_LINE)
        list_remove(question->buffer == NULL ? &table->read_line->waiting
                                             : &table->write_line->waiting,
                    &question->link);
    pthread_mutex_unlock(&table->lock);
    copy_level(table);
    switch (state) {
    case TABLE_IN_LINE:
        table->stats->table_pool_waits_ns += loop_clock_ns() - question->asked_ns;
        finish(question, CALL_REFUSED, 0);
        give_back(table, question);
        return;
    case TABLE_BEGUN:
        finish(question, CALL_TIMEOUT, 0);
        return;
    case TABLE_ENDED: /* The drain is on its way and tells more. */
        return;
    }
}

static enum call_outcome outcome_of(const struct table_question *question)
{
    if (question->was_refused)
        return CALL_REFUSED;
    switch (question->end) {
    case DATABASE_OK:
        return CALL_OK;
    case DATABASE_ABSENT:
        return CALL_ABSENT;
    case DATABASE_BUSY: /* For as long as the timeout. */
        return CALL_TIMEOUT;
    case DATABASE_FAILED:
    case DATABASE_LOST:
        break;
    }
    return CALL_FAILED;
}

static void count(struct table_live *table, const struct table_question *question)
{
    struct node_stats *stats = table->stats;

    stats->table_pool_waits_ns += question->begun_ns - question->asked_ns;
    if (question->was_refused)
        return;
    if (question->buffer == NULL) {
        stats->table_reads++;
        return;
    }
    stats->table_writes++;
    if (question->end != DATABASE_OK)
        return;
    stats->table_commits++;
    stats->table_rows += (uint64_t)question->value;
    for (uint32_t i = 0; i < question->ops_max; i++) {
        enum table_verb verb = question->buffer->ops[i].verb;

        stats->table_rows += verb != TABLE_INSERT && verb != TABLE_DELETE;
    }
}

static void drain(void *context)
{
    struct table_live *table = context;

    copy_level(table);
    for (;;) {
        struct table_question *question;
        struct link *link;

        pthread_mutex_lock(&table->lock);
        link = list_take_first(&table->ended);
        pthread_mutex_unlock(&table->lock);
        if (link == NULL)
            return;
        question = list_entry(link, struct table_question, link);
        count(table, question);
        if (question->call != NULL) {
            enum call_outcome outcome = outcome_of(question);

            finish(question, outcome, outcome == CALL_OK ? question->value : 0);
        }
        give_back(table, question);
    }
}

/* ---- The port ------------------------------------------------------------------------------- */

/* Into the line, or refused at once. The question is whole but for its times. */
static void submit(struct table_live *table, struct table_question *question,
                   struct table_line *line, uint64_t timeout_ns)
{
    bool is_full;

    question->state = TABLE_IN_LINE;
    question->was_refused = false;
    question->asked_ns = table->loop->origin_ns + loop_now_ns(table->loop);
    question->deadline_ns =
        question->asked_ns + timeout_ns < timeout_ns ? UINT64_MAX : question->asked_ns + timeout_ns;
    pthread_mutex_lock(&table->lock);
    is_full = line->waiting.length >= TABLE_LIVE_LINE_MAX;
    if (!is_full) {
        list_push_last(&line->waiting, &question->link);
        pthread_cond_signal(&line->has_come);
    }
    pthread_mutex_unlock(&table->lock);
    if (!is_full) {
        loop_alarm_set(question->alarm, timeout_ns);
        return;
    }
    finish(question, CALL_REFUSED, 0);
    give_back(table, question);
}

static void table_live_read(struct table *port, struct call *call, enum table_read how, uint8_t of,
                            uint64_t a, uint64_t b, uint64_t timeout_ns)
{
    struct table_live *table = (struct table_live *)port;
    struct table_question *question = take_question(table);

    check(of > 0 && of < TABLE_KINDS);
    question->call = call;
    question->read =
        (struct database_question){.how = how, .of = (enum schema_table)of, .a = a, .b = b};
    submit(table, question, table->read_line, timeout_ns);
}

static void table_live_write(struct table *port, struct call *call, const struct table_op *ops,
                             uint32_t ops_max, uint64_t timeout_ns)
{
    struct table_live *table = (struct table_live *)port;
    struct table_question *question = take_question(table);

    question->call = call;
    question->buffer = take_buffer(table, ops_max);
    question->ops_max = ops_max;
    memcpy(question->buffer->ops, ops, ops_max * sizeof *ops);
    submit(table, question, table->write_line, timeout_ns);
}

static const struct table_ops table_live_ops = {.read = table_live_read, .write = table_live_write};

struct table *table_live_port(struct table_live *table)
{
    return &table->port;
}

/* ---- From open to close --------------------------------------------------------------------- */

static void start_workers(struct table_live *table)
{
    for (uint32_t i = 0; i < table->workers_max; i++) {
        struct table_worker *worker = &table->workers[i];

        worker->table = table;
        worker->line = i == 0 ? table->write_line : table->read_line;
        check(thread_begin(&worker->thread, NULL, table_worker_run, worker));
    }
}

static struct table_live *new_table(struct loop *loop, const struct table_settings *settings,
                                    struct node_stats *stats)
{
    bool has_one_line = !database_has_one_writer(settings->database);
    uint32_t least = has_one_line ? 1 : 2;
    uint32_t workers_max = settings->connections > least ? settings->connections : least;
    struct table_live *table = calloc(1, sizeof *table + workers_max * sizeof table->workers[0]);

    check(table != NULL);
    table->port.ops = &table_live_ops;
    table->loop = loop;
    table->stats = stats;
    table->settings = *settings;
    table->workers_max = workers_max;
    table->write_line = &table->lines[0];
    table->read_line = &table->lines[has_one_line ? 0 : 1];
    list_init(&table->free);
    list_init(&table->ended);
    pthread_mutex_init(&table->lock, NULL);
    for (uint32_t i = 0; i < 2; i++) {
        list_init(&table->lines[i].waiting);
        pthread_cond_init(&table->lines[i].has_come, NULL);
    }
    return table;
}

static void free_table(struct table_live *table)
{
    for (uint32_t i = 0; i < 2; i++)
        pthread_cond_destroy(&table->lines[i].has_come);
    pthread_mutex_destroy(&table->lock);
    free(table);
}

struct table_live *table_live_open(struct loop *loop, const struct table_settings *settings,
                                   struct node_stats *stats, char why[static 160])
{
    struct table_live *table = new_table(loop, settings, stats);

    table->workers[0].database = database_open(settings, why);
    if (table->workers[0].database == NULL || !bell_open(&table->ended_bell, loop, drain, table)) {
        if (table->workers[0].database != NULL)
            snprintf(why, 160, "no file descriptor: %.100s", strerror(errno));
        database_close(table->workers[0].database);
        free_table(table);
        return NULL;
    }
    stats_level_set(&stats->table_connections, loop_now_ns(loop), table->workers_max);
    start_workers(table);
    return table;
}

void table_live_close(struct table_live *table)
{
    pthread_mutex_lock(&table->lock);
    table->is_stopping = true;
    for (uint32_t i = 0; i < 2; i++)
        pthread_cond_broadcast(&table->lines[i].has_come);
    pthread_mutex_unlock(&table->lock);
    for (uint32_t i = 0; i < table->workers_max; i++)
        pthread_join(table->workers[i].thread, NULL);
    bell_close(&table->ended_bell);
    free_questions(&table->lines[0].waiting);
    free_questions(&table->lines[1].waiting);
    free_questions(&table->ended);
    free_questions(&table->free);
    for (uint32_t size = 0; size < TABLE_BUFFER_SIZES; size++)
        while (table->free_buffers[size] != NULL) {
            struct table_buffer *buffer = table->free_buffers[size];

            table->free_buffers[size] = buffer->next;
            free(buffer);
        }
    free_table(table);
}
