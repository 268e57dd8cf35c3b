/* likes_count.c — How many like it: from the store where there is one, else from the table.
 *
 *   CPU --table, indexed----------------> TABLE --read, or failed--------------> answer, all
 *    |                                    ^   |
 *    |          hit: answer               |   +--it was missing--> RECHECK --now there--> answer,
 *    |          ^                         |                           |                   all
 *    +-store-> STORE --nobody reads it----+                           +--still missing: fill the
 *                |                                                       store, answer, all
 *                +--somebody reads it--> LEADER (asks nothing; is answered with its leader)
 *
 * Not drawn: who gives way to somebody more urgent before any work answers CALL_SHED.
 *
 * A slow store counts as a miss: waiting longer for the cheap answer than the dear one takes would
 * make the cache a second point of failure. But only a number that is missing is filled in: one
 * that is merely slow to come is there, and fresher than what we would overwrite it with.
 *
 * Single flight: of the counts of one post inside this replica, one reads the table and the rest
 * follow it, so a lost hot counter costs one read per replica and not one per reader. They get
 * their leader's answer, failure included. Followers are visits inside, so in_flight bounds them;
 * replicas do not know of each other.
 *
 * Likes go on while we read. From queued on they are counted in the store before they are rows,
 * and the first like of a post begins its counter. So a post without a row is left unfilled (the
 * price: counting what nobody likes always asks the table, by one index seek), and before a number
 * is filled in we look once more: while the store forgets nothing, a post that has a row has a
 * counter by now, and ours would take likes back. cached has no such order. There a like that is
 * committed while we read may be filled in as well as added, or neither, and the number is off
 * until it is doubted: to close that gap wants a store that takes a fill only if nothing was
 * added since the miss (the leases of R. Nishtala et al., "Scaling Memcache at
 * Facebook", NSDI 2013, section 3.2.1). The report shows it (likes.shown_off). A filled number has
 * no time to live. */
#include "services/likes/likes_flow.h"

enum { COUNTER_BYTES = 8 };

static uint64_t count_post(const struct count *count)
{
    return count->flow.visit->ask.key;
}

static void count_read_store(struct count *count, enum count_state state)
{
    const struct likes *likes = count->flow.likes;

    count->state = state;
    store_get(likes->ports.store, &count->flow.call, likes_counter(count_post(count)),
              likes->config.store_timeout_ns);
}

static void count_read_table(struct count *count)
{
    const struct likes *likes = count->flow.likes;
    bool has_counter_row = likes->config.design == LIKES_INDEXED || likes_has_log(likes);

    count->state = COUNT_TABLE;
    table_read(likes->ports.table, &count->flow.call, has_counter_row ? TABLE_ROW : TABLE_COUNT,
               has_counter_row ? TABLE_COUNTERS : TABLE_LIKES, count_post(count), 0,
               likes->config.table_timeout_ns);
}

static void count_lead_or_follow(struct count *count)
{
    bool is_leader;
    uint64_t *leader = map_put(&count->flow.likes->counting, count_post(count), 0, &is_leader);

    if (is_leader) {
        *leader = (uint64_t)(uintptr_t)count;
        count_read_table(count);
    } else {
        count->state = COUNT_LEADER;
        list_push_last(&((struct count *)(uintptr_t)*leader)->followers, &count->link);
    }
}

static void count_after_store(struct count *count)
{
    enum call_outcome outcome = count->flow.call.outcome;

    if (outcome == CALL_OK) {
        likes_answer(&count->flow, CALL_OK, count->flow.call.value);
        return;
    }
    count->is_missing = outcome == CALL_ABSENT;
    count_lead_or_follow(count);
}

/* Nobody waits for it: the answer is known. */
static void count_fill_store(struct count *count)
{
    const struct likes *likes = count->flow.likes;

    store_set(likes->ports.store, NULL, likes_counter(count_post(count)), count->in_table,
              COUNTER_BYTES, 0, likes->config.store_timeout_ns);
}

static void count_answer_all(struct count *count, enum call_outcome outcome, int64_t value)
{
    struct link *link;

    map_drop(&count->flow.likes->counting, count_post(count), 0);
    while ((link = list_take_first(&count->followers)) != NULL)
        likes_answer(&list_entry(link, struct count, link)->flow, outcome, value);
    likes_answer(&count->flow, outcome, value);
}

static void count_after_table(struct count *count)
{
    enum call_outcome outcome = count->flow.call.outcome;

    count->in_table = count->flow.call.value;
    if (outcome == CALL_OK && count->is_missing)
        count_read_store(count, COUNT_RECHECK);
    else if (outcome == CALL_ABSENT) /* No counter row: nobody likes it yet. */
        count_answer_all(count, CALL_OK, 0);
    else
        count_answer_all(count, outcome, count->in_table);
}

static void count_after_recheck(struct count *count)
{
    bool is_there = count->flow.call.outcome == CALL_OK;

    if (count->flow.call.outcome == CALL_ABSENT)
        count_fill_store(count);
    count_answer_all(count, CALL_OK, is_there ? count->flow.call.value : count->in_table);
}

static void count_step(struct call *call)
{
    struct count *count = (struct count *)call;

    switch (count->state) {
    case COUNT_CPU:
        if (call->outcome != CALL_OK)
            likes_answer(&count->flow, call->outcome, 0);
        else if (likes_has_store(count->flow.likes))
            count_read_store(count, COUNT_STORE);
        else
            count_read_table(count);
        return;
    case COUNT_STORE:
        count_after_store(count);
        return;
    case COUNT_TABLE:
        count_after_table(count);
        return;
    case COUNT_RECHECK:
        count_after_recheck(count);
        return;
    case COUNT_LEADER: /* Asks nothing, so nothing ends. */
        return;
    }
}

void likes_count_begin(struct count *count)
{
    const struct likes *likes = count->flow.likes;

    count->flow.call.done = count_step;
    count->state = COUNT_CPU;
    list_init(&count->followers);
    cpu_run(likes->ports.cpu, &count->flow.call,
            dist_draw_ns(&likes->config.work_read, likes->ports.dice));
}
