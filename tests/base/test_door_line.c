/* test_door_line.c — Who is let in, who gives way and who has waited too long, without a clock. */
#include "tests/lib/test.h"

#include "services/base/door_line.h"

#define MS UINT64_C(1000000)

static struct door_line line;
static struct link a, b, c;

static void three_wait(enum line_order order)
{
    a = b = c = (struct link){NULL, NULL};
    door_line_init(&line, order);
    door_line_push(&line, &a, 1, 10 * MS);
    door_line_push(&line, &b, 0, 20 * MS);
    door_line_push(&line, &c, 1, 30 * MS);
}

static void expect_order(struct link *first, struct link *second, struct link *third)
{
    assert_ptr_equal(door_line_take(&line), first);
    assert_ptr_equal(door_line_take(&line), second);
    assert_ptr_equal(door_line_take(&line), third);
    assert_null(door_line_take(&line));
}

static void each_order_lets_in_whom_it_says(void **state)
{
    (void)state;
    three_wait(LINE_FIFO);
    expect_order(&a, &b, &c);
    three_wait(LINE_CODEL);
    expect_order(&a, &b, &c);
    three_wait(LINE_LIFO);
    expect_order(&c, &b, &a);
    three_wait(LINE_PRIORITY);
    expect_order(&a, &c, &b);
}

static void who_gives_way_follows_from_the_order(void **state)
{
    (void)state;
    three_wait(LINE_FIFO);
    assert_null(door_line_give_way(&line, 9));
    three_wait(LINE_CODEL);
    assert_null(door_line_give_way(&line, 9));
    three_wait(LINE_LIFO);
    assert_ptr_equal(door_line_give_way(&line, 0), &a);
    three_wait(LINE_PRIORITY);
    assert_null(door_line_give_way(&line, 0));
    assert_ptr_equal(door_line_give_way(&line, 1), &b);
}

static void
a_line_that_was_empty_a_moment_ago_has_patience_and_a_standing_one_has_little(void **state)
{
    (void)state;
    three_wait(LINE_CODEL); /* Empty last at 10 ms. */
    assert_false(door_line_is_stale(&line, 99 * MS, 110 * MS));
    assert_true(door_line_is_stale(&line, 101 * MS, 110 * MS));
    assert_false(door_line_is_stale(&line, 5 * MS, 111 * MS));
    assert_true(door_line_is_stale(&line, 6 * MS, 111 * MS));
    expect_order(&a, &b, &c);
    door_line_push(&line, &a, 0, 200 * MS);
    assert_false(door_line_is_stale(&line, 50 * MS, 250 * MS));
}

static void no_other_order_turns_anybody_away_for_waiting(void **state)
{
    static const enum line_order orders[] = {LINE_FIFO, LINE_PRIORITY, LINE_LIFO};

    (void)state;
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        three_wait(orders[i]);
        assert_false(door_line_is_stale(&line, 3600000 * MS, 3600010 * MS));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_order_lets_in_whom_it_says),
        cmocka_unit_test(who_gives_way_follows_from_the_order),
        cmocka_unit_test(
            a_line_that_was_empty_a_moment_ago_has_patience_and_a_standing_one_has_little),
        cmocka_unit_test(no_other_order_turns_anybody_away_for_waiting),
    };

    return cmocka_run_group_tests_name("door_line", tests, NULL, NULL);
}
