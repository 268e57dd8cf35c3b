/* clients.c — Draws what is asked, asks it, tries again, and says how it ended. */
#include "sim/load/clients.h"

#include <stdio.h>
#include <string.h>

#include "sim/load/people.h"
#include "sim/load/thieves.h"
#include "sim/scenario/prices.h"

static void request_step(struct call *call);

static uint32_t requests_max(const struct load_spec *spec)
{
    return spec->arrivals == ARRIVALS_CLOSED ? spec->users : CLIENTS_REQUESTS_MAX;
}

size_t clients_bytes(const struct load_spec *spec)
{
    return pool_bytes(sizeof(struct request), requests_max(spec)) + people_bytes(spec) +
           thieves_bytes(spec);
}

void clients_stream(struct dice *dice, const struct load_spec *spec, uint64_t seed, const char *of)
{
    char name[NAME_MAX_BYTES + 16];

    snprintf(name, sizeof name, "%s %s", spec->name, of);
    dice_init(dice, seed, name);
}

/* The nearest load of orders before this one, else the first behind it. Where there is none, this
 * one itself: nobody's orders. */
static uint32_t orders_beside(const struct scenario *scenario, uint32_t index)
{
    for (uint32_t i = index; i > 0; i--)
        if (scenario->loads[i - 1].verb == VERB_ORDER)
            return i - 1;
    for (uint32_t i = index + 1; i < scenario->loads_max; i++)
        if (scenario->loads[i].verb == VERB_ORDER)
            return i;
    return index;
}

void clients_init(struct clients *clients, const struct scenario *scenario, uint32_t index,
                  uint64_t seed, const struct ports *ports, const struct clients_ears *ears,
                  void *context)
{
    const struct load_spec *spec = &scenario->loads[index];

    memset(clients, 0, sizeof *clients);
    clients->spec = spec;
    clients->ports = *ports;
    clients->ears = ears;
    clients->context = context;
    clients->index = index;
    clients->tracked = orders_beside(scenario, index);
    clients->end_ns = scenario->duration_ns;
    clients->premium = prices_pricing(&scenario->prices).premium;
    arrivals_init(&clients->arrivals, spec, seed, clients->end_ns);
    clients_stream(&clients->asks, spec, seed, "asks");
    clients_stream(&clients->backoffs, spec, seed, "backoffs");
    clients_stream(&clients->poisons, spec, seed, "poisons");
    zipf_init(&clients->zipf, spec->keys.n > 0 ? spec->keys.n : 1, spec->keys.s);
    pool_init(&clients->requests, ports->arena, sizeof(struct request), requests_max(spec));
    clients->people = people_open(clients, scenario, seed);
    clients->thieves = thieves_open(clients);
}

static uint64_t draw_key(struct clients *clients)
{
    const struct keys_spec *keys = &clients->spec->keys;

    switch (keys->dist) {
    case KEYS_ZIPF:
        return zipf_draw(&clients->zipf, &clients->asks);
    case KEYS_UNIFORM:
        return 1 + dice_below(&clients->asks, keys->n);
    case KEYS_CONSTANT:
        return 1;
    }
    return 1;
}

/* The n-th request of a load, from 1 on; no two of a run have the same. */
static uint64_t request_id(uint32_t load, uint64_t n)
{
    return (uint64_t)(load + 1) << 40 | n;
}

uint64_t clients_next_id(struct clients *clients)
{
    return request_id(clients->index, ++clients->asked);
}

/* Whether somebody is a member follows from who they are: no chance is drawn for it. */
static uint8_t priority_of(const struct clients *clients, const struct ask *ask)
{
    const struct premium *premium = &clients->premium;

    if (ask->verb == VERB_ORDER && premium->priority > ask->priority &&
        pricing_is_member(premium, ask->user))
        return premium->priority;
    return ask->priority;
}

/* No basket is beyond what the table takes, however far the tail of its distribution reaches. */
static int64_t draw_amount(struct clients *clients)
{
    uint64_t drawn = dist_draw_ns(&clients->spec->amount, &clients->asks);
    int64_t basket = drawn < (uint64_t)ORDER_AMOUNT_MAX ? (int64_t)drawn : ORDER_AMOUNT_MAX;

    if (clients->spec->poison > 0 && dice_chance(&clients->poisons, clients->spec->poison))
        return basket + ORDER_AMOUNT_MAX + 1;
    return basket;
}

/* Draws nothing that the load does not use, so that a simple load stays a cheap one. */
static void draw_ask(struct clients *clients, struct ask *ask)
{
    const struct load_spec *spec = clients->spec;

    *ask = (struct ask){.verb = spec->verb, .priority = spec->priority, .bytes = spec->bytes};
    ask->key = draw_key(clients);
    ask->user = spec->people > 1 ? 1 + dice_below(&clients->asks, spec->people) : 1;
    ask->zone = spec->zones > 1 ? (uint8_t)dice_below(&clients->asks, spec->zones) : 0;
    if (spec->verb == VERB_ORDER)
        ask->amount = draw_amount(clients);
    ask->priority = priority_of(clients, ask);
    ask->id = clients_next_id(clients);
    if (spec->verb == VERB_TRACK) /* Some order, perhaps one that is not placed yet. */
        ask->id = request_id(clients->tracked, 1 + dice_below(&clients->asks, clients->asked));
}

uint64_t clients_try_timeout_ns(const struct load_spec *spec)
{
    return spec->timeout_ns > 0 ? spec->timeout_ns : PEER_FOR_EVER_NS;
}

/* With a token, where people hold one: who has none yet waits for it, and is asked then. */
void clients_ask(struct request *request)
{
    struct clients *clients = request->clients;

    if (request->person != NULL && !people_hold(request))
        return;
    request->state = REQUEST_ASKED;
    request->ask.attempt = (uint8_t)(request->attempts < 255 ? request->attempts : 255);
    request->attempts++;
    clients->ears->tried(clients->context, request);
    peer_ask(clients->ports.peer, &request->call, clients->spec->service, &request->ask,
             clients_try_timeout_ns(clients->spec));
}

static void request_begin(struct request *request, uint64_t intended_ns)
{
    struct clients *clients = request->clients;
    const struct load_spec *spec = clients->spec;

    request->intended_ns = intended_ns;
    request->attempts = 0;
    request->was_denied = false;
    request->was_held = false;
    draw_ask(clients, &request->ask);
    if (spec->passes_deadline && spec->patience_ns > 0)
        request->ask.deadline_ns = intended_ns + spec->patience_ns;
    retry_first_try(&clients->budget, &spec->retry);
    request->person = people_who(clients, request);
    clients->ears->offered(clients->context, request);
    clients_ask(request);
}

/* The next one is meant for the end of the thought, however late a real clock wakes us. */
static void request_think(struct request *request)
{
    struct clients *clients = request->clients;
    uint64_t think_ns = dist_draw_ns(&clients->spec->think, &clients->asks);

    request->state = REQUEST_THINKING;
    request->intended_ns = timer_now_ns(clients->ports.timer) + think_ns;
    timer_sleep(clients->ports.timer, &request->call, think_ns);
}

static bool is_within_patience(const struct request *request, uint64_t now_ns)
{
    uint64_t patience = request->clients->spec->patience_ns;

    return patience == 0 || now_ns - request->intended_ns <= patience;
}

static void request_finish(struct request *request)
{
    struct clients *clients = request->clients;
    enum call_outcome outcome = request->call.outcome;
    bool is_ok = call_is_served(outcome);
    uint64_t now_ns = timer_now_ns(clients->ports.timer);

    clients->ears->finished(clients->context, request, outcome,
                            is_ok && !is_within_patience(request, now_ns));
    if (clients->spec->arrivals != ARRIVALS_CLOSED)
        pool_give(&clients->requests, request);
    else if (now_ns < clients->end_ns)
        request_think(request);
}

/* Not ok. Again, if there is a try left, the budget allows it, and somebody will still wait. */
static void request_retry(struct request *request)
{
    struct clients *clients = request->clients;
    const struct retry_spec *retry = &clients->spec->retry;
    uint64_t delay_ns = retry_delay_ns(retry, request->attempts, &clients->backoffs);
    uint64_t now_ns = timer_now_ns(clients->ports.timer);

    if (!is_within_patience(request, now_ns + delay_ns) ||
        !retry_allows(&clients->budget, retry, request->attempts)) {
        request_finish(request);
        return;
    }
    request->state = REQUEST_BACKOFF;
    timer_sleep(clients->ports.timer, &request->call, delay_ns);
}

void clients_bear(struct request *request, enum call_outcome why)
{
    request->call.outcome = why;
    request->attempts++;
    request_retry(request);
}

/* The same token would be denied again. */
static void request_denied(struct request *request)
{
    bool is_first = !request->was_denied;

    request->was_denied = true;
    if (request->person != NULL)
        people_denied(request);
    if (request->person != NULL && is_first)
        clients_ask(request);
    else
        request_finish(request);
}

static void request_step(struct call *call)
{
    struct request *request = (struct request *)call;

    switch (request->state) {
    case REQUEST_THINKING:
        if (timer_now_ns(request->clients->ports.timer) < request->clients->end_ns)
            request_begin(request, request->intended_ns);
        return;
    case REQUEST_ASKED:
        if (call_is_served(call->outcome))
            request_finish(request);
        else if (call->outcome == CALL_DENIED)
            request_denied(request);
        else
            request_retry(request);
        return;
    case REQUEST_BACKOFF:
        clients_ask(request);
        return;
    case REQUEST_TOKEN:
        check(request->state != REQUEST_TOKEN); /* It asks nobody. */
        return;
    }
}

/* All of this load's records are out: the request is offered and refused, and counted so. */
static void refuse_one(struct clients *clients, uint64_t intended_ns)
{
    struct request refused = {.clients = clients, .intended_ns = intended_ns, .attempts = 1};

    draw_ask(clients, &refused.ask);
    clients->ears->offered(clients->context, &refused);
    clients->ears->finished(clients->context, &refused, CALL_REFUSED, false);
}

static struct request *request_new(struct clients *clients)
{
    struct request *request = pool_take(&clients->requests);

    if (request != NULL)
        *request = (struct request){.call.done = request_step, .clients = clients};
    return request;
}

/* On a real clock we may wake late, and then the next one may be due already. */
static void sleep_to_next(struct clients *clients)
{
    uint64_t next_ns = arrivals_next_ns(&clients->arrivals);
    uint64_t now_ns = timer_now_ns(clients->ports.timer);

    clients->next_ns = next_ns;
    if (next_ns < clients->end_ns)
        timer_sleep(clients->ports.timer, &clients->next, next_ns > now_ns ? next_ns - now_ns : 0);
}

static void arrive(struct call *call)
{
    struct clients *clients = list_entry(call, struct clients, next);
    struct request *request;

    if (clients->spec->auth.as == LOAD_FORGER) {
        thieves_forge(clients);
        sleep_to_next(clients);
        return;
    }
    request = request_new(clients);
    if (request != NULL)
        request_begin(request, clients->next_ns);
    else
        refuse_one(clients, clients->next_ns);
    sleep_to_next(clients);
}

void clients_start(struct clients *clients)
{
    clients->next.done = arrive;
    if (clients->spec->arrivals != ARRIVALS_CLOSED) {
        sleep_to_next(clients);
        return;
    }
    for (uint32_t i = 0; i < clients->spec->users; i++)
        request_think(request_new(clients));
}
