/* people.c — Errands: who logs in, stays logged in, and leaves. */
#include "sim/load/people.h"

#include <stdio.h>
#include <string.h>

#include "sim/load/thieves.h"

enum { PEOPLE_MAX = 1 << 20 }; /* Beyond it they share: two with the same token. */

static const uint64_t again_ns = 1000000000;

static void errand_ends(struct call *call);
static void alarm_rings(struct call *call);

static uint64_t people_max(const struct load_spec *spec)
{
    uint64_t people = spec->arrivals == ARRIVALS_CLOSED ? spec->users : spec->people;

    return people < PEOPLE_MAX ? people : PEOPLE_MAX;
}

size_t people_bytes(const struct load_spec *spec)
{
    if (spec->auth.as != LOAD_PEOPLE)
        return 0;
    return sizeof(struct people) + sizeof(struct person) * people_max(spec) + 256;
}

struct people *people_open(struct clients *clients, const struct scenario *scenario, uint64_t seed)
{
    const struct load_spec *spec = clients->spec;
    const struct service_spec *asked = &scenario->services[spec->service];
    struct people *people;

    if (spec->auth.as != LOAD_PEOPLE || asked->kind != KIND_GATEWAY ||
        asked->auth.kind == AUTH_NONE)
        return NULL;
    people = arena_take(clients->ports.arena, sizeof *people);
    people->all =
        arena_take_untouched(clients->ports.arena, sizeof(struct person) * people_max(spec));
    people->seed = seed;
    people->refreshes = asked->auth.kind != AUTH_SESSION;
    people->lifetime_ns = people->refreshes ? asked->auth.ttl_ns : asked->auth.session_ns;
    people->leeway_ns = asked->auth.leeway_ns;
    return people;
}

static void meet(struct person *person, struct clients *clients, uint64_t number)
{
    char of[32];

    memset(person, 0, sizeof *person);
    arena_touch(clients->ports.arena, sizeof *person);
    snprintf(of, sizeof of, "person %llu", (unsigned long long)number);
    clients_stream(&person->dice, clients->spec, clients->people->seed, of);
    list_init(&person->waiting);
    person->errand.clients = clients;
    person->errand.call.done = errand_ends;
    person->alarm.done = alarm_rings;
    person->number = number;
    person->is_met = true;
}

struct person *people_who(struct clients *clients, struct request *request)
{
    const struct load_spec *spec = clients->spec;
    uint64_t number = request->ask.user;
    struct person *person;

    if (clients->people == NULL)
        return NULL;
    if (spec->arrivals == ARRIVALS_CLOSED)
        number = 1 + (uint64_t)((unsigned char *)request - clients->requests.records) /
                         clients->requests.record_size;
    person = &clients->people->all[(number - 1) % people_max(spec)];
    if (!person->is_met)
        meet(person, clients, number);
    request->ask.user = number;
    return person;
}

/* ---- Errands --------------------------------------------------------------------------------- */

static void tell(struct person *person, struct token_news news)
{
    struct clients *clients = person->errand.clients;

    news.service = clients->spec->service;
    clients->ears->token(clients->context, &news);
}

static void errand_begin(struct person *person, enum verb verb)
{
    struct request *errand = &person->errand;
    struct clients *clients = errand->clients;

    person->is_busy = true;
    errand->state = REQUEST_ASKED;
    errand->attempts = 1;
    errand->intended_ns = timer_now_ns(clients->ports.timer);
    errand->ask = (struct ask){.verb = (uint8_t)verb,
                               .priority = clients->spec->priority,
                               .user = person->number,
                               .id = clients_next_id(clients),
                               .token = verb == VERB_LOGIN ? 0 : person->token};
    clients->ears->offered(clients->context, errand);
    clients->ears->tried(clients->context, errand);
    peer_ask(clients->ports.peer, &errand->call, clients->spec->service, &errand->ask,
             clients_try_timeout_ns(clients->spec));
}

/* Those who wait now; who comes to wait again is for the next errand. */
static void let_go(struct person *person, enum call_outcome outcome)
{
    for (uint32_t left = person->waiting.length; left > 0; left--) {
        struct request *request =
            list_entry(list_take_first(&person->waiting), struct request, link);

        if (call_is_served(outcome))
            clients_ask(request);
        else
            clients_bear(request, outcome);
    }
}

/* ---- Logging in ------------------------------------------------------------------------------ */

static void plan_to_leave(struct person *person)
{
    const struct load_auth_spec *auth = &person->errand.clients->spec->auth;
    double chance = dice_uniform(&person->dice);
    uint64_t after_ns = dist_draw_ns(&auth->after, &person->dice);

    if (chance >= auth->stolen + auth->logout || person->is_asleep)
        return;
    person->is_robbed = chance < auth->stolen;
    person->is_asleep = true;
    timer_sleep(person->errand.clients->ports.timer, &person->alarm, after_ns);
}

/* The token lives from when it was made, which was after it was asked for. */
static void take_token(struct person *person, enum token_news_kind how)
{
    const struct request *errand = &person->errand;

    person->token = (uint64_t)errand->call.value;
    person->expires_ns = errand->intended_ns + errand->clients->people->lifetime_ns;
    person->latest_ns = timer_now_ns(errand->clients->ports.timer) +
                        errand->clients->people->lifetime_ns + errand->clients->people->leeway_ns;
    tell(person, (struct token_news){.kind = how});
    if (how == NEWS_LOGIN)
        plan_to_leave(person);
}

/* ---- Leaving --------------------------------------------------------------------------------- */

static void leave(struct person *person)
{
    if (person->is_busy || person->token == 0)
        return;
    if (person->is_robbed && person->thief == NULL) {
        person->thief = thief_begin(person->errand.clients, person);
        if (person->thief != NULL)
            tell(person, (struct token_news){.kind = NEWS_STOLEN});
        person->is_robbed = person->thief != NULL;
    }
    errand_begin(person, VERB_REVOKE);
}

static void alarm_rings(struct call *call)
{
    struct person *person = list_entry(call, struct person, alarm);
    const struct clients *clients = person->errand.clients;

    person->is_asleep = false;
    if (timer_now_ns(clients->ports.timer) >= clients->end_ns || person->token == 0)
        return;
    person->is_leaving = true;
    leave(person);
}

static void try_again_later(struct person *person)
{
    if (person->is_asleep)
        return;
    person->is_asleep = true;
    timer_sleep(person->errand.clients->ports.timer, &person->alarm, again_ns);
}

/* A session that is not there any more cannot be ended: that is the end of it, too. */
static void has_left(struct person *person, enum call_outcome outcome)
{
    if (!call_is_served(outcome) && outcome != CALL_DENIED) {
        try_again_later(person);
        return;
    }
    tell(person, (struct token_news){.kind = NEWS_REVOKED, .is_robbed = person->is_robbed});
    if (person->thief != NULL)
        thief_is_noticed(person->thief);
    person->thief = NULL;
    person->token = 0;
    person->is_leaving = person->is_robbed = false;
}

/* ---- How errands end ------------------------------------------------------------------------- */

static void errand_ends(struct call *call)
{
    struct person *person = (struct person *)call;
    struct clients *clients = person->errand.clients;
    enum call_outcome outcome = call->outcome;
    bool is_refresh = person->errand.ask.verb == VERB_REFRESH;
    bool is_logout = person->errand.ask.verb == VERB_REVOKE;

    person->is_busy = false;
    clients->ears->finished(clients->context, &person->errand, outcome, false);
    if (is_logout)
        has_left(person, outcome);
    else if (outcome == CALL_OK)
        take_token(person, is_refresh ? NEWS_REFRESH : NEWS_LOGIN);
    else if (is_refresh && outcome == CALL_DENIED)
        person->token = 0;
    if (person->is_leaving && !is_logout)
        leave(person);
    let_go(person, is_logout || (is_refresh && outcome == CALL_DENIED) ? CALL_OK : outcome);
}

/* ---- Requests -------------------------------------------------------------------------------- */

bool people_hold(struct request *request)
{
    struct person *person = request->person;
    const struct clients *clients = request->clients;
    bool is_fresh = person->token != 0 && timer_now_ns(clients->ports.timer) < person->expires_ns;

    request->ask.token = person->token;
    if (is_fresh && !(person->is_busy && person->errand.ask.verb == VERB_REVOKE))
        return true;
    request->state = REQUEST_TOKEN;
    request->was_held = true;
    list_push_last(&person->waiting, &request->link);
    if (!person->is_busy)
        errand_begin(person,
                     person->token != 0 && clients->people->refreshes ? VERB_REFRESH : VERB_LOGIN);
    return false;
}

void people_denied(struct request *request)
{
    struct person *person = request->person;

    tell(person,
         (struct token_news){.kind = NEWS_DENIED, .flaw = (enum token_flaw)request->call.value});
    if (person->token == request->ask.token)
        person->token = 0;
}
