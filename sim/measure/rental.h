/* rental.h — What servers are paid for: the time that they were up, or longer.
 *
 * A run lasts a minute, and machines by the minute are noise beside the orders. In life they are
 * bought before the spike and paid for when it is over: prices.rented says for how long at least,
 * and prices.rented_on_demand the same of what an autoscaler starts. Such a machine is kept to the
 * end of its rent, so a replica that comes back within it costs nothing new: as many are paid for
 * as were ever up at once. */
#ifndef SIM_MEASURE_RENTAL_H
#define SIM_MEASURE_RENTAL_H

#include <stdint.h>

#include "sim/measure/result.h"

/* Thousandths of core-seconds to pay for service i of the result (core_seconds and replicas_max are
 * written), which was measured for measured_ms. */
uint64_t rental_core_ms(const struct result *result, uint32_t i, uint64_t measured_ms);

/* And of a store, a queue or a table. */
uint64_t rental_ms(const struct prices_spec *prices, uint64_t measured_ms);

#endif
