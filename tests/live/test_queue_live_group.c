/* The live queue with several members: who reads what, who may commit, and who goes on where
 * somebody was killed. */
#include "tests/live/queue_live_rig.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static struct question q, other;

static const uint64_t keys = 40; /* They are in all partitions. */

static void put_everywhere(uint64_t user)
{
    for (uint64_t key = 0; key < keys; key++)
        put_records(TOPIC_LIKES, key, user, 1);
}

static void finish(uint32_t member)
{
    const struct record *last = &q.records[q.call.value - 1];

    shelf_raise(rig.shelf, last->partition, last->offset + 1);
    commit(&other, member, TOPIC_LIKES, last->partition, last->offset + 1);
}

/* Takes and finishes what there is; marks the partitions that it came from. */
static void take_turn(uint32_t member, bool from[static PARTITIONS])
{
    if (take(&q, member, TOPIC_LIKES, RECORDS_MAX, MS(200)) != CALL_OK)
        return;
    from[q.records[0].partition] = true;
    finish(member);
}

static uint32_t count(const bool from[static PARTITIONS])
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < PARTITIONS; i++)
        n += from[i];
    return n;
}

/* Until each partition was read by somebody, and by one of them alone. */
static bool is_shared_out(bool first[static PARTITIONS], bool second[static PARTITIONS])
{
    static uint64_t round;
    bool is_apart = true;

    memset(first, 0, PARTITIONS * sizeof *first);
    memset(second, 0, PARTITIONS * sizeof *second);
    put_everywhere(round++);
    for (int i = 0; i < 2 * PARTITIONS; i++) {
        take_turn(0, first);
        take_turn(1, second);
    }
    for (uint32_t i = 0; i < PARTITIONS; i++)
        is_apart = is_apart && first[i] != second[i];
    return is_apart && count(first) == PARTITIONS / 2;
}

static void two_members_share_the_partitions_and_the_former_owner_commits_no_more(void **state)
{
    bool first[PARTITIONS], second[PARTITIONS];
    uint64_t end[PARTITIONS] = {0};

    (void)state;
    join(&q, 0, TOPIC_LIKES);
    put_everywhere(0);
    for (uint64_t got = 0; got < keys; got += (uint64_t)q.call.value) {
        take_some(&q, 0, TOPIC_LIKES, RECORDS_MAX);
        end[q.records[0].partition] = q.records[q.call.value - 1].offset + 1;
    }
    open_member(1); /* Nothing of that was committed, and no offset is on the shelf. */
    join(&q, 1, TOPIC_LIKES);
    wait_until(is_shared_out(first, second));
    assert_true(rig.members[0].stats.queue_redelivered > 0);
    for (uint32_t i = 0; i < PARTITIONS; i++)
        if (second[i])
            assert_int_equal(commit(&q, 0, TOPIC_LIKES, i, end[i]), CALL_ABSENT);
}

static void a_waiting_take_is_answered_failed_when_the_partitions_are_given_back(void **state)
{
    bool from[PARTITIONS] = {false};

    (void)state;
    begin_take(&q, 0, TOPIC_LIKES, RECORDS_MAX, SECONDS(3600), SECONDS(3600));
    close_member(1); /* It leaves politely. */
    wait_until(q.is_done);
    assert_int_equal(q.call.outcome, CALL_FAILED);
    put_everywhere(1000);
    wait_until((take_turn(0, from), count(from) == PARTITIONS));
}

/* ---- A member in a process of its own -------------------------------------------------------- */

/* It takes, makes rows, and never tells the group: as if it died each time before it could. */
static void child(int ready)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(rig.broker.orders); /* Or the broker would live as long as we do. */
    memset(rig.members, 0, sizeof rig.members);
    assert_true(loop_open(&rig.loop, 0)); /* The parent's is the parent's. */
    open_member(0);
    for (;;) {
        if (take(&q, 0, TOPIC_LIKES, 20, SECONDS(1)) != CALL_OK)
            continue;
        for (int64_t i = 0; i < q.call.value; i++)
            rig.shelf->rows[q.records[i].ask.user]++;
        shelf_raise(rig.shelf, q.records[0].partition, q.records[q.call.value - 1].offset + 1);
        if (write(ready, "x", 1) != 1)
            _exit(1);
    }
}

static pid_t start_child(int *ready)
{
    int pipes[2];
    pid_t pid;

    assert_int_equal(pipe(pipes), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        child(pipes[1]);
    close(pipes[1]);
    fcntl(pipes[0], F_SETFL, O_NONBLOCK);
    *ready = pipes[0];
    return pid;
}

static bool says_something(int ready)
{
    char byte;

    return read(ready, &byte, 1) == 1;
}

/* Rows are made of what SQL does not have yet, as the batcher does. */
static bool make_rows(void)
{
    if (take(&q, 1, TOPIC_LIKES, 20, MS(200)) != CALL_OK)
        return false;
    for (int64_t i = 0; i < q.call.value; i++)
        if (q.records[i].offset >= rig.shelf->next[q.records[i].partition])
            rig.shelf->rows[q.records[i].ask.user]++;
    finish(1);
    return true;
}

static uint32_t fed; /* Records so far; a record's user is its number. */

static void feed(uint32_t n)
{
    for (; n > 0; n--, fed++) {
        assert_true(fed < SHELF_ROWS_MAX);
        put_records(TOPIC_LIKES, fed, fed, 1);
    }
}

static bool has_all_rows(void)
{
    uint32_t rows = 0;

    make_rows();
    for (uint32_t i = 0; i < fed; i++)
        rows += rig.shelf->rows[i] > 0;
    return rows == fed;
}

static void who_takes_over_from_a_member_that_was_killed_begins_where_sql_is(void **state)
{
    uint32_t twice = 0;
    int ready, status;
    pid_t pid = start_child(&ready);

    (void)state;
    wait_until((feed(10), says_something(ready)));
    open_member(1);
    wait_until((feed(10), make_rows())); /* They share it now. */
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    close(ready);
    feed(500);
    wait_until(has_all_rows());
    for (uint32_t i = 0; i < fed; i++)
        twice += rig.shelf->rows[i] > 1;
    assert_true(twice <= 40); /* A batch of each, between its rows and its offset. */
    assert_int_equal(rig.members[1].stats.queue_gaps, 0);
}

/* Whoever wrote the rows was killed before it told Kafka, or the lab. */
static void what_sql_has_is_told_as_committed_by_who_takes_over(void **state)
{
    uint32_t partition;
    uint64_t next;

    (void)state;
    feed(20);
    take_some(&q, 1, TOPIC_LIKES, RECORDS_MAX);
    partition = q.records[0].partition;
    next = q.records[q.call.value - 1].offset + 1;
    shelf_raise(rig.shelf, partition, next);
    close_member(1);
    open_member(2);
    join(&q, 2, TOPIC_LIKES);
    assert_true(rig.members[2].stats.log_next[partition] >= next);
    assert_int_equal(rig.members[2].stats.queue_committed, 0);
}

int main(void)
{
    const struct CMUnitTest sharing[] = {
        cmocka_unit_test(two_members_share_the_partitions_and_the_former_owner_commits_no_more),
        cmocka_unit_test(a_waiting_take_is_answered_failed_when_the_partitions_are_given_back),
    };
    const struct CMUnitTest killing[] = {
        cmocka_unit_test(who_takes_over_from_a_member_that_was_killed_begins_where_sql_is),
        cmocka_unit_test(what_sql_has_is_told_as_committed_by_who_takes_over),
    };

    return cmocka_run_group_tests_name("queue_live_sharing", sharing, rig_open, rig_close) +
           cmocka_run_group_tests_name("queue_live_killing", killing, rig_open, rig_close);
}
