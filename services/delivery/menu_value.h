/* menu_value.h — What the cache holds for a menu: its version, or that and when to refill it.
 *
 * Pure. With early refresh a menu lies in the cache with its expiry and with the time that it took
 * to make, as XFetch needs them (A. Vattani, F. Chierichetti, K. Lowenstein, "Optimal Probabilistic
 * Cache Stampede Prevention", VLDB 8(8), 2015, figure 2):
 *
 *     refill when  now - delta beta ln(U) >= expiry,  U uniform in (0, 1]
 *
 * so that, of all who read it, few refill it early and hardly anybody finds it gone: e^(1/beta)
 * of them on average if they come often, whatever their rate. A value of the store is one
 * number: 22 bits of version, 27 of expiry in milliseconds since the run began, 14 of delta in
 * tenths of one. */
#ifndef SERVICES_DELIVERY_MENU_VALUE_H
#define SERVICES_DELIVERY_MENU_VALUE_H

#include <stdbool.h>
#include <stdint.h>

struct menu_value {
    int64_t version;       /* 0 … 2^22 - 1: larger ones lose their upper bits. */
    uint64_t expires_ns;   /* To the millisecond below; at most 37 hours. */
    uint64_t recompute_ns; /* To a tenth of a millisecond, and at most 1.6 s. */
};

int64_t menu_value_pack(const struct menu_value *value);
struct menu_value menu_value_unpack(int64_t packed);

/* exponential: a draw of mean 1, which is -ln(U). */
bool menu_value_is_due(const struct menu_value *value, uint64_t now_ns, double beta,
                       double exponential);

#endif
