/* auth.c — What it costs to ask who somebody is, and how long a thief stays in.
 *
 *   signatures   ρ = λ E[verify]                  of one core
 *   look-ups     λ, one round trip each           a session, or a denylist
 *   refreshes    N / TTL                          each signed anew
 *   exposure     TTL / 2 on average, TTL at most  where nobody looks a token up: a revocation falls
 *                                                 anywhere in the token's life
 *
 * Forgers are turned away at the door and are no customers: they are left out. */
#include "sim/theory/theory_inside.h"

bool auth_signs(const struct service_spec *spec)
{
    return spec->kind == KIND_GATEWAY &&
           (spec->auth.kind == AUTH_JWT || spec->auth.kind == AUTH_JWT_DENYLIST);
}

bool auth_looks_up(const struct service_spec *spec)
{
    return spec->kind == KIND_GATEWAY &&
           (spec->auth.kind == AUTH_SESSION || spec->auth.kind == AUTH_JWT_DENYLIST);
}

/* People under closed arrivals; who comes by open arrivals comes too rarely to be counted so. */
static double users_of(const struct scenario *scenario, uint32_t gateway)
{
    double users = 0;

    for (uint32_t l = 0; l < scenario->loads_max; l++)
        if (scenario->loads[l].service == gateway && scenario->loads[l].auth.as == LOAD_PEOPLE &&
            scenario->loads[l].arrivals == ARRIVALS_CLOSED)
            users += scenario->loads[l].users;
    return users;
}

static void say_signatures(struct work *work, uint32_t s)
{
    const struct service_spec *spec = &work->scenario->services[s];
    double rate = services_visits(work, s), users = users_of(work->scenario, s);
    double verify = seconds_of(work->scenario->tokens.verify_ns[spec->auth.algorithm]);
    double ttl = seconds_of(spec->auth.ttl_ns);

    say(work, THEORY_TOKENS_VERIFY, spec->name, (struct theory_number){THEORY_RATIO, rate * verify},
        "%s × %s");
    say_with(work, (struct theory_number){THEORY_RATE, rate});
    say_with(work, (struct theory_number){THEORY_MS, verify * 1e3});
    if (users > 0) {
        say(work, THEORY_TOKENS_REFRESH, spec->name,
            (struct theory_number){THEORY_RATE, users / ttl}, "%s / %s");
        say_with(work, (struct theory_number){THEORY_COUNT, users});
        say_with(work, (struct theory_number){THEORY_MS, ttl * 1e3});
    }
}

static void say_exposure(struct work *work, const struct service_spec *spec)
{
    double ttl_ms = seconds_of(spec->auth.ttl_ns) * 1e3;
    double leeway_ms = seconds_of(spec->auth.leeway_ns) * 1e3;

    if (auth_looks_up(spec)) {
        say(work, THEORY_EXPOSURE_MOST, spec->name, (struct theory_number){THEORY_MS, 0}, "");
        return;
    }
    say(work, THEORY_EXPOSURE_MEAN, spec->name,
        (struct theory_number){THEORY_MS, ttl_ms / 2 + leeway_ms}, "%s / 2");
    say_with(work, (struct theory_number){THEORY_MS, ttl_ms});
    say(work, THEORY_EXPOSURE_MOST, spec->name,
        (struct theory_number){THEORY_MS, ttl_ms + leeway_ms}, "");
}

void lines_of_gateway(struct work *work, uint32_t s)
{
    const struct service_spec *spec = &work->scenario->services[s];

    if (spec->kind != KIND_GATEWAY || spec->auth.kind == AUTH_NONE || services_visits(work, s) <= 0)
        return;
    if (auth_signs(spec))
        say_signatures(work, s);
    if (auth_looks_up(spec))
        say(work, THEORY_TOKENS_LOOKUPS, spec->name,
            (struct theory_number){THEORY_RATE, services_visits(work, s)}, "");
    say_exposure(work, spec);
}
