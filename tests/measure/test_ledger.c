/* The ledger: money moves, and none appears or goes missing. */
#include "tests/lib/test.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/measure/ledger.h"

static const struct prices_spec prices = {
    .currency = "RUB",
    .commission = 0.25,
    .delivery_fee = 9900,
    .courier_trip = 25000,
    .payment = 0.029,
};

static struct ledger ledger;
static struct money_result money;

static int setup(void **state)
{
    (void)state;
    ledger_init(&ledger, &prices);
    return 0;
}

static void an_order_pays_everyone_their_part(void **state)
{
    (void)state;
    ledger_order_ok(&ledger, 100000);
    ledger_close(&ledger, &money);
    assert_int_equal(money.commission, 25000);
    assert_int_equal(money.delivery_fee, 9900);
    assert_int_equal(money.payment, 3187); /* 2.9 % of 109,900 = 3,187.1 */
    assert_int_equal(money.courier, 25000);
    assert_int_equal(money.revenue, 34900);
    assert_int_equal(money.profit, 34900 - 25000 - 3187);
    assert_int_equal((int64_t)ledger.totals[ACCOUNT_CUSTOMER], -109900);
    assert_int_equal((int64_t)ledger.totals[ACCOUNT_RESTAURANT], 75000);
    assert_int_equal(money.orders_ok, 1);
}

static void what_an_order_leaves_is_its_contribution(void **state)
{
    (void)state;
    for (int64_t basket = 0; basket < 500000; basket += 333) {
        setup(state);
        ledger_order_ok(&ledger, basket);
        ledger_close(&ledger, &money);
        assert_int_equal(money.profit, pricing_contribution(&ledger.pricing, basket));
    }
}

static void a_lost_order_is_a_memo_by_cause_and_moves_no_money(void **state)
{
    (void)state;
    ledger_order_lost(&ledger, 100000, FAILURE_SHED);
    ledger_order_lost(&ledger, 100000, FAILURES);
    ledger_close(&ledger, &money);
    assert_int_equal(ledger.entries, 0);
    assert_int_equal(money.revenue, 0);
    assert_int_equal(money.profit, 0);
    assert_int_equal(money.lost_by[FAILURE_SHED], 34900 - 25000 - 3187);
    assert_int_equal(money.lost_by[FAILURES], money.lost_by[FAILURE_SHED]);
    assert_int_equal(money.lost, 2 * money.lost_by[FAILURES]);
    assert_int_equal(money.orders_lost, 2);
}

static void a_refund_leaves_the_customer_whole_and_us_the_processors_cut(void **state)
{
    (void)state;
    ledger_refund(&ledger, 100000);
    ledger_close(&ledger, &money);
    assert_int_equal((int64_t)ledger.totals[ACCOUNT_CUSTOMER], 0);
    assert_int_equal((int64_t)ledger.totals[ACCOUNT_RESTAURANT], 0);
    assert_int_equal(money.refunds, money.revenue);
    assert_int_equal(money.profit, -money.payment);
}

static void shared_trips_pay_one_courier(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        ledger_order_ok(&ledger, 100000);
    ledger_trips_shared(&ledger, 2);
    ledger_close(&ledger, &money);
    assert_int_equal(money.courier, 25000);
}

static void any_history_of_orders_sums_to_zero(void **state)
{
    uint64_t chance = 1;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        int64_t basket = (int64_t)((chance = chance * 6364136223846793005u + 1) >> 40);

        switch (chance >> 62) {
        case 0:
            ledger_order_ok(&ledger, basket);
            break;
        case 1:
            ledger_order_lost(&ledger, basket, (unsigned)(chance >> 50) % (FAILURES + 1));
            break;
        case 2:
            ledger_refund(&ledger, basket);
            break;
        default:
            ledger_infra(&ledger, basket);
            break;
        }
        assert_true(ledger_sum(&ledger) == 0);
    }
}

static void halves_of_a_minor_unit_round_up(void **state)
{
    const struct prices_spec half = {.commission = 0.5};

    (void)state;
    ledger_init(&ledger, &half);
    ledger_order_ok(&ledger, 3);
    ledger_close(&ledger, &money);
    assert_int_equal(money.commission, 2);
    assert_int_equal(ledger_hours(1, 1800 * 1000), 1);
    assert_int_equal(ledger_hours(1, 1800 * 1000 - 1), 0);
    assert_int_equal(ledger_hours(400, 3600 * 1000), 400);
}

static void a_share_that_has_no_exact_double_is_still_the_share_that_was_written(void **state)
{
    const struct prices_spec third = {.commission = 0.29}; /* As a double, below 0.29. */

    (void)state;
    ledger_init(&ledger, &third);
    assert_int_equal(ledger.pricing.commission_ppm, 290000);
}

/* Runs the posting in a child: a failed check() aborts. */
static void an_entry_that_does_not_balance_is_refused(void **state)
{
    const struct leg legs[] = {{ACCOUNT_CASH, -100}, {ACCOUNT_INFRA, 99}};
    int status = 0;
    pid_t child = fork();

    (void)state;
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        fclose(stderr);
        ledger_post(&ledger, legs, 2);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_order_pays_everyone_their_part, setup),
        cmocka_unit_test_setup(what_an_order_leaves_is_its_contribution, setup),
        cmocka_unit_test_setup(a_lost_order_is_a_memo_by_cause_and_moves_no_money, setup),
        cmocka_unit_test_setup(a_refund_leaves_the_customer_whole_and_us_the_processors_cut, setup),
        cmocka_unit_test_setup(shared_trips_pay_one_courier, setup),
        cmocka_unit_test_setup(any_history_of_orders_sums_to_zero, setup),
        cmocka_unit_test(halves_of_a_minor_unit_round_up),
        cmocka_unit_test(a_share_that_has_no_exact_double_is_still_the_share_that_was_written),
        cmocka_unit_test_setup(an_entry_that_does_not_balance_is_refused, setup),
    };
    return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
