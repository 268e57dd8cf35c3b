/* auth.c — What it costs to ask who somebody is, and how long a thief stays in.
 *
 *   signatures   ρ = λ E[verify]                  of one core
 *   look-ups     λ, one round trip each           a session, or a denylist
 *   refreshes    N / TTL                          each signed anew
 *   exposure     TTL / 2 on average, TTL at most  where nobody looks a token up: a revocation falls
 *                                                 anywhere in the token's life; both longer by the
 *                                                 leeway for clocks that differ
 *
 * Forgers are turned away at the door and are no customers: they are left out. */
#include "sim/theory/lines_inside.h"

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
    double rate = services_visits(work, s) * services_let_in(work, s);
    double users = users_of(work->scenario, s);
    double verify = seconds_of(work->scenario->tokens.verify_ns[spec->auth.algorithm]);
    double ttl = seconds_of(spec->auth.ttl_ns);

    say(work, THEORY_TOKENS_VERIFY, spec->name, ratio(rate * verify), "%s × %s");
    with(work, 2, per_s(rate), ms(verify), ratio(0));
    if (users > 0) {
        say(work, THEORY_TOKENS_REFRESH, spec->name, per_s(users / ttl), "%s / %s");
        with(work, 2, count(users), ms(ttl), ratio(0));
    }
}

static void say_exposure(struct work *work, const struct service_spec *spec)
{
    double ttl = seconds_of(spec->auth.ttl_ns), leeway = seconds_of(spec->auth.leeway_ns);

    if (auth_looks_up(spec)) {
        say(work, THEORY_EXPOSURE_MOST, spec->name, ms(0), "");
        return;
    }
    say(work, leeway > 0 ? THEORY_EXPOSURE_LEEWAY : THEORY_EXPOSURE_MEAN, spec->name,
        ms(ttl / 2 + leeway), leeway > 0 ? "%s / 2 + %s" : "%s / 2");
    with(work, leeway > 0 ? 2 : 1, ms(ttl), ms(leeway), ratio(0));
    say(work, THEORY_EXPOSURE_MOST, spec->name, ms(ttl + leeway), "");
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
            per_s(services_visits(work, s) * services_let_in(work, s)), "");
    say_exposure(work, spec);
}
