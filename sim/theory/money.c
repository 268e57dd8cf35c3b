/* money.c — What an order leaves over, on the whiteboard: means of prices, and rates to share by.
 *
 *   contribution = commission + fee + listing + ads + premium - courier - payment      (per order)
 *
 * Of an order that goes well and rides alone. What is paid by the month is shared by the orders of
 * that time, and what menus earn by those of that phase. Servers stand below it: they are paid for
 * whether somebody orders or not. Tiers are taken by their shares, as if every restaurant sold
 * alike; among the popular ones the mix may be a little another. */
#include "sim/scenario/prices.h"
#include "sim/theory/lines_inside.h"

static const double month_s = 30.0 * 24 * 3600;

struct order { /* Means, in minor units. */
    double rate, menus, basket;
    double commission, month; /* Of the basket; and what a restaurant pays to be listed. */
    double distance_km, rise;
    double restaurants, customers;
};

struct sums { /* Of the order, so far. */
    double income, cost, by_customer;
};

/* ---- What an order is ------------------------------------------------------------------------ */

static void add_loads(const struct work *work, struct order *order)
{
    for (uint32_t l = 0; l < work->scenario->loads_max; l++) {
        const struct load_spec *load = &work->scenario->loads[l];

        if (load->verb != VERB_ORDER && load->verb != VERB_MENU)
            continue;
        if (load->verb == VERB_MENU) {
            order->menus += work->rates[l];
        } else {
            order->rate += work->rates[l];
            order->basket += work->rates[l] * load->amount.mean;
        }
    }
    order->basket = order->rate > 0 ? order->basket / order->rate : 0;
}

static void add_tiers(const struct prices_spec *prices, struct order *order)
{
    if (prices->tiers_max == 0) {
        order->commission = prices->commission;
        order->month = (double)prices->subscription;
    }
    for (uint32_t i = 0; i < prices->tiers_max; i++) {
        order->commission += prices->tiers[i].share * prices->tiers[i].commission;
        order->month += prices->tiers[i].share * (double)prices->tiers[i].subscription;
    }
}

/* Whole steps above what couriers carry, as pricing_surge_ppm has it. */
static double rise_of(const struct surge_spec *surge, double rate)
{
    double over = surge->from > 0 ? rate / surge->from - 1 : 0;
    double steps = over > 0 ? (double)(uint64_t)(over / surge->step + 1e-9) : 0;

    return steps * surge->step < surge->most ? steps * surge->step : surge->most;
}

static struct order order_of(const struct work *work)
{
    const struct prices_spec *prices = &work->scenario->prices;
    struct order order = {.distance_km = prices->distance_m * 1e-3,
                          .restaurants = (double)prices_restaurants(work->scenario),
                          .customers = (double)prices_customers(work->scenario)};

    add_loads(work, &order);
    add_tiers(prices, &order);
    order.rise = rise_of(&prices->surge, order.rate);
    return order;
}

/* ---- What it earns --------------------------------------------------------------------------- */

static void say_commission(struct work *work, const struct order *order, struct sums *sums)
{
    double value = order->commission * order->basket;

    if (value <= 0)
        return;
    say(work, THEORY_COMMISSION, "money", money(value), "%s × %s");
    say_with(work, share(order->commission));
    say_with(work, money(order->basket));
    sums->income += value;
}

static double fee_of(const struct prices_spec *prices, const struct order *order)
{
    return (double)prices->delivery_fee + (double)prices->delivery_km * order->distance_km;
}

static void say_fee(struct work *work, const struct order *order, struct sums *sums)
{
    const struct prices_spec *prices = &work->scenario->prices;
    double fee = fee_of(prices, order), value = fee * (1 + order->rise);

    if (value <= 0)
        return;
    say(work, THEORY_DELIVERY_FEE, "money", money(value), "");
    if (prices->delivery_km > 0 || order->rise > 0) {
        say_more(work, "(%s + %s × %s) × (1 + %s)");
        say_with(work, money((double)prices->delivery_fee));
        say_with(work, money((double)prices->delivery_km));
        say_with(work, ratio(order->distance_km));
        say_with(work, share(order->rise));
    }
    sums->income += value;
    sums->by_customer += value;
}

static void say_listing(struct work *work, const struct order *order, struct sums *sums)
{
    double month = order->month * order->restaurants, value = month / month_s / order->rate;

    if (month <= 0)
        return;
    say(work, THEORY_LISTING, "money", money(value), "%s × %s / (%s × 30 d)");
    say_with(work, count(order->restaurants));
    say_with(work, money(order->month));
    say_with(work, per_s(order->rate));
    sums->income += value;
}

static void say_ads(struct work *work, const struct order *order, struct sums *sums)
{
    const struct ads_spec *ads = &work->scenario->prices.ads;
    double view = (double)ads->thousand / 1000 + ads->clicks * (double)ads->click;
    double value = order->menus / order->rate * view;

    if (value <= 0)
        return;
    say(work, THEORY_ADS, "money", money(value), "%s / %s × (%s / 1000 + %s × %s)");
    say_with(work, per_s(order->menus));
    say_with(work, per_s(order->rate));
    say_with(work, money((double)ads->thousand));
    say_with(work, share(ads->clicks));
    say_with(work, money((double)ads->click));
    sums->income += value;
}

static void say_premium(struct work *work, const struct order *order, struct sums *sums)
{
    const struct premium_spec *premium = &work->scenario->prices.premium;
    double members = premium->share * order->customers * (double)premium->month;
    double analytics = premium->analytics * order->restaurants * (double)premium->analytics_month;
    double by_month = (members + analytics) / month_s / order->rate;
    double by_order = premium->share * (double)premium->order;

    if (by_month + by_order <= 0)
        return;
    say(work, THEORY_PREMIUM, "money", money(by_month + by_order), "%s + %s × %s");
    say_with(work, money(by_month));
    say_with(work, share(premium->share));
    say_with(work, money((double)premium->order));
    sums->income += by_month + by_order;
    sums->by_customer += by_order + members / month_s / order->rate;
}

/* ---- What it costs, and what is left --------------------------------------------------------- */

static void say_courier(struct work *work, const struct order *order, struct sums *sums)
{
    const struct prices_spec *prices = &work->scenario->prices;
    double passed_on = prices->surge.couriers * order->rise * fee_of(prices, order);
    double value =
        (double)prices->courier_trip + (double)prices->courier_km * order->distance_km + passed_on;

    if (value <= 0)
        return;
    say(work, THEORY_COURIER, "money", money(value), "");
    if (value > (double)prices->courier_trip) {
        say_more(work, "%s + %s × %s + %s");
        say_with(work, money((double)prices->courier_trip));
        say_with(work, money((double)prices->courier_km));
        say_with(work, ratio(order->distance_km));
        say_with(work, money(passed_on));
    }
    sums->cost += value;
}

static void say_payment(struct work *work, const struct order *order, struct sums *sums)
{
    double rate = work->scenario->prices.payment, paid = order->basket + sums->by_customer;

    if (rate * paid <= 0)
        return;
    say(work, THEORY_PAYMENT, "money", money(rate * paid), "%s × %s");
    say_with(work, share(rate));
    say_with(work, money(paid));
    sums->cost += rate * paid;
}

void money_lines(struct work *work)
{
    const struct order order = order_of(work);
    struct sums sums = {0};

    if (order.rate <= 0)
        return;
    say_commission(work, &order, &sums);
    say_fee(work, &order, &sums);
    say_listing(work, &order, &sums);
    say_ads(work, &order, &sums);
    say_premium(work, &order, &sums);
    say_courier(work, &order, &sums);
    say_payment(work, &order, &sums);
    say(work, THEORY_CONTRIBUTION, "money", money(sums.income - sums.cost), "%s − %s");
    say_with(work, money(sums.income));
    say_with(work, money(sums.cost));
}
