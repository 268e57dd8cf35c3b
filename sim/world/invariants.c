/* invariants.c — What must hold, and what the virtual world alone can check: it sees every core,
 * every stay and every offset.
 *
 *   after events   what processor.h promises: no core idles beside a waiting task, one at a time
 *                  computes by the interpreter's lock
 *   at the end     Little's law as an identity at every service; no group has committed beyond a
 *                  log's end, and every message of a work queue is in one place
 *
 * What customers were told is judged by sim/audit, with the evidence of evidence.c. */
#include "sim/world/world_inside.h"

void invariants_event(struct world *world)
{
    struct node *touched = world->touched;

    if (touched != NULL) {
        const char *finding = processor_finding(&touched->processor);

        world->result->invariants_checked++;
        if (finding != NULL)
            audit_break(&world->audit, finding, "%s: %u of %u busy, %u wait", touched->name,
                        touched->processor.busy, touched->processor.cores,
                        processor_waiting(&touched->processor));
        world->touched = NULL;
    }
    audit_event(&world->audit);
}

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
        audit_break(&world->audit, "Little's law", "%s: area %.9f s, stays %.9f s",
                    group->spec->name, (double)area * 1e-9,
                    (double)(stays - group->carried_ns) * 1e-9);
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
                    audit_break(&world->audit, "no offset beyond the log's end",
                                "%s, topic %d, partition %u: %llu of %llu",
                                world->groups[g].spec->name, topic, i, (unsigned long long)at,
                                (unsigned long long)end);
            }
}

/* Ends of logs count from the beginning, warm-up or not. */
static uint64_t dead_letters(const struct world *world)
{
    uint64_t letters = 0;

    for (uint32_t i = 0; i < world->scenario->queue.partitions; i++)
        letters += queue_model_end(world->parts.queue, TOPIC_DEAD, i);
    return letters;
}

void invariants_end(struct world *world)
{
    bool has_drained = world->result->end == RUN_DONE && world_is_quiet(world);
    struct evidence evidence = {.ops = &evidence_world_ops,
                                .context = world,
                                .has_store_evicted = store_model_has_evicted(world->parts.store),
                                .dead_letters = dead_letters(world)};

    for (uint32_t i = 0; i < world->groups_max; i++) {
        check_little(world, &world->groups[i]);
        if (world->groups[i].front != NULL)
            check_little(world, world->groups[i].front);
    }
    check_offsets(world);
    world->result->invariants_checked++;
    if (!queue_model_is_whole(world->parts.queue))
        audit_break(&world->audit, "every message is in one place",
                    "messages that were in the queue are not ready, not with a consumer, not gone");
    audit_end(&world->audit, &evidence, has_drained);
}
