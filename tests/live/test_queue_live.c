/* The live queue with one member: puts, takes, commits, and a broker that goes away. */
#include "services/base/partition.h"
#include "tests/live/queue_live_rig.h"

static struct question q, other, third;

/* ---- Producers ------------------------------------------------------------------------------- */

static uint64_t records_in(enum schema_topic topic)
{
    uint64_t ends[PARTITIONS], sum = 0;
    char why[160] = "";

    if (!queue_read_ends(&rig.broker.settings, rig.broker.run, topic, ends, why))
        fail_msg("%s", why);
    for (uint32_t i = 0; i < PARTITIONS; i++)
        sum += ends[i];
    return sum;
}

static void what_is_acknowledged_is_in_the_log(void **state)
{
    const struct node_stats *stats = &rig.members[0].stats;
    uint64_t ends[PARTITIONS];
    char why[160];

    (void)state;
    for (uint64_t key = 0; key < 20; key++)
        put_records(TOPIC_LIKES, key, 0, 25);
    assert_true(queue_read_ends(&rig.broker.settings, rig.broker.run, TOPIC_LIKES, ends, why));
    assert_int_equal(records_in(TOPIC_LIKES), 500);
    assert_int_equal(stats->queue_put, 500);
    assert_int_equal(stats->queue_put_failed, 0);
    assert_int_equal(stats->waited[STATS_QUEUE], 500);
    for (uint32_t i = 0; i < PARTITIONS; i++) {
        assert_int_equal(stats->log_end[i], ends[i]);
        assert_int_equal(stats->log_put[i], ends[i]);
    }
}

static void records_that_come_together_share_a_batch(void **state)
{
    uint64_t batches = rig.members[0].stats.queue_batches;

    (void)state;
    put_records(TOPIC_CUSTOM, 7, 0, 400);
    batches = rig.members[0].stats.queue_batches - batches;
    assert_true(batches > 0 && batches < 400);
}

static void a_dead_letter_is_counted_and_belongs_to_no_partition(void **state)
{
    uint64_t before[PARTITIONS];

    (void)state;
    memcpy(before, rig.members[0].stats.log_put, sizeof before);
    put_records(TOPIC_DEAD, 7, 0, 3);
    assert_int_equal(rig.members[0].stats.queue_dead, 3);
    assert_memory_equal(before, rig.members[0].stats.log_put, sizeof before);
}

static void never(struct call *call)
{
    (void)call;
    fail();
}

static void a_producer_that_leaves_politely_sends_what_it_has(void **state)
{
    static struct call calls[10];
    uint64_t before = records_in(TOPIC_DEAD);

    (void)state;
    rig.broker.settings.linger_ns = MS(100);
    open_member(1);
    for (int i = 0; i < 10; i++) {
        calls[i].done = never;
        queue_put(queue_live_port(rig.members[1].queue), &calls[i], TOPIC_DEAD,
                  &(struct ask){.verb = VERB_LIKE, .key = 1}, SECONDS(20));
    }
    close_member(1);
    rig.broker.settings.linger_ns = MS(2);
    assert_int_equal(records_in(TOPIC_DEAD) - before, 10);
}

static void settings_that_librdkafka_refuses_are_told_when_it_opens(void **state)
{
    struct queue_settings bad = rig.broker.settings;
    char why[160] = "";

    (void)state;
    bad.acks = 5000;
    assert_null(queue_live_open(&rig.loop, &bad, rig.broker.run, NULL, &rig.members[1].stats, why));
    assert_non_null(strstr(why, "acks"));
}

static void a_probe_counts_the_brokers_or_says_why_nobody_answers(void **state)
{
    unsigned brokers = 0;
    char why[160] = "";

    (void)state;
    assert_true(queue_probe(rig.broker.settings.brokers, 10000, &brokers, why));
    assert_int_equal(brokers, broker_is_embedded() ? 3 : 1);
    assert_false(queue_probe("127.0.0.1:1", 500, &brokers, why));
    assert_string_not_equal(why, "");
}

/* ---- Takes ----------------------------------------------------------------------------------- */

enum { DRAIN_TAKES = 200 };

/* A group that is still forming says CALL_FAILED: ask again, but not for ever. */
static void drain(uint32_t topic)
{
    for (int i = 0; i < DRAIN_TAKES; i++) {
        take(&q, 0, topic, RECORDS_MAX, MS(500));
        if (q.call.outcome == CALL_ABSENT)
            return;
        if (q.call.outcome == CALL_FAILED)
            run_for(MS(200));
    }
    assert_int_equal(q.call.outcome, CALL_ABSENT);
}

static void a_take_is_answered_failed_while_the_group_forms(void **state)
{
    (void)state;
    if (broker_is_embedded()) /* It takes three seconds; Kafka may be done within 100 ms. */
        assert_int_equal(take(&q, 0, TOPIC_LIKES, 10, SECONDS(10)), CALL_FAILED);
    assert_int_equal(take(&q, 0, TOPIC_LIKES, 10, MS(1)) == CALL_OK, false);
}

static void everything_that_was_put_is_taken_once_by_a_member_that_is_left_alone(void **state)
{
    uint32_t taken = take_some(&q, 0, TOPIC_LIKES, 100);

    (void)state;
    assert_int_equal(rig.members[0].stats.queue_rebalances, 1);
    while (taken < 500) {
        for (int64_t i = 0; i < q.call.value; i++) {
            assert_int_equal(q.records[i].partition,
                             partition_of(q.records[i].ask.key, PARTITIONS));
            assert_int_equal(q.records[i].partition, q.records[0].partition);
            assert_int_equal(q.records[i].offset, q.records[0].offset + (uint64_t)i);
            assert_int_equal(q.records[i].topic, TOPIC_LIKES);
            assert_true(q.records[i].put_ns <= loop_now_ns(&rig.loop));
        }
        taken += take_some(&q, 0, TOPIC_LIKES, 100);
    }
    assert_int_equal(taken, 500);
    assert_int_equal(rig.members[0].stats.queue_taken, 500);
    assert_int_equal(rig.members[0].stats.queue_redelivered, 0);
    assert_int_equal(rig.members[0].stats.queue_gaps, 0);
}

static void records_of_one_key_keep_their_order(void **state)
{
    uint64_t next = 0, partition = 0;

    (void)state;
    put_records(TOPIC_LIKES, 77, 0, 300);
    while (next < 300) {
        take_some(&q, 0, TOPIC_LIKES, 64);
        partition = next == 0 ? q.records[0].partition : partition;
        for (int64_t i = 0; i < q.call.value; i++) {
            assert_int_equal(q.records[i].ask.key, 77);
            assert_int_equal(q.records[i].ask.user, next++);
            assert_int_equal(q.records[i].partition, partition);
        }
    }
}

static void a_take_that_finds_nothing_ends_at_its_timeout(void **state)
{
    (void)state;
    drain(TOPIC_LIKES);
    assert_int_equal(take(&q, 0, TOPIC_LIKES, 10, MS(80)), CALL_ABSENT);
    assert_true(q.done_ns - q.asked_ns >= MS(80));
}

static void a_take_waits_for_more_but_not_longer_than_it_said(void **state)
{
    (void)state;
    begin_take(&q, 0, TOPIC_LIKES, 50, MS(400), SECONDS(30));
    put_records(TOPIC_LIKES, 5, 0, 3);
    wait_until(q.is_done);
    assert_int_equal(q.call.outcome, CALL_OK);
    assert_int_equal(q.call.value, 3);
    assert_true(q.done_ns >= q.records[0].put_ns + MS(400));
}

static void a_take_that_has_enough_does_not_wait(void **state)
{
    (void)state;
    begin_take(&q, 0, TOPIC_LIKES, 3, SECONDS(3600), SECONDS(3600));
    put_records(TOPIC_LIKES, 5, 0, 2);
    run_for(MS(50));
    assert_false(q.is_done);
    put_records(TOPIC_LIKES, 5, 2, 1);
    wait_until(q.is_done);
    assert_int_equal(q.call.value, 3);
}

static void a_hot_partition_does_not_keep_the_others_waiting(void **state)
{
    uint32_t hot = 0, takes = 0;

    (void)state;
    put_records(TOPIC_LIKES, 5, 0, 200);
    take_some(&q, 0, TOPIC_LIKES, 1);
    hot = q.records[0].partition;
    for (uint64_t key = 0; key < 20; key++)
        put_records(TOPIC_LIKES, key, 0, 1);
    run_for(MS(300));
    do
        take_some(&q, 0, TOPIC_LIKES, 1);
    while (++takes <= PARTITIONS && q.records[0].partition == hot);
    assert_int_not_equal(q.records[0].partition, hot);
    drain(TOPIC_LIKES);
}

static void two_takes_of_one_member_never_get_the_same_records(void **state)
{
    (void)state;
    begin_take(&q, 0, TOPIC_LIKES, 3, SECONDS(1), SECONDS(30));
    begin_take(&third, 0, TOPIC_LIKES, 3, SECONDS(1), SECONDS(30));
    put_records(TOPIC_LIKES, 5, 0, 5);
    wait_until(q.is_done && third.is_done);
    assert_int_equal(q.call.value, 3);
    assert_int_equal(third.call.value, 2);
    assert_int_equal(third.records[0].offset, q.records[2].offset + 1);
}

/* ---- Commits and offsets --------------------------------------------------------------------- */

static void a_commit_is_counted_and_never_goes_back(void **state)
{
    struct node_stats *stats = &rig.members[0].stats;
    uint64_t before = stats->queue_committed, next;
    uint32_t partition;

    (void)state;
    put_records(TOPIC_LIKES, 5, 0, 10);
    take_some(&q, 0, TOPIC_LIKES, 10);
    partition = q.records[0].partition;
    next = q.records[q.call.value - 1].offset + 1;
    assert_int_equal(commit(&other, 0, TOPIC_LIKES, partition, next), CALL_OK);
    assert_int_equal(stats->log_next[partition], next);
    assert_int_equal(stats->queue_committed - before, next);
    assert_int_equal(commit(&other, 0, TOPIC_LIKES, partition, next - 1), CALL_OK);
    assert_int_equal(stats->log_next[partition], next);
    assert_int_equal(stats->queue_committed - before, next);
    drain(TOPIC_LIKES);
}

static void a_partition_that_is_not_ours_is_not_committed(void **state)
{
    (void)state;
    assert_int_equal(commit(&q, 0, TOPIC_LIKES, 1000, 1), CALL_ABSENT);
    assert_int_equal(commit(&q, 0, TOPIC_DEAD, 0, 1), CALL_ABSENT); /* It never took of it. */
}

static void a_member_begins_where_sql_says_however_often_it_must_ask(void **state)
{
    uint64_t first[PARTITIONS] = {0}, seen[PARTITIONS] = {0}, sum = 0;

    (void)state;
    for (uint64_t key = 0; key < 40; key++)
        put_records(TOPIC_ORDERS, key, 0, 3);
    for (uint32_t i = 1; i < PARTITIONS; i++) /* Of partition 0 it knows nothing. */
        shelf_raise(rig.shelf, i, first[i] = i);
    rig.shelf->refusals = 3;
    for (uint32_t i = 0; i < PARTITIONS; i++)
        sum += first[i];
    while (sum < 120) {
        take_some(&q, 0, TOPIC_ORDERS, 500);
        for (int64_t i = 0; i < q.call.value; i++, sum++) {
            uint32_t partition = q.records[i].partition;

            assert_int_equal(q.records[i].offset, first[partition] + seen[partition]++);
        }
    }
    assert_int_equal(rig.shelf->refusals, 0);
    assert_int_equal(rig.members[0].stats.queue_gaps, 0);
    memset(rig.shelf, 0, sizeof *rig.shelf);
}

static void what_retention_has_dropped_is_counted(void **state)
{
    uint64_t expected[PARTITIONS] = {0}, gaps = 0;
    struct node_stats *stats = &rig.members[0].stats;
    uint32_t missing = 0;

    (void)state;
    if (!broker_is_embedded())
        skip(); /* A real one keeps more than a test can write. */
    for (int i = 0; i < 15; i++)
        put_records(TOPIC_CUSTOM, 7, 0, 5000); /* 5 MiB is about 50 000 of them. */
    while (take_some(&q, 0, TOPIC_CUSTOM, RECORDS_MAX) > 0) {
        uint32_t partition = q.records[0].partition;

        for (int64_t i = 0; i < q.call.value; i++) {
            missing += q.records[i].offset > expected[partition];
            gaps += q.records[i].offset - expected[partition];
            expected[partition] = q.records[i].offset + 1;
        }
        if (expected[partition] >= 75400)
            break;
    }
    assert_true(missing > 0);
    assert_true(gaps > 1000);
    assert_int_equal(stats->queue_gaps, gaps);
}

/* ---- The broker goes away -------------------------------------------------------------------- */

enum { OUTAGE_PUTS = 60, ALL_PUTS = 70, OUTAGE_KEY = 900 };

static struct question numbered[ALL_PUTS];
static bool was_taken[ALL_PUTS];

static void begin_numbered_put(uint32_t i, uint64_t timeout_ns)
{
    struct ask ask = {.verb = VERB_LIKE, .key = OUTAGE_KEY + i % 7, .user = i};

    queue_put(queue_live_port(rig.members[0].queue), begin(&numbered[i]), TOPIC_LIKES, &ask,
              timeout_ns);
}

/* How many of those acknowledged were taken. Kafka's group forms anew, and since SQL knows nothing,
 * the records of other tests come once more. */
static uint32_t look_through_what_was_taken(void)
{
    uint32_t found = 0;

    for (int64_t i = 0; q.call.outcome == CALL_OK && i < q.call.value; i++)
        if (q.records[i].ask.key >= OUTAGE_KEY)
            was_taken[q.records[i].ask.user] = true;
    for (uint32_t i = 0; i < ALL_PUTS; i++)
        found += was_taken[i] && numbered[i].call.outcome == CALL_OK;
    return found;
}

static void an_outage_fails_takes_and_loses_nothing_that_was_acknowledged(void **state)
{
    uint32_t acknowledged = 0;

    (void)state;
    drain(TOPIC_LIKES);
    do { /* Until it waits: what a rebalance delivers again may come late. */
        begin_take(&q, 0, TOPIC_LIKES, 1, 0, SECONDS(40));
        run_for(MS(500));
    } while (q.is_done);
    broker_crash(&rig.broker);
    wait_until(q.is_done);
    assert_int_equal(q.call.outcome, CALL_FAILED);
    for (uint32_t i = 0; i < OUTAGE_PUTS; i++) { /* Three seconds. */
        begin_numbered_put(i, i % 2 == 0 ? SECONDS(20) : MS(400));
        run_for(MS(50));
    }
    broker_restart(&rig.broker);
    for (uint32_t i = OUTAGE_PUTS; i < ALL_PUTS; i++)
        begin_numbered_put(i, SECONDS(20));
    for (uint32_t i = 0; i < ALL_PUTS; i++) {
        wait_until(numbered[i].is_done);
        acknowledged += numbered[i].call.outcome == CALL_OK;
        if (i >= OUTAGE_PUTS)
            assert_int_equal(numbered[i].call.outcome, CALL_OK);
    }
    wait_until((take(&q, 0, TOPIC_LIKES, 100, SECONDS(1)),
                look_through_what_was_taken() == acknowledged && q.call.outcome != CALL_OK));
    for (uint32_t i = 0; i < ALL_PUTS; i++) /* It did not happen: that is a promise. */
        assert_false(was_taken[i] && numbered[i].call.outcome == CALL_REFUSED);
}

static void an_answer_that_is_on_its_way_when_the_queue_closes_arrives(void **state)
{
    uint64_t taken;

    (void)state; /* A topic of its own: a put of the outage may be appended yet. */
    drain(TOPIC_CUSTOM);
    put_records(TOPIC_CUSTOM, 5, 0, 30);
    do { /* Until one finds its record in hand, and has its end before the loop runs on. */
        run_for(MS(50));
        taken = rig.members[0].stats.queue_taken;
        begin_take(&q, 0, TOPIC_CUSTOM, 1, 0, SECONDS(1));
    } while (rig.members[0].stats.queue_taken == taken && (run_for(SECONDS(2)), true));
    close_member(0);
    assert_false(q.is_done);
    run_for(MS(50));
    assert_int_equal(q.call.outcome, CALL_OK);
    assert_int_equal(q.records[0].ask.key, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_acknowledged_is_in_the_log),
        cmocka_unit_test(records_that_come_together_share_a_batch),
        cmocka_unit_test(a_dead_letter_is_counted_and_belongs_to_no_partition),
        cmocka_unit_test(a_producer_that_leaves_politely_sends_what_it_has),
        cmocka_unit_test(settings_that_librdkafka_refuses_are_told_when_it_opens),
        cmocka_unit_test(a_probe_counts_the_brokers_or_says_why_nobody_answers),
        cmocka_unit_test(a_take_is_answered_failed_while_the_group_forms),
        cmocka_unit_test(everything_that_was_put_is_taken_once_by_a_member_that_is_left_alone),
        cmocka_unit_test(records_of_one_key_keep_their_order),
        cmocka_unit_test(a_take_that_finds_nothing_ends_at_its_timeout),
        cmocka_unit_test(a_take_waits_for_more_but_not_longer_than_it_said),
        cmocka_unit_test(a_take_that_has_enough_does_not_wait),
        cmocka_unit_test(a_hot_partition_does_not_keep_the_others_waiting),
        cmocka_unit_test(two_takes_of_one_member_never_get_the_same_records),
        cmocka_unit_test(a_commit_is_counted_and_never_goes_back),
        cmocka_unit_test(a_partition_that_is_not_ours_is_not_committed),
        cmocka_unit_test(a_member_begins_where_sql_says_however_often_it_must_ask),
        cmocka_unit_test(what_retention_has_dropped_is_counted),
        cmocka_unit_test(an_outage_fails_takes_and_loses_nothing_that_was_acknowledged),
        cmocka_unit_test(an_answer_that_is_on_its_way_when_the_queue_closes_arrives),
    };

    return cmocka_run_group_tests_name("queue_live", tests, rig_open, rig_close);
}
