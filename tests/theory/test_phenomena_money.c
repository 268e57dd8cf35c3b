/* What an order leaves over, against the sum of its parts; and who overtakes whom, against Cobham.
 *
 * A. Cobham, "Priority Assignment in Waiting Line Problems", Operations Research 2, 1954: in an
 * M/M/1 line by priority that interrupts nobody, the urgent wait R / (1 - rho1) and the others
 * R / ((1 - rho1) (1 - rho)), where R = rho E[S] is what is left of the work under way. */
#include "tests/theory/phenomena.h"

#include "sim/theory/theory.h"

/* ---- Money ----------------------------------------------------------------------------------- */

#define ORDERS_PER_S 50
#define MENUS_PER_S 150

static const char business[] =
    NO_NETWORK "duration: 40s\n"
               "load:\n"
               "  - {verb: menu, rate: 150/s, keys: {dist: uniform, n: 20k}, people: 3M}\n"
               "  - {verb: order, rate: 50/s, keys: {dist: uniform, n: 20k}, people: 3M,\n"
               "     amount: {dist: lognormal, mean: 1000.00 RUB, cv: 0.5}}\n"
               "services: {delivery: {replicas: 4}}\n"
               "prices:\n"
               "  tiers: [{name: a, share: 50%%, commission: 15%%, subscription: 1000.00 RUB},\n"
               "          {name: b, share: 50%%, commission: 30%%, subscription: 5000.00 RUB}]\n"
               "  delivery_fee: 80.00 RUB\n"
               "  delivery_km: 15.00 RUB\n"
               "  courier_trip: 100.00 RUB\n"
               "  courier_km: 20.00 RUB\n"
               "  distance: {mean: 4km, spread: 70%%}\n"
               "  surge: {from: %s, step: 20%%, max: 100%%, couriers: 50%%, window: 2s}\n"
               "  ads: {cpm: 2000.00 RUB, cpc: 20.00 RUB, clicks: 5%%}\n"
               "  premium: {share: 20%%, month: 300.00 RUB, order: 40.00 RUB,\n"
               "            analytics_share: 10%%, analytics: 1500.00 RUB}\n";

/* Roubles per order, by the prices above. */
static double contribution(double rise)
{
    const double month_s = 30 * 24 * 3600;
    double fee = 80 + 15 * 4, by_month = 20000 * (0.5 * 1000 + 0.5 * 5000) / month_s;
    double members = 0.2 * 3e6 * 300 / month_s, analytics = 0.1 * 20000 * 1500 / month_s;
    double commission = (0.5 * 0.15 + 0.5 * 0.30) * 1000;
    double ads = (double)MENUS_PER_S / ORDERS_PER_S * (2 + 0.05 * 20);
    double premium = 0.2 * 40 + (members + analytics) / ORDERS_PER_S;
    double paid = 1000 + fee * (1 + rise) + 0.2 * 40 + members / ORDERS_PER_S;
    double courier = 100 + 20 * 4 + fee * rise * 0.5;

    return commission + fee * (1 + rise) + by_month / ORDERS_PER_S + ads + premium - courier -
           0.029 * paid;
}

static void an_order_leaves_over_what_its_parts_add_up_to(void **state)
{
    struct trial trial;
    struct estimate got;

    (void)state;
    run_story(&trial, 20, business, "0/s");
    got = trial_estimate(&trial, "money.contribution_per_order");
    expect_about("contribution per order, RUB", got.mean / 100, contribution(0), 0.01);
    assert_true(got.half_width <= 0.01 * got.mean);
    trial_close(&trial);
}

static double on_the_whiteboard(const struct scenario *scenario)
{
    struct theory *theory = theory_open(scenario);
    double found = NAN;

    assert_non_null(theory);
    for (uint32_t i = 0; i < theory->lines_max; i++)
        if (theory->lines[i].what == THEORY_CONTRIBUTION)
            found = theory->lines[i].value.value / 100;
    theory_close(theory);
    return found;
}

static void the_whiteboard_says_the_same(void **state)
{
    struct trial trial;

    (void)state;
    run_story(&trial, 1, business, "0/s");
    expect_about("at the ordinary fee", on_the_whiteboard(first(&trial)->scenario), contribution(0),
                 1e-9);
    trial_close(&trial);
    run_story(&trial, 1, business, "30/s"); /* 67 % too many: three steps of 20 %. */
    expect_about("under a surge", on_the_whiteboard(first(&trial)->scenario), contribution(0.6),
                 1e-9);
    trial_close(&trial);
}

/* At 50 orders per second beside 30 a window of 2 s has 100 ± 10 instead of 60: from two steps to
 * four, three on average; but the first window has no demand before it. */
static void a_surge_that_lasts_earns_its_rise_on_almost_every_order(void **state)
{
    struct trial calm, busy;
    double fee, rise;

    (void)state;
    run_story(&calm, 10, business, "0/s");
    run_story(&busy, 10, business, "30/s");
    fee = mean_of(&calm, "money.delivery_fee");
    rise = mean_of(&busy, "money.delivery_fee") / fee - 1;
    expect_between("rise of the fee", rise, 0.50, 0.62);
    trial_close(&calm);
    trial_close(&busy);
}

/* ---- Priority -------------------------------------------------------------------------------- */

/* Only answers in time count in latency, so whoever has no patience is left out of it. */
static double response_ms(const char *line, const char *urgent_patience, const char *patience)
{
    struct trial trial;
    double mean;

    run_story(&trial, 20,
              NO_NETWORK "duration: 120s\nwarmup: 5s\n"
                         "load: [{name: urgent, rate: 400/s, priority: 1, patience: %s},\n"
                         "       {name: other, rate: 400/s, patience: %s}]\n"
                         "services: {web: {line: %s, queue: 100k, in_flight: 100k,\n"
                         "                 steps: [{compute: {dist: exponential, mean: 1ms}}]}}\n",
              urgent_patience, patience, line);
    mean = mean_of(&trial, "latency.mean");
    trial_close(&trial);
    return mean;
}

static void the_urgent_wait_as_cobham_says_and_so_do_the_others(void **state)
{
    const double rho1 = 0.4, rho = 0.8;

    (void)state;
    expect_about("the urgent, ms", response_ms("priority", "1h", "1ns"), 1 + rho / (1 - rho1),
                 0.02);
    expect_about("the others, ms", response_ms("priority", "1ns", "1h"),
                 1 + rho / (1 - rho1) / (1 - rho), 0.04);
    expect_about("first in, first out: both alike, ms", response_ms("fifo", "1h", "1ns"),
                 1 / (1 - rho), 0.03);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_order_leaves_over_what_its_parts_add_up_to),
        cmocka_unit_test(the_whiteboard_says_the_same),
        cmocka_unit_test(a_surge_that_lasts_earns_its_rise_on_almost_every_order),
        cmocka_unit_test(the_urgent_wait_as_cobham_says_and_so_do_the_others),
    };
    return cmocka_run_group_tests_name("money and priority", tests, NULL, NULL);
}
