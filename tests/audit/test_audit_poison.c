/* What the audit says of accepted orders that are never charged, because the table refuses them for
 * good or the queue has lost them; and what they are booked as. */
#include "tests/audit/audit_rig.h"

static const int64_t basket = 50000, poison = ORDER_AMOUNT_MAX + 1 + 50000;

static int setup(void **state)
{
    (void)state;
    rig_clear();
    lab.scenario.queue.acks = ACKS_ALL;
    lab.scenario.duration_ns = 1000000000;
    lab.scenario.prices.commission = 0.5;
    rig_open();
    return 0;
}

static void somebody_orders(uint64_t id, int64_t amount, enum call_outcome outcome)
{
    const struct request request = {.ask = {.verb = VERB_ORDER, .id = id, .amount = amount}};

    audit_ears.offered(&lab.audit, &request);
    audit_ears.tried(&lab.audit, &request);
    audit_ears.finished(&lab.audit, &request, outcome, false);
}

static void is_charged(uint64_t id, int64_t amount)
{
    a_row_lies_in(TABLE_CHARGES, id, 0, amount);
}

static void end(bool has_drained)
{
    rig_end(has_drained);
    measure_close(&lab.measure, 1000000000);
}

static void expect_break(const char *name)
{
    end(true);
    expect_breaks(1, name);
}

static void an_accepted_poison_order_is_buried_and_what_it_would_have_brought_is_lost(void **state)
{
    (void)state;
    somebody_orders(1, basket, CALL_OK);
    is_charged(1, basket);
    somebody_orders(2, poison, CALL_OK);
    lab.dead_letters = 1;
    end(true);
    expect_breaks(0, NULL);
    assert_int_equal(lab.result.money.orders_ok, 1);
    assert_int_equal(lab.result.money.commission, basket / 2);
    assert_int_equal(lab.result.money.lost_by[FAILURE_ERROR], basket / 2);
    assert_int_equal(lab.result.money.lost, basket / 2);
}

static void one_that_was_answered_with_an_error_loses_the_same_and_needs_no_letter(void **state)
{
    (void)state;
    somebody_orders(2, poison, CALL_FAILED);
    end(true);
    expect_breaks(0, NULL);
    assert_int_equal(lab.result.money.lost_by[FAILURE_ERROR], basket / 2);
}

static void a_crash_may_bury_one_twice(void **state)
{
    (void)state;
    somebody_orders(2, poison, CALL_OK);
    lab.dead_letters = 2;
    end(true);
    expect_breaks(0, NULL);
}

static void an_accepted_poison_order_that_nobody_has_buried_is_a_break(void **state)
{
    (void)state;
    somebody_orders(2, poison, CALL_OK);
    somebody_orders(3, poison, CALL_OK);
    lab.dead_letters = 1;
    expect_break("an accepted order is charged or buried");
}

static void nothing_is_known_of_it_where_the_run_has_not_drained(void **state)
{
    (void)state;
    somebody_orders(2, poison, CALL_OK);
    end(false);
    expect_breaks(0, NULL);
}

static void a_poison_order_that_is_charged_is_a_break(void **state)
{
    (void)state;
    somebody_orders(2, poison, CALL_TIMEOUT);
    is_charged(2, poison);
    expect_break("what the table refuses is not charged");
}

static void a_dead_letter_is_no_excuse_for_a_good_order_that_is_missing(void **state)
{
    (void)state;
    somebody_orders(1, basket, CALL_OK);
    lab.dead_letters = 1;
    expect_break("an accepted order is charged");
}

/* ---- Good orders that never come out of the queue -------------------------------------------- */

static void an_accepted_order_that_is_never_charged_earns_nothing(void **state)
{
    (void)state;
    lab.scenario.queue.acks = ACKS_NONE;
    somebody_orders(1, basket, CALL_OK);
    is_charged(1, basket);
    somebody_orders(2, basket, CALL_OK);
    end(true);
    expect_breaks(0, NULL);
    assert_int_equal(lab.result.money.commission, basket / 2);
    assert_int_equal(lab.result.money.lost_by[FAILURE_ERROR], basket / 2);
}

static void a_log_that_drops_what_nobody_has_read_promises_nothing(void **state)
{
    (void)state;
    lab.scenario.queue.retention = 50;
    somebody_orders(1, basket, CALL_OK);
    end(true);
    expect_breaks(0, NULL);
    assert_int_equal(lab.result.money.lost, basket / 2);
}

static void an_order_that_comes_to_no_delivery_is_charged_nowhere(void **state)
{
    static const struct load_spec load = {.verb = VERB_ORDER};
    struct clients clients = {.spec = &load};
    const struct request request = {.clients = &clients,
                                    .ask = {.verb = VERB_ORDER, .id = 1, .amount = basket}};

    (void)state;
    lab.scenario.services_max = 1;
    lab.scenario.services[0].kind = KIND_CUSTOM;
    audit_ears.offered(&lab.audit, &request);
    audit_ears.tried(&lab.audit, &request);
    audit_ears.finished(&lab.audit, &request, CALL_OK, false);
    end(true);
    expect_breaks(0, NULL);
    assert_int_equal(lab.result.money.commission, basket / 2);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, rig_teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(an_accepted_poison_order_is_buried_and_what_it_would_have_brought_is_lost),
        CASE(one_that_was_answered_with_an_error_loses_the_same_and_needs_no_letter),
        CASE(a_crash_may_bury_one_twice),
        CASE(an_accepted_poison_order_that_nobody_has_buried_is_a_break),
        CASE(nothing_is_known_of_it_where_the_run_has_not_drained),
        CASE(a_poison_order_that_is_charged_is_a_break),
        CASE(a_dead_letter_is_no_excuse_for_a_good_order_that_is_missing),
        CASE(an_accepted_order_that_is_never_charged_earns_nothing),
        CASE(a_log_that_drops_what_nobody_has_read_promises_nothing),
        CASE(an_order_that_comes_to_no_delivery_is_charged_nowhere),
    };

    return cmocka_run_group_tests_name("audit of poison orders", tests, NULL, NULL);
}
