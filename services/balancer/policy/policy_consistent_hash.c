/* policy_consistent_hash.c — The same key to the same replica, within a bound on its load.
 *
 *   ring:  --a--c--a--b--------c--b--a--b--c-->      each replica at POINTS places
 *                        ^ key   first to the right that has room: c, else b, else a
 *
 * A key's replica changes only when that replica comes, goes or is full: caches behind it stay warm
 * (Karger et al., STOC 1997). A hot key alone would drown its replica, so nobody takes more than
 * ceil(bound x mean load), the request itself counted, and the overflow goes on to the right
 * (Mirrokni, Thorup and Zadimoghaddam, "Consistent hashing with bounded loads", SODA 2018,
 * arXiv 1608.01350). With a bound of 1 or more somebody always has room; how many full ones are
 * passed on the way to it depends on the bound and not on the number of replicas.
 *
 * POINTS trades memory for evenness: a replica's share of the ring has a standard deviation of
 * 1 / sqrt(POINTS) of the mean, 9 % here. Weights are not looked at. O(log(n POINTS)) per choice,
 * O(n POINTS) when a replica joins or leaves. */
#include "services/balancer/policy/policy.h"

#include "services/base/map.h"

enum { POINTS = 128 };

struct point {
    uint64_t at;
    uint32_t place;
};

struct ring {
    struct point *points; /* In rising order of `at`. */
    uint32_t length, max;
};

static size_t ring_bytes(uint32_t places)
{
    return sizeof(struct ring) + (size_t)places * POINTS * sizeof(struct point) + (size_t)2 * 64;
}

static void ring_init(struct backends *backends, struct arena *arena,
                      const struct balancer_config *config)
{
    check(config->bound >= 1);
    backends->bound = config->bound;
    backends->ring = arena_take(arena, sizeof(struct ring));
    backends->ring->max = backends->all_max * POINTS;
    backends->ring->points = arena_take(arena, backends->ring->max * sizeof(struct point));
}

/* One replica's points, in order: by insertion, they are few. */
static void make_points(struct point points[POINTS], uint32_t target, uint32_t place)
{
    for (uint32_t i = 0; i < POINTS; i++) {
        struct point point = {.at = map_hash(target, i), .place = place};
        uint32_t hole = i;

        for (; hole > 0 && points[hole - 1].at > point.at; hole--)
            points[hole] = points[hole - 1];
        points[hole] = point;
    }
}

/* Merges them in from the right, where the room is. */
static void ring_joined(struct backends *backends, uint32_t place)
{
    struct ring *ring = backends->ring;
    struct point fresh[POINTS];
    uint32_t old_left = ring->length, fresh_left = POINTS;

    check(ring->length + POINTS <= ring->max); /* Else: it was on the ring already. */
    make_points(fresh, backends->all[place].target, place);
    ring->length += POINTS;
    while (fresh_left > 0) {
        bool is_old = old_left > 0 && ring->points[old_left - 1].at > fresh[fresh_left - 1].at;

        ring->points[old_left + fresh_left - 1] =
            is_old ? ring->points[old_left - 1] : fresh[fresh_left - 1];
        if (is_old)
            old_left--;
        else
            fresh_left--;
    }
}

static void ring_left(struct backends *backends, uint32_t place)
{
    struct ring *ring = backends->ring;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < ring->length; i++)
        if (ring->points[i].place != place)
            ring->points[kept++] = ring->points[i];
    ring->length = kept;
}

/* The first point at or to the right of this one; length: it is past the last. */
static uint32_t ring_find(const struct ring *ring, uint64_t at)
{
    uint32_t low = 0, high = ring->length;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (ring->points[middle].at < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* ceil(bound x mean load), the request that is choosing counted in. */
static uint64_t load_limit(const struct backends *backends)
{
    double limit = backends->bound * (double)(backends->load + 1) / backends->usable_max;
    uint64_t whole = (uint64_t)limit;

    return whole + ((double)whole < limit);
}

static bool has_room(const struct backend *backend, uint64_t limit)
{
    return backend_is_usable(backend) && backend->in_flight < limit;
}

static uint32_t ring_choose(struct backends *backends, const struct ask *ask, uint64_t now_ns,
                            struct dice *dice)
{
    const struct ring *ring = backends->ring;
    uint64_t limit = load_limit(backends);
    uint32_t i = ring_find(ring, map_hash(ask->key, POINTS)); /* POINTS: no replica's hash. */

    (void)now_ns, (void)dice;
    for (uint32_t steps = 0; steps < ring->length; steps++, i++) {
        i = i < ring->length ? i : 0;
        if (has_room(&backends->all[ring->points[i].place], limit))
            return ring->points[i].place;
    }
    check(backends->usable_max == 0); /* Else: somebody is below the mean, and so has room. */
    return BACKEND_NONE;
}

const struct policy policy_consistent_hash = {
    .name = "consistent_hash",
    .bytes = ring_bytes,
    .init = ring_init,
    .joined = ring_joined,
    .left = ring_left,
    .choose = ring_choose,
};
