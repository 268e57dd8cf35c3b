/* likes_write.c — Likes and unlikes by one SQL transaction: the designs table, indexed and cached.
 *
 *                    cached, a row changed
 *   CPU -> TABLE --ok----------------------> COUNTER --moved, or not in the store--> answer
 *            |    +--otherwise--> answer         +------failed--> doubt the counter, answer
 *            | failed                                                                   ^
 *            +------- cached: doubt the counter ----------------------------------------+
 *
 * Not drawn: who gives way to somebody more urgent before any work answers CALL_SHED.
 *
 * A like that is answered CALL_OK is committed: T2, whatever the store does. The row decides, by
 * its unique key, whether anything changed, so a try that comes again changes nothing and the
 * answer is 0.
 *
 * indexed keeps the number in a counter row, in the same transaction: it is never wrong, and its
 * lock, held to the commit, lets one like of a post through at a time.
 *
 * cached keeps the number in the store instead, outside of any transaction. Where it moved for
 * certain it is moved; where we cannot know, it is doubted: it is given a short time to live, and
 * the next count after that fills it from the rows. To add again could add twice, and to expire
 * twice is to expire. We do not know after an addition without an answer, after a transaction
 * without one, and when a repeated try finds its row there already: an earlier try may have died
 * between the two. The time to live is the table's timeout. By then a late commit has mostly
 * landed; and a table that times out on everything is not asked, on top of it, to count the rows of
 * a hot post again for every like that failed, which would keep it down.
 *
 * What is left: a replica that dies between the two, with a client that never asks again; a doubt
 * that is lost with a store that remembers; and a count that reads the rows and fills the store
 * while a like is between its commit and its addition (likes_count.c). Each leaves the number one
 * off until the counter is evicted or doubted. The report shows by how much (likes.shown_off). */
#include "services/likes/likes_flow.h"

static bool write_is_cached(const struct write *write)
{
    return write->flow.likes->config.design == LIKES_CACHED;
}

static int64_t write_delta(const struct write *write)
{
    return write->flow.visit->ask.verb == VERB_LIKE ? 1 : -1;
}

static void write_rows(struct write *write)
{
    const struct likes *likes = write->flow.likes;
    const struct ask *ask = &write->flow.visit->ask;
    const struct table_op ops[] = {
        {.verb = ask->verb == VERB_LIKE ? TABLE_INSERT : TABLE_DELETE,
         .table = TABLE_LIKES,
         .a = ask->key,
         .b = ask->user,
         .value = (int64_t)timer_now_ns(likes->ports.timer)},
        {.verb = TABLE_TALLY, .table = TABLE_COUNTERS, .a = ask->key},
    };

    write->state = WRITE_TABLE;
    table_write(likes->ports.table, &write->flow.call, ops,
                likes->config.design == LIKES_INDEXED ? 2 : 1, likes->config.table_timeout_ns);
}

static void write_move_counter(struct write *write)
{
    const struct likes *likes = write->flow.likes;

    write->state = WRITE_COUNTER;
    store_add(likes->ports.store, &write->flow.call, likes_counter(write->flow.visit->ask.key),
              write_delta(write), likes->config.store_timeout_ns);
}

/* Nobody waits for it: a store that is down is down for this as well. */
static void write_doubt_counter(struct write *write)
{
    const struct likes *likes = write->flow.likes;

    store_expire(likes->ports.store, NULL, likes_counter(write->flow.visit->ask.key),
                 likes->config.table_timeout_ns, likes->config.store_timeout_ns);
}

/* It may have happened, and its counter may not have moved. */
static bool write_is_in_doubt(const struct write *write)
{
    enum call_outcome outcome = write->flow.call.outcome;
    bool is_repeat = outcome == CALL_OK && write->flow.visit->ask.attempt > 0;

    return outcome == CALL_TIMEOUT || outcome == CALL_FAILED || is_repeat;
}

static void write_after_table(struct write *write)
{
    bool has_changed = write->flow.call.outcome == CALL_OK && write->flow.call.value > 0;

    if (write_is_cached(write) && has_changed) {
        write_move_counter(write);
        return;
    }
    if (write_is_cached(write) && write_is_in_doubt(write))
        write_doubt_counter(write);
    likes_answer(&write->flow, write->flow.call.outcome, has_changed);
}

/* The like is committed, so the client hears CALL_OK however its counter fares. */
static void write_after_counter(struct write *write)
{
    enum call_outcome outcome = write->flow.call.outcome;

    if (!call_is_served(outcome))
        write_doubt_counter(write);
    likes_answer(&write->flow, CALL_OK, 1);
}

static void write_step(struct call *call)
{
    struct write *write = (struct write *)call;

    switch (write->state) {
    case WRITE_CPU:
        if (call->outcome == CALL_OK)
            write_rows(write);
        else
            likes_answer(&write->flow, call->outcome, 0);
        return;
    case WRITE_TABLE:
        write_after_table(write);
        return;
    case WRITE_COUNTER:
        write_after_counter(write);
        return;
    }
}

void likes_write_begin(struct write *write)
{
    const struct likes *likes = write->flow.likes;

    write->flow.call.done = write_step;
    write->state = WRITE_CPU;
    cpu_run(likes->ports.cpu, &write->flow.call,
            dist_draw_ns(&likes->config.work_write, likes->ports.dice));
}
