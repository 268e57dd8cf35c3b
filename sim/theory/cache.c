/* cache.c — Who asks for which key, and how many find it in the store.
 *
 * A menu lives for its TTL from the ask that missed it: with Poisson arrivals a key of rate r is
 * found in r T / (1 + r T) of its asks. Before the first TTL has passed nothing has expired, and
 * only first asks miss. A counter of likes has no TTL.
 *
 * A store that is too small keeps what was touched in LRU's last `age`: menus, and the values that
 * custom services set beside them. Where the rarest goes (LFU) such values give way to the menus.
 * memcached gives its pages to sizes and not to keys: what several sizes leave each other there
 * hangs on who came first. A chunk of it is on average half a step of growth too large.
 *
 * Left out: what misses while a missing key is being fetched, and the room of counters and of the
 * members of sets, which are small. */
#include <math.h>

#include "sim/theory/theory_inside.h"

/* What a key costs in the store beside its value: Redis, memcached. */
static const double store_key_bytes = 72, memcached_item_bytes = 75;

/* ---- Who asks ------------------------------------------------------------------------------- */

/* Menus that a cache is asked for by one visit of this service, through whomever it asks. */
static double menus_asked(const struct scenario *scenario, uint32_t s)
{
    const struct service_spec *spec = &scenario->services[s];
    double menus = 0;

    if (spec->kind == KIND_DELIVERY)
        return spec->menu_cache ? 1 : 0;
    for (uint32_t to = 0; to < scenario->services_max; to++) {
        uint32_t asks = asks_passed_on(spec, to);

        if (asks > 0)
            menus += asks * menus_asked(scenario, to);
    }
    return menus;
}

/* For how long the value stays that one visit of this service sets, it or whomever it asks; 0: it
 * sets none. */
static double life_of_value(const struct scenario *scenario, uint32_t s)
{
    const struct service_spec *spec = &scenario->services[s];
    double longest = 0;

    for (uint32_t i = 0; spec->kind == KIND_CUSTOM && i < spec->steps_max; i++)
        if (spec->steps[i].kind == STEP_STORE_SET)
            longest = fmax(longest, seconds_of(spec->steps[i].ttl_ns));
    for (uint32_t to = 0; to < scenario->services_max; to++)
        if (asks_passed_on(spec, to) > 0)
            longest = fmax(longest, life_of_value(scenario, to));
    return longest;
}

static void count_values(struct work *work, const struct load_spec *load, double asks)
{
    double life = life_of_value(work->scenario, load->service);
    double bytes = work->value_bytes * work->values.total + asks * load->bytes;

    if (life <= 0 || asks <= 0)
        return;
    popularity_add(&work->values, &load->keys, asks);
    work->value_bytes = bytes / work->values.total;
    work->value_life = fmax(work->value_life, life);
}

static void count_asks(struct work *work)
{
    const struct scenario *scenario = work->scenario;

    popularity_init(&work->menus);
    popularity_init(&work->counts);
    popularity_init(&work->likes);
    popularity_init(&work->values);
    work->value_bytes = work->value_life = 0;
    for (uint32_t l = 0; l < scenario->loads_max; l++) {
        const struct load_spec *load = &scenario->loads[l];
        double asks = work->rates[l] * work->seconds, menus = menus_asked(scenario, load->service);

        if (load->verb == VERB_MENU && menus > 0)
            popularity_add(&work->menus, &load->keys, asks * menus);
        if (load->verb == VERB_COUNT)
            popularity_add(&work->counts, &load->keys, asks);
        if (load->verb == VERB_LIKE)
            popularity_add(&work->likes, &load->keys, asks);
        count_values(work, load, asks);
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

/* ---- What is kept --------------------------------------------------------------------------- */

static double value_cost(const struct store_spec *store, double bytes)
{
    if (store->kind == STORE_MEMCACHED)
        return (memcached_item_bytes + bytes) * (1 + (store->growth - 1) / 2);
    return store_key_bytes + bytes;
}

static struct popularity per_second(const struct work *work, const struct popularity *asks)
{
    struct popularity rates = *asks;

    scale(&rates, 1 / work->seconds);
    return rates;
}

/* Seconds since the last touch of what is evicted; 0: nothing is, for lack of a rule or of need. */
static double lru_age(const struct work *work, const struct service_spec *menus)
{
    const struct store_spec *store = &work->scenario->store;
    const struct popularity asked = per_second(work, &work->menus);
    const struct popularity set = per_second(work, &work->values);
    struct kept kept[2] = {{.bytes = 0}};
    unsigned n = 0;
    double age;

    if (store->memory == 0 || store->eviction == EVICTION_NONE)
        return 0;
    if (menus != NULL)
        kept[n++] = (struct kept){&asked, value_cost(store, menus->menu_bytes), INFINITY};
    if (store->eviction == EVICTION_LRU && set.total > 0)
        kept[n++] = (struct kept){&set, value_cost(store, work->value_bytes), work->value_life};
    age = popularity_lru_age(kept, n, (double)store->memory);
    return age < work->from_s + work->seconds ? age : 0;
}

static double menu_ttl(const struct service_spec *service)
{
    return service->menu_ttl_ns == 0 ? INFINITY : seconds_of(service->menu_ttl_ns);
}

bool cache_evicts_menus(const struct work *work)
{
    const struct service_spec *menus = cache_of_menus(work->scenario);

    return menus != NULL && work->lru_age > 0 && work->lru_age < menu_ttl(menus);
}

/* ---- What is found -------------------------------------------------------------------------- */

static double menus_found(const struct work *work, const struct service_spec *service)
{
    const struct popularity rates = per_second(work, &work->menus);
    double ttl = menu_ttl(service), total = work->menus.total;
    double misses = popularity_first_asks(&work->past->menus, &work->menus);

    if (cache_evicts_menus(work))
        misses = fmax(misses, total * (1 - popularity_hits_lru(&rates, &rates, work->lru_age)));
    else if (ttl < work->from_s + work->seconds)
        misses = fmax(misses, total * (1 - popularity_hits_ttl(&rates, ttl)));
    return total > 0 ? 1 - fmin(1, misses / total) : 0;
}

/* Counters are touched by likes as well, and have pages of their own in memcached. */
static double counts_kept(const struct work *work)
{
    struct popularity touches = work->counts;

    if (work->lru_age <= 0 || work->scenario->store.kind == STORE_MEMCACHED)
        return 1;
    add(&touches, &work->likes, 1);
    touches = per_second(work, &touches);
    return popularity_hits_lru(&work->counts, &touches, work->lru_age);
}

static double counts_found(struct work *work, enum likes_design design)
{
    struct popularity heard = work->past->likes;
    double total = work->counts.total, misses, found, kept = counts_kept(work);

    if (total <= 0)
        return 0;
    if (design == DESIGN_CACHED) {
        misses = popularity_first_asks(&work->past->counts, &work->counts);
    } else {
        add(&heard, &work->likes, 0.5);
        misses = popularity_unheard(&heard, &work->counts);
    }
    found = 1 - fmin(1, misses / total);
    work->has_evicted_counts = kept < found;
    return fmin(found, kept);
}

void cache_work(struct work *work)
{
    const struct scenario *scenario = work->scenario;
    const struct service_spec *menus = cache_of_menus(scenario);

    count_asks(work);
    work->lru_age = lru_age(work, menus);
    work->has_tied_pages =
        scenario->store.kind == STORE_MEMCACHED && work->lru_age > 0 && work->values.total > 0;
    work->has_evicted_counts = false;
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
