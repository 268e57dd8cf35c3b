/* pricing.h — What an order earns and what it costs, in whole minor units.
 *
 * Pure: no port, no clock. Shares are parts per million and every rounding is half up, so that a
 * sum of entries can be checked to the last unit; money never passes through a double.
 *
 *   contribution = commission + delivery fee - payment cost - courier's trip
 *
 * The order of magnitude to expect: commissions of 15, 25 and 30 % (the published tiers of one
 * large service), payment 2.9 % of what the customer pays. */
#ifndef SERVICES_BASE_PRICING_H
#define SERVICES_BASE_PRICING_H

#include <stdint.h>

enum { PRICING_PPM = 1000000 };

struct pricing {
    uint32_t commission_ppm; /* Of the basket, from the restaurant; at most PRICING_PPM. */
    uint32_t payment_ppm;    /* Of basket and fee, to the bank; at most PRICING_PPM. */
    int64_t delivery_fee;    /* Per order, from the customer. */
    int64_t courier_trip;    /* Per trip, to the courier, however many orders it carries. */
};

/* amount x ppm / 1e6, half up. amount >= 0, ppm <= PRICING_PPM; never overflows. */
int64_t pricing_part(int64_t amount, uint32_t ppm);

int64_t pricing_commission(const struct pricing *pricing, int64_t basket);

/* What the customer pays: the basket and the delivery fee. */
int64_t pricing_total(const struct pricing *pricing, int64_t basket);

/* What the bank keeps of it. */
int64_t pricing_payment(const struct pricing *pricing, int64_t basket);

/* What an order that rides alone leaves over; negative when it costs more than it earns. */
int64_t pricing_contribution(const struct pricing *pricing, int64_t basket);

#endif
