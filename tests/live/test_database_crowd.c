/* SQL under many at once: processes that are killed, a hot row, locks that somebody holds. */
#include "tests/lib/test.h"

#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "services/base/dice.h"
#include "tests/lib/database_rig.h"

enum { CROWD = 8, PROCESSES = 4, POSTS = 3 };

static void nap_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* ---- Killed writers ------------------------------------------------------------------------- */

/* Batches of new likes, until it is killed. Tells the pipe after each commit. */
_Noreturn static void write_for_ever(uint32_t process, int told)
{
    struct database *own = database_open(&settings, why);
    struct table_op ops[POSTS * 21 + 1];
    int64_t changed;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (uint64_t round = 0; own != NULL; round++) {
        uint32_t n = 0;

        for (uint64_t post = 1; post <= POSTS; post++) {
            for (uint64_t user = 0; user < 20; user++)
                ops[n++] = like(post, round * 20 + user + process * UINT64_C(1000000));
            ops[n++] = tally(post);
        }
        ops[n++] = row_op(TABLE_RAISE, TABLE_OFFSETS, 1, process, (int64_t)round);
        if (database_write(own, ops, n, SOON_MS, &changed) != DATABASE_OK || changed != POSTS * 20)
            break;
        if (write(told, "", 1) != 1)
            break;
    }
    _exit(1);
}

static bool is_settled(void)
{
    int64_t shown = 0, there = 0;

    for (uint64_t post = 1; post <= POSTS; post++) {
        int64_t n = value_of(TABLE_COUNTERS, post, 0);

        shown += n == NO_ROW ? 0 : n;
        there += count_of(TABLE_LIKES, post);
    }
    return shown == there && there % (POSTS * 20) == 0;
}

static void writers_of_four_processes_that_are_killed_leave_whole_transactions(void **state)
{
    int pipes[2], status;
    pid_t pids[PROCESSES];
    char byte;

    (void)state;
    assert_int_equal(pipe(pipes), 0);
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < PROCESSES; i++) {
            pids[i] = fork();
            if (pids[i] == 0)
                write_for_ever(round * PROCESSES + i, pipes[1]);
        }
        for (uint32_t i = 0; i < 12; i++)
            assert_int_equal(read(pipes[0], &byte, 1), 1);
        for (uint32_t i = 0; i < PROCESSES; i++) {
            kill(pids[i], SIGKILL);
            if (i + 1 < PROCESSES) /* The others go on meanwhile. */
                assert_int_equal(read(pipes[0], &byte, 1), 1);
        }
        for (uint32_t i = 0; i < PROCESSES; i++) {
            assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
            assert_true(WIFSIGNALED(status));
        }
        WRITE(like(77, round));
    }
    for (uint32_t i = 0; i < 500 && !is_settled(); i++)
        nap_ms(20); /* A server may still be at work for one that is dead. */
    assert_true(is_settled());
    close(pipes[0]);
    close(pipes[1]);
}

/* ---- Threads -------------------------------------------------------------------------------- */

struct member {
    pthread_t thread;
    uint32_t number;
    int64_t changed;
    uint32_t failed;
    enum database_end end;
};
static struct member members[CROWD];

/* Nothing in here may fail a test: that is for the test's own thread. */
static void crowd(void *(*work)(void *member))
{
    for (uint32_t i = 0; i < CROWD; i++) {
        members[i] = (struct member){.number = i};
        assert_int_equal(pthread_create(&members[i].thread, NULL, work, &members[i]), 0);
    }
    for (uint32_t i = 0; i < CROWD; i++)
        pthread_join(members[i].thread, NULL);
}

static void *like_hot_post(void *context)
{
    struct member *member = context;
    char reason[160];
    struct database *own = database_open(&settings, reason);

    for (uint64_t i = 0; i < 40 && own != NULL; i++) {
        const struct table_op ops[] = {like(1, member->number * 1000 + i), tally(1)};
        int64_t changed = 0;

        if (database_write(own, ops, 2, SOON_MS, &changed) != DATABASE_OK)
            member->failed++;
        member->changed += changed;
    }
    database_close(own);
    return NULL;
}

static void a_hot_row_loses_nothing_to_eight_connections(void **state)
{
    (void)state;
    crowd(like_hot_post);
    for (uint32_t i = 0; i < CROWD; i++) {
        assert_int_equal(members[i].failed, 0);
        assert_int_equal(members[i].changed, 40);
    }
    assert_int_equal(value_of(TABLE_COUNTERS, 1, 0), CROWD * 40);
    assert_int_equal(count_of(TABLE_LIKES, 1), CROWD * 40);
}

static void *like_the_same(void *context)
{
    struct member *member = context;
    char reason[160];
    struct database *own = database_open(&settings, reason);

    for (uint64_t i = 0; i < 40 && own != NULL; i++) {
        const struct table_op ops[] = {like(1, i), tally(1)};
        int64_t changed = 0;

        if (database_write(own, ops, 2, SOON_MS, &changed) != DATABASE_OK)
            member->failed++;
        member->changed += changed;
    }
    database_close(own);
    return NULL;
}

static void a_pair_that_eight_insert_at_once_is_there_once(void **state)
{
    int64_t changed = 0;

    (void)state;
    crowd(like_the_same);
    for (uint32_t i = 0; i < CROWD; i++) {
        assert_int_equal(members[i].failed, 0);
        changed += members[i].changed;
    }
    assert_int_equal(changed, 40);
    assert_int_equal(count_of(TABLE_LIKES, 1), 40);
    assert_int_equal(value_of(TABLE_COUNTERS, 1, 0), 40);
}

/* Deletes and inserts of two posts, half of them the other way round. */
static void *cross(void *context)
{
    struct member *member = context;
    uint64_t one = 1 + member->number % 2, other = 3 - one;
    char reason[160];
    struct database *own = database_open(&settings, reason);

    for (uint64_t i = 0; i < 15 && own != NULL; i++) {
        const struct table_op ops[] = {unlike(one, 1), like(other, 1), tally(7)};
        int64_t changed = 0;

        if (database_write(own, ops, 3, 60000, &changed) != DATABASE_OK)
            member->failed++;
    }
    database_close(own);
    return NULL;
}

static void a_circle_of_deletes_and_inserts_is_broken_and_done_again(void **state)
{
    (void)state;
    crowd(cross);
    for (uint32_t i = 0; i < CROWD; i++)
        assert_int_equal(members[i].failed, 0);
    assert_int_equal(value_of(TABLE_COUNTERS, 7, 0),
                     count_of(TABLE_LIKES, 1) + count_of(TABLE_LIKES, 2));
}

/* ---- Locks that somebody holds -------------------------------------------------------------- */

static void a_write_behind_a_lock_is_busy_at_its_timeout_and_has_done_nothing(void **state)
{
    const struct table_op ops[] = {like(1, 1), tally(1)};
    int64_t changed;

    (void)state;
    WRITE(like(1, 9), tally(1));
    hold_writers();
    assert_int_equal(database_write(db, ops, 2, 100, &changed), DATABASE_BUSY);
    assert_false(database_is_broken(db));
    assert_int_equal(count_of(TABLE_LIKES, 1), 1); /* Reads wait for nobody. */
    let_writers_go();
    assert_int_equal(WRITE(like(1, 1), tally(1)), 1);
    assert_int_equal(value_of(TABLE_COUNTERS, 1, 0), 2);
}

static void a_server_that_crashed_is_noticed_and_its_commits_are_there_again(void **state)
{
    const struct table_op op = like(1, 2);
    int64_t changed;

    (void)state;
    if (is_sqlite())
        return; /* There is no server to crash. */
    WRITE(like(1, 1));
    assert_false(database_is_broken(db));
    postgres_stop(&server);
    assert_int_equal(database_write(db, &op, 1, SOON_MS, &changed), DATABASE_FAILED);
    assert_true(database_is_broken(db));
    database_close(db);
    db = database_open(&settings, why);
    assert_null(db);
    postgres_start(&server);
    db = open_another();
    assert_int_equal(count_of(TABLE_LIKES, 1), 1);
    postgres_stop(&server);
    for (uint32_t i = 0; i < 500 && !database_is_broken(db); i++)
        nap_ms(10);
    assert_true(database_is_broken(db)); /* Without having been asked. */
    postgres_start(&server);
    database_close(db);
    db = open_another();
}

static void a_server_that_stands_still_is_given_up(void **state)
{
    const struct table_op op = like(1, 2);
    int64_t changed;

    (void)state;
    if (is_sqlite())
        return;
    postgres_freeze(&server, true);
    assert_int_equal(database_write(db, &op, 1, 100, &changed), DATABASE_FAILED);
    assert_true(database_is_broken(db));
    postgres_freeze(&server, false);
    database_close(db);
    db = open_another();
    assert_int_equal(count_of(TABLE_LIKES, 1), 0);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, make_tables, drop_tables)

static int group(const char *engine)
{
    const struct CMUnitTest tests[] = {
        EACH(writers_of_four_processes_that_are_killed_leave_whole_transactions),
        EACH(a_hot_row_loses_nothing_to_eight_connections),
        EACH(a_pair_that_eight_insert_at_once_is_there_once),
        EACH(a_circle_of_deletes_and_inserts_is_broken_and_done_again),
        EACH(a_write_behind_a_lock_is_busy_at_its_timeout_and_has_done_nothing),
        EACH(a_server_that_crashed_is_noticed_and_its_commits_are_there_again),
        EACH(a_server_that_stands_still_is_given_up),
    };

    return cmocka_run_group_tests_name(engine, tests, NULL, NULL);
}

int main(void)
{
    return database_rig_run(group);
}
