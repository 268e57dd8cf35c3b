/* ledger.c — The chart of accounts, the entries of an order's life, and the closing of the books.
 *
 * Every entry goes through ledger_post(), the only place that touches an account. The totals are
 * 128 bits wide, so no run is long enough to overflow them; the report's 64 bits are checked when
 * the books are closed. */
#include "sim/measure/ledger.h"

#include <stddef.h>

static uint32_t parts_per_million(double share)
{
    check(share >= 0 && share <= 1);
    return (uint32_t)(share * PRICING_PPM + 0.5);
}

void ledger_init(struct ledger *ledger, const struct prices_spec *prices)
{
    *ledger = (struct ledger){
        .pricing = {.commission_ppm = parts_per_million(prices->commission),
                    .payment_ppm = parts_per_million(prices->payment),
                    .delivery_fee = prices->delivery_fee,
                    .courier_trip = prices->courier_trip},
    };
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

/* The platform pays a cost out of its cash. */
static void post_cost(struct ledger *ledger, enum account account, int64_t cost)
{
    const struct leg legs[] = {{ACCOUNT_CASH, -cost}, {account, cost}};

    ledger_post(ledger, legs, 2);
}

/* The customer is charged; everyone gets their part. */
static void post_sale(struct ledger *ledger, int64_t basket)
{
    int64_t commission = pricing_commission(&ledger->pricing, basket);
    const struct leg legs[] = {
        {ACCOUNT_CUSTOMER, -pricing_total(&ledger->pricing, basket)},
        {ACCOUNT_RESTAURANT, basket - commission},
        {ACCOUNT_COMMISSION, commission},
        {ACCOUNT_DELIVERY_FEE, ledger->pricing.delivery_fee},
    };

    ledger_post(ledger, legs, 4);
    post_cost(ledger, ACCOUNT_PAYMENT, pricing_payment(&ledger->pricing, basket));
}

void ledger_order_ok(struct ledger *ledger, int64_t basket)
{
    check(basket >= 0);
    post_sale(ledger, basket);
    post_cost(ledger, ACCOUNT_COURIER, ledger->pricing.courier_trip);
    ledger->orders_ok++;
}

void ledger_order_lost(struct ledger *ledger, int64_t basket, unsigned cause)
{
    check(basket >= 0 && cause <= FAILURES);
    ledger->lost_by[cause] += pricing_contribution(&ledger->pricing, basket);
    ledger->orders_lost++;
}

void ledger_refund(struct ledger *ledger, int64_t basket)
{
    int64_t commission = pricing_commission(&ledger->pricing, basket);
    const struct leg legs[] = {
        {ACCOUNT_CUSTOMER, pricing_total(&ledger->pricing, basket)},
        {ACCOUNT_RESTAURANT, -(basket - commission)},
        {ACCOUNT_REFUNDS, -(commission + ledger->pricing.delivery_fee)},
    };

    check(basket >= 0);
    post_sale(ledger, basket);
    ledger_post(ledger, legs, 3);
}

void ledger_trips_shared(struct ledger *ledger, uint64_t trips_saved)
{
    post_cost(ledger, ACCOUNT_COURIER, -(int64_t)trips_saved * ledger->pricing.courier_trip);
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

void ledger_close(const struct ledger *ledger, struct money_result *money)
{
    check(ledger_sum(ledger) == 0);
    *money = (struct money_result){
        .commission = total_of(ledger, ACCOUNT_COMMISSION),
        .delivery_fee = total_of(ledger, ACCOUNT_DELIVERY_FEE),
        .courier = total_of(ledger, ACCOUNT_COURIER),
        .payment = total_of(ledger, ACCOUNT_PAYMENT),
        .refunds = -total_of(ledger, ACCOUNT_REFUNDS),
        .infra_cost = total_of(ledger, ACCOUNT_INFRA),
        .orders_ok = ledger->orders_ok,
        .orders_lost = ledger->orders_lost,
    };
    money->revenue = money->commission + money->delivery_fee;
    money->profit =
        money->revenue - money->courier - money->payment - money->refunds - money->infra_cost;
    for (unsigned i = 0; i <= FAILURES; i++) {
        money->lost_by[i] = ledger->lost_by[i];
        money->lost += ledger->lost_by[i];
    }
}
