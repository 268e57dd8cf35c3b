/* The model of SQL where each replica has a pool of connections of its own. */
#include "tests/lib/test.h"

#include <math.h>

#include "tests/lib/world_fixture.h"

enum { QUESTIONS = 16 };

static const uint64_t trip_ns = US(200), held_ns = US(1001); /* A statement, a row. */
static struct table_spec spec;
static struct fixture *f;
static struct question questions[QUESTIONS];

static int open_plain(void **state)
{
    (void)state;
    spec = (struct table_spec){.way.latency_ns = US(100),
                               .connections = 1, /* Says nothing here. */
                               .connections_each = 2,
                               .cores = 100,
                               .statement_ns = MS(1),
                               .row_ns = US(1)};
    f = fixture_open(NULL, NULL, &spec, 0);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    fixture_close(f);
    return 0;
}

static void begin_insert(uint32_t node, uint32_t at, uint64_t timeout_ns)
{
    const struct table_op op = {.verb = TABLE_INSERT, .table = TABLE_LIKES, .a = 7, .b = at + 1};

    table_write(&f->nodes[node].table, question_begin(f, &questions[at]), &op, 1, timeout_ns);
}

static void a_replica_waits_for_its_own_connections_alone(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 5; i++)
        begin_insert(0, i, SECONDS(10));
    begin_insert(1, 5, SECONDS(10));
    run_for(f, MS(20));
    for (uint32_t i = 0; i < 5; i++) /* Two at a time. */
        assert_int_equal(questions[i].done_ns, trip_ns + held_ns * (1 + i / 2));
    assert_int_equal(questions[5].done_ns, trip_ns + held_ns);
}

static void who_waits_too_long_is_refused_where_the_own_pool_alone_is_full(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 3; i++)
        begin_insert(0, i, i == 2 ? US(900) : SECONDS(10));
    run_for(f, MS(20));
    assert_told_at(&questions[2], CALL_REFUSED, 0, US(900));
    assert_int_equal(table_model_rows(f->table, TABLE_LIKES), 2);
}

/* One connection writes, the other reads; who writes also waits for its turn among all. */
static void on_sqlite_a_read_does_not_wait_behind_writes(void **state)
{
    (void)state;
    spec.writers = 1;
    for (uint32_t i = 0; i < 3; i++)
        begin_insert(i / 2, i, SECONDS(10));
    for (uint32_t i = 3; i < 5; i++)
        table_read(&f->nodes[0].table, question_begin(f, &questions[i]), TABLE_ROW, TABLE_LIKES, 7,
                   99, SECONDS(10));
    run_for(f, MS(20));
    assert_int_equal(questions[3].done_ns, trip_ns + spec.statement_ns);
    assert_int_equal(questions[4].done_ns, trip_ns + 2 * spec.statement_ns);
    assert_int_equal(questions[0].done_ns, trip_ns + held_ns);
    assert_int_equal(questions[2].done_ns, trip_ns + 2 * held_ns); /* Of the other replica. */
    assert_int_equal(questions[1].done_ns, trip_ns + 3 * held_ns);
}

static void after_a_restart_every_pool_is_empty(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < QUESTIONS; i++)
        begin_insert(i % 2, i, SECONDS(10));
    run_for(f, US(400));
    table_model_crash(f->table);
    run_for(f, MS(20));
    table_model_restart(f->table);
    for (uint32_t node = 0; node < 2; node++) {
        uint64_t asked_ns = now_of(f);

        begin_insert(node, node, SECONDS(10));
        run_for(f, MS(20));
        assert_int_equal(questions[node].done_ns, asked_ns + trip_ns + held_ns);
    }
}

static void after_a_pause_every_pool_goes_on(void **state)
{
    (void)state;
    table_model_pause(f->table);
    for (uint32_t i = 0; i < 4; i++)
        begin_insert(i % 2, i, SECONDS(10));
    run_for(f, MS(50));
    table_model_resume(f->table);
    run_for(f, MS(20));
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(questions[i].done_ns, MS(50) + held_ns + trip_ns / 2);
}

/* Two replicas with two connections each: SQLite's are one to write and one to read. */
static void they_are_as_busy_as_the_share_of_all_that_are_held(void **state)
{
    (void)state;
    for (uint32_t writers = 0; writers < 2; writers++) {
        struct table_result figures = {.is_used = false};

        close_world(state);
        open_plain(state);
        spec.writers = writers;
        begin_insert(0, 0, SECONDS(10));
        table_read(&f->nodes[1].table, question_begin(f, &questions[1]), TABLE_ROW, TABLE_LIKES, 7,
                   99, SECONDS(10));
        run_for(f, MS(20));
        table_model_close(f->table, &figures);
        assert_true(fabs(figures.pool_utilization - (1.001 + 1) / (4 * 20)) < 1e-6);
    }
}

#define proves(name) cmocka_unit_test_setup_teardown(name, open_plain, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        proves(a_replica_waits_for_its_own_connections_alone),
        proves(who_waits_too_long_is_refused_where_the_own_pool_alone_is_full),
        proves(on_sqlite_a_read_does_not_wait_behind_writes),
        proves(after_a_restart_every_pool_is_empty),
        proves(after_a_pause_every_pool_goes_on),
        proves(they_are_as_busy_as_the_share_of_all_that_are_held),
    };

    return cmocka_run_group_tests_name("pools of connections", tests, NULL, NULL);
}
