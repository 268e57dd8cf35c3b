/* backends.h — The replicas behind a balancer, as numbers: who may be chosen, how busy each is.
 *
 * Pure: no port, no clock. A place is an index into `all`; it stays the same from joining until
 * the replica has left, its last request has ended and nobody watches it. `usable` lists the
 * places that may be chosen now, in rising order, so that a policy draws from a dense array; it is
 * made anew when somebody joins, leaves, falls or rises, which is rare beside choosing. */
#ifndef SERVICES_BALANCER_BACKENDS_H
#define SERVICES_BALANCER_BACKENDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/arena.h"
#include "services/base/check.h"

#define BACKEND_NONE UINT32_MAX

struct backend {
    uint32_t target;     /* The peer's number. */
    uint32_t in_flight;  /* Requests that it has and we wait for. */
    bool is_member;      /* Joined and has not left; may still have requests afterwards. */
    bool is_up;          /* As far as health checks know. */
    bool is_ejected;     /* Its answers said so; see balancer_outlier.c. */
    bool is_hidden;      /* Tried already by the request that is choosing now. */
    bool is_watched;     /* A health flow holds this place. */
    uint32_t fell, rose; /* Bad and good health checks in a row. */
    double weight;       /* Above 0. */

    uint64_t since_ns;         /* When it joined, rose or came back: slow start counts from here. */
    uint64_t ejected_until_ns; /* Where it is ejected. */
    uint32_t failures;         /* In a row. */
    uint32_t ejections;        /* So far, less those that were forgiven. */

    double credit;       /* weighted: what it has saved up. */
    double latency_ns;   /* peak_ewma: the estimate, as it was … */
    uint64_t updated_ns; /* … at this time. */
};

struct backends {
    struct backend *all;
    uint32_t *usable;    /* Places of those that may be chosen. */
    uint32_t all_max;    /* Places. */
    uint32_t usable_max; /* Entries of usable now. */
    uint32_t used_max;   /* Places in use lie below it. */
    uint64_t load;       /* Requests in flight at the usable ones. */

    uint32_t last;       /* round_robin: the place that had its turn. */
    struct ring *ring;   /* consistent_hash */
    double bound;        /* consistent_hash */
    uint64_t ewma_ns;    /* peak_ewma */
    uint64_t timeout_ns; /* peak_ewma */
};

/* Arena bytes for so many places; the policy's own come on top. */
size_t backends_bytes(uint32_t places);
void backends_init(struct backends *backends, struct arena *arena, uint32_t places);

/* The member's place, or that of one that has left and still drains; BACKEND_NONE: unknown. */
uint32_t backends_find(const struct backends *backends, uint32_t target);

/* Its place: a fresh one, unless it is known. More than fit is a mistake in sizing. */
uint32_t backends_join(struct backends *backends, uint32_t target, double weight);
void backends_leave(struct backends *backends, uint32_t place);
void backends_mark(struct backends *backends, uint32_t place, bool is_up);
void backends_eject(struct backends *backends, uint32_t place, bool is_ejected);

/* For one choice: leaves these out, and takes them in again. */
void backends_hide(struct backends *backends, const uint32_t *places, uint32_t places_max);
void backends_show(struct backends *backends, const uint32_t *places, uint32_t places_max);

/* It is there again, or for the first time: what it did before counts no more. */
static inline void backend_came(struct backend *backend, uint64_t now_ns)
{
    backend->since_ns = now_ns;
    backend->failures = 0;
}

static inline bool backend_is_usable(const struct backend *backend)
{
    return backend->is_member && backend->is_up && !backend->is_ejected && !backend->is_hidden;
}

/* A request begins at this place, and ends. */
static inline void backends_start(struct backends *backends, uint32_t place)
{
    struct backend *backend = &backends->all[place];

    backend->in_flight++;
    backends->load += backend_is_usable(backend);
}

static inline void backends_finish(struct backends *backends, uint32_t place)
{
    struct backend *backend = &backends->all[place];

    check(backend->in_flight > 0);
    backend->in_flight--;
    backends->load -= backend_is_usable(backend);
}

#endif
