/* pricing.c — Integer arithmetic of an order, and who is what.
 *
 * Two ways to divide people by their numbers. Where a count must be right (how many restaurants
 * pay for a tier), numbers are dealt out by a stride near the golden section: any million numbers
 * in a row take each of a million places once, and every shorter row is spread almost as evenly.
 * Where chance is meant (a click, the way to a customer), a hash of both numbers decides. */
#include "services/base/pricing.h"

#include "services/base/check.h"
#include "services/base/map.h"

enum { STRIDE = 618033 }; /* Of PRICING_PPM; the two have no divisor in common. */

/* What a hash is asked for; each its own second word, so that they do not hang together. */
static const uint64_t for_clicks = UINT64_C(0x636c69636b) << 20;
static const uint64_t for_contacts = UINT64_C(0x63616c6c) << 20;

/* ---- Parts and counts ------------------------------------------------------------------------ */

int64_t pricing_part(int64_t amount, uint32_t ppm)
{
    /* Millions and the rest apart: amount x ppm would overflow above 9.2e12. */
    int64_t millions = amount / PRICING_PPM;
    int64_t rest = amount % PRICING_PPM;

    check(amount >= 0);
    check(ppm <= PRICING_PPM);
    return millions * ppm + (rest * ppm + PRICING_PPM / 2) / PRICING_PPM;
}

int64_t pricing_pro_rata(int64_t month, uint64_t count, uint64_t ms)
{
    const __int128 month_ms = INT64_C(30) * 24 * 3600 * 1000;

    check(month >= 0);
    return (int64_t)(((__int128)month * count * ms + month_ms / 2) / month_ms);
}

static uint32_t place_of(uint64_t number)
{
    return (uint32_t)(number % PRICING_PPM * STRIDE % PRICING_PPM);
}

uint64_t pricing_count(uint64_t n, uint32_t from_ppm, uint32_t to_ppm)
{
    uint64_t count = n / PRICING_PPM * (to_ppm - from_ppm);
    uint32_t place = 0;

    check(from_ppm <= to_ppm && to_ppm <= PRICING_PPM);
    for (uint64_t i = 0; i < n % PRICING_PPM && to_ppm > from_ppm; i++) {
        place = place + STRIDE < PRICING_PPM ? place + STRIDE : place + STRIDE - PRICING_PPM;
        count += place >= from_ppm && place < to_ppm;
    }
    return count;
}

/* ---- Of the ask ------------------------------------------------------------------------------ */

uint32_t pricing_tier(const struct pricing *pricing, uint64_t restaurant)
{
    uint32_t place = place_of(restaurant), end = 0, i = 0;

    for (; i + 1 < pricing->tiers_max; i++) {
        end += pricing->tiers[i].share_ppm;
        if (place < end)
            break;
    }
    return i;
}

bool pricing_is_member(const struct premium *premium, uint64_t customer)
{
    return place_of(customer) < premium->share_ppm;
}

/* 0 … below - 1, evenly. */
static uint64_t hash_below(uint64_t a, uint64_t b, uint64_t below)
{
    return (map_hash(a, b) >> 32) * below >> 32;
}

uint32_t pricing_distance_m(const struct pricing *pricing, uint64_t restaurant, uint64_t customer)
{
    uint32_t spread = (uint32_t)pricing_part(pricing->distance_m, pricing->distance_spread_ppm);

    return pricing->distance_m - spread +
           (uint32_t)hash_below(customer, restaurant, 2 * (uint64_t)spread + 1);
}

bool pricing_is_clicked(const struct pricing *pricing, uint64_t view, uint64_t customer)
{
    return hash_below(view, customer ^ for_clicks, PRICING_PPM) < pricing->clicks_ppm;
}

bool pricing_is_contact(const struct pricing *pricing, uint64_t order, uint64_t customer)
{
    return hash_below(order, customer ^ for_contacts, PRICING_PPM) < pricing->contacts_ppm;
}

uint32_t pricing_surge_ppm(const struct surge *surge, uint64_t orders)
{
    uint64_t steps;

    if (surge->orders == 0 || orders <= surge->orders || surge->step_ppm == 0)
        return 0;
    steps = (orders - surge->orders) * PRICING_PPM / surge->orders / surge->step_ppm;
    if (steps > surge->max_ppm / surge->step_ppm)
        return surge->max_ppm;
    return (uint32_t)steps * surge->step_ppm;
}

/* ---- One order ------------------------------------------------------------------------------- */

/* So much per kilometre, half up. */
static int64_t by_distance(int64_t per_km, uint32_t metres)
{
    return (per_km * metres + 500) / 1000;
}

/* More than a whole of the fee may come on top of it. */
static int64_t rise_of(int64_t fee, uint32_t ppm)
{
    return fee * (ppm / PRICING_PPM) + pricing_part(fee, ppm % PRICING_PPM);
}

struct bill pricing_bill(const struct pricing *pricing, const struct sale *sale)
{
    uint32_t metres = pricing_distance_m(pricing, sale->restaurant, sale->customer);
    int64_t fee = pricing->fee + by_distance(pricing->fee_km, metres);
    int64_t rise = rise_of(fee, sale->surge_ppm);
    struct bill bill = {
        .basket = sale->basket,
        .commission = pricing_part(
            sale->basket, pricing->tiers[pricing_tier(pricing, sale->restaurant)].commission_ppm),
        .fee = fee + rise,
        .premium =
            pricing_is_member(&pricing->premium, sale->customer) ? pricing->premium.order : 0,
        .trip = pricing->trip,
        .distance =
            by_distance(pricing->trip_km, metres) + pricing_part(rise, pricing->surge.couriers_ppm),
    };

    bill.payment = pricing_part(bill_total(&bill), pricing->payment_ppm);
    return bill;
}
