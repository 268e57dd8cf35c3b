/* The ledger: money moves, and none appears or goes missing. */
#include "tests/lib/test.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/measure/ledger.h"

static const struct pricing prices = {
    .tiers = {{.share_ppm = PRICING_PPM, .commission_ppm = 250000}},
    .tiers_max = 1,
    .payment_ppm = 29000,
    .fee = 9900,
    .trip = 25000,
};

/* Everything that there is to pay for. */
static const struct pricing all_streams = {
    .tiers = {{.share_ppm = 600000, .commission_ppm = 150000, .month = 90000},
              {.share_ppm = 400000, .commission_ppm = 300000, .month = 290000}},
    .tiers_max = 2,
    .payment_ppm = 29000,
    .fee = 9900,
    .fee_km = 1300,
    .surge = {.orders = 10,
              .window_ns = 1,
              .step_ppm = 250000,
              .max_ppm = 2000000,
              .couriers_ppm = 333333},
    .trip = 8000,
    .trip_km = 1700,
    .distance_m = 3000,
    .distance_spread_ppm = 500000,
    .premium = {.share_ppm = 200000,
                .priority = 2,
                .month = 19900,
                .order = 4900,
                .analytics_ppm = 100000,
                .analytics_month = 150000},
    .thousand_views = 40007,
    .click = 1500,
    .clicks_ppm = 20000,
    .contact = 15000,
    .contacts_ppm = 300000,
};

static const struct sale meal = {.order = 1, .restaurant = 1, .customer = 2, .basket = 100000};

static struct ledger ledger;
static struct money_result money;

static int setup(void **state)
{
    (void)state;
    ledger_init(&ledger, &prices);
    return 0;
}

static int setup_of_all(void **state)
{
    (void)state;
    ledger_init(&ledger, &all_streams);
    return 0;
}

/* ---- Orders ---------------------------------------------------------------------------------- */

static void an_order_pays_everyone_their_part(void **state)
{
    (void)state;
    ledger_order_ok(&ledger, &meal);
    ledger_close(&ledger, &money);
    assert_int_equal(money.commission, 25000);
    assert_int_equal(money.delivery_fee, 9900);
    assert_int_equal(money.payment, 3187); /* 2.9 % of 109,900 = 3,187.1 */
    assert_int_equal(money.courier, 25000);
    assert_int_equal(money.revenue, 34900);
    assert_int_equal(money.contribution, 34900 - 25000 - 3187);
    assert_int_equal(money.profit, money.contribution);
    assert_int_equal((int64_t)ledger.totals[ACCOUNT_CUSTOMER], -109900);
    assert_int_equal((int64_t)ledger.totals[ACCOUNT_RESTAURANT], 75000);
    assert_int_equal(money.orders_ok, 1);
}

static void what_an_order_leaves_is_its_contribution(void **state)
{
    for (int64_t basket = 0; basket < 500000; basket += 333) {
        const struct sale sale = {.order = (uint64_t)basket,
                                  .restaurant = (uint64_t)basket % 17,
                                  .customer = (uint64_t)basket % 101,
                                  .basket = basket,
                                  .surge_ppm = (uint32_t)(basket % 9) * 250000};
        struct bill bill = pricing_bill(&all_streams, &sale);

        setup_of_all(state);
        ledger_order_ok(&ledger, &sale);
        ledger_close(&ledger, &money);
        assert_int_equal(money.profit, bill_contribution(&bill));
    }
}

static void a_lost_order_is_a_memo_by_cause_and_moves_no_money(void **state)
{
    (void)state;
    ledger_order_lost(&ledger, &meal, FAILURE_SHED);
    ledger_order_lost(&ledger, &meal, FAILURES);
    ledger_close(&ledger, &money);
    assert_int_equal(ledger.entries, 0);
    assert_int_equal(money.revenue, 0);
    assert_int_equal(money.profit, 0);
    assert_int_equal(money.lost_by[FAILURE_SHED], 34900 - 25000 - 3187);
    assert_int_equal(money.lost_by[FAILURES], money.lost_by[FAILURE_SHED]);
    assert_int_equal(money.lost, 2 * money.lost_by[FAILURES]);
    assert_int_equal(money.orders_lost, 2);
}

static void some_of_those_whose_order_was_lost_call_for_help(void **state)
{
    (void)state;
    for (uint64_t id = 1; id <= 10000; id++)
        ledger_order_lost(&ledger, &(struct sale){.order = id, .customer = id % 97}, 0);
    ledger_close(&ledger, &money);
    assert_in_range(money.contacts, 3000 - 184, 3000 + 184); /* Four standard deviations. */
    assert_int_equal(money.support, (int64_t)money.contacts * 15000);
    assert_int_equal(money.profit, -money.support);
}

static void a_refund_leaves_the_customer_whole_and_us_the_processors_cut(void **state)
{
    (void)state;
    ledger_refund(&ledger, &meal);
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
        ledger_order_ok(&ledger, &meal);
    ledger_trips_shared(&ledger, 2);
    ledger_close(&ledger, &money);
    assert_int_equal(money.courier, 25000);
}

/* ---- The other streams ----------------------------------------------------------------------- */

/* Rounded each, 1,500 views at 40.007 would make 60,000. */
static void views_are_paid_by_the_thousand_and_clicks_one_by_one(void **state)
{
    (void)state;
    for (uint64_t view = 1; view <= 1500; view++)
        ledger_view_ok(&ledger, view, view % 31);
    ledger_close(&ledger, &money);
    assert_int_equal(money.views, 1500);
    assert_in_range(money.clicks, 8, 52); /* 30 ± 4 standard deviations. */
    assert_int_equal(money.ads, 60011 + (int64_t)money.clicks * 1500); /* 60,010.5 */
    assert_int_equal((int64_t)ledger.totals[ACCOUNT_RESTAURANT], -money.ads);
}

static void a_menu_that_was_not_seen_earns_nothing_and_is_lost_by_its_cause(void **state)
{
    (void)state;
    for (uint64_t view = 1; view <= 1000; view++)
        ledger_view_lost(&ledger, view, view % 31, FAILURE_TIMEOUT);
    ledger_close(&ledger, &money);
    assert_int_equal(money.ads, 0);
    assert_true(money.lost_by[FAILURE_TIMEOUT] > 40007);
    assert_int_equal(money.lost, money.lost_by[FAILURE_TIMEOUT]);
}

/* Of ten restaurants six and four: their places are 618, 236, 854, 472, 090, 708, 326, 944, 562 and
 * 180 thousandths. The first tenth of the way, of which analytics are, holds one. */
static void what_is_paid_by_the_month_is_paid_for_the_time_measured(void **state)
{
    const uint64_t month_ms = UINT64_C(30) * 24 * 3600 * 1000;

    (void)state;
    ledger_months(&ledger, 10, 10, month_ms / 3);
    ledger_close(&ledger, &money);
    assert_int_equal(money.subscription, 6 * 90000 / 3 + (4 * 290000 + 1) / 3);
    assert_int_equal(money.premium, (2 * 19900 + 1) / 3 + 150000 / 3);
    assert_int_equal(money.payment, pricing_part((2 * 19900 + 1) / 3, 29000));
    assert_int_equal((int64_t)ledger.totals[ACCOUNT_CUSTOMER], -(2 * 19900 + 1) / 3);
}

static void revenue_is_the_sum_of_five_streams(void **state)
{
    (void)state;
    for (uint64_t id = 1; id <= 500; id++) {
        ledger_order_ok(&ledger, &(struct sale){.order = id,
                                                .restaurant = id % 40 + 1,
                                                .customer = id * 7 % 300 + 1,
                                                .basket = 90000 + (int64_t)id});
        ledger_view_ok(&ledger, id, id % 31);
    }
    ledger_months(&ledger, 40, 300, 3600000);
    ledger_infra(&ledger, 777);
    ledger_close(&ledger, &money);
    assert_true(money.commission > 0 && money.delivery_fee > 0 && money.subscription > 0 &&
                money.ads > 0 && money.premium > 0);
    assert_int_equal(money.revenue, money.commission + money.delivery_fee + money.subscription +
                                        money.ads + money.premium);
    assert_int_equal(money.profit, money.contribution - 777);
    assert_int_equal(-(int64_t)ledger.totals[ACCOUNT_CASH],
                     money.courier + money.payment + money.support + money.infra_cost);
}

/* ---- The books ------------------------------------------------------------------------------- */

static void any_history_sums_to_zero(void **state)
{
    uint64_t chance = 1;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        struct sale sale = {.order = (uint64_t)i,
                            .restaurant = chance >> 44,
                            .customer = chance >> 50,
                            .basket = (int64_t)(chance >> 40),
                            .surge_ppm = (uint32_t)(chance >> 61) * 250000};
        unsigned cause = (unsigned)(chance >> 50) % (FAILURES + 1);

        chance = chance * 6364136223846793005u + 1442695040888963407u;
        switch (chance >> 61) {
        case 0:
            ledger_order_ok(&ledger, &sale);
            break;
        case 1:
            ledger_order_lost(&ledger, &sale, cause);
            break;
        case 2:
            ledger_refund(&ledger, &sale);
            break;
        case 3:
            ledger_view_ok(&ledger, sale.order, sale.customer);
            break;
        case 4:
            ledger_view_lost(&ledger, sale.order, sale.customer, cause);
            break;
        case 5:
            ledger_months(&ledger, sale.customer % 1000, sale.restaurant % 1000, chance >> 45);
            break;
        case 6:
            ledger_trips_shared(&ledger, chance >> 62);
            break;
        default:
            ledger_infra(&ledger, sale.basket);
            break;
        }
        assert_true(ledger_sum(&ledger) == 0);
    }
    ledger_close(&ledger, &money);
    assert_true(ledger_sum(&ledger) == 0);
}

static void halves_of_a_minor_unit_round_up(void **state)
{
    const struct pricing half = {.tiers = {{.share_ppm = PRICING_PPM, .commission_ppm = 500000}},
                                 .tiers_max = 1};

    (void)state;
    ledger_init(&ledger, &half);
    ledger_order_ok(&ledger, &(struct sale){.basket = 3});
    ledger_close(&ledger, &money);
    assert_int_equal(money.commission, 2);
    assert_int_equal(ledger_hours(1, 1800 * 1000), 1);
    assert_int_equal(ledger_hours(1, 1800 * 1000 - 1), 0);
    assert_int_equal(ledger_hours(400, 3600 * 1000), 400);
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

#define PLAIN(name) cmocka_unit_test_setup(name, setup)
#define OF_ALL(name) cmocka_unit_test_setup(name, setup_of_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLAIN(an_order_pays_everyone_their_part),
        OF_ALL(what_an_order_leaves_is_its_contribution),
        PLAIN(a_lost_order_is_a_memo_by_cause_and_moves_no_money),
        OF_ALL(some_of_those_whose_order_was_lost_call_for_help),
        PLAIN(a_refund_leaves_the_customer_whole_and_us_the_processors_cut),
        PLAIN(shared_trips_pay_one_courier),
        OF_ALL(views_are_paid_by_the_thousand_and_clicks_one_by_one),
        OF_ALL(a_menu_that_was_not_seen_earns_nothing_and_is_lost_by_its_cause),
        OF_ALL(what_is_paid_by_the_month_is_paid_for_the_time_measured),
        OF_ALL(revenue_is_the_sum_of_five_streams),
        OF_ALL(any_history_sums_to_zero),
        PLAIN(halves_of_a_minor_unit_round_up),
        PLAIN(an_entry_that_does_not_balance_is_refused),
    };
    return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
