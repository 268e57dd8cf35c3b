/* thieves.c — Asks with stolen and forged tokens, and tells what came of it.
 *
 *   thief    ASKS --whatever comes--> PAUSES --> ASKS …   expired, or the end: gone
 *   forger   ASKS --whatever comes--> gone */
#include "sim/load/thieves.h"

enum { THIEVES_MAX = 1 << 16 };

enum thief_state { THIEF_ASKS, THIEF_PAUSES };

struct thief {
    struct call call; /* First. */
    struct clients *clients;
    struct person *person; /* Who has not noticed yet; NULL: it has, or there is none. */
    enum thief_state state;
    bool is_forger;
    struct ask ask;
    uint64_t asked_ns, revoked_ns, accepted_ns, expires_ns;
};

struct thieves {
    struct pool pool;
    uint64_t forged;
};

static bool has_thieves(const struct load_spec *spec)
{
    return spec->auth.as == LOAD_FORGER || (spec->auth.as == LOAD_PEOPLE && spec->auth.stolen > 0);
}

size_t thieves_bytes(const struct load_spec *spec)
{
    return has_thieves(spec)
               ? sizeof(struct thieves) + pool_bytes(sizeof(struct thief), THIEVES_MAX) + 128
               : 0;
}

struct thieves *thieves_open(struct clients *clients)
{
    struct thieves *thieves;

    if (!has_thieves(clients->spec))
        return NULL;
    thieves = arena_take(clients->ports.arena, sizeof *thieves);
    pool_init(&thieves->pool, clients->ports.arena, sizeof(struct thief), THIEVES_MAX);
    return thieves;
}

static enum verb harmless(uint8_t verb)
{
    if (verb == VERB_LIKE || verb == VERB_UNLIKE)
        return VERB_COUNT;
    return verb == VERB_ORDER || verb == VERB_TRACK ? VERB_MENU : (enum verb)verb;
}

static void thief_ask(struct thief *thief)
{
    struct clients *clients = thief->clients;

    thief->state = THIEF_ASKS;
    thief->asked_ns = timer_now_ns(clients->ports.timer);
    thief->ask.id = clients_next_id(clients);
    peer_ask(clients->ports.peer, &thief->call, clients->spec->service, &thief->ask,
             clients_try_timeout_ns(clients->spec));
}

static void thief_goes(struct thief *thief)
{
    if (thief->person != NULL)
        thief->person->thief = NULL;
    pool_give(&thief->clients->thieves->pool, thief);
}

static void thief_tell(struct thief *thief)
{
    struct clients *clients = thief->clients;
    const struct call *call = &thief->call;
    const struct token_news news = {
        .kind = thief->is_forger ? NEWS_FORGER : NEWS_THIEF,
        .service = clients->spec->service,
        .flaw = call->outcome == CALL_DENIED ? (enum token_flaw)call->value : TOKEN_SOUND,
        .outcome = call->outcome,
        .asked_ns = thief->asked_ns,
        .revoked_ns = thief->revoked_ns,
        .accepted_ns = thief->accepted_ns,
        .expires_ns = thief->expires_ns};

    clients->ears->token(clients->context, &news);
    if (thief->revoked_ns > 0 && thief->asked_ns > thief->revoked_ns &&
        call_is_served(call->outcome))
        thief->accepted_ns = thief->asked_ns;
}

/* What was taken back may be let in again, by a store that has forgotten; what has expired is
 * dead. */
static bool is_worthless(const struct call *call)
{
    return call->outcome == CALL_DENIED && call->value == TOKEN_EXPIRED;
}

static void thief_after_answer(struct thief *thief)
{
    const struct clients *clients = thief->clients;

    thief_tell(thief);
    if (thief->is_forger || is_worthless(&thief->call) ||
        timer_now_ns(clients->ports.timer) >= clients->end_ns) {
        thief_goes(thief);
        return;
    }
    thief->state = THIEF_PAUSES;
    timer_sleep(clients->ports.timer, &thief->call, clients->spec->auth.thief_each_ns);
}

static void thief_step(struct call *call)
{
    struct thief *thief = (struct thief *)call;

    switch (thief->state) {
    case THIEF_ASKS:
        thief_after_answer(thief);
        return;
    case THIEF_PAUSES:
        if (timer_now_ns(thief->clients->ports.timer) < thief->clients->end_ns)
            thief_ask(thief);
        else
            thief_goes(thief);
        return;
    }
}

static struct thief *thief_new(struct clients *clients, uint64_t user, uint64_t token)
{
    struct thief *thief = pool_take(&clients->thieves->pool);

    if (thief == NULL)
        return NULL;
    *thief = (struct thief){.call.done = thief_step,
                            .clients = clients,
                            .expires_ns = UINT64_MAX,
                            .ask = {.verb = (uint8_t)harmless(clients->spec->verb),
                                    .priority = clients->spec->priority,
                                    .bytes = clients->spec->bytes,
                                    .key = 1,
                                    .user = user,
                                    .token = token}};
    return thief;
}

/* The victim reckons the token's life from when it was asked for; it was made later than that, and
 * before now. */
struct thief *thief_begin(struct clients *clients, struct person *person)
{
    struct thief *thief = thief_new(clients, person->number, person->token);

    if (thief == NULL)
        return NULL;
    thief->person = person;
    thief->expires_ns = person->latest_ns;
    thief_ask(thief);
    return thief;
}

void thief_is_noticed(struct thief *thief)
{
    thief->revoked_ns = timer_now_ns(thief->clients->ports.timer);
    thief->person = NULL;
}

void thieves_forge(struct clients *clients)
{
    const unsigned flaws = TOKEN_EXPIRED - TOKEN_MALFORMED + 1;
    enum token_flaw flaw = (enum token_flaw)(TOKEN_MALFORMED + clients->thieves->forged++ % flaws);
    struct thief *forger = thief_new(clients, 1, token_forged(flaw));

    if (forger == NULL)
        return;
    forger->is_forger = true;
    thief_ask(forger);
}
