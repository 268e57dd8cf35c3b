/* prices.c — Shares become parts per million once, here, and money stays as it was read. */
#include "sim/scenario/prices.h"

#include "services/base/check.h"
#include "services/port/ask.h"

static uint32_t ppm_of(double share)
{
    check(share >= 0 && share <= 10);
    return (uint32_t)(share * PRICING_PPM + 0.5);
}

/* Shares that add up to a whole need not do so once they are rounded: the last tier has what the
 * others leave. */
static void read_tiers(struct pricing *pricing, const struct prices_spec *prices)
{
    uint32_t left_ppm = PRICING_PPM;

    pricing->tiers_max = prices->tiers_max;
    for (uint32_t i = 0; i < prices->tiers_max; i++) {
        uint32_t share_ppm = ppm_of(prices->tiers[i].share);

        if (share_ppm > left_ppm || i + 1 == prices->tiers_max)
            share_ppm = left_ppm;
        left_ppm -= share_ppm;
        pricing->tiers[i] = (struct tier){.share_ppm = share_ppm,
                                          .commission_ppm = ppm_of(prices->tiers[i].commission),
                                          .month = prices->tiers[i].subscription};
    }
    if (prices->tiers_max > 0)
        return;
    pricing->tiers[pricing->tiers_max++] =
        (struct tier){.share_ppm = PRICING_PPM,
                      .commission_ppm = ppm_of(prices->commission),
                      .month = prices->subscription};
}

static struct surge surge_of(const struct surge_spec *spec)
{
    uint64_t orders = (uint64_t)(spec->from * (double)spec->window_ns * 1e-9 + 0.5);

    return (struct surge){
        .orders = spec->from > 0 && orders == 0 ? 1 : orders,
        .window_ns = spec->window_ns,
        .step_ppm = ppm_of(spec->step),
        .max_ppm = ppm_of(spec->most),
        .couriers_ppm = ppm_of(spec->couriers),
    };
}

static struct premium premium_of(const struct premium_spec *spec)
{
    return (struct premium){
        .share_ppm = ppm_of(spec->share),
        .priority = spec->priority,
        .month = spec->month,
        .order = spec->order,
        .analytics_ppm = ppm_of(spec->analytics),
        .analytics_month = spec->analytics_month,
    };
}

struct pricing prices_pricing(const struct prices_spec *prices)
{
    struct pricing pricing = {
        .payment_ppm = ppm_of(prices->payment),
        .fee = prices->delivery_fee,
        .fee_km = prices->delivery_km,
        .surge = surge_of(&prices->surge),
        .trip = prices->courier_trip,
        .trip_km = prices->courier_km,
        .distance_m = prices->distance_m,
        .distance_spread_ppm = ppm_of(prices->distance_spread),
        .premium = premium_of(&prices->premium),
        .thousand_views = prices->ads.thousand,
        .click = prices->ads.click,
        .clicks_ppm = ppm_of(prices->ads.clicks),
        .contact = prices->support.contact,
        .contacts_ppm = ppm_of(prices->support.contacts),
    };

    read_tiers(&pricing, prices);
    return pricing;
}

static bool is_of_delivery(const struct load_spec *load)
{
    return load->verb == VERB_MENU || load->verb == VERB_ORDER;
}

uint64_t prices_restaurants(const struct scenario *scenario)
{
    uint64_t restaurants = 0;

    for (uint32_t i = 0; i < scenario->loads_max; i++) {
        const struct load_spec *load = &scenario->loads[i];
        uint64_t keys = load->keys.dist == KEYS_CONSTANT ? 1 : load->keys.n;

        if (is_of_delivery(load) && keys > restaurants)
            restaurants = keys;
    }
    return restaurants;
}

uint64_t prices_customers(const struct scenario *scenario)
{
    uint64_t customers = 0;

    for (uint32_t i = 0; i < scenario->loads_max; i++)
        if (is_of_delivery(&scenario->loads[i]) && scenario->loads[i].people > customers)
            customers = scenario->loads[i].people;
    return customers;
}
