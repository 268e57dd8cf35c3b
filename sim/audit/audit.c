/* audit.c — Hears the clients, keeps the accounts, and at the end calls for the evidence.
 *
 *   after events   offered = ok + late + failed + in flight
 *   at the end     what customers were told is true: audit_likes.c, audit_orders.c, audit_auth.c;
 *                  and counters show what was added: audit_counter.c */
#include "sim/audit/audit.h"

#include <stdarg.h>
#include <stdio.h>

#include "sim/audit/audit_inside.h"

enum { FACTS_EXPECTED = 1 << 16 };

static const size_t room_for_maps = (size_t)1 << 33;

size_t audit_bytes(void)
{
    return audit_orders_bytes() + room_for_maps;
}

void audit_init(struct audit *audit, struct measure *measure, struct timer *timer,
                struct arena *arena)
{
    *audit = (struct audit){.scenario = measure->scenario,
                            .result = measure->result,
                            .measure = measure,
                            .timer = timer,
                            .arena = arena};
    map_init(&audit->likes, arena, FACTS_EXPECTED);
    map_init(&audit->orders, arena, FACTS_EXPECTED);
    audit_orders_init(audit);
    audit_auth_init(audit);
}

void audit_break(struct audit *audit, const char *name, const char *finding, ...)
{
    struct result *result = audit->result;
    va_list arguments;

    if (result->invariants_violated < RESULT_BREAKS_MAX) {
        struct break_result *kept = &result->breaks[result->invariants_violated];

        snprintf(kept->name, sizeof kept->name, "%s", name);
        va_start(arguments, finding);
        vsnprintf(kept->finding, sizeof kept->finding, finding, arguments);
        va_end(arguments);
        kept->at_ns = timer_now_ns(audit->timer);
    }
    result->invariants_violated++;
}

/* ---- What the clients say -------------------------------------------------------------------- */

static void heard_offered(void *context, const struct request *request)
{
    struct audit *audit = context;

    audit->offered++;
    measure_offered(audit->measure, request->intended_ns);
    audit_likes_offered(audit, request);
    audit_orders_offered(audit, request);
}

static void heard_tried(void *context, const struct request *request)
{
    struct audit *audit = context;

    measure_attempt(audit->measure, request->intended_ns);
}

bool audit_leads_to(const struct scenario *scenario, uint32_t service, enum service_kind kind)
{
    const struct service_spec *spec = &scenario->services[service];

    if (spec->kind == KIND_CUSTOM)
        for (uint32_t i = 0; i < spec->steps_max; i++)
            if (spec->steps[i].kind == STEP_ASK &&
                audit_leads_to(scenario, spec->steps[i].service, kind))
                return true;
    if (spec->kind == KIND_GATEWAY)
        return audit_leads_to(scenario, spec->behind, kind);
    return spec->kind == kind;
}

enum failure audit_failure(enum call_outcome outcome)
{
    switch (outcome) {
    case CALL_TIMEOUT:
        return FAILURE_TIMEOUT;
    case CALL_SHED:
        return FAILURE_SHED;
    case CALL_REFUSED:
        return FAILURE_REFUSED;
    case CALL_DENIED:
        return FAILURE_DENIED;
    case CALL_IDLE:
    case CALL_PENDING:
    case CALL_OK:
    case CALL_ABSENT:
    case CALL_FAILED:
        return FAILURE_ERROR;
    }
    return FAILURE_ERROR;
}

static void count(struct audit *audit, const struct request *request, enum call_outcome outcome,
                  bool is_late)
{
    uint64_t now_ns = timer_now_ns(audit->timer);

    if (is_late)
        measure_late(audit->measure, request->intended_ns, now_ns);
    else if (call_is_served(outcome))
        measure_ok(audit->measure, request->intended_ns, now_ns);
    else
        measure_failed(audit->measure, request->intended_ns, now_ns, audit_failure(outcome));
}

/* A menu that is seen in time earns from advertising. */
static void note_view(struct audit *audit, const struct request *request, enum call_outcome outcome,
                      bool is_late)
{
    bool is_yes = call_is_served(outcome);

    if (request->ask.verb == VERB_MENU)
        measure_view(audit->measure, request->intended_ns, request->ask.id, request->ask.user,
                     is_yes && !is_late, is_yes ? FAILURES : audit_failure(outcome));
}

static void heard_finished(void *context, const struct request *request, enum call_outcome outcome,
                           bool is_late)
{
    struct audit *audit = context;

    count(audit, request, outcome, is_late);
    audit->finished++;
    audit->has_finished = true;
    note_view(audit, request, outcome, is_late);
    audit_likes_finished(audit, request, outcome);
    audit_orders_finished(audit, request, outcome, is_late);
}

static void heard_token(void *context, const struct token_news *news)
{
    audit_auth_heard(context, news);
}

const struct clients_ears audit_ears = {heard_offered, heard_tried, heard_finished, heard_token};

/* ---- What is held against it ----------------------------------------------------------------- */

void audit_accounts(struct audit *audit)
{
    const struct requests_result *requests = &audit->result->requests;
    uint64_t sum = requests->ok + requests->late + requests->in_flight;

    for (int i = 0; i < FAILURES; i++)
        sum += requests->failed[i];
    audit->has_finished = false;
    audit->result->invariants_checked++;
    if (sum != requests->offered)
        audit_break(audit, "offered = ok + late + failed + in flight", "%llu offered, %llu found",
                    (unsigned long long)requests->offered, (unsigned long long)sum);
    if (audit->scenario->warmup_ns == 0 && requests->in_flight != audit->offered - audit->finished)
        audit_break(audit, "every request that ends is counted", "%llu in flight, %llu counted",
                    (unsigned long long)(audit->offered - audit->finished),
                    (unsigned long long)requests->in_flight);
}

void audit_end(struct audit *audit, const struct evidence *evidence, bool has_drained)
{
    audit_accounts(audit);
    audit_likes_end(audit, evidence, has_drained);
    audit_orders_end(audit, evidence, has_drained);
    audit_auth_end(audit, evidence);
    audit_counter_end(audit);
}
