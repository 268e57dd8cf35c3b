/* pricing.c — Integer arithmetic of an order. */
#include "services/base/pricing.h"

#include "services/base/check.h"

int64_t pricing_part(int64_t amount, uint32_t ppm)
{
    /* Millions and the rest apart: amount x ppm would overflow above 9.2e12. */
    int64_t millions = amount / PRICING_PPM;
    int64_t rest = amount % PRICING_PPM;

    check(amount >= 0);
    check(ppm <= PRICING_PPM);
    return millions * ppm + (rest * ppm + PRICING_PPM / 2) / PRICING_PPM;
}

int64_t pricing_commission(const struct pricing *pricing, int64_t basket)
{
    return pricing_part(basket, pricing->commission_ppm);
}

int64_t pricing_total(const struct pricing *pricing, int64_t basket)
{
    return basket + pricing->delivery_fee;
}

int64_t pricing_payment(const struct pricing *pricing, int64_t basket)
{
    return pricing_part(pricing_total(pricing, basket), pricing->payment_ppm);
}

int64_t pricing_contribution(const struct pricing *pricing, int64_t basket)
{
    return pricing_commission(pricing, basket) + pricing->delivery_fee -
           pricing_payment(pricing, basket) - pricing->courier_trip;
}
