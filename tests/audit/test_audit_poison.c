/* What the audit says of accepted orders that are never charged, because the table refuses them for
 * good or the queue has lost them; and what they are booked as. */
#include "tests/lib/test.h"

#include <string.h>

#include "sim/audit/audit.h"

enum { ROWS_MAX = 4 };

static const int64_t basket = 50000, poison = ORDER_AMOUNT_MAX + 1 + 50000;

static struct { /* One case's; cleared before each. */
    struct scenario scenario;
    struct result result;
    struct measure measure;
    struct arena arena;
    struct audit audit;
    struct evidence_row charges[ROWS_MAX];
    size_t charges_max;
    uint64_t dead_letters;
} lab;

static bool next(void *context, enum schema_table table, size_t *cursor, struct evidence_row *row)
{
    (void)context;
    if (table != TABLE_CHARGES || *cursor == lab.charges_max)
        return false;
    *row = lab.charges[(*cursor)++];
    return true;
}

static bool shown(void *context, uint64_t post, int64_t *value)
{
    (void)context;
    (void)post;
    (void)value;
    return false;
}

static uint64_t now_ns(struct timer *timer)
{
    (void)timer;
    return 0;
}

static const struct evidence_ops ops = {.next = next, .shown = shown};
static const struct timer_ops timer_ops = {.now_ns = now_ns};
static struct timer timer = {.ops = &timer_ops};

static int setup(void **state)
{
    (void)state;
    memset(&lab, 0, sizeof lab);
    lab.scenario.queue.acks = ACKS_ALL;
    lab.scenario.duration_ns = 1000000000;
    lab.scenario.prices.commission = 0.5;
    measure_init(&lab.measure, &lab.scenario, &lab.result);
    assert_true(arena_open(&lab.arena, audit_bytes()));
    audit_init(&lab.audit, &lab.measure, &timer, &lab.arena);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_close(&lab.arena);
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
    lab.charges[lab.charges_max++] = (struct evidence_row){id, 0, amount};
}

static void end(bool has_drained)
{
    const struct evidence evidence = {.ops = &ops, .dead_letters = lab.dead_letters};

    audit_end(&lab.audit, &evidence, has_drained);
    measure_close(&lab.measure, 1000000000);
}

static void expect_break(const char *name)
{
    end(true);
    assert_int_equal(lab.result.invariants_violated, 1);
    assert_string_equal(lab.result.breaks[0].name, name);
}

static void an_accepted_poison_order_is_buried_and_what_it_would_have_brought_is_lost(void **state)
{
    (void)state;
    somebody_orders(1, basket, CALL_OK);
    is_charged(1, basket);
    somebody_orders(2, poison, CALL_OK);
    lab.dead_letters = 1;
    end(true);
    assert_int_equal(lab.result.invariants_violated, 0);
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
    assert_int_equal(lab.result.invariants_violated, 0);
    assert_int_equal(lab.result.money.lost_by[FAILURE_ERROR], basket / 2);
}

static void a_crash_may_bury_one_twice(void **state)
{
    (void)state;
    somebody_orders(2, poison, CALL_OK);
    lab.dead_letters = 2;
    end(true);
    assert_int_equal(lab.result.invariants_violated, 0);
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
    assert_int_equal(lab.result.invariants_violated, 0);
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
    assert_int_equal(lab.result.invariants_violated, 0);
    assert_int_equal(lab.result.money.commission, basket / 2);
    assert_int_equal(lab.result.money.lost_by[FAILURE_ERROR], basket / 2);
}

static void a_log_that_drops_what_nobody_has_read_promises_nothing(void **state)
{
    (void)state;
    lab.scenario.queue.retention = 50;
    somebody_orders(1, basket, CALL_OK);
    end(true);
    assert_int_equal(lab.result.invariants_violated, 0);
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
    assert_int_equal(lab.result.invariants_violated, 0);
    assert_int_equal(lab.result.money.commission, basket / 2);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

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
