/* likes_log.c — Likes and unlikes through the log: the designs queued and batched.
 *
 *   CPU -> STORE --counted, or a duplicate--> QUEUE --in the log--> T1 answer
 *            |        T0 answer ^               +-----otherwise--> T1 answer: the same outcome
 *            +--the store is away--> T1: QUEUE                     T0 nothing: it was answered
 *                                    T0: answer: the same outcome
 *
 * Not drawn: who gives way to somebody more urgent before any work answers CALL_SHED.
 *
 * The store shows, the log decides. The set of likers says whether a like is new to the eye, and
 * moves the number that is shown; the batcher makes rows of what is in the log, and its inserts
 * change nothing when the row is there already.
 *
 * Therefore every like is put into the log, duplicates as well. To answer a duplicate at once would
 * be cheaper and wrong: the set has the user from the first moment of the first try, whose put may
 * have failed, or be under way, or have died with its replica; the client asks again, the set says
 * "duplicate", and a like would be acknowledged that is in no log. Taking the user out of the set
 * after a failed put cures only the failures that we live to see, and undoes a second try that
 * succeeded meanwhile. So the rule at T1 is short: the answer CALL_OK follows the log's
 * acknowledgement of this very put. A duplicate costs one record.
 *
 * For the same reason T1 does without the store: a like that the store could not count is put all
 * the same, and taken for new. T0 cannot: there the store is the promise.
 *
 * What is left: the number shown is ahead of the rows by likes whose put failed, behind them by
 * likes that the store missed, and begins again at 0 when a store without persistence dies or
 * evicts it. The counter row is right throughout. To rebuild the one from the other wants a
 * consumer that writes both; the report shows the difference instead (likes.shown_off). And a put
 * that timed out may yet be appended, behind an unlike that came later. */
#include "services/likes/likes_flow.h"

static bool log_is_answered_by_store(const struct log *log)
{
    return log->flow.likes->config.ack == LIKES_ACK_STORE;
}

static void log_count(struct log *log)
{
    const struct likes *likes = log->flow.likes;
    const struct ask *ask = &log->flow.visit->ask;

    log->state = LOG_STORE;
    store_add_if_new(likes->ports.store, &log->flow.call, store_key(SPACE_LIKERS, ask->key),
                     ask->user, likes_counter(ask->key), ask->verb == VERB_LIKE ? 1 : -1,
                     likes->config.store_timeout_ns);
}

static void log_put(struct log *log)
{
    const struct likes *likes = log->flow.likes;

    log->state = LOG_QUEUE;
    queue_put(likes->ports.queue, &log->flow.call, TOPIC_LIKES, &log->flow.visit->ask,
              likes->config.queue_timeout_ns);
}

static void log_after_store(struct log *log)
{
    enum call_outcome outcome = log->flow.call.outcome;
    bool has_store = call_is_served(outcome);

    if (log_is_answered_by_store(log) && !has_store) {
        likes_answer(&log->flow, outcome, 0);
        return;
    }
    log->value = outcome != CALL_ABSENT;
    log_put(log);
    if (log_is_answered_by_store(log))
        likes_tell(&log->flow, CALL_OK, log->value);
}

static void log_step(struct call *call)
{
    struct log *log = (struct log *)call;

    switch (log->state) {
    case LOG_CPU:
        if (call->outcome == CALL_OK)
            log_count(log);
        else
            likes_answer(&log->flow, call->outcome, 0);
        return;
    case LOG_STORE:
        log_after_store(log);
        return;
    case LOG_QUEUE:
        likes_answer(&log->flow, call->outcome, log->value);
        return;
    }
}

void likes_log_begin(struct log *log)
{
    const struct likes *likes = log->flow.likes;

    log->flow.call.done = log_step;
    log->state = LOG_CPU;
    cpu_run(likes->ports.cpu, &log->flow.call,
            dist_draw_ns(&likes->config.work_write, likes->ports.dice));
}
