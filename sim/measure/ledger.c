/* ledger.c — The chart of accounts, the entries of an order's life, and the closing of the books.
 *
 * Every entry goes through ledger_post(), the only place that touches an account. The totals are
 * 128 bits wide, so no run is long enough to overflow them; the report's 64 bits are checked when
 * the books are closed.
 *
 * Views are counted and booked once: a thousand of them have a price, one has not, and a price
 * rounded for each would be off by half a unit a thousand times over. */
#include "sim/measure/ledger.h"

#include <stddef.h>

void ledger_init(struct ledger *ledger, const struct pricing *pricing)
{
    *ledger = (struct ledger){.pricing = *pricing};
}

void ledger_post(struct ledger *ledger, const struct leg *legs, unsigned legs_max)
{
    __int128 sum = 0;

    for (unsigned i = 0; i < legs_max; i++)
        sum += legs[i].amount;
    check(sum == 0);
    for (unsigned i = 0; i < legs_max; i++)
        ledger->totals[legs[i].account] += legs[i].amount;
    ledger->entries++;
}

/* So much goes from the one to the other; nothing is no entry. */
static void post(struct ledger *ledger, enum account from, enum account to, int64_t amount)
{
    const struct leg legs[] = {{from, -amount}, {to, amount}};

    if (amount != 0)
        ledger_post(ledger, legs, 2);
}

/* The platform pays a cost out of its cash. */
static void post_cost(struct ledger *ledger, enum account account, int64_t cost)
{
    post(ledger, ACCOUNT_CASH, account, cost);
}

/* ---- Orders ---------------------------------------------------------------------------------- */

/* The customer is charged; everyone gets their part. */
static void post_sale(struct ledger *ledger, const struct bill *bill)
{
    const struct leg legs[] = {
        {ACCOUNT_CUSTOMER, -bill_total(bill)},
        {ACCOUNT_RESTAURANT, bill->basket - bill->commission},
        {ACCOUNT_COMMISSION, bill->commission},
        {ACCOUNT_DELIVERY_FEE, bill->fee},
        {ACCOUNT_PREMIUM, bill->premium},
    };

    ledger_post(ledger, legs, 5);
    post_cost(ledger, ACCOUNT_PAYMENT, bill->payment);
}

void ledger_order_ok(struct ledger *ledger, const struct sale *sale)
{
    struct bill bill = pricing_bill(&ledger->pricing, sale);

    post_sale(ledger, &bill);
    post_cost(ledger, ACCOUNT_COURIER, bill.trip + bill.distance);
    ledger->orders_ok++;
}

void ledger_order_lost(struct ledger *ledger, const struct sale *sale, unsigned cause)
{
    struct bill bill = pricing_bill(&ledger->pricing, sale);

    check(cause <= FAILURES);
    ledger->lost_by[cause] += bill_contribution(&bill);
    ledger->orders_lost++;
    if (!pricing_is_contact(&ledger->pricing, sale->order, sale->customer))
        return;
    post_cost(ledger, ACCOUNT_SUPPORT, ledger->pricing.contact);
    ledger->contacts++;
}

void ledger_refund(struct ledger *ledger, const struct sale *sale)
{
    struct bill bill = pricing_bill(&ledger->pricing, sale);
    const struct leg legs[] = {
        {ACCOUNT_CUSTOMER, bill_total(&bill)},
        {ACCOUNT_RESTAURANT, -(bill.basket - bill.commission)},
        {ACCOUNT_REFUNDS, -(bill.commission + bill.fee + bill.premium)},
    };

    post_sale(ledger, &bill);
    ledger_post(ledger, legs, 3);
}

void ledger_trips_shared(struct ledger *ledger, uint64_t trips_saved)
{
    post_cost(ledger, ACCOUNT_COURIER, -(int64_t)trips_saved * ledger->pricing.trip);
}

/* ---- Advertising ----------------------------------------------------------------------------- */

static void count_view(const struct ledger *ledger, struct views *views, uint64_t view,
                       uint64_t customer)
{
    views->seen++;
    views->clicked += pricing_is_clicked(&ledger->pricing, view, customer);
}

void ledger_view_ok(struct ledger *ledger, uint64_t view, uint64_t customer)
{
    count_view(ledger, &ledger->views, view, customer);
}

void ledger_view_lost(struct ledger *ledger, uint64_t view, uint64_t customer, unsigned cause)
{
    check(cause <= FAILURES);
    count_view(ledger, &ledger->views_lost[cause], view, customer);
}

static int64_t worth(const struct ledger *ledger, const struct views *views)
{
    return ((int64_t)views->seen * ledger->pricing.thousand_views + 500) / 1000 +
           (int64_t)views->clicked * ledger->pricing.click;
}

/* ---- By the month and by the hour ------------------------------------------------------------ */

void ledger_months(struct ledger *ledger, uint64_t restaurants, uint64_t customers, uint64_t ms)
{
    const struct pricing *pricing = &ledger->pricing;
    const struct premium *premium = &pricing->premium;
    uint32_t from = 0;

    for (uint32_t i = 0; i < pricing->tiers_max; i++) {
        uint64_t listed = pricing_count(restaurants, from, from + pricing->tiers[i].share_ppm);

        from += pricing->tiers[i].share_ppm;
        post(ledger, ACCOUNT_RESTAURANT, ACCOUNT_SUBSCRIPTION,
             pricing_pro_rata(pricing->tiers[i].month, listed, ms));
    }
    int64_t members =
        pricing_pro_rata(premium->month, pricing_count(customers, 0, premium->share_ppm), ms);
    post(ledger, ACCOUNT_CUSTOMER, ACCOUNT_PREMIUM, members);
    post_cost(ledger, ACCOUNT_PAYMENT, pricing_part(members, pricing->payment_ppm));
    post(ledger, ACCOUNT_RESTAURANT, ACCOUNT_PREMIUM,
         pricing_pro_rata(premium->analytics_month,
                          pricing_count(restaurants, 0, premium->analytics_ppm), ms));
}

void ledger_infra(struct ledger *ledger, int64_t cost)
{
    post_cost(ledger, ACCOUNT_INFRA, cost);
}

int64_t ledger_hours(int64_t price_hour, uint64_t hours_ms)
{
    const __int128 hour_ms = 3600 * 1000;

    return (int64_t)(((__int128)price_hour * hours_ms + hour_ms / 2) / hour_ms);
}

/* ---- Closing --------------------------------------------------------------------------------- */

__int128 ledger_sum(const struct ledger *ledger)
{
    __int128 sum = 0;

    for (unsigned i = 0; i < ACCOUNTS; i++)
        sum += ledger->totals[i];
    return sum;
}

static int64_t total_of(const struct ledger *ledger, enum account account)
{
    __int128 total = ledger->totals[account];

    check(total >= INT64_MIN && total <= INT64_MAX);
    return (int64_t)total;
}

static void sum_up(const struct ledger *ledger, struct money_result *money)
{
    money->revenue =
        money->commission + money->delivery_fee + money->subscription + money->ads + money->premium;
    money->contribution =
        money->revenue - money->courier - money->payment - money->refunds - money->support;
    money->profit = money->contribution - money->infra_cost;
    for (unsigned i = 0; i <= FAILURES; i++) {
        money->lost_by[i] = ledger->lost_by[i] + worth(ledger, &ledger->views_lost[i]);
        money->lost += money->lost_by[i];
    }
}

void ledger_close(struct ledger *ledger, struct money_result *money)
{
    post(ledger, ACCOUNT_RESTAURANT, ACCOUNT_ADS, worth(ledger, &ledger->views));
    check(ledger_sum(ledger) == 0);
    *money = (struct money_result){
        .commission = total_of(ledger, ACCOUNT_COMMISSION),
        .delivery_fee = total_of(ledger, ACCOUNT_DELIVERY_FEE),
        .subscription = total_of(ledger, ACCOUNT_SUBSCRIPTION),
        .ads = total_of(ledger, ACCOUNT_ADS),
        .premium = total_of(ledger, ACCOUNT_PREMIUM),
        .courier = total_of(ledger, ACCOUNT_COURIER),
        .payment = total_of(ledger, ACCOUNT_PAYMENT),
        .refunds = -total_of(ledger, ACCOUNT_REFUNDS),
        .support = total_of(ledger, ACCOUNT_SUPPORT),
        .infra_cost = total_of(ledger, ACCOUNT_INFRA),
        .orders_ok = ledger->orders_ok,
        .orders_lost = ledger->orders_lost,
        .views = ledger->views.seen,
        .clicks = ledger->views.clicked,
        .contacts = ledger->contacts,
    };
    sum_up(ledger, money);
}
