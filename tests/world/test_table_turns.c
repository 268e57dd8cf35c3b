/* The model of SQL: statements longer than a quantum share the cores by turns. */
#include "tests/lib/test.h"

#include <math.h>

#include "tests/lib/world_fixture.h"

static const uint64_t way_ns = US(100), seek_ns = US(50), scan_ns = MS(40), quantum_ns = MS(4);
static struct table_spec spec;
static struct fixture *f;
static struct table *table;
static struct question scans[2], seek;

static int open_scanned(void **state)
{
    (void)state;
    spec = (struct table_spec){.way.latency_ns = US(100),
                               .connections = 3,
                               .cores = 1,
                               .quantum_ns = MS(4),
                               .statement_ns = US(50),
                               .scan_row_ns = 100,
                               .commit_ns = MS(1),
                               .likes_rows = 399500}; /* 40 ms with the statement. */
    f = fixture_open(NULL, NULL, &spec, 0);
    table = &f->nodes[0].table;
    table_model_index(f->table, TABLE_LIKES, false);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    fixture_close(f);
    return 0;
}

static void begin_scan(struct question *question)
{
    table_read(table, question_begin(f, question), TABLE_COUNT, TABLE_LIKES, 7, 0, SECONDS(10));
}

static void begin_seek(uint32_t node)
{
    table_read(&f->nodes[node].table, question_begin(f, &seek), TABLE_ROW, TABLE_ORDERS, 7, 0,
               SECONDS(10));
}

static double utilization(void)
{
    struct table_result result;

    table_model_close(f->table, &result);
    return result.utilization;
}

static void who_runs_alone_is_not_held_up(void **state)
{
    (void)state;
    begin_scan(&scans[0]);
    run_for(f, MS(100));
    assert_told_at(&scans[0], CALL_OK, 0, scan_ns + 2 * way_ns);
}

static void a_seek_waits_for_the_turn_under_way_and_not_for_the_scan(void **state)
{
    (void)state;
    begin_scan(&scans[0]);
    run_for(f, MS(10));
    begin_seek(0);
    run_for(f, MS(100));
    assert_told_at(&seek, CALL_ABSENT, 0, 3 * quantum_ns + seek_ns + 2 * way_ns);
    assert_told_at(&scans[0], CALL_OK, 0, scan_ns + seek_ns + 2 * way_ns);
}

/* A scan of 40 ms that came at 100 us; there are three connections and one core. */
static void who_is_under_way_counts_up_to_the_instant_of_the_figures(void **state)
{
    struct table_result result;

    (void)state;
    begin_scan(&scans[0]);
    for (unsigned i = 1; i <= 3; i++) {
        double share = 1 - 0.1 / (10.0 * i);

        run_until(f, MS(10 * i));
        table_model_close(f->table, &result);
        assert_true(fabs(result.utilization - share) < 1e-9);
        assert_true(fabs(result.pool_utilization - share / 3) < 1e-9);
    }
    run_until(f, MS(100));
    assert_told_at(&scans[0], CALL_OK, 0, scan_ns + 2 * way_ns);
    assert_true(fabs(utilization() - 0.4) < 1e-9);
}

static void who_is_paused_computes_nothing_and_keeps_its_connection(void **state)
{
    struct table_result result;

    (void)state;
    begin_scan(&scans[0]);
    run_until(f, MS(5));
    table_model_pause(f->table);
    run_until(f, MS(20));
    table_model_close(f->table, &result);
    assert_true(fabs(result.utilization - 4.9 / 20) < 1e-9);
    assert_true(fabs(result.pool_utilization - 19.9 / 60) < 1e-9);
    table_model_resume(f->table);
    run_until(f, MS(100));
    assert_told_at(&scans[0], CALL_OK, 0, MS(15) + scan_ns + 2 * way_ns);
}

static void two_scans_take_turns(void **state)
{
    (void)state;
    begin_scan(&scans[0]);
    begin_scan(&scans[1]);
    run_for(f, MS(100));
    assert_told_at(&scans[0], CALL_OK, 0, 2 * scan_ns - quantum_ns + 2 * way_ns);
    assert_told_at(&scans[1], CALL_OK, 0, 2 * scan_ns + 2 * way_ns);
    assert_true(fabs(utilization() - 0.8) < 1e-9);
}

static void a_pause_between_turns_costs_its_length(void **state)
{
    (void)state;
    begin_scan(&scans[0]);
    begin_scan(&scans[1]);
    run_for(f, MS(6));
    table_model_pause(f->table);
    run_for(f, MS(50));
    table_model_resume(f->table);
    run_until(f, MS(200));
    assert_told_at(&scans[1], CALL_OK, 0, MS(50) + 2 * scan_ns + 2 * way_ns);
    assert_true(fabs(utilization() - 0.4) < 1e-9);
}

/* The server notices at the statement's end, and gives the core and the connection back then. */
static void a_client_that_dies_between_turns_is_scanned_for_to_the_end(void **state)
{
    (void)state;
    begin_scan(&scans[0]);
    begin_scan(&scans[1]);
    run_for(f, MS(6)); /* The second one's turn. */
    kill_node(f, 0);
    run_for(f, MS(194));
    assert_true(fabs(utilization() - 0.4) < 1e-9);
    for (uint32_t i = 0; i < 2; i++)
        assert_int_equal(scans[i].times, 0);
    begin_seek(1);
    run_for(f, MS(10));
    assert_told_at(&seek, CALL_ABSENT, 0, MS(200) + seek_ns + 2 * way_ns);
}

static void a_crash_between_turns_leaves_nothing_behind(void **state)
{
    (void)state;
    begin_scan(&scans[0]);
    begin_scan(&scans[1]);
    run_for(f, MS(6));
    table_model_crash(f->table);
    table_model_restart(f->table);
    begin_seek(0);
    run_for(f, MS(100));
    assert_outcome(&scans[0], CALL_FAILED);
    assert_outcome(&scans[1], CALL_FAILED);
    assert_told_at(&seek, CALL_ABSENT, 0, MS(6) + seek_ns + 2 * way_ns);
}

#define proves(name) cmocka_unit_test_setup_teardown(name, open_scanned, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        proves(who_runs_alone_is_not_held_up),
        proves(a_seek_waits_for_the_turn_under_way_and_not_for_the_scan),
        proves(who_is_under_way_counts_up_to_the_instant_of_the_figures),
        proves(who_is_paused_computes_nothing_and_keeps_its_connection),
        proves(two_scans_take_turns),
        proves(a_pause_between_turns_costs_its_length),
        proves(a_client_that_dies_between_turns_is_scanned_for_to_the_end),
        proves(a_crash_between_turns_leaves_nothing_behind),
    };

    return cmocka_run_group_tests_name("turns on the server's cores", tests, NULL, NULL);
}
