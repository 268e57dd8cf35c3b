/* The live table port: a loop that goes on while threads ask SQL. */
#include "tests/lib/test.h"

#include <time.h>

#include "services/live/loop/loop.h"
#include "services/live/node/stats.h"
#include "services/live/table/table_live.h"
#include "tests/lib/database_rig.h"

#define MS(n) ((uint64_t)(n)*1000000)
#define LONG MS(30000)
enum { MANY = 300 };

struct asked {
    struct call call; /* First. */
    uint32_t times, place;
};

static struct loop loop;
static struct node_stats stats;
static struct table_live *live;
static struct table *port;
static struct asked asked[MANY];
static uint32_t told, wanted, ticks;
static struct event *ticker;

static void tell(struct call *call)
{
    struct asked *question = (struct asked *)call;

    question->times++;
    question->place = told++;
    if (told >= wanted)
        loop_stop(&loop);
}

/* A step of its own, with its own time. */
static struct call *ask(uint32_t i)
{
    loop_enter(&loop);
    asked[i] = (struct asked){.call.done = tell};
    return &asked[i].call;
}

/* Runs until so many have been told in all. */
static void wait_for(uint32_t n)
{
    wanted = n;
    if (told < n)
        loop_run(&loop, loop_now_ns(&loop) + LONG * 2);
    assert_int_equal(told, n);
}

static void run_for(uint64_t ns)
{
    wanted = UINT32_MAX;
    loop_run(&loop, loop_now_ns(&loop) + ns);
}

static int open_live(void **state)
{
    make_tables(state);
    told = ticks = 0;
    stats = (struct node_stats){0};
    assert_true(loop_open(&loop, 0));
    live = table_live_open(&loop, &settings, &stats, why);
    if (live == NULL)
        fail_msg("%s", why);
    port = table_live_port(live);
    return 0;
}

static int close_live(void **state)
{
    table_live_close(live);
    loop_close(&loop);
    return drop_tables(state);
}

static void write_like(uint32_t i, uint64_t user, uint64_t timeout_ns)
{
    const struct table_op ops[] = {like(1, user), tally(1)};

    table_write(port, ask(i), ops, 2, timeout_ns);
}

/* ---- Tests ---------------------------------------------------------------------------------- */

static void nothing_completes_inside_the_submit(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < MANY; i++) {
        write_like(i, i, LONG);
        nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
        assert_int_equal(asked[i].times, 0);
    }
    wait_for(MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        assert_int_equal(asked[i].times, 1);
        assert_int_equal(asked[i].call.outcome, CALL_OK);
        assert_int_equal(asked[i].call.value, 1);
    }
    assert_int_equal(value_of(TABLE_COUNTERS, 1, 0), MANY);
    assert_int_equal(stats.table_commits, MANY);
    assert_int_equal(stats.table_rows, 2 * MANY);
    assert_int_equal(stats.waited[STATS_TABLE], MANY);
    assert_int_equal(stats.table_busy.now, 0);
    assert_true(stats.table_busy.max >= 1 && stats.table_busy.max <= stats.table_connections.now);
}

static void operations_may_change_after_the_submit(void **state)
{
    struct table_op op = like(5, 1);

    (void)state;
    table_write(port, ask(0), &op, 1, LONG);
    op = like(6, 1);
    wait_for(1);
    assert_int_equal(count_of(TABLE_LIKES, 5), 1);
    assert_int_equal(count_of(TABLE_LIKES, 6), 0);
}

static void reads_tell_the_value_the_count_and_what_is_absent(void **state)
{
    (void)state;
    WRITE(like(1, 2), like(1, 3), row_op(TABLE_SET, TABLE_MENUS, 4, 0, -5));
    table_read(port, ask(0), TABLE_ROW, TABLE_MENUS, 4, 0, LONG);
    table_read(port, ask(1), TABLE_COUNT, TABLE_LIKES, 1, 0, LONG);
    table_read(port, ask(2), TABLE_ROW, TABLE_LIKES, 1, 4, LONG);
    wait_for(3);
    assert_int_equal(asked[0].call.outcome, CALL_OK);
    assert_int_equal(asked[0].call.value, -5);
    assert_int_equal(asked[1].call.value, 2);
    assert_int_equal(asked[2].call.outcome, CALL_ABSENT);
    assert_int_equal(stats.table_reads, 3);
}

static void tick(void *context)
{
    (void)context;
    ticks++;
    loop_alarm_set(ticker, MS(1));
}

static void the_loop_goes_on_while_sql_is_locked(void **state)
{
    (void)state;
    hold_writers();
    ticks = 0;
    ticker = loop_alarm(&loop, tick, NULL);
    loop_alarm_set(ticker, MS(1));
    write_like(0, 1, MS(500));
    write_like(1, 2, LONG);
    wait_for(1);
    assert_int_equal(asked[0].call.outcome, CALL_TIMEOUT);
    while (ticks < 20)
        run_for(MS(10));
    assert_int_equal(asked[1].call.outcome, CALL_PENDING);
    loop_alarm_free(ticker);
    let_writers_go();
    wait_for(2);
    assert_int_equal(asked[1].call.outcome, CALL_OK);
}

static void who_waits_in_line_past_its_timeout_is_refused_and_nothing_happened(void **state)
{
    (void)state;
    hold_writers();
    for (uint32_t i = 0; i < 20; i++) /* More than there are connections. */
        write_like(i, i, MS(10000));
    run_for(MS(200));
    assert_int_equal(told, 0);
    write_like(20, 20, MS(100));
    wait_for(1);
    assert_int_equal(asked[20].call.outcome, CALL_REFUSED);
    let_writers_go();
    wait_for(21);
    for (uint32_t i = 0; i < 20; i++)
        assert_int_equal(asked[i].call.outcome, CALL_OK);
    assert_int_equal(value_of(TABLE_COUNTERS, 1, 0), 20);
    assert_int_equal(value_of(TABLE_LIKES, 1, 20), NO_ROW);
    assert_true(stats.table_pool_waits_ns >= MS(100));
}

static void what_a_worker_has_begun_times_out_and_its_end_is_dropped(void **state)
{
    (void)state;
    hold_writers();
    write_like(0, 1, MS(100));
    wait_for(1);
    assert_int_equal(asked[0].call.outcome, CALL_TIMEOUT);
    let_writers_go();
    write_like(1, 2, LONG);
    wait_for(2);
    run_for(MS(50));
    assert_int_equal(asked[0].times, 1);
    assert_int_equal(asked[1].call.outcome, CALL_OK);
    assert_int_equal(value_of(TABLE_COUNTERS, 1, 0), count_of(TABLE_LIKES, 1));
}

static void one_connection_answers_in_the_order_of_the_asking(void **state)
{
    struct table_live *alone;

    (void)state;
    settings.connections = 1;
    alone = table_live_open(&loop, &settings, &stats, why);
    assert_non_null(alone);
    for (uint32_t i = 0; i < MANY; i++) {
        const struct table_op op = like(i, 1);

        table_write(table_live_port(alone), ask(i), &op, 1, LONG);
    }
    wait_for(MANY);
    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(asked[i].place, i);
    table_live_close(alone);
    settings.connections = is_sqlite() ? 2 : 8;
}

static void beyond_a_hundred_thousand_in_line_all_are_refused(void **state)
{
    static struct asked crowd[TABLE_LIVE_LINE_MAX + 20];
    uint32_t refused = 0;

    (void)state;
    hold_writers();
    for (uint32_t i = 0; i < TABLE_LIVE_LINE_MAX + 20; i++) {
        const struct table_op op = tally(1);

        crowd[i] = (struct asked){.call.done = tell};
        table_write(port, &crowd[i].call, &op, 1, LONG);
    }
    run_for(MS(100));
    for (uint32_t i = 0; i < TABLE_LIVE_LINE_MAX + 20; i++)
        refused += crowd[i].call.outcome == CALL_REFUSED;
    assert_int_equal(refused, told);
    assert_true(refused >= 20 - stats.table_connections.now && refused <= 20);
    assert_int_equal(crowd[TABLE_LIVE_LINE_MAX + 19].call.outcome, CALL_REFUSED);
    let_writers_go();
    table_live_close(live); /* And whoever is left is never told. */
    live = table_live_open(&loop, &settings, &stats, why);
    run_for(MS(20));
    assert_int_equal(refused, told);
}

static void a_server_that_was_restarted_is_connected_to_again(void **state)
{
    (void)state;
    if (is_sqlite())
        return; /* There is no server. */
    write_like(0, 0, LONG);
    wait_for(1);
    postgres_stop(&server);
    write_like(1, 1, MS(300)); /* Waits for a connection, in vain. */
    wait_for(2);
    assert_int_equal(asked[1].call.outcome, CALL_REFUSED);
    write_like(2, 2, LONG);
    run_for(MS(100));
    assert_int_equal(asked[2].times, 0);
    postgres_start(&server);
    wait_for(3);
    assert_int_equal(asked[2].call.outcome, CALL_OK);
    database_close(db);
    db = open_another();
    assert_int_equal(value_of(TABLE_COUNTERS, 1, 0), 2);
}

static void no_table_without_a_first_connection(void **state)
{
    struct table_settings wrong = settings;

    (void)state;
    snprintf(wrong.database, sizeof wrong.database, "%s",
             is_sqlite() ? "/nowhere/at/all/rows.db" : "postgres://sim@127.0.0.1:1/postgres");
    assert_null(table_live_open(&loop, &wrong, &stats, why));
    assert_true(strlen(why) > 10);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, open_live, close_live)

static int group(const char *engine)
{
    const struct CMUnitTest tests[] = {
        EACH(nothing_completes_inside_the_submit),
        EACH(operations_may_change_after_the_submit),
        EACH(reads_tell_the_value_the_count_and_what_is_absent),
        EACH(the_loop_goes_on_while_sql_is_locked),
        EACH(who_waits_in_line_past_its_timeout_is_refused_and_nothing_happened),
        EACH(what_a_worker_has_begun_times_out_and_its_end_is_dropped),
        EACH(one_connection_answers_in_the_order_of_the_asking),
        EACH(beyond_a_hundred_thousand_in_line_all_are_refused),
        EACH(a_server_that_was_restarted_is_connected_to_again),
        EACH(no_table_without_a_first_connection),
    };

    return cmocka_run_group_tests_name(engine, tests, NULL, NULL);
}

int main(void)
{
    return database_rig_run(group);
}
