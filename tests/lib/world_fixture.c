/* world_fixture.c — A world of nodes and models without services. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/world/world_inside.h"
#include "tests/lib/world_fixture.h"

static const size_t arena_bytes = (size_t)8 << 30;

static void init_node(struct fixture *fixture, uint32_t id)
{
    struct node *node = &fixture->nodes[id];

    node->world = fixture->world;
    node->id = id;
    node->state = NODE_READY;
    snprintf(node->name, sizeof node->name, "worker/%u", id);
    node->store.ops = &store_model_ops;
    if (fixture->queue != NULL)
        node->queue.ops = queue_model_ops(fixture->queue);
    node->table.ops = &table_model_ops;
}

struct fixture *fixture_open(const struct store_spec *store, const struct queue_spec *queue,
                             const struct table_spec *table, uint64_t warmup_ns)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    assert_non_null(fixture);
    fixture->world = calloc(1, sizeof *fixture->world);
    assert_non_null(fixture->world);
    assert_true(arena_open(&fixture->arena, arena_bytes));
    fixture->events = events_open(EVENTS_FAST, 1 << 20);
    assert_non_null(fixture->events);
    link_init(&fixture->link, fixture->events, &fixture->network, 1);
    fixture->setup = (struct model_setup){.events = fixture->events,
                                          .link = &fixture->link,
                                          .arena = &fixture->arena,
                                          .seed = 1,
                                          .warmup_ns = warmup_ns};
    if (store != NULL)
        fixture->store = store_model_open(&fixture->setup, store);
    if (queue != NULL)
        fixture->queue = queue_model_open(&fixture->setup, queue);
    if (table != NULL)
        fixture->table = table_model_open(&fixture->setup, table);
    fixture->world->parts = (struct world_parts){.events = fixture->events,
                                                 .link = &fixture->link,
                                                 .store = fixture->store,
                                                 .queue = fixture->queue,
                                                 .table = fixture->table};
    for (uint32_t id = 0; id < FIXTURE_NODES; id++)
        init_node(fixture, id);
    return fixture;
}

void fixture_close(struct fixture *fixture)
{
    events_close(fixture->events);
    arena_close(&fixture->arena);
    free(fixture->world);
    free(fixture);
}

static void note(struct call *call)
{
    struct question *question = (struct question *)(void *)call;
    size_t records = call->value < FIXTURE_RECORDS_MAX ? (size_t)call->value : FIXTURE_RECORDS_MAX;

    question->times++;
    question->done_ns = events_now_ns(question->fixture->events);
    if (call->span != NULL)
        memcpy(question->records, call->span, records * sizeof(struct record));
}

struct call *question_begin(struct fixture *fixture, struct question *question)
{
    question->call = (struct call){.done = note};
    question->fixture = fixture;
    question->done_ns = 0;
    question->times = 0;
    return &question->call;
}

void run_until(struct fixture *fixture, uint64_t until_ns)
{
    while (events_step(fixture->events, until_ns))
        continue;
    events_advance(fixture->events, until_ns);
    assert_false(events_are_full(fixture->events));
}

void run_for(struct fixture *fixture, uint64_t for_ns)
{
    run_until(fixture, now_of(fixture) + for_ns);
}

uint64_t now_of(const struct fixture *fixture)
{
    return events_now_ns(fixture->events);
}

void kill_node(struct fixture *fixture, uint32_t node)
{
    fixture->nodes[node].epoch++;
    if (fixture->queue != NULL)
        queue_model_node_died(fixture->queue, &fixture->nodes[node]);
    if (fixture->table != NULL)
        table_model_node_died(fixture->table, &fixture->nodes[node]);
}

void assert_told_at(const struct question *question, enum call_outcome outcome, int64_t value,
                    uint64_t at_ns)
{
    assert_outcome(question, outcome);
    assert_int_equal(question->call.value, value);
    assert_int_equal(question->done_ns, at_ns);
}

void assert_outcome(const struct question *question, enum call_outcome outcome)
{
    assert_int_equal(question->call.outcome, outcome);
    assert_int_equal(question->times, outcome != CALL_PENDING);
}

void assert_told(const struct question *question, int64_t value)
{
    assert_outcome(question, CALL_OK);
    assert_int_equal(question->call.value, value);
}
