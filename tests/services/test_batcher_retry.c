/* What the batcher does after a failed write: halving, suspecting, pausing. */
#include "tests/lib/test.h"
#include "services/batcher/retry.h"

static void the_first_part_is_all_of_the_batch(void **state)
{
    struct part part = part_of(8);

    (void)state;
    assert_int_equal(part.first, 0);
    assert_int_equal(part.length, 8);
    part_finish(&part, 8);
    assert_int_equal(part.length, 0);
}

static void a_part_is_halved_after_its_attempts_and_not_before(void **state)
{
    struct part part = part_of(8);

    (void)state;
    assert_int_equal(part_refuse(&part, 3), PART_AGAIN);
    assert_int_equal(part_refuse(&part, 3), PART_AGAIN);
    assert_int_equal(part.length, 8);
    assert_int_equal(part_refuse(&part, 3), PART_HALVED);
    assert_int_equal(part.length, 4);
    assert_int_equal(part_refuse(&part, 3), PART_AGAIN); /* Counted afresh. */
}

static void one_record_alone_is_suspect_and_none_is_not(void **state)
{
    struct part one = part_of(1), none = part_of(0);

    (void)state;
    assert_int_equal(part_refuse(&one, 1), PART_SUSPECT);
    for (int i = 0; i < 10; i++)
        assert_int_equal(part_refuse(&none, 1), PART_AGAIN);
}

static void a_suspect_that_is_refused_once_more_is_poison_and_the_next_is_no_suspect(void **state)
{
    struct part part = part_of(2);

    (void)state;
    part.length = 1;
    part.is_suspect = true;
    assert_int_equal(part_refuse(&part, 5), PART_POISON);
    part_finish(&part, 2);
    assert_int_equal(part_refuse(&part, 5), PART_AGAIN);
    part.is_suspect = true;
    part_drop(&part, 2, 7); /* Somebody else has gone on. */
    assert_int_equal(part_refuse(&part, 1), PART_HALVED);
}

static void what_is_left_follows_a_part_that_is_done(void **state)
{
    struct part part = {.first = 2, .length = 3, .refusals = 1};

    (void)state;
    part_finish(&part, 9);
    assert_int_equal(part.first, 5);
    assert_int_equal(part.length, 4);
    assert_int_equal(part.refusals, 0);
}

/* Writes a batch whose record `poison` is always refused; returns how many transactions it took
 * until that record alone was suspect. Everything before it is written by then. */
static uint32_t transactions_until_found(uint32_t records, uint32_t poison)
{
    struct part part = part_of(records);

    for (uint32_t transactions = 1;; transactions++) {
        if (poison >= part.first + part.length) {
            part_finish(&part, records);
        } else if (part_refuse(&part, 1) == PART_SUSPECT) {
            assert_int_equal(part.first, poison);
            return transactions;
        }
    }
}

static void a_poison_record_is_found_wherever_it_is_in_two_log_n_transactions(void **state)
{
    (void)state;
    for (uint32_t poison = 0; poison < 512; poison++)
        assert_true(transactions_until_found(512, poison) <= 2 * 9 + 1);
    for (uint32_t records = 1; records <= 40; records++) {
        for (uint32_t poison = 0; poison < records; poison++)
            assert_true(transactions_until_found(records, poison) <= 2 * 6 + 1);
    }
}

static void what_was_found_out_outlasts_a_look_at_the_table(void **state)
{
    struct part part = {.first = 3, .length = 1, .refused_end = 6, .refusals = 1};

    (void)state;
    part_drop(&part, 2, 6); /* The third has been buried, and the table knows nothing of it. */
    assert_int_equal(part.first, 1);
    assert_int_equal(part.length, 1);
    assert_int_equal(part.refused_end, 4);
    assert_int_equal(part.refusals, 1);
    part_finish(&part, 6);
    assert_int_equal(part.first, 2);
    assert_int_equal(part.length, 2);
}

static void where_somebody_else_has_gone_on_all_begins_anew(void **state)
{
    struct part part = {.first = 3, .length = 1, .refused_end = 6, .refusals = 1};

    (void)state;
    part_drop(&part, 5, 3);
    assert_int_equal(part.first, 0);
    assert_int_equal(part.length, 3);
    assert_int_equal(part.refused_end, 0);
    assert_int_equal(part.refusals, 0);
}

static void pauses_double_to_two_seconds_with_their_upper_half_drawn(void **state)
{
    static const uint64_t longest_ms[] = {20, 40, 80, 160, 320, 640, 1280, 2000, 2000, 2000};
    struct dice dice;

    (void)state;
    dice_init(&dice, 1, "retry");
    for (uint32_t tries = 0; tries < 10; tries++) {
        for (int i = 0; i < 100; i++) {
            uint64_t pause_ns = retry_pause_ns(tries, &dice);

            assert_in_range(pause_ns, longest_ms[tries] * 500000, longest_ms[tries] * 1000000);
        }
    }
    assert_in_range(retry_pause_ns(UINT32_MAX, &dice), 1000000000, 2000000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_part_is_all_of_the_batch),
        cmocka_unit_test(a_part_is_halved_after_its_attempts_and_not_before),
        cmocka_unit_test(one_record_alone_is_suspect_and_none_is_not),
        cmocka_unit_test(a_suspect_that_is_refused_once_more_is_poison_and_the_next_is_no_suspect),
        cmocka_unit_test(what_is_left_follows_a_part_that_is_done),
        cmocka_unit_test(a_poison_record_is_found_wherever_it_is_in_two_log_n_transactions),
        cmocka_unit_test(what_was_found_out_outlasts_a_look_at_the_table),
        cmocka_unit_test(where_somebody_else_has_gone_on_all_begins_anew),
        cmocka_unit_test(pauses_double_to_two_seconds_with_their_upper_half_drawn),
    };
    return cmocka_run_group_tests_name("batcher_retry", tests, NULL, NULL);
}
