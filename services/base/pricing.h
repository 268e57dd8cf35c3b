/* pricing.h — What an order earns and what it costs, in whole minor units.
 *
 * Pure: no port, no clock, no dice. What differs from order to order (a restaurant's tier, a
 * customer's membership, the way between the two, a click, a call for help) is a function of the
 * numbers in the ask. So both worlds and every variant agree on it, the figures of a run can be
 * worked out again from its asks, and no stream of chance moves when a price is added.
 *
 *   contribution = commission + delivery fee + premium - payment - courier          (of one order)
 *
 * Shares are parts per million and every rounding is half up, so that a sum of entries can be
 * checked to the last unit; money never passes through a double.
 *
 * The order of magnitude to expect: commissions of 15, 25 and 30 % (the published tiers of
 * DoorDash), payment 2.9 % of what the customer pays (the usual card fee). Left out: customers who
 * stay away because a fee has risen; who comes is the load's to say. */
#ifndef SERVICES_BASE_PRICING_H
#define SERVICES_BASE_PRICING_H

#include <stdbool.h>
#include <stdint.h>

enum { PRICING_PPM = 1000000, PRICING_TIERS_MAX = 8 };

struct tier {                /* What a restaurant has signed up for. */
    uint32_t share_ppm;      /* Of the restaurants; all tiers together are PRICING_PPM. */
    uint32_t commission_ppm; /* Of the basket, from the restaurant. */
    int64_t month;           /* For being listed. */
};

struct surge {             /* The fee rises in steps while more is ordered than couriers carry. */
    uint64_t orders;       /* That they carry in a window; 0: the fee never rises. */
    uint64_t window_ns;    /* Demand is that of the last whole window. */
    uint32_t step_ppm;     /* The fee rises by it for each such share of orders too many … */
    uint32_t max_ppm;      /* … and by no more than this in all. */
    uint32_t couriers_ppm; /* Of the rise, passed on to the courier. */
};

struct premium { /* Members among customers, and their orders; restaurants that want figures. */
    uint32_t share_ppm;
    uint8_t priority; /* Of their orders, at least. */
    int64_t month, order;
    uint32_t analytics_ppm; /* Of the restaurants. */
    int64_t analytics_month;
};

struct pricing {
    struct tier tiers[PRICING_TIERS_MAX];
    uint32_t tiers_max;   /* At least 1. */
    uint32_t payment_ppm; /* Of all that the customer pays, to the bank. */
    int64_t fee, fee_km;  /* Delivery, from the customer: per order, and per kilometre. */
    struct surge surge;
    int64_t trip, trip_km; /* To the courier: per trip, however many orders it carries; per km. */
    uint32_t distance_m, distance_spread_ppm; /* Evenly from mean (1 - spread) to (1 + spread). */
    struct premium premium;
    int64_t thousand_views, click; /* Advertising, from restaurants. */
    uint32_t clicks_ppm;           /* Of the views. */
    int64_t contact;               /* One customer helped by a person. */
    uint32_t contacts_ppm;         /* Of the orders that failed or came late. */
};

/* ---- Parts and counts ------------------------------------------------------------------------ */

/* amount x ppm / 1e6, half up. amount >= 0, ppm <= PRICING_PPM; never overflows. */
int64_t pricing_part(int64_t amount, uint32_t ppm);

/* What `count` things at so much a month come to in so many thousandths of a second; a month has
 * thirty days. Half up. */
int64_t pricing_pro_rata(int64_t month, uint64_t count, uint64_t ms);

/* How many of the numbers 1 … n are in a share: the counterpart of pricing_tier and
 * pricing_is_member, to the last one. Places are dealt out evenly, as near to the share among the
 * first hundred as among the first million, so that it holds for the popular ones too. */
uint64_t pricing_count(uint64_t n, uint32_t from_ppm, uint32_t to_ppm);

/* ---- Of the ask ------------------------------------------------------------------------------ */

uint32_t pricing_tier(const struct pricing *pricing, uint64_t restaurant); /* Which of tiers. */
bool pricing_is_member(const struct premium *premium, uint64_t customer);
uint32_t pricing_distance_m(const struct pricing *pricing, uint64_t restaurant, uint64_t customer);
bool pricing_is_clicked(const struct pricing *pricing, uint64_t view, uint64_t customer);
bool pricing_is_contact(const struct pricing *pricing, uint64_t order, uint64_t customer);

/* How far the fee rises, for so many orders in the last whole window. */
uint32_t pricing_surge_ppm(const struct surge *surge, uint64_t orders);

/* ---- One order ------------------------------------------------------------------------------- */

struct sale { /* What was asked for, by whom, and when it was busy how the fee stood. */
    uint64_t order, restaurant, customer;
    int64_t basket;
    uint32_t surge_ppm;
};

struct bill {                        /* Every amount is at or above 0. */
    int64_t basket, commission;      /* From the restaurant's share of the basket. */
    int64_t fee, premium;            /* From the customer, beside the basket. */
    int64_t payment, trip, distance; /* To the bank; to the courier, for the trip and its length. */
};

struct bill pricing_bill(const struct pricing *pricing, const struct sale *sale);

static inline int64_t bill_total(const struct bill *bill) /* What the customer pays. */
{
    return bill->basket + bill->fee + bill->premium;
}

/* What an order that rides alone leaves over; negative when it costs more than it earns. */
static inline int64_t bill_contribution(const struct bill *bill)
{
    return bill->commission + bill->fee + bill->premium - bill->payment - bill->trip -
           bill->distance;
}

#endif
