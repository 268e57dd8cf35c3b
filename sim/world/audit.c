/* audit.c — What must hold, held against the run while it runs and once it has drained.
 *
 *   after events   no core idles beside a waiting task; offered = ok + late + failed + in flight
 *   at the end     Little's law as an identity at every service; no group has committed beyond a
 *                  log's end; and what customers were told is true: audit_likes.c, audit_orders.c
 *
 * The auditor stands beside the client: it listens to what is asked and what is answered. */
#include <stdarg.h>
#include <stdio.h>

#include "sim/world/world_inside.h"

void audit_break(struct world *world, const char *name, const char *finding, ...)
{
    struct result *result = world->result;
    va_list arguments;

    if (result->invariants_violated < RESULT_BREAKS_MAX) {
        struct break_result *kept = &result->breaks[result->invariants_violated];

        snprintf(kept->name, sizeof kept->name, "%s", name);
        va_start(arguments, finding);
        vsnprintf(kept->finding, sizeof kept->finding, finding, arguments);
        va_end(arguments);
        kept->at_ns = world_now_ns(world);
    }
    result->invariants_violated++;
}

/* ---- What the clients say -------------------------------------------------------------------- */

static void heard_offered(void *context, const struct request *request)
{
    struct world *world = context;

    world->offered++;
    measure_offered(&world->measure, request->intended_ns);
    audit_likes_offered(world, request);
    audit_orders_offered(world, request);
}

static void heard_tried(void *context, const struct request *request)
{
    struct world *world = context;

    measure_attempt(&world->measure, request->intended_ns);
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
    case CALL_IDLE:
    case CALL_PENDING:
    case CALL_OK:
    case CALL_ABSENT:
    case CALL_FAILED:
        return FAILURE_ERROR;
    }
    return FAILURE_ERROR;
}

static void count(struct world *world, const struct request *request, enum call_outcome outcome,
                  bool is_late)
{
    struct measure *measure = &world->measure;
    uint64_t now_ns = world_now_ns(world);

    if (world_has_planted(world, PLANT_LOST_REQUEST) && world->finished % 1000 == 999)
        return;
    if (is_late)
        measure_late(measure, request->intended_ns, now_ns);
    else if (outcome == CALL_OK || outcome == CALL_ABSENT)
        measure_ok(measure, request->intended_ns, now_ns);
    else
        measure_failed(measure, request->intended_ns, now_ns, audit_failure(outcome));
}

static void heard_finished(void *context, const struct request *request, enum call_outcome outcome,
                           bool is_late)
{
    struct world *world = context;

    count(world, request, outcome, is_late);
    world->finished++;
    world->has_finished = true;
    audit_likes_finished(world, request, outcome);
    audit_orders_finished(world, request, outcome, is_late);
}

const struct clients_ears audit_ears = {heard_offered, heard_tried, heard_finished};

/* ---- After each event ------------------------------------------------------------------------ */

static void check_accounts(struct world *world)
{
    const struct requests_result *requests = &world->result->requests;
    uint64_t sum = requests->ok + requests->late + requests->in_flight;

    for (int i = 0; i < FAILURES; i++)
        sum += requests->failed[i];
    world->result->invariants_checked++;
    if (sum != requests->offered)
        audit_break(world, "offered = ok + late + failed + in flight", "%llu offered, %llu found",
                    (unsigned long long)requests->offered, (unsigned long long)sum);
    if (world->scenario->warmup_ns == 0 && requests->in_flight != world->offered - world->finished)
        audit_break(world, "every request that ends is counted", "%llu in flight, %llu counted",
                    (unsigned long long)(world->offered - world->finished),
                    (unsigned long long)requests->in_flight);
}

void audit_event(struct world *world)
{
    if (world->touched != NULL) {
        world->result->invariants_checked++;
        if (!processor_is_busy_enough(&world->touched->processor))
            audit_break(world, "no core idles beside a waiting task", "%s: %u of %u busy, %u wait",
                        world->touched->name, world->touched->processor.busy,
                        world->touched->processor.cores, world->touched->processor.waiting.length);
        world->touched = NULL;
    }
    if (world->has_finished) {
        world->has_finished = false;
        check_accounts(world);
    }
}

/* ---- At the end ------------------------------------------------------------------------------ */

/* The area under "how many are inside" is the sum of the stays: of those who left, of those still
 * there, less what they had stayed before the figures began. */
static void check_little(struct world *world, struct group *group)
{
    uint64_t now_ns = world_now_ns(world);
    unsigned __int128 area = area_sum(&group->inside.length, now_ns);
    unsigned __int128 stays = group->inside.stays_ns;

    for (uint32_t i = 0; i < group->replicas_max; i++)
        for (struct link *link = group->replicas[i].visits.head.next;
             link != &group->replicas[i].visits.head; link = link->next)
            stays += now_ns - list_entry(link, struct exchange, inside)->arrived_ns;
    world->result->invariants_checked++;
    if (area + group->carried_ns != stays)
        audit_break(world, "Little's law", "%s: area %.9f s, stays %.9f s", group->spec->name,
                    (double)area * 1e-9, (double)(stays - group->carried_ns) * 1e-9);
}

static void check_offsets(struct world *world)
{
    const struct queue_spec *queue = &world->scenario->queue;

    for (uint32_t g = 0; g < world->groups_max; g++)
        for (enum schema_topic topic = TOPIC_LIKES; topic < TOPIC_KINDS; topic++)
            for (uint32_t i = 0; i < queue->partitions; i++) {
                uint64_t end = queue_model_end(world->parts.queue, topic, i);
                uint64_t at = queue_model_committed(world->parts.queue, world->groups[g].spec->name,
                                                    topic, i);

                world->result->invariants_checked++;
                if (at > end)
                    audit_break(world, "no offset beyond the log's end",
                                "%s, topic %d, partition %u: %llu of %llu",
                                world->groups[g].spec->name, topic, i, (unsigned long long)at,
                                (unsigned long long)end);
            }
}

void audit_end(struct world *world)
{
    bool has_drained = world->result->end == RUN_DONE && world_is_quiet(world);

    check_accounts(world);
    for (uint32_t i = 0; i < world->groups_max; i++) {
        check_little(world, &world->groups[i]);
        if (world->groups[i].front != NULL)
            check_little(world, world->groups[i].front);
    }
    check_offsets(world);
    audit_likes_end(world, has_drained);
    audit_orders_end(world, has_drained);
}
