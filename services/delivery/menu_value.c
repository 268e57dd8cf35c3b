/* menu_value.c — Three numbers in one, and XFetch's inequality. */
#include "services/delivery/menu_value.h"

enum { VERSION_BITS = 22, EXPIRY_BITS = 27, RECOMPUTE_BITS = 14 };

static const uint64_t expiry_unit_ns = 1000000, recompute_unit_ns = 100000;

static uint64_t capped(uint64_t value, unsigned bits)
{
    uint64_t most = (UINT64_C(1) << bits) - 1;

    return value < most ? value : most;
}

static uint64_t low_bits(uint64_t value, unsigned bits)
{
    return value & ((UINT64_C(1) << bits) - 1);
}

int64_t menu_value_pack(const struct menu_value *value)
{
    uint64_t packed = low_bits((uint64_t)value->version, VERSION_BITS);

    packed = packed << EXPIRY_BITS | capped(value->expires_ns / expiry_unit_ns, EXPIRY_BITS);
    packed =
        packed << RECOMPUTE_BITS | capped(value->recompute_ns / recompute_unit_ns, RECOMPUTE_BITS);
    return (int64_t)packed;
}

struct menu_value menu_value_unpack(int64_t packed)
{
    uint64_t bits = (uint64_t)packed;

    return (struct menu_value){
        .version = (int64_t)low_bits(bits >> (EXPIRY_BITS + RECOMPUTE_BITS), VERSION_BITS),
        .expires_ns = low_bits(bits >> RECOMPUTE_BITS, EXPIRY_BITS) * expiry_unit_ns,
        .recompute_ns = low_bits(bits, RECOMPUTE_BITS) * recompute_unit_ns,
    };
}

bool menu_value_is_due(const struct menu_value *value, uint64_t now_ns, double beta,
                       double exponential)
{
    double early_ns = (double)value->recompute_ns * beta * exponential;

    return now_ns >= value->expires_ns || (double)(value->expires_ns - now_ns) <= early_ns;
}
