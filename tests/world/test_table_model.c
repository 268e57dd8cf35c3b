/* The model of SQL: connections, cores, row locks, a disk; and rows that survive a crash. */
#include "tests/lib/test.h"

#include <math.h>
#include <string.h>

#include "tests/lib/world_fixture.h"

static const struct table_spec plain = {.way.latency_ns = US(100),
                                        .connections = 100,
                                        .cores = 100,
                                        .statement_ns = US(50),
                                        .row_ns = US(1),
                                        .scan_row_ns = 100,
                                        .commit_ns = MS(1),
                                        .group_commit = true};
enum { QUESTIONS = 64 };

static struct table_spec spec;
static struct fixture *f;
static struct table *table;
static struct question q, other, questions[QUESTIONS];

static int open_plain(void **state)
{
    (void)state;
    spec = plain;
    f = fixture_open(NULL, NULL, &spec, 0);
    table = &f->nodes[0].table;
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    fixture_close(f);
    return 0;
}

static struct table_op insert(uint64_t post, uint64_t user)
{
    return (struct table_op){.verb = TABLE_INSERT, .table = TABLE_LIKES, .a = post, .b = user};
}

static struct table_op counter(enum table_verb verb, uint64_t post, int64_t value)
{
    return (struct table_op){
        .verb = (uint8_t)verb, .table = TABLE_COUNTERS, .a = post, .value = value};
}

static void begin_write(struct question *question, const struct table_op *ops, uint32_t n)
{
    table_write(table, question_begin(f, question), ops, n, SECONDS(10));
}

static void write(struct table_op op)
{
    begin_write(&q, &op, 1);
    run_for(f, MS(20));
}

/* A like as the indexed design writes it: a row, and the post's counter. */
static void begin_like(struct question *question, uint64_t post, uint64_t user)
{
    begin_write(question, (struct table_op[]){insert(post, user), counter(TABLE_TALLY, post, 0)},
                2);
}

static void read_row(enum schema_table of, uint64_t a, uint64_t b)
{
    table_read(table, question_begin(f, &q), TABLE_ROW, (uint8_t)of, a, b, SECONDS(10));
    run_for(f, MS(20));
}

static void count_likes(uint64_t post)
{
    table_read(table, question_begin(f, &q), TABLE_COUNT, TABLE_LIKES, post, 0, SECONDS(10));
    run_for(f, MS(20));
}

static struct table_result figures(void)
{
    struct table_result result;

    table_model_close(f->table, &result);
    return result;
}

static uint32_t answered(enum call_outcome outcome)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < QUESTIONS; i++)
        n += questions[i].call.outcome == outcome;
    return n;
}

static uint64_t last_answer_ns(void)
{
    return questions[QUESTIONS - 1].done_ns;
}

/* ---- Rows ----------------------------------------------------------------------------------- */

static void a_row_is_there_when_its_insert_was_answered(void **state)
{
    (void)state;
    begin_write(&q, (struct table_op[]){insert(7, 1)}, 1);
    run_for(f, MS(20));
    assert_told_at(&q, CALL_OK, 1, US(100 + 50 + 1 + 1000 + 100));
    assert_true(table_model_row(f->table, TABLE_LIKES, 7, 1, NULL));
}

static void an_insert_of_what_is_there_changes_nothing(void **state)
{
    (void)state;
    write(counter(TABLE_INSERT, 7, 5));
    write(counter(TABLE_INSERT, 7, 6));
    assert_told(&q, 0);
    read_row(TABLE_COUNTERS, 7, 0);
    assert_told(&q, 5);
}

static void a_delete_of_what_is_not_there_changes_nothing(void **state)
{
    struct table_op op = insert(7, 1);

    (void)state;
    write(op);
    op.verb = TABLE_DELETE;
    write(op);
    assert_told(&q, 1);
    write(op);
    assert_told(&q, 0);
    count_likes(7);
    assert_told(&q, 0);
}

static void a_row_that_is_not_there_reads_as_absent(void **state)
{
    (void)state;
    read_row(TABLE_ORDERS, 1, 0);
    assert_told_at(&q, CALL_ABSENT, 0, US(250));
}

static void set_overwrites_and_raise_never_lowers(void **state)
{
    (void)state;
    write(counter(TABLE_RAISE, 7, 5));
    write(counter(TABLE_RAISE, 7, 3));
    read_row(TABLE_COUNTERS, 7, 0);
    assert_told(&q, 5);
    write(counter(TABLE_SET, 7, 3));
    read_row(TABLE_COUNTERS, 7, 0);
    assert_told(&q, 3);
}

static void a_tally_adds_the_rows_since_the_last_one(void **state)
{
    struct table_op ops[] = {insert(7, 1), insert(7, 2), counter(TABLE_TALLY, 7, 0),
                             insert(8, 1), insert(7, 1), counter(TABLE_TALLY, 8, 0)};

    (void)state;
    begin_write(&q, ops, 6);
    run_for(f, MS(20));
    assert_told(&q, 3);
    read_row(TABLE_COUNTERS, 7, 0);
    assert_told(&q, 2);
    read_row(TABLE_COUNTERS, 8, 0);
    assert_told(&q, 1);
    begin_write(&q, ops, 6); /* Delivered once more. */
    run_for(f, MS(20));
    assert_told(&q, 0);
    read_row(TABLE_COUNTERS, 7, 0);
    assert_told(&q, 2);
}

static void a_walk_finds_every_row(void **state)
{
    struct table_row row;
    size_t cursor = 0;
    uint64_t users = 0;

    (void)state;
    for (uint64_t user = 1; user <= 10; user++)
        write(insert(7, user));
    while (table_model_next(f->table, TABLE_LIKES, &cursor, &row))
        users += row.b;
    assert_int_equal(users, 55);
    assert_int_equal(table_model_rows(f->table, TABLE_LIKES), 10);
}

/* ---- Costs ---------------------------------------------------------------------------------- */

static void a_count_walks_the_rows_that_the_index_finds(void **state)
{
    uint64_t asked_ns;

    (void)state;
    for (uint64_t user = 1; user <= 10; user++)
        write(insert(user < 8 ? 7 : 8, user));
    asked_ns = now_of(f);
    count_likes(7);
    assert_told_at(&q, CALL_OK, 7, asked_ns + US(200 + 50 + 7));
    assert_int_equal(figures().rows_walked, 7);
}

static void without_an_index_a_statement_looks_at_all_rows_and_slows_as_they_grow(void **state)
{
    uint64_t asked_ns;

    (void)state;
    spec.likes_rows = 1000;
    table_model_index(f->table, TABLE_LIKES, false);
    asked_ns = now_of(f);
    count_likes(7);
    assert_told_at(&q, CALL_OK, 0, asked_ns + US(200 + 50 + 100));
    for (uint64_t user = 1; user <= 10; user++)
        write(insert(8, user));
    asked_ns = now_of(f);
    count_likes(7);
    assert_int_equal(q.done_ns, asked_ns + US(200 + 50 + 100 + 1));
}

static void many_rows_in_one_statement_cost_one_statement(void **state)
{
    struct table_op ops[10];

    (void)state;
    for (uint64_t user = 0; user < 10; user++)
        ops[user] = insert(7, user + 1);
    begin_write(&q, ops, 10);
    run_for(f, MS(20));
    assert_told_at(&q, CALL_OK, 10, US(200 + 50 + 10 + 1000));
}

static void with_one_core_statements_run_one_after_the_other(void **state)
{
    (void)state;
    spec.cores = 1;
    table_read(table, question_begin(f, &q), TABLE_ROW, TABLE_MENUS, 1, 0, SECONDS(1));
    table_read(table, question_begin(f, &other), TABLE_ROW, TABLE_MENUS, 2, 0, SECONDS(1));
    run_for(f, MS(10));
    assert_int_equal(q.done_ns, US(250));
    assert_int_equal(other.done_ns, US(300));
    assert_true(fabs(figures().utilization - 0.01) < 1e-9);
}

/* ---- Connections ---------------------------------------------------------------------------- */

static void who_finds_no_connection_waits_for_one(void **state)
{
    (void)state;
    spec.connections = 1;
    begin_write(&q, (struct table_op[]){insert(7, 1)}, 1);
    begin_write(&other, (struct table_op[]){insert(7, 2)}, 1);
    run_for(f, MS(20));
    assert_int_equal(other.done_ns, q.done_ns + US(1051));
    assert_true(fabs(figures().pool_wait_mean_ms - 1.051 / 2) < 1e-6);
    assert_true(fabs(figures().pool_utilization - 2.102 / 20) < 1e-6);
}

static void who_waits_too_long_for_a_connection_is_refused_and_nothing_happened(void **state)
{
    (void)state;
    spec.connections = 1;
    begin_write(&q, (struct table_op[]){insert(7, 1)}, 1);
    table_write(table, question_begin(f, &other), (struct table_op[]){insert(7, 2)}, 1, US(900));
    run_for(f, MS(20));
    assert_outcome(&q, CALL_OK);
    assert_told_at(&other, CALL_REFUSED, 0, US(900));
    assert_int_equal(table_model_rows(f->table, TABLE_LIKES), 1);
}

static void a_timeout_leaves_the_transaction_running(void **state)
{
    (void)state;
    spec.connections = 1;
    table_write(table, question_begin(f, &q), (struct table_op[]){insert(7, 1)}, 1, US(500));
    run_for(f, US(500));
    assert_outcome(&q, CALL_TIMEOUT);
    table_read(table, question_begin(f, &other), TABLE_ROW, TABLE_LIKES, 7, 1, SECONDS(1));
    run_for(f, MS(20));
    assert_outcome(&other, CALL_OK);
    assert_int_equal(other.done_ns, US(1151 + 50 + 100)); /* It waited for the slot. */
}

/* ---- The disk and the locks ----------------------------------------------------------------- */

static void those_who_wait_for_the_disk_share_a_flush(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < QUESTIONS; i++)
        begin_write(&questions[i], (struct table_op[]){insert(i, 1)}, 1);
    run_for(f, MS(20));
    assert_int_equal(answered(CALL_OK), QUESTIONS);
    assert_int_equal(figures().flushes, 2); /* The first one's, and all others'. */
    assert_int_equal(figures().commits, QUESTIONS);
}

static void without_group_commit_each_flushes_for_itself(void **state)
{
    (void)state;
    spec.group_commit = false;
    for (uint32_t i = 0; i < QUESTIONS; i++)
        begin_write(&questions[i], (struct table_op[]){insert(i, 1)}, 1);
    run_for(f, MS(100));
    assert_int_equal(figures().flushes, QUESTIONS);
    assert_int_equal(last_answer_ns(), US(100 + 51 + 100) + QUESTIONS * MS(1));
}

static void a_hot_row_takes_one_transaction_per_flush(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < QUESTIONS; i++)
        begin_like(&questions[i], 7, i + 1);
    run_for(f, MS(200));
    assert_int_equal(answered(CALL_OK), QUESTIONS);
    assert_int_equal(last_answer_ns(), US(100 + 102 + 100) + QUESTIONS * MS(1));
    read_row(TABLE_COUNTERS, 7, 0);
    assert_told(&q, QUESTIONS);
}

static void spread_rows_share_flushes(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < QUESTIONS; i++)
        begin_like(&questions[i], i, 1);
    run_for(f, MS(200));
    assert_int_equal(answered(CALL_OK), QUESTIONS);
    assert_int_equal(figures().flushes, 2);
    assert_true(figures().lock_wait_mean_ms == 0);
}

static void the_hottest_row_is_named_by_its_share_of_the_time(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 10; i++)
        begin_like(&questions[i], 7, i + 1);
    begin_like(&other, 8, 1);
    run_for(f, MS(40));
    assert_true(fabs(figures().hottest_row_busy - 10.0 / 40) < 1e-6);
    assert_true(figures().lock_wait_mean_ms > 1);
}

static void transactions_that_lock_the_same_rows_in_any_order_all_end(void **state)
{
    struct dice dice;

    (void)state;
    dice_init(&dice, 1, "test");
    for (uint32_t i = 0; i < QUESTIONS; i++) {
        struct table_op ops[20];

        for (uint32_t n = 0; n < 20; n++)
            ops[n] = counter(TABLE_RAISE, dice_below(&dice, 12), i);
        begin_write(&questions[i], ops, 20);
    }
    run_for(f, SECONDS(1));
    assert_int_equal(answered(CALL_OK), QUESTIONS);
}

static void a_transaction_of_the_largest_size_is_one_transaction(void **state)
{
    static struct table_op ops[TABLE_OPS_MAX];

    (void)state;
    for (uint32_t i = 0; i < TABLE_OPS_MAX; i++)
        ops[i] = counter(TABLE_SET, (i * 2654435761u) % TABLE_OPS_MAX, 1);
    begin_write(&q, ops, TABLE_OPS_MAX);
    memset(ops, 0, sizeof ops); /* It was copied. */
    run_for(f, MS(20));
    assert_outcome(&q, CALL_OK);
    assert_int_equal(table_model_rows(f->table, TABLE_COUNTERS), TABLE_OPS_MAX);
}

/* Each transaction sets 4096 rows of its own: 64 of them hold all the locks that there are. */
static void set_many_rows(struct question *question, uint64_t first)
{
    static struct table_op ops[TABLE_OPS_MAX];

    for (uint32_t i = 0; i < TABLE_OPS_MAX; i++)
        ops[i] = counter(TABLE_SET, first + i, 1);
    begin_write(question, ops, TABLE_OPS_MAX);
}

static void a_transaction_fails_when_there_are_no_more_locks(void **state)
{
    (void)state;
    spec.commit_ns = MS(100);
    for (uint32_t i = 0; i < QUESTIONS; i++)
        set_many_rows(&questions[i], i * TABLE_OPS_MAX);
    run_for(f, MS(50));
    set_many_rows(&q, QUESTIONS * TABLE_OPS_MAX);
    run_for(f, MS(10));
    assert_outcome(&q, CALL_FAILED);
    run_for(f, MS(500));
    assert_int_equal(answered(CALL_OK), QUESTIONS);
    set_many_rows(&q, QUESTIONS * TABLE_OPS_MAX); /* Records of idle locks are used again. */
    run_for(f, MS(500));
    assert_told(&q, 0);
    assert_true(figures().hottest_row_busy > 0.05);
}

static void nobody_sees_half_a_transaction(void **state)
{
    (void)state;
    begin_like(&q, 7, 1);
    for (int i = 0; i < 40; i++) {
        bool has_row = table_model_row(f->table, TABLE_LIKES, 7, 1, NULL);

        assert_true(has_row == table_model_row(f->table, TABLE_COUNTERS, 7, 0, NULL));
        run_for(f, US(50));
    }
    assert_outcome(&q, CALL_OK);
}

/* ---- Faults --------------------------------------------------------------------------------- */

static void a_crash_rolls_back_what_was_not_flushed(void **state)
{
    (void)state;
    write(insert(7, 1));
    begin_like(&q, 7, 2);
    begin_like(&other, 7, 3); /* Waits for the counter. */
    run_for(f, US(900));
    table_model_crash(f->table);
    run_for(f, MS(20));
    assert_outcome(&q, CALL_FAILED);
    assert_outcome(&other, CALL_FAILED);
    table_model_restart(f->table);
    count_likes(7);
    assert_told(&q, 1);
    assert_false(table_model_row(f->table, TABLE_COUNTERS, 7, 0, NULL));
}

static void after_a_restart_no_lock_and_no_connection_is_left_taken(void **state)
{
    (void)state;
    spec.connections = spec.cores = 2;
    for (uint32_t i = 0; i < QUESTIONS; i++)
        begin_like(&questions[i], 7, i + 1);
    run_for(f, MS(3));
    table_model_crash(f->table);
    run_for(f, MS(20));
    table_model_restart(f->table);
    for (uint32_t i = 0; i < 3; i++) {
        uint64_t asked_ns = now_of(f);

        begin_like(&q, 7, 100 + i);
        run_for(f, MS(20));
        assert_int_equal(q.done_ns, asked_ns + US(200 + 102 + 1000));
    }
}

static void while_it_is_down_everybody_is_refused_after_one_round_trip(void **state)
{
    (void)state;
    table_model_crash(f->table);
    read_row(TABLE_LIKES, 7, 1);
    assert_told_at(&q, CALL_REFUSED, 0, US(200));
}

static void a_pause_stops_cores_and_disk_where_they_are(void **state)
{
    (void)state;
    begin_like(&q, 7, 1);
    run_for(f, US(700)); /* In the flush. */
    table_read(table, question_begin(f, &other), TABLE_ROW, TABLE_LIKES, 7, 1, SECONDS(1));
    run_for(f, US(120)); /* On a core. */
    table_model_pause(f->table);
    run_for(f, MS(100));
    assert_outcome(&q, CALL_PENDING);
    table_model_resume(f->table);
    run_for(f, MS(20));
    assert_int_equal(q.done_ns, MS(100) + US(200 + 102 + 1000));
    assert_int_equal(other.done_ns, MS(100) + US(700 + 250));
}

static void a_dead_client_lets_go_of_connection_and_locks(void **state)
{
    (void)state;
    spec.connections = 3;
    for (uint32_t i = 0; i < 10; i++)
        begin_like(&questions[i], 7, i + 1); /* One flushes, two wait, the others are in line. */
    run_for(f, US(400));
    kill_node(f, 0);
    table = &f->nodes[1].table;
    begin_like(&q, 7, 100);
    run_for(f, MS(20));
    assert_told(&q, 1);
    assert_int_equal(q.done_ns, US(202 + 1000 + 1000 + 100)); /* Behind the one flush alone. */
    assert_int_equal(table_model_rows(f->table, TABLE_LIKES), 2);
}

static void a_client_that_dies_during_its_statements_commits_nothing(void **state)
{
    (void)state;
    begin_like(&q, 7, 1);
    run_for(f, US(120));
    kill_node(f, 0);
    run_for(f, MS(20));
    assert_int_equal(table_model_rows(f->table, TABLE_LIKES), 0);
    assert_outcome(&q, CALL_PENDING);
}

static void a_lost_answer_times_out_and_is_committed_all_the_same(void **state)
{
    (void)state;
    begin_like(&q, 7, 1);
    run_for(f, US(500));
    table_model_cut(f->table, true);
    run_for(f, SECONDS(11));
    assert_outcome(&q, CALL_TIMEOUT);
    assert_int_equal(table_model_rows(f->table, TABLE_LIKES), 1);
}

static void what_happens_before_the_warm_up_ends_is_in_no_figure(void **state)
{
    (void)state;
    spec = plain;
    f = fixture_open(NULL, NULL, &spec, SECONDS(1));
    table = &f->nodes[0].table;
    write(counter(TABLE_SET, 7, 1));
    run_until(f, SECONDS(1));
    read_row(TABLE_COUNTERS, 7, 0);
    assert_told(&q, 1);
    assert_int_equal(figures().commits, 0);
    assert_int_equal(figures().reads, 1);
    assert_true(figures().hottest_row_busy == 0);
}

static void planted_bugs_count_twice_and_promise_too_early(void **state)
{
    (void)state;
#ifdef SIM_PLANTED_BUGS
    table_model_plant(f->table, TABLE_TALLIES_TWICE);
#else
    skip();
#endif
    begin_like(&q, 7, 1);
    run_for(f, MS(20));
    begin_like(&q, 7, 1);
    run_for(f, MS(20));
    read_row(TABLE_COUNTERS, 7, 0);
    assert_told(&q, 2);
    table_model_plant(f->table, TABLE_COMMITS_EARLY);
    begin_like(&q, 7, 2);
    run_for(f, US(900));
    table_model_crash(f->table);
    run_for(f, MS(1));
    assert_outcome(&q, CALL_OK);
    assert_false(table_model_row(f->table, TABLE_LIKES, 7, 2, NULL));
}

#define proves(name) cmocka_unit_test_setup_teardown(name, open_plain, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        proves(a_row_is_there_when_its_insert_was_answered),
        proves(an_insert_of_what_is_there_changes_nothing),
        proves(a_delete_of_what_is_not_there_changes_nothing),
        proves(a_row_that_is_not_there_reads_as_absent),
        proves(set_overwrites_and_raise_never_lowers),
        proves(a_tally_adds_the_rows_since_the_last_one),
        proves(a_walk_finds_every_row),
        proves(a_count_walks_the_rows_that_the_index_finds),
        proves(without_an_index_a_statement_looks_at_all_rows_and_slows_as_they_grow),
        proves(many_rows_in_one_statement_cost_one_statement),
        proves(with_one_core_statements_run_one_after_the_other),
        proves(who_finds_no_connection_waits_for_one),
        proves(who_waits_too_long_for_a_connection_is_refused_and_nothing_happened),
        proves(a_timeout_leaves_the_transaction_running),
        proves(those_who_wait_for_the_disk_share_a_flush),
        proves(without_group_commit_each_flushes_for_itself),
        proves(a_hot_row_takes_one_transaction_per_flush),
        proves(spread_rows_share_flushes),
        proves(the_hottest_row_is_named_by_its_share_of_the_time),
        proves(transactions_that_lock_the_same_rows_in_any_order_all_end),
        proves(a_transaction_of_the_largest_size_is_one_transaction),
        proves(a_transaction_fails_when_there_are_no_more_locks),
        proves(nobody_sees_half_a_transaction),
        proves(a_crash_rolls_back_what_was_not_flushed),
        proves(after_a_restart_no_lock_and_no_connection_is_left_taken),
        proves(while_it_is_down_everybody_is_refused_after_one_round_trip),
        proves(a_pause_stops_cores_and_disk_where_they_are),
        proves(a_dead_client_lets_go_of_connection_and_locks),
        proves(a_client_that_dies_during_its_statements_commits_nothing),
        proves(a_lost_answer_times_out_and_is_committed_all_the_same),
        cmocka_unit_test_teardown(what_happens_before_the_warm_up_ends_is_in_no_figure,
                                  close_world),
        proves(planted_bugs_count_twice_and_promise_too_early),
    };

    return cmocka_run_group_tests_name("table_model", tests, NULL, NULL);
}
