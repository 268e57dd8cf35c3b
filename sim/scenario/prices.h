/* prices.h — A scenario's prices as whole numbers: what the ledger books by and the clients, who
 * must know which of them are members. */
#ifndef SIM_SCENARIO_PRICES_H
#define SIM_SCENARIO_PRICES_H

#include "services/base/pricing.h"
#include "sim/scenario/scenario.h"

struct pricing prices_pricing(const struct prices_spec *prices);

/* Restaurants that are listed, 1 … n: those that menus are asked of and meals are ordered from. */
uint64_t prices_restaurants(const struct scenario *scenario);

/* Customers, 1 … n: those who ask for menus and order. */
uint64_t prices_customers(const struct scenario *scenario);

#endif
