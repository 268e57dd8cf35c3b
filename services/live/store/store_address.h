/* store_address.h — Where a store is, in one word, and whose keys are ours. */
#ifndef SERVICES_LIVE_STORE_STORE_ADDRESS_H
#define SERVICES_LIVE_STORE_STORE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

enum { STORE_RUN_BYTES = 24 };

struct store_address {
    bool is_path;
    char text[256]; /* The path, or the host. */
    int port;
};

/* "HOST:PORT", "[IPv6]:PORT" or "/path". False: errno is ENAMETOOLONG or EINVAL, and why (may be
 * NULL) says it in words. */
bool store_address_read(struct store_address *address, const char *server, char *why,
                        size_t why_max);
bool store_run_is_sound(const char *run); /* Else errno, as above. */

#endif
