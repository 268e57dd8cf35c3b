/* clients.h — The people who ask: one load of a scenario, written against ports like a service.
 *
 * Both worlds run this same code, so both see the same requests at the same intended instants: the
 * draws come from streams of the load's own name and from nothing else. Latency counts from the
 * intended instant, never from when a busy client got round to it.
 *
 *     open:    next arrival ------> ASKED --ok--------------------------> finished
 *     closed:  THINKING ----------> ASKED <--> TOKEN, where people log in     ^
 *                  ^                  | not ok, tries and budget left         |
 *                  |                  v                                       |
 *                  |               BACKOFF --> ASKED      none left ----------+
 *                  +---- finished (closed users begin again)
 *
 * An ok that comes after the client's patience is late, not a success. Who is denied does not knock
 * again with the same token: people log in anew, once, and all others take it as an end. What
 * people do about tokens is in people.h. */
#ifndef SIM_LOAD_CLIENTS_H
#define SIM_LOAD_CLIENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "services/base/list.h"
#include "services/base/pool.h"
#include "services/base/pricing.h"
#include "services/port/ports.h"
#include "services/port/schema.h"
#include "sim/load/arrivals.h"
#include "sim/load/retry.h"

enum { CLIENTS_REQUESTS_MAX = 1 << 20 }; /* Of one load at once; beyond it a request is refused. */

enum request_state {
    REQUEST_THINKING,
    REQUEST_TOKEN, /* Its person is being logged in. */
    REQUEST_ASKED,
    REQUEST_BACKOFF
};

struct person;

struct request {
    struct call call; /* First: a call is its request. */
    struct clients *clients;
    enum request_state state;
    uint32_t attempts;
    uint64_t intended_ns;
    struct ask ask;
    struct person *person; /* Of a load whose people log in; else NULL. */
    struct link link;      /* TOKEN: among those who wait. */
    bool was_denied;
    bool was_held; /* Went out behind its instant, since it waited for a token. */
};

/* What becomes of tokens, for those who keep accounts. */
enum token_news_kind {
    NEWS_LOGIN,
    NEWS_REFRESH,
    NEWS_DENIED, /* A request of a person, with this flaw. */
    NEWS_STOLEN,
    NEWS_REVOKED, /* It is over: this was acknowledged to its person. */
    NEWS_THIEF,   /* Was answered this. */
    NEWS_FORGER   /* The same. */
};

struct token_news {
    enum token_news_kind kind;
    uint32_t service;          /* At which its owner asks. */
    enum token_flaw flaw;      /* DENIED; THIEF and FORGER that were denied. */
    enum call_outcome outcome; /* THIEF, FORGER. */
    uint64_t asked_ns;         /* When it asked. */
    uint64_t revoked_ns;       /* THIEF: since when it should be denied; 0: its victim sleeps. */
    uint64_t accepted_ns; /* THIEF: when it last asked before, after that, and was served; 0. */
    uint64_t expires_ns;  /* THIEF: from when on none may serve it, whatever was revoked. */
    bool is_robbed;       /* REVOKED: of a token that a thief has as well. */
};

/* A poison order is for more than the table takes: its basket, moved beyond the limit. */
static inline bool clients_is_poison(int64_t amount)
{
    return amount > ORDER_AMOUNT_MAX;
}

static inline int64_t clients_basket(int64_t amount)
{
    return clients_is_poison(amount) ? amount - ORDER_AMOUNT_MAX - 1 : amount;
}

/* Who listens: the world counts and audits. finished: outcome as the last try ended, is_late when
 * an ok came after the client's patience. */
struct clients_ears {
    void (*offered)(void *context, const struct request *request);
    void (*tried)(void *context, const struct request *request);
    void (*finished)(void *context, const struct request *request, enum call_outcome outcome,
                     bool is_late);
    void (*token)(void *context, const struct token_news *news);
};

struct clients {
    const struct load_spec *spec;
    struct ports ports; /* timer and peer. */
    const struct clients_ears *ears;
    void *context;
    uint32_t index;   /* Of the load in the scenario. */
    uint32_t tracked; /* Of the load whose orders this one asks after. */
    uint64_t end_ns;
    struct arrivals arrivals;
    struct call next;           /* Sleeps until the next arrival, … */
    uint64_t next_ns;           /* … which is meant to be then. */
    struct dice asks, backoffs; /* What is asked; how long to back off. */
    struct dice poisons;        /* Which orders are poison; their baskets are the same without. */
    struct zipf zipf;
    struct premium premium; /* Whose orders are more urgent. */
    struct retry_budget budget;
    uint64_t asked; /* Requests made so far. */
    struct pool requests;
    struct people *people;   /* NULL: nobody of them holds a token. */
    struct thieves *thieves; /* NULL: there are none. */
};

/* The arena bytes that one load takes. */
size_t clients_bytes(const struct load_spec *spec);

/* The load of that index. scenario, ears and context are borrowed. Requests stop when its duration
 * is over. */
void clients_init(struct clients *clients, const struct scenario *scenario, uint32_t index,
                  uint64_t seed, const struct ports *ports, const struct clients_ears *ears,
                  void *context);
void clients_start(struct clients *clients);

/* ---- For people.c and thieves.c ---- */

/* A stream of this load's chance, by its purpose. */
void clients_stream(struct dice *dice, const struct load_spec *spec, uint64_t seed, const char *of);
uint64_t clients_next_id(struct clients *clients);
uint64_t clients_try_timeout_ns(const struct load_spec *spec);

/* Goes on with a request that waited in REQUEST_TOKEN: asks, or bears that there is no token, for
 * this reason. */
void clients_ask(struct request *request);
void clients_bear(struct request *request, enum call_outcome why);

#endif
