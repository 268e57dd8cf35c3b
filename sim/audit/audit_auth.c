/* audit_auth.c — What became of tokens, and of those who showed what was not theirs.
 *
 *   at once       no forged token is served where tokens are looked at, nor an expired one that a
 *                 thief holds
 *   at the end    no revoked token was served after its logout was acknowledged, where the store
 *                 is asked every time: session and jwt_denylist
 *
 * The last one holds only as long as the store keeps what it was told: a store that lost keys in a
 * crash or evicted them for room has promised nothing, nor has a denylist that accepts without it.
 * What was served then is a figure and no broken invariant.
 *
 * Exposure: from the acknowledged logout to the last time that the thief asked and was served. */
#include <string.h>

#include "sim/audit/audit_inside.h"

static bool is_gateway(const struct service_spec *service)
{
    return service->kind == KIND_GATEWAY;
}

/* Looks each token up and refuses when it cannot: a revoked one is never let in, as long as the
 * store forgets nothing. */
static bool asks_every_time(const struct service_spec *service)
{
    return is_gateway(service) && !service->auth.accepts_without_store &&
           (service->auth.kind == AUTH_SESSION || service->auth.kind == AUTH_JWT_DENYLIST);
}

/* Whether people show tokens at such a service. */
static bool is_shown_at(const struct scenario *scenario,
                        bool (*is_such)(const struct service_spec *service))
{
    for (uint32_t i = 0; i < scenario->loads_max; i++)
        if (scenario->loads[i].auth.as != LOAD_NOBODY &&
            is_such(&scenario->services[scenario->loads[i].service]))
            return true;
    return false;
}

void audit_auth_init(struct audit *audit)
{
    audit->result->auth.is_used = is_shown_at(audit->scenario, is_gateway);
}

static void count_exposure(struct auth_result *auth, const struct token_news *news)
{
    uint64_t from_ns = news->accepted_ns > 0 ? news->accepted_ns : news->revoked_ns;
    uint64_t exposure_ns = news->asked_ns - news->revoked_ns;

    auth->exposure_sum_ms += (double)(news->asked_ns - from_ns) * 1e-6;
    if ((double)exposure_ns * 1e-6 > auth->exposure_max_ms)
        auth->exposure_max_ms = (double)exposure_ns * 1e-6;
}

static void heard_thief(struct audit *audit, const struct token_news *news, bool is_measured)
{
    struct auth_result *auth = &audit->result->auth;

    auth->hostile += is_measured;
    if (!call_is_served(news->outcome))
        return;
    audit->result->invariants_checked++;
    if (news->asked_ns >= news->expires_ns)
        audit_break(audit, "no expired token is accepted", "asked at %.6f s, expired at %.6f s",
                    (double)news->asked_ns * 1e-9, (double)news->expires_ns * 1e-9);
    if (news->revoked_ns == 0 || news->asked_ns <= news->revoked_ns)
        return;
    audit->revoked_accepted += asks_every_time(&audit->scenario->services[news->service]);
    auth->accepted_after_revocation += is_measured;
    if (news->revoked_ns >= audit->scenario->warmup_ns) /* As those are that exposures counts. */
        count_exposure(auth, news);
}

static void heard_forger(struct audit *audit, const struct token_news *news, bool is_measured)
{
    struct auth_result *auth = &audit->result->auth;
    bool is_served = call_is_served(news->outcome);

    auth->hostile += is_measured;
    auth->forged_accepted += is_measured && is_served;
    audit->result->invariants_checked++;
    if (is_served && audit->scenario->services[news->service].auth.kind != AUTH_NONE)
        audit_break(audit, "no forged token is accepted", "asked at %.6f s",
                    (double)news->asked_ns * 1e-9);
}

void audit_auth_heard(struct audit *audit, const struct token_news *news)
{
    struct auth_result *auth = &audit->result->auth;
    bool is_measured = timer_now_ns(audit->timer) >= audit->scenario->warmup_ns;

    if (is_measured && news->flaw > TOKEN_SOUND && news->flaw < TOKEN_FLAWS)
        auth->refused[news->flaw]++;
    switch (news->kind) {
    case NEWS_LOGIN:
        auth->logins += is_measured;
        return;
    case NEWS_REFRESH:
        auth->refreshes += is_measured;
        return;
    case NEWS_DENIED:
        return;
    case NEWS_STOLEN:
        auth->stolen += is_measured;
        return;
    case NEWS_REVOKED:
        auth->revoked += is_measured;
        auth->exposures += is_measured && news->is_robbed;
        return;
    case NEWS_THIEF:
        heard_thief(audit, news, is_measured);
        return;
    case NEWS_FORGER:
        heard_forger(audit, news, is_measured);
        return;
    }
}

static bool has_store_faults(const struct scenario *scenario)
{
    for (uint32_t i = 0; i < scenario->faults_max; i++)
        if (strcmp(scenario->faults[i].target, "store") == 0)
            return true;
    return false;
}

/* One look-up without an answer, be it a lost message, is enough for a denylist that then
 * accepts. */
static bool is_promised(const struct audit *audit, const struct evidence *evidence)
{
    const struct scenario *scenario = audit->scenario;

    return is_shown_at(scenario, asks_every_time) && !evidence->has_store_evicted &&
           (scenario->store.is_persistent || !has_store_faults(scenario));
}

void audit_auth_end(struct audit *audit, const struct evidence *evidence)
{
    if (!is_promised(audit, evidence))
        return;
    audit->result->invariants_checked++;
    if (audit->revoked_accepted > 0)
        audit_break(audit, "no revoked token is accepted", "%llu requests of thieves were served",
                    (unsigned long long)audit->revoked_accepted);
}
