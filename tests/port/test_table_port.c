/* test_table_port.c — What services/port/table.h says, held against the model, SQLite and
 * PostgreSQL. */
#include "tests/lib/port_rig.h"

#include "services/port/schema.h"

static struct rig_question q, other;

static struct table_op op(enum table_verb verb, enum schema_table table, uint64_t a, uint64_t b,
                          int64_t value)
{
    return (struct table_op){
        .verb = (uint8_t)verb, .table = (uint8_t)table, .a = a, .b = b, .value = value};
}

static struct table_op like(uint64_t post, uint64_t user)
{
    return op(TABLE_INSERT, TABLE_LIKES, post, user, 5);
}

static struct table_op unlike(uint64_t post, uint64_t user)
{
    return op(TABLE_DELETE, TABLE_LIKES, post, user, 0);
}

static struct table_op tally(uint64_t post)
{
    return op(TABLE_TALLY, TABLE_COUNTERS, post, 0, 0);
}

#define WRITE(rig, changed, ...)                                                                   \
    write_ops(rig, changed, (struct table_op[]){__VA_ARGS__},                                      \
              sizeof(struct table_op[]){__VA_ARGS__} / sizeof(struct table_op))

static void write_ops(struct rig *rig, int64_t changed, const struct table_op *ops, uint32_t n)
{
    table_write(rig->ports.table, rig_ask(rig, &q), ops, n, RIG_TIMEOUT_NS);
    rig_expect(&q, CALL_OK, changed);
}

static void holds(struct rig *rig, enum schema_table of, uint64_t a, uint64_t b, int64_t value)
{
    table_read(rig->ports.table, rig_ask(rig, &q), TABLE_ROW, (uint8_t)of, a, b, RIG_TIMEOUT_NS);
    rig_expect(&q, CALL_OK, value);
}

static void lacks(struct rig *rig, enum schema_table of, uint64_t a, uint64_t b)
{
    table_read(rig->ports.table, rig_ask(rig, &q), TABLE_ROW, (uint8_t)of, a, b, RIG_TIMEOUT_NS);
    rig_expect(&q, CALL_ABSENT, 0);
}

static void counts(struct rig *rig, uint64_t post, int64_t n)
{
    table_read(rig->ports.table, rig_ask(rig, &q), TABLE_COUNT, TABLE_LIKES, post, 0,
               RIG_TIMEOUT_NS);
    rig_expect(&q, CALL_OK, n);
}

/* ---- Verbs ----------------------------------------------------------------------------------- */

static void a_row_that_nobody_wrote_is_absent_and_a_count_of_none_is_zero(void **state)
{
    lacks(*state, TABLE_LIKES, 1, 2);
    lacks(*state, TABLE_ORDERS, 1, 0);
    counts(*state, 1, 0);
}

static void an_insert_does_nothing_where_the_key_is_there(void **state)
{
    WRITE(*state, 1, op(TABLE_INSERT, TABLE_LIKES, 1, 2, 10));
    WRITE(*state, 0, op(TABLE_INSERT, TABLE_LIKES, 1, 2, 20));
    holds(*state, TABLE_LIKES, 1, 2, 10);
}

static void a_delete_counts_only_what_was_there(void **state)
{
    WRITE(*state, 2, like(1, 2), like(1, 3));
    WRITE(*state, 1, unlike(1, 2), unlike(1, 9));
    lacks(*state, TABLE_LIKES, 1, 2);
    counts(*state, 1, 1);
}

static void a_set_is_what_it_says_and_changes_no_count(void **state)
{
    WRITE(*state, 0, op(TABLE_SET, TABLE_MENUS, 1, 0, 5));
    WRITE(*state, 0, op(TABLE_SET, TABLE_MENUS, 1, 0, -3));
    holds(*state, TABLE_MENUS, 1, 0, -3);
}

static void a_raise_takes_the_greater(void **state)
{
    WRITE(*state, 0, op(TABLE_RAISE, TABLE_OFFSETS, 1, 4, -7));
    holds(*state, TABLE_OFFSETS, 1, 4, -7);
    WRITE(*state, 0, op(TABLE_RAISE, TABLE_OFFSETS, 1, 4, 9));
    WRITE(*state, 0, op(TABLE_RAISE, TABLE_OFFSETS, 1, 4, 8));
    holds(*state, TABLE_OFFSETS, 1, 4, 9);
    lacks(*state, TABLE_OFFSETS, 1, 5);
}

static void a_tally_counts_since_the_one_before_it(void **state)
{
    WRITE(*state, 1, like(1, 1));
    WRITE(*state, 4, like(1, 1), like(1, 2), like(1, 3), tally(1), like(2, 1), tally(2),
          unlike(1, 1), tally(3), tally(4));
    holds(*state, TABLE_COUNTERS, 1, 0, 2);
    holds(*state, TABLE_COUNTERS, 2, 0, 1);
    holds(*state, TABLE_COUNTERS, 3, 0, -1);
    holds(*state, TABLE_COUNTERS, 4, 0, 0);
}

static void operations_on_one_key_happen_in_their_order(void **state)
{
    WRITE(*state, 3, like(1, 1), unlike(1, 1), like(1, 1), tally(1), tally(1),
          op(TABLE_SET, TABLE_COUNTERS, 2, 0, 3), op(TABLE_RAISE, TABLE_COUNTERS, 2, 0, 7),
          op(TABLE_RAISE, TABLE_COUNTERS, 2, 0, 5));
    holds(*state, TABLE_LIKES, 1, 1, 5);
    holds(*state, TABLE_COUNTERS, 1, 0, 1);
    holds(*state, TABLE_COUNTERS, 2, 0, 7);
}

static void the_largest_transaction_is_taken_and_done_again_without_effect(void **state)
{
    static struct table_op ops[TABLE_OPS_MAX];

    for (uint32_t i = 0; i + 1 < TABLE_OPS_MAX; i++)
        ops[i] = like(1, i);
    ops[TABLE_OPS_MAX - 1] = tally(1);
    write_ops(*state, TABLE_OPS_MAX - 1, ops, TABLE_OPS_MAX);
    write_ops(*state, 0, ops, TABLE_OPS_MAX);
    counts(*state, 1, TABLE_OPS_MAX - 1);
    holds(*state, TABLE_COUNTERS, 1, 0, TABLE_OPS_MAX - 1);
}

/* ---- The contract ---------------------------------------------------------------------------- */

static void operations_are_read_during_the_submit_only(void **state)
{
    struct rig *rig = *state;
    struct table_op mine = like(1, 1);

    table_write(rig->ports.table, rig_ask(rig, &q), &mine, 1, RIG_TIMEOUT_NS);
    mine = like(2, 2);
    rig_expect(&q, CALL_OK, 1);
    counts(rig, 1, 1);
    counts(rig, 2, 0);
}

static void a_hot_row_counts_everybody(void **state)
{
    enum { CROWD = 60 };
    static struct rig_question crowd[CROWD];
    struct rig *rig = *state;

    for (uint32_t i = 0; i < CROWD; i++) {
        const struct table_op ops[] = {like(1, i), tally(1)};

        table_write(rig->ports.table, rig_ask(rig, &crowd[i]), ops, 2, RIG_TIMEOUT_NS);
    }
    for (uint32_t i = 0; i < CROWD; i++)
        rig_expect(&crowd[i], CALL_OK, 1);
    holds(rig, TABLE_COUNTERS, 1, 0, CROWD);
}

static void who_waits_too_long_is_told_once_and_the_rows_stay_whole(void **state)
{
    const struct table_op first[] = {like(1, 1), tally(1)}, second[] = {like(1, 2), tally(1)};
    struct rig *rig = *state;
    int64_t rows;

    WRITE(rig, 1, like(1, 9), tally(1));
    rig->world->pause(rig);
    table_write(rig->ports.table, rig_ask(rig, &q), first, 2, MS(100));
    rig_wait(&q);
    assert_int_equal(q.call.outcome, CALL_TIMEOUT);
    rig->world->resume(rig);
    table_write(rig->ports.table, rig_ask(rig, &other), second, 2, RIG_TIMEOUT_NS);
    rig_expect(&other, CALL_OK, 1);
    rig_pass(rig, MS(300));
    assert_int_equal(q.times, 1);
    table_read(rig->ports.table, rig_ask(rig, &q), TABLE_COUNT, TABLE_LIKES, 1, 0, RIG_TIMEOUT_NS);
    rig_wait(&q);
    rows = q.call.value;
    assert_true(rows == 2 || rows == 3); /* It may have happened all the same. */
    holds(rig, TABLE_COUNTERS, 1, 0, rows);
}

static void who_finds_no_connection_in_time_is_refused_and_nothing_happened(void **state)
{
    enum { CROWD = 12 };
    static struct rig_question crowd[CROWD];
    struct rig *rig = *state;
    const struct table_op late = like(2, 1);

    rig->world->pause(rig);
    for (uint32_t i = 0; i < CROWD; i++) { /* More than there are connections. */
        const struct table_op each = like(1, i);

        table_write(rig->ports.table, rig_ask(rig, &crowd[i]), &each, 1, RIG_TIMEOUT_NS);
    }
    rig_pass(rig, MS(50));
    table_write(rig->ports.table, rig_ask(rig, &q), &late, 1, MS(100));
    rig_wait(&q);
    /* The model's server, not the client, keeps the line, and who stands still keeps none. */
    assert_true(q.call.outcome == CALL_REFUSED ||
                (rig->fixture != NULL && q.call.outcome == CALL_TIMEOUT));
    rig->world->resume(rig);
    for (uint32_t i = 0; i < CROWD; i++)
        rig_expect(&crowd[i], CALL_OK, 1);
    if (rig->fixture == NULL)
        counts(rig, 2, 0);
}

static void what_breaks_a_constraint_fails_each_time_and_nothing_of_it_is_written(void **state)
{
    static const int64_t refused[] = {ORDER_AMOUNT_MAX + 1, INT64_MAX, -1};
    struct rig *rig = *state;

    for (size_t i = 0; i < 6; i++) {
        enum schema_table into = i % 2 == 0 ? TABLE_ORDERS : TABLE_CHARGES;
        const struct table_op ops[] = {
            op(TABLE_INSERT, TABLE_ORDERS, 1, 0, 900), op(TABLE_INSERT, TABLE_TRIPS, 1, 0, 7),
            op(TABLE_INSERT, into, 2, 0, refused[i / 2]), op(TABLE_RAISE, TABLE_OFFSETS, 2, 4, 9)};

        table_write(rig->ports.table, rig_ask(rig, &q), ops, 4, RIG_TIMEOUT_NS);
        rig_expect(&q, CALL_FAILED, 0);
        lacks(rig, TABLE_ORDERS, 1, 0);
        lacks(rig, TABLE_OFFSETS, 2, 4);
    }
    WRITE(rig, 2, op(TABLE_INSERT, TABLE_ORDERS, 1, 0, ORDER_AMOUNT_MAX),
          op(TABLE_INSERT, TABLE_CHARGES, 1, 0, 0));
}

static void what_was_committed_is_there_after_a_crash(void **state)
{
    const struct table_op op_again = like(1, 2);
    struct rig *rig = *state;

    if (rig->world->crash == NULL)
        return; /* A file does not crash. */
    WRITE(rig, 1, like(1, 1), tally(1));
    rig->world->crash(rig);
    table_write(rig->ports.table, rig_ask(rig, &q), &op_again, 1, MS(300));
    rig_expect(&q, CALL_REFUSED, 0);
    rig->world->restart(rig);
    counts(rig, 1, 1);
    holds(rig, TABLE_COUNTERS, 1, 0, 1);
    WRITE(rig, 1, like(1, 2), tally(1));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_row_that_nobody_wrote_is_absent_and_a_count_of_none_is_zero),
    cmocka_unit_test(an_insert_does_nothing_where_the_key_is_there),
    cmocka_unit_test(a_delete_counts_only_what_was_there),
    cmocka_unit_test(a_set_is_what_it_says_and_changes_no_count),
    cmocka_unit_test(a_raise_takes_the_greater),
    cmocka_unit_test(a_tally_counts_since_the_one_before_it),
    cmocka_unit_test(operations_on_one_key_happen_in_their_order),
    cmocka_unit_test(the_largest_transaction_is_taken_and_done_again_without_effect),
    cmocka_unit_test(operations_are_read_during_the_submit_only),
    cmocka_unit_test(a_hot_row_counts_everybody),
    cmocka_unit_test(who_waits_too_long_is_told_once_and_the_rows_stay_whole),
    cmocka_unit_test(who_finds_no_connection_in_time_is_refused_and_nothing_happened),
    cmocka_unit_test(what_breaks_a_constraint_fails_each_time_and_nothing_of_it_is_written),
    cmocka_unit_test(what_was_committed_is_there_after_a_crash),
};

int main(void)
{
    static const struct rig_world *const worlds[] = {&rig_table_virtual, &rig_table_sqlite,
                                                     &rig_table_postgres};

    return rig_run(worlds, sizeof worlds / sizeof *worlds, tests, sizeof tests / sizeof *tests);
}
