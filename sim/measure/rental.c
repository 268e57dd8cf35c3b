/* rental.c — Up or rented, whichever is more; an autoscaler's own replicas by another rule. */
#include "sim/measure/rental.h"

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t ms_of(uint64_t ns)
{
    return ns / 1000000;
}

/* The fewest that the autoscaler may have are bought, the others come and go. */
static uint64_t scaled_ms(const struct prices_spec *prices, const struct service_spec *spec,
                          const struct service_result *service, uint64_t up_ms,
                          uint64_t measured_ms)
{
    uint64_t owned = (uint64_t)spec->autoscale.replicas_min * spec->cores;
    uint64_t most = (uint64_t)service->replicas_max * spec->cores;
    uint64_t owned_ms = smaller(up_ms, owned * measured_ms);
    uint64_t others = most > owned ? most - owned : 0;

    return larger(owned_ms, owned * ms_of(prices->rented_ns)) +
           larger(up_ms - owned_ms, others * ms_of(prices->on_demand_ns));
}

uint64_t rental_core_ms(const struct result *result, uint32_t i, uint64_t measured_ms)
{
    const struct scenario *scenario = result->scenario;
    const struct service_spec *spec = i < scenario->services_max ? &scenario->services[i] : NULL;
    const struct service_result *service = &result->services[i];
    uint64_t up_ms = (uint64_t)(service->core_seconds * 1e3 + 0.5), cores;

    if (spec != NULL && spec->autoscale.is_on)
        return scaled_ms(&scenario->prices, spec, service, up_ms, measured_ms);
    cores = spec != NULL ? (uint64_t)spec->replicas * spec->cores : scenario->balancer.cores;
    return larger(up_ms, cores * ms_of(scenario->prices.rented_ns));
}

uint64_t rental_ms(const struct prices_spec *prices, uint64_t measured_ms)
{
    return larger(measured_ms, ms_of(prices->rented_ns));
}
