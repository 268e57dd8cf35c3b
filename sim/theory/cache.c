/* cache.c — Who asks for which key, and how many find it in the store.
 *
 * A menu lives for its TTL from the ask that missed it: with Poisson arrivals a key of rate r is
 * found in r T / (1 + r T) of its asks. Before the first TTL has passed nothing has expired, and
 * only first asks miss. A store that is too small for them all keeps those of LRU's last `age`. A
 * counter of likes has no TTL. Left out: what misses while a missing key is being fetched. */
#include <math.h>

#include "sim/theory/theory_inside.h"

static const double store_key_bytes = 72; /* What a key costs in the store beside its value. */

static void count_asks(struct work *work)
{
    const struct scenario *scenario = work->scenario;

    popularity_init(&work->menus);
    popularity_init(&work->counts);
    popularity_init(&work->likes);
    for (uint32_t l = 0; l < scenario->loads_max; l++) {
        const struct load_spec *load = &scenario->loads[l];
        double asks = work->rates[l] * work->seconds;

        if (load->verb == VERB_MENU && scenario->services[load->service].menu_cache)
            popularity_add(&work->menus, &load->keys, asks);
        if (load->verb == VERB_COUNT)
            popularity_add(&work->counts, &load->keys, asks);
        if (load->verb == VERB_LIKE)
            popularity_add(&work->likes, &load->keys, asks);
    }
}

static void add(struct popularity *to, const struct popularity *from, double share)
{
    for (unsigned b = 0; b < POPULARITY_BUCKETS; b++) {
        to->keys[b] = fmax(to->keys[b], from->keys[b]);
        to->rate[b] += from->rate[b] * share;
    }
    to->total += from->total * share;
}

static void scale(struct popularity *popularity, double factor)
{
    for (unsigned b = 0; b < POPULARITY_BUCKETS; b++)
        popularity->rate[b] *= factor;
    popularity->total *= factor;
}

const struct service_spec *cache_of_menus(const struct scenario *scenario)
{
    for (uint32_t s = 0; s < scenario->services_max; s++)
        if (scenario->services[s].kind == KIND_DELIVERY && scenario->services[s].menu_cache)
            return &scenario->services[s];
    return NULL;
}

static double menus_found(struct work *work, const struct service_spec *service)
{
    const struct store_spec *store = &work->scenario->store;
    double ttl = service->menu_ttl_ns == 0 ? INFINITY : seconds_of(service->menu_ttl_ns);
    double until = work->from_s + work->seconds, total = work->menus.total;
    double misses = popularity_first_asks(&work->past->menus, &work->menus);
    struct popularity rates = work->menus;

    scale(&rates, 1 / work->seconds);
    if (store->memory > 0 && store->eviction != EVICTION_NONE) {
        double age = popularity_lru_age(&rates, (double)store->memory /
                                                    (store_key_bytes + service->menu_bytes));

        if (age < fmin(ttl, until))
            work->lru_age = age;
    }
    if (work->lru_age > 0)
        misses = fmax(misses, total * (1 - popularity_hits_lru(&rates, work->lru_age)));
    else if (ttl < until)
        misses = fmax(misses, total * (1 - popularity_hits_ttl(&rates, ttl)));
    return total > 0 ? 1 - fmin(1, misses / total) : 0;
}

static double counts_found(const struct work *work, enum likes_design design)
{
    struct popularity heard = work->past->likes;
    double total = work->counts.total;

    if (total <= 0)
        return 0;
    if (design == DESIGN_CACHED)
        return 1 - fmin(1, popularity_first_asks(&work->past->counts, &work->counts) / total);
    add(&heard, &work->likes, 0.5);
    return 1 - fmin(1, popularity_unheard(&heard, &work->counts) / total);
}

void cache_work(struct work *work)
{
    const struct scenario *scenario = work->scenario;
    const struct service_spec *menus = cache_of_menus(scenario);

    count_asks(work);
    work->lru_age = 0;
    if (menus != NULL)
        work->menu_hits = menus_found(work, menus);
    for (uint32_t s = 0; s < scenario->services_max; s++)
        if (scenario->services[s].kind == KIND_LIKES &&
            scenario->services[s].design >= DESIGN_CACHED)
            work->count_hits = counts_found(work, scenario->services[s].design);
    work->likes_rows =
        (double)scenario->table.likes_rows + work->past->likes.total + work->likes.total / 2;
}

void cache_remember(struct past *past, const struct work *work)
{
    add(&past->menus, &work->menus, 1);
    add(&past->counts, &work->counts, 1);
    add(&past->likes, &work->likes, 1);
}
