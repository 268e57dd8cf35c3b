/* people.h — People who log in: the token that each of them holds, and what they do about it.
 *
 *   state       what comes             errand    ok                 not ok
 *   ---------   --------------------   -------   ----------------   ------------------------------
 *   without     a request              LOGIN     holds one          the request bears it
 *   holds one   its time is over       REFRESH   holds a new one    the same; denied: without
 *               it is time to leave    LOGOUT    without            holds it; again in a second
 *               a request is denied    none      without
 *
 * One errand of a person is out at a time; requests that come meanwhile wait for its end. Errands
 * are requests like any other: offered, tried, finished, and in every figure.
 *
 * A share of the logins ends with a logout, `after` the login; of some of those the reason is a
 * thief, who has the token that was in hand at that moment and goes on with it (thieves.h). Each
 * person has chance of their own, so that what befalls one does not hang on when others logged
 * in: both worlds see the same people leave. */
#ifndef SIM_LOAD_PEOPLE_H
#define SIM_LOAD_PEOPLE_H

#include "sim/load/clients.h"

struct thief;

struct person {
    struct request errand; /* First: its call is the person. */
    struct call alarm;     /* Sleeps until it leaves. */
    struct list waiting;   /* struct request.link: they want a token. */
    struct dice dice;
    uint64_t number;
    uint64_t token;      /* 0: none. */
    uint64_t expires_ns; /* Renewed from then on: its life, counted from when it was asked for, … */
    uint64_t latest_ns;   /* … and from when it came, after which nobody may accept it. */
    bool is_met, is_busy; /* It has asked once; its errand is out. */
    bool is_asleep;       /* Its alarm is set. */
    bool is_leaving, is_robbed;
    struct thief *thief; /* Who has its token, and goes on; NULL. */
};

struct people {
    struct person *all;
    uint64_t seed;
    uint64_t lifetime_ns; /* Of what a login gives. */
    uint64_t leeway_ns;
    bool refreshes;
};

size_t people_bytes(const struct load_spec *spec);

/* NULL: nobody of this load holds a token, since nobody wants one or nobody is asked for one. */
struct people *people_open(struct clients *clients, const struct scenario *scenario, uint64_t seed);

/* Whose request it is: by the user, or under closed arrivals by the place. NULL: nobody's. */
struct person *people_who(struct clients *clients, struct request *request);

/* The request has a token now. False: it waits for one, and clients_ask or clients_bear follow. */
bool people_hold(struct request *request);

/* The request's token was denied: another one may do better. */
void people_denied(struct request *request);

#endif
