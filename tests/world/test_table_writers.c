/* The model of SQL where only so many transactions may write at a time, as in SQLite one. */
#include "tests/lib/test.h"

#include "tests/lib/world_fixture.h"

enum { QUESTIONS = 64 };

static struct table_spec spec;
static struct fixture *f;
static struct table *table;
static struct question other, questions[QUESTIONS];

static int open_plain(void **state)
{
    (void)state;
    spec = (struct table_spec){.way.latency_ns = US(100),
                               .connections = 100,
                               .cores = 100,
                               .statement_ns = US(50),
                               .row_ns = US(1),
                               .commit_ns = MS(1),
                               .group_commit = true};
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

static void begin_insert(struct question *question, uint64_t post, uint64_t user)
{
    const struct table_op op = {.verb = TABLE_INSERT, .table = TABLE_LIKES, .a = post, .b = user};

    table_write(table, question_begin(f, question), &op, 1, SECONDS(10));
}

static uint64_t flushes(void)
{
    struct table_result result;

    table_model_close(f->table, &result);
    return result.flushes;
}

static uint32_t answered(enum call_outcome outcome)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < QUESTIONS; i++)
        n += questions[i].call.outcome == outcome;
    return n;
}

static void with_one_writer_the_next_begins_behind_the_commit_and_readers_pass(void **state)
{
    (void)state;
    spec.writers = 1;
    for (uint32_t i = 0; i < QUESTIONS; i++)
        begin_insert(&questions[i], i, 1);
    table_read(table, question_begin(f, &other), TABLE_ROW, TABLE_LIKES, 1, 9, SECONDS(10));
    run_for(f, MS(200));
    assert_int_equal(answered(CALL_OK), QUESTIONS);
    assert_int_equal(flushes(), QUESTIONS);
    assert_int_equal(questions[QUESTIONS - 1].done_ns,
                     US(100 + 100) + QUESTIONS * (US(51) + MS(1)));
    assert_int_equal(other.call.outcome, CALL_ABSENT);
    assert_int_equal(other.done_ns, US(100 + 50 + 100));
}

static void as_many_writers_as_ask_change_nothing(void **state)
{
    (void)state;
    spec.writers = QUESTIONS;
    for (uint32_t i = 0; i < QUESTIONS; i++)
        begin_insert(&questions[i], i, 1);
    run_for(f, MS(20));
    assert_int_equal(answered(CALL_OK), QUESTIONS);
    assert_int_equal(questions[QUESTIONS - 1].done_ns,
                     US(100 + 51 + 100) + MS(2)); /* As without. */
}

static void a_turn_to_write_does_not_outlive_a_crash(void **state)
{
    (void)state;
    spec.writers = 1;
    for (uint32_t i = 0; i < QUESTIONS; i++)
        begin_insert(&questions[i], i, 1);
    run_for(f, US(500)); /* One is in the flush, the others wait for their turn. */
    table_model_crash(f->table);
    table_model_restart(f->table);
    run_for(f, MS(20));
    assert_int_equal(answered(CALL_FAILED), QUESTIONS);
    begin_insert(&other, 1, 1);
    run_for(f, MS(20));
    assert_told(&other, 1);
}

static void a_turn_that_is_waited_for_by_the_dead_is_not_given(void **state)
{
    (void)state;
    spec.writers = 1;
    for (uint32_t i = 0; i < QUESTIONS; i++)
        begin_insert(&questions[i], i, 1);
    run_for(f, US(500));
    kill_node(f, 0);
    run_for(f, MS(20));
    assert_int_equal(table_model_rows(f->table, TABLE_LIKES), 1); /* COMMIT was said. */
    begin_insert(&other, 1, 1);
    run_for(f, MS(20));
    assert_told(&other, 1);
}

#define PROVES(name) cmocka_unit_test_setup_teardown(name, open_plain, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROVES(with_one_writer_the_next_begins_behind_the_commit_and_readers_pass),
        PROVES(as_many_writers_as_ask_change_nothing),
        PROVES(a_turn_to_write_does_not_outlive_a_crash),
        PROVES(a_turn_that_is_waited_for_by_the_dead_is_not_given),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
