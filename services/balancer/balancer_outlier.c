/* balancer_outlier.c — Who fails again and again is left out for a while.
 *
 *   in --outlier_failures in a row--> ejected --outlier_for x ejections so far, ten at most--> in
 *
 * The visits themselves are the check: this finds a replica that answers VERB_HEALTH and fails all
 * else, and it finds a dead one within a few requests and not within `fall` checks. After Envoy
 * ("Outlier detection": consecutive_5xx, base_ejection_time, max_ejection_percent): one may always
 * be ejected, whatever the share says, and further ones as long as those ejected are no more than
 * outlier_share of the members; an ejection is forgiven for every outlier_for that a replica has
 * been in since.
 *
 * Failures are CALL_TIMEOUT, CALL_FAILED and CALL_REFUSED. CALL_SHED is none, otherwise than in
 * Envoy, for which a 503 is a 5xx: who sheds is alive and says that it has enough, and ejecting it
 * would hand its load to others who have enough too, until the last one has all of it. It is no
 * success either: it does not break a row. What was sent before a replica came back is not counted.
 *
 * The share is there for failures that are nobody's own (a database that all wait for): then half
 * of them go on serving, instead of one. The last replica that is up stays in any case.
 *
 * Active checks go on meanwhile and neither eject nor bring back. Nobody needs to be woken: who is
 * ejected comes back at the first choice after its time. A replica that comes back starts slowly,
 * where that is wanted (as in nginx). */
#include "services/balancer/balancer_flow.h"

enum { EJECTIONS_MAX = 10 };

/* How those who are behind the balancer stand, apart from one of them. */
struct others {
    uint32_t members, ejected, in;
};

static struct others count_others(const struct backends *backends, uint32_t place)
{
    struct others others = {0};

    for (uint32_t i = 0; i < backends->used_max; i++) {
        const struct backend *backend = &backends->all[i];

        if (i == place || !backend->is_member)
            continue;
        others.members++;
        others.ejected += backend->is_ejected;
        others.in += backend_is_usable(backend);
    }
    return others;
}

static bool may_go(const struct balancer *balancer, uint32_t place)
{
    struct others others = count_others(&balancer->backends, place);
    uint32_t most = (uint32_t)(balancer->config.outlier_share * (others.members + 1));

    return others.in > 0 && (others.ejected == 0 || others.ejected < most);
}

static void eject(struct balancer *balancer, uint32_t place, uint64_t now_ns)
{
    struct backend *backend = &balancer->backends.all[place];
    uint64_t for_ns = balancer->config.outlier_for_ns;
    uint64_t forgiven = (now_ns - backend->since_ns) / for_ns;

    backend->ejections -= forgiven < backend->ejections ? (uint32_t)forgiven : backend->ejections;
    backend->ejections += backend->ejections < EJECTIONS_MAX;
    backend->ejected_until_ns = now_ns + for_ns * backend->ejections;
    if (backend->ejected_until_ns < balancer->returns_ns)
        balancer->returns_ns = backend->ejected_until_ns;
    backends_eject(&balancer->backends, place, true);
}

static bool is_judged(const struct backend *backend, const struct try *try)
{
    return backend_is_usable(backend) && try->sent_ns >= backend->since_ns;
}

void balancer_outlier_note(struct balancer *balancer, const struct try *try, uint64_t now_ns)
{
    struct backend *backend = &balancer->backends.all[try->place];

    if (balancer->config.outlier_failures == 0 || !is_judged(backend, try))
        return;
    switch (try->call.outcome) {
    case CALL_OK:
    case CALL_ABSENT:
    case CALL_DENIED: /* It did its work. */
        backend->failures = 0;
        return;
    case CALL_TIMEOUT:
    case CALL_FAILED:
    case CALL_REFUSED:
        backend->failures += backend->failures < UINT32_MAX;
        break;
    case CALL_SHED:
    case CALL_IDLE:
    case CALL_PENDING:
        return;
    }
    if (backend->failures >= balancer->config.outlier_failures && may_go(balancer, try->place))
        eject(balancer, try->place, now_ns);
}

void balancer_outlier_return(struct balancer *balancer, uint64_t now_ns)
{
    struct backends *backends = &balancer->backends;

    if (now_ns < balancer->returns_ns)
        return;
    balancer->returns_ns = UINT64_MAX;
    for (uint32_t place = 0; place < backends->used_max; place++) {
        struct backend *backend = &backends->all[place];

        if (!backend->is_ejected)
            continue;
        if (backend->ejected_until_ns <= now_ns) {
            backend_came(backend, now_ns);
            backends_eject(backends, place, false);
        } else if (backend->ejected_until_ns < balancer->returns_ns) {
            balancer->returns_ns = backend->ejected_until_ns;
        }
    }
}
