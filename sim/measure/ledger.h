/* ledger.h — Double entry: money moves from account to account, and none appears or goes missing.
 *
 * An entry is a few legs; an amount above zero comes in to its account, below zero it leaves. The
 * legs of an entry sum to zero, or check() fails; hence so do all accounts together, always.
 *
 *   sale      customer -(b + f)   restaurant +(b - c)   commission +c   delivery fee +f
 *   payment   cash -p             payment +p            (processor: p of what the customer paid)
 *   courier   cash -t             courier +t            (one trip)
 *   refund    customer +(b + f)   restaurant -(b - c)   refunds -(c + f)
 *   infra     cash -i             infra +i
 *
 *   b basket, c commission on it, f delivery fee, p payment share of b + f, t a trip
 *
 * A refund is in full for the customer: the order is called off, so the restaurant gives its part
 * back, the platform its own, and no courier rides; but the processor keeps its cut. An order that
 * failed or came late moves no money of its own beyond that: what it would have contributed,
 * c + f - p - t, is a memo by cause and stands in no account.
 *
 * Whole minor units throughout. Shares come as doubles from the scenario and are turned once into
 * parts per million; a part of an amount is rounded to the nearest minor unit, halves up. */
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
    ACCOUNT_REFUNDS,
    ACCOUNT_COURIER,
    ACCOUNT_PAYMENT,
    ACCOUNT_INFRA,
    ACCOUNT_CASH, /* What the platform pays its costs from. */
    ACCOUNTS
};

struct leg {
    enum account account;
    int64_t amount;
};

struct ledger {
    __int128 totals[ACCOUNTS];
    uint64_t entries;
    struct pricing pricing;
    int64_t lost_by[FAILURES + 1]; /* The memo; the last one: late. */
    uint64_t orders_ok, orders_lost;
};

void ledger_init(struct ledger *ledger, const struct prices_spec *prices);

/* Legs that do not sum to zero are our mistake: check(). */
void ledger_post(struct ledger *ledger, const struct leg *legs, unsigned legs_max);

/* basket >= 0. cause: enum failure, or FAILURES for late. */
void ledger_order_ok(struct ledger *ledger, int64_t basket);
void ledger_order_lost(struct ledger *ledger, int64_t basket, unsigned cause);
void ledger_refund(struct ledger *ledger, int64_t basket); /* Charged, and then called off. */
void ledger_trips_shared(struct ledger *ledger, uint64_t trips_saved);
void ledger_infra(struct ledger *ledger, int64_t cost);

/* price per hour for `hours_ms` thousandths of a second of it, halves up. */
int64_t ledger_hours(int64_t price_hour, uint64_t hours_ms);

/* The sum of all accounts: zero, or the books are wrong. */
__int128 ledger_sum(const struct ledger *ledger);

/* Checks that the books balance, and writes the totals. */
void ledger_close(const struct ledger *ledger, struct money_result *money);

#endif
