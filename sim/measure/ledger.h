/* ledger.h — Double entry: money moves from account to account, and none appears or goes missing.
 *
 * An entry is a few legs; an amount above zero comes in to its account, below zero it leaves. The
 * legs of an entry sum to zero, or check() fails; hence so do all accounts together, always.
 *
 *   sale          customer -(b + f + m)   restaurant +(b - c)
 *                 commission +c   delivery fee +f   premium +m
 *   payment       cash -p         payment +p        (processor: p of what the customer paid)
 *   courier       cash -(t + k)   courier +(t + k)  (one trip, and its length)
 *   refund        customer +(b + f + m)   restaurant -(b - c)   refunds -(c + f + m)
 *   advertising   restaurant -a   ads +a            (all views and clicks of a run, at its end)
 *   listing       restaurant -s   subscription +s   (per tier, for the time measured)
 *   membership    customer -n     premium +n        and the processor's cut of it
 *   analytics     restaurant -y   premium +y
 *   support       cash -h         support +h        (one customer helped)
 *   infra         cash -i         infra +i
 *
 *   b basket, c commission on it, f delivery fee, m a member's order, p payment share of b + f + m
 *
 * A refund is in full for the customer: the order is called off, so the restaurant gives its part
 * back, the platform its own, and no courier rides; but the processor keeps its cut. An order that
 * failed, came late, or was accepted and not charged in the end (to the books an error) moves no
 * money of its own beyond that and a call for help: what it would have contributed,
 * c + f + m - p - t - k, is a memo by cause and stands in no account. So is what a menu that was
 * not seen in time would have brought from advertising.
 *
 * Whole minor units throughout; a part of an amount is rounded to the nearest, halves up. */
#ifndef SIM_MEASURE_LEDGER_H
#define SIM_MEASURE_LEDGER_H

#include <stdint.h>

#include "services/base/check.h"
#include "services/base/pricing.h"
#include "sim/measure/result.h"

enum account {
    ACCOUNT_CUSTOMER,
    ACCOUNT_RESTAURANT,
    ACCOUNT_COMMISSION,
    ACCOUNT_DELIVERY_FEE,
    ACCOUNT_SUBSCRIPTION,
    ACCOUNT_ADS,
    ACCOUNT_PREMIUM,
    ACCOUNT_REFUNDS,
    ACCOUNT_COURIER,
    ACCOUNT_PAYMENT,
    ACCOUNT_SUPPORT,
    ACCOUNT_INFRA,
    ACCOUNT_CASH, /* What the platform pays its costs from. */
    ACCOUNTS
};

struct leg {
    enum account account;
    int64_t amount;
};

struct views { /* Menus, and those of them on which an advertisement was clicked. */
    uint64_t seen, clicked;
};

struct ledger {
    __int128 totals[ACCOUNTS];
    uint64_t entries;
    struct pricing pricing;
    int64_t lost_by[FAILURES + 1]; /* The memo; the last one: late. */
    struct views views, views_lost[FAILURES + 1];
    uint64_t orders_ok, orders_lost, contacts;
};

/* Copies the prices. */
void ledger_init(struct ledger *ledger, const struct pricing *pricing);

/* Legs that do not sum to zero are our mistake: check(). */
void ledger_post(struct ledger *ledger, const struct leg *legs, unsigned legs_max);

/* sale->basket >= 0. cause: enum failure, or FAILURES for late. */
void ledger_order_ok(struct ledger *ledger, const struct sale *sale);
void ledger_order_lost(struct ledger *ledger, const struct sale *sale, unsigned cause);
void ledger_refund(struct ledger *ledger, const struct sale *sale); /* Charged, then called off. */
void ledger_trips_shared(struct ledger *ledger, uint64_t trips_saved);

/* A menu was asked for: by whom, and whether it was seen in time; cause as above. */
void ledger_view_ok(struct ledger *ledger, uint64_t view, uint64_t customer);
void ledger_view_lost(struct ledger *ledger, uint64_t view, uint64_t customer, unsigned cause);

/* What is paid by the month, for so many thousandths of a second of it. */
void ledger_months(struct ledger *ledger, uint64_t restaurants, uint64_t customers, uint64_t ms);
void ledger_infra(struct ledger *ledger, int64_t cost);

/* price per hour for `hours_ms` thousandths of a second of it, halves up. */
int64_t ledger_hours(int64_t price_hour, uint64_t hours_ms);

/* The sum of all accounts: zero, or the books are wrong. */
__int128 ledger_sum(const struct ledger *ledger);

/* Books the advertising, checks that the books balance, and writes the totals. Once, at the end. */
void ledger_close(struct ledger *ledger, struct money_result *money);

#endif
