/* ask.h — What one side asks of another: the vocabulary on the wire, and the door it comes in by.
 *
 * An ask is small and flat. The virtual world copies it, the live world writes it as an HTTP
 * request (services/live/README.md says how) and reads it back. */
#ifndef SERVICES_PORT_ASK_H
#define SERVICES_PORT_ASK_H

#include <stdbool.h>
#include <stdint.h>

#include "services/port/call.h"

enum verb {
    VERB_CALL,    /* custom: run the handler's steps. key: any. */
    VERB_HEALTH,  /* Are you well? Answered at once, without a place in the queue. */
    VERB_LIKE,    /* key: post, user: who. Value: 1 new, 0 already there. */
    VERB_UNLIKE,  /* key: post, user: who. Value: 1 removed, 0 was not there. */
    VERB_COUNT,   /* key: post. Value: likes shown. */
    VERB_MENU,    /* key: restaurant. Value: the menu's version. */
    VERB_ORDER,   /* key: restaurant, user, id: idempotency key, amount: basket. Value: order. */
    VERB_TRACK,   /* id: order. Value: enum order_status of services/port/schema.h. */
    VERB_LOGIN,   /* user: who. Value: a token, tokens.h. */
    VERB_REFRESH, /* token: whose session is to go on. Value: a new token of the same session. */
    VERB_REVOKE,  /* token: whose session is to end. Value: 1; CALL_ABSENT: it had ended before. */
    VERB_MAX
};

/* "menu", "order" … as a scenario and a record of the log write it. */
static inline const char *verb_name(uint32_t verb)
{
    static const char *const names[VERB_MAX] = {
        [VERB_CALL] = "call",       [VERB_HEALTH] = "health", [VERB_LIKE] = "like",
        [VERB_UNLIKE] = "unlike",   [VERB_COUNT] = "count",   [VERB_MENU] = "menu",
        [VERB_ORDER] = "order",     [VERB_TRACK] = "track",   [VERB_LOGIN] = "login",
        [VERB_REFRESH] = "refresh", [VERB_REVOKE] = "revoke",
    };

    check(verb < VERB_MAX);
    return names[verb];
}

enum { ASK_BYTES_MAX = 16 << 20 }; /* As much as a scenario may say (load.bytes). */

struct ask {
    uint8_t verb;         /* enum verb */
    uint8_t priority;     /* 0 ordinary; higher is served first where shedding is by priority. */
    uint8_t attempt;      /* 0 for the first try. */
    uint8_t zone;         /* Delivery area, 0 … 255. */
    uint32_t bytes;       /* Size of the body on the wire; ASK_BYTES_MAX at most. */
    uint64_t key;         /* What it is about; STORE_ID_MAX at most. */
    uint64_t user;        /* Who asks. */
    uint64_t id;          /* The same for every attempt of one request: the idempotency key. */
    int64_t amount;       /* Money, minor units; of an order never below 0. */
    uint64_t deadline_ns; /* Nobody waits beyond it; 0: no deadline. Compare with timer_now_ns. */
    uint64_t token;       /* Who asks, and that it is so: a handle of tokens.h; 0: none is shown. */
};

/* Whether nobody waits any more. */
static inline bool ask_is_late(const struct ask *ask, uint64_t now_ns)
{
    return ask->deadline_ns != 0 && now_ns >= ask->deadline_ns;
}

/* How long to wait for what is asked on its behalf: to its deadline, timeout_ns at most; 0: it is
 * late. */
static inline uint64_t ask_time_left_ns(const struct ask *ask, uint64_t now_ns, uint64_t timeout_ns)
{
    uint64_t left_ns = timeout_ns;

    if (ask_is_late(ask, now_ns))
        return 0;
    if (ask->deadline_ns != 0 && ask->deadline_ns - now_ns < timeout_ns)
        left_ns = ask->deadline_ns - now_ns;
    return left_ns;
}

/* A request that came in. The world owns it; the service borrows it from the moment its visit
 * handler runs until it answers, and answers exactly once. */
struct visit {
    struct ask ask;
    void *world[2]; /* The world's own notes. */
};

/* What is being done for a visit; from a request's arrival to its answer in this order. */
enum visit_stage {
    STAGE_DOOR, /* Before any other: it waits for a thread. */
    STAGE_ACCEPT,
    STAGE_ROUTE,
    STAGE_VALIDATE,
    STAGE_DEPENDENCIES,
    STAGE_HANDLE,
    STAGE_VALIDATE_ANSWER,
    STAGE_SERIALISE,
    STAGE_SEND,
    VISIT_STAGES
};

/* "accept", "validate_answer" … */
static inline const char *visit_stage_name(enum visit_stage stage)
{
    static const char *const names[VISIT_STAGES] = {
        "door",   "accept",          "route",     "validate", "dependencies",
        "handle", "validate_answer", "serialise", "send",
    };

    check(stage < VISIT_STAGES);
    return names[stage];
}

struct door {
    const struct door_ops *ops;
};
struct door_ops {
    void (*answer)(struct door *door, struct visit *visit, enum call_outcome outcome, int64_t value,
                   uint32_t bytes);
    void (*stage)(struct door *door, struct visit *visit, enum visit_stage stage, uint64_t ago_ns);
};

/* outcome: CALL_OK, _ABSENT, _TIMEOUT (504), _SHED (503), _REFUSED (502), _FAILED (500) or
 * _DENIED (401; value: enum token_flaw).
 * bytes: size of the answer's body. The visit is the world's again. */
static inline void door_answer(struct door *door, struct visit *visit, enum call_outcome outcome,
                               int64_t value, uint32_t bytes)
{
    check(outcome > CALL_PENDING);
    door->ops->answer(door, visit, outcome, value, bytes);
}

/* The visit, which is inside, has been at this stage since ago_ns before now (but not since before
 * the stage that was named last), until another is named or it is answered; and what is asked in
 * the rest of this step is asked for it. A remark that changes nothing: worlds add up the time that
 * each stage takes. Services that have no stages need not say it. */
static inline void door_stage(struct door *door, struct visit *visit, enum visit_stage stage,
                              uint64_t ago_ns)
{
    check(stage > STAGE_DOOR && stage < VISIT_STAGES);
    door->ops->stage(door, visit, stage, ago_ns);
}

/* A service as the world sees it: a table of what comes in from outside. */
struct service_ops {
    void (*visit)(void *service, struct visit *visit); /* A request; answer it through the door. */
    void (*start)(void *service);                      /* Once, when the node is up. May be NULL. */
};

#endif
