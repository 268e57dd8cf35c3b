/* backends.c — Who is behind the balancer, and which of them may be chosen. */
#include "services/balancer/policy/backends.h"

size_t backends_bytes(uint32_t places)
{
    return places * (sizeof(struct backend) + sizeof(uint32_t)) + (size_t)2 * 64;
}

void backends_init(struct backends *backends, struct arena *arena, uint32_t places)
{
    check(places > 0 && places < BACKEND_NONE);
    *backends = (struct backends){
        .all = arena_take(arena, places * sizeof(struct backend)),
        .usable = arena_take(arena, places * sizeof(uint32_t)),
        .all_max = places,
    };
}

static void backends_list(struct backends *backends)
{
    backends->usable_max = 0;
    backends->load = 0;
    for (uint32_t place = 0; place < backends->used_max; place++)
        if (backend_is_usable(&backends->all[place])) {
            backends->usable[backends->usable_max++] = place;
            backends->load += backends->all[place].in_flight;
        }
}

static bool backend_is_free(const struct backend *backend)
{
    return !backend->is_member && backend->in_flight == 0 && !backend->is_watched;
}

static uint32_t backends_free_place(struct backends *backends)
{
    for (uint32_t place = 0; place < backends->used_max; place++)
        if (backend_is_free(&backends->all[place]))
            return place;
    check(backends->used_max < backends->all_max); /* Else: backends_max was sized too small. */
    return backends->used_max++;
}

uint32_t backends_find(const struct backends *backends, uint32_t target)
{
    for (uint32_t place = 0; place < backends->used_max; place++)
        if (backends->all[place].target == target && !backend_is_free(&backends->all[place]))
            return place;
    return BACKEND_NONE;
}

uint32_t backends_join(struct backends *backends, uint32_t target, double weight)
{
    uint32_t place = backends_find(backends, target);
    struct backend *backend;

    check(weight > 0);
    if (place == BACKEND_NONE) {
        place = backends_free_place(backends);
        backends->all[place] = (struct backend){.target = target};
    }
    backend = &backends->all[place];
    if (!backend->is_member) { /* What checks and answers said before it left is forgotten. */
        backend->is_up = true;
        backend->is_ejected = false;
        backend->fell = backend->rose = 0;
        backend->ejections = 0;
    }
    backend->is_member = true;
    backend->weight = weight;
    backends_list(backends);
    return place;
}

void backends_leave(struct backends *backends, uint32_t place)
{
    backends->all[place].is_member = false;
    backends_list(backends);
}

void backends_mark(struct backends *backends, uint32_t place, bool is_up)
{
    backends->all[place].is_up = is_up;
    backends_list(backends);
}

void backends_eject(struct backends *backends, uint32_t place, bool is_ejected)
{
    backends->all[place].is_ejected = is_ejected;
    backends_list(backends);
}

static void backends_set_hidden(struct backends *backends, const uint32_t *places,
                                uint32_t places_max, bool is_hidden)
{
    if (places_max == 0)
        return;
    for (uint32_t i = 0; i < places_max; i++)
        backends->all[places[i]].is_hidden = is_hidden;
    backends_list(backends);
}

void backends_hide(struct backends *backends, const uint32_t *places, uint32_t places_max)
{
    backends_set_hidden(backends, places, places_max, true);
}

void backends_show(struct backends *backends, const uint32_t *places, uint32_t places_max)
{
    backends_set_hidden(backends, places, places_max, false);
}
