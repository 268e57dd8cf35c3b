/* The three models under random questions and random faults: whatever happens, each call is
 * answered exactly once, and when all is quiet again nothing is left behind. */
#include "tests/lib/test.h"

#include <string.h>

#include "sim/world/queue/rabbit_inside.h"
#include "sim/world/store/store_inside.h"
#include "sim/world/table/table_inside.h"
#include "tests/lib/world_fixture.h"

enum { ASKERS = 200, QUESTIONS = 6000, SEEDS = 12, TIMEOUT_MS = 40 };

struct asker { /* Asks one thing after another, like a flow of a service. */
    struct call call;
    uint32_t node, epoch;
    uint32_t answers[CALL_FAILED + 1];
};

static struct store_spec store = {.way.latency_ns = US(100),
                                  .command_ns = US(20),
                                  .memory = 20000,
                                  .eviction = EVICTION_LRU,
                                  .threads = 3, /* What follows is memcached's. */
                                  .item_max = 1 << 20,
                                  .growth = 1.25};
static struct queue_spec queue = {.way.latency_ns = US(150),
                                  .partitions = 5,
                                  .linger_ns = MS(2),
                                  .batch = 4,
                                  .append_ns = US(300),
                                  .record_ns = US(5),
                                  .replicate_ns = MS(1),
                                  .session_ns = MS(150),
                                  .rebalance_ns = MS(20),
                                  .message_ns = US(50),
                                  .flush_ns = US(700)};
static struct table_spec table = {.way.latency_ns = US(100),
                                  .connections = 6,
                                  .cores = 2,
                                  .statement_ns = US(80),
                                  .row_ns = US(5),
                                  .commit_ns = MS(1)};
static struct fixture *f;
static struct dice dice;
static struct asker askers[ASKERS];

static uint32_t below(uint32_t n)
{
    return (uint32_t)dice_below(&dice, n);
}

static void ask_store(struct store *port, struct call *call)
{
    uint64_t key = below(100), timeout_ns = MS(1 + below(TIMEOUT_MS));

    switch (below(6)) {
    case 5:
        store_set_new(port, call, key, 1, below(300), MS(below(50)), timeout_ns);
        return;
    case 0:
        store_get(port, call, key, timeout_ns);
        return;
    case 1:
        store_set(port, call, key, 1, below(300), MS(below(50)), timeout_ns);
        return;
    case 2:
        store_add(port, call, key, 1, timeout_ns);
        return;
    case 3:
        store_expire(port, call, key, MS(below(50)), timeout_ns);
        return;
    default:
        store_add_if_new(port, call, 1000 + key, below(20), 2000 + key, below(3) > 0 ? 1 : -1,
                         timeout_ns);
        return;
    }
}

static void ask_table(struct table *port, struct call *call)
{
    uint64_t timeout_ns = MS(1 + below(TIMEOUT_MS));
    struct table_op ops[40];
    uint32_t n = 1 + below(below(4) == 0 ? 40 : 3);

    if (below(3) == 0) {
        table_read(port, call, below(2) == 0 ? TABLE_ROW : TABLE_COUNT, TABLE_LIKES, below(20),
                   below(20), timeout_ns);
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        ops[i] = (struct table_op){.verb = (uint8_t)below(TABLE_TALLY + 1),
                                   .table = (uint8_t)(1 + below(3)),
                                   .a = below(8),
                                   .b = below(4),
                                   .value = (int64_t)below(9)};
    table_write(port, call, ops, n, timeout_ns);
}

/* Mostly one that there may be: RabbitMQ's holds the number of a connection. */
static uint64_t some_offset(void)
{
    uint64_t offset = 1 + below(2000);

    if (queue.kind == QUEUE_RABBITMQ)
        offset = (uint64_t)(1 + below(20)) << RABBIT_TAG_BITS | below(100);
    return offset;
}

static void ask_queue(struct queue *port, struct call *call)
{
    uint64_t timeout_ns = MS(1 + below(TIMEOUT_MS));
    struct ask ask = {.key = below(50)};

    switch (below(4)) {
    case 0:
    case 1:
        queue_put(port, call, TOPIC_LIKES, &ask, timeout_ns);
        return;
    case 2:
        queue_take(port, call, TOPIC_LIKES, 1 + below(20), MS(below(5)), timeout_ns);
        return;
    default:
        queue_commit(port, call, TOPIC_LIKES, below(queue.partitions), some_offset(), timeout_ns);
        return;
    }
}

static void ask_something(struct asker *asker)
{
    struct node *node = &f->nodes[asker->node];

    asker->epoch = node->epoch;
    switch (below(3)) {
    case 0:
        ask_store(&node->store, &asker->call);
        return;
    case 1:
        ask_table(&node->table, &asker->call);
        return;
    default:
        ask_queue(&node->queue, &asker->call);
        return;
    }
}

static void note(struct call *call)
{
    struct asker *asker = (struct asker *)(void *)call;

    assert_int_equal(asker->epoch, f->nodes[asker->node].epoch);
    asker->answers[call->outcome]++;
}

/* ---- Faults --------------------------------------------------------------------------------- */

static void break_something(void)
{
    switch (below(11)) {
    case 0:
        store_model_crash(f->store);
        return;
    case 1:
        store_model_pause(f->store);
        return;
    case 2:
        store_model_cut(f->store, true);
        return;
    case 3:
        table_model_crash(f->table);
        return;
    case 4:
        table_model_pause(f->table);
        return;
    case 5:
        queue_model_crash(f->queue);
        return;
    case 6:
        queue_model_pause(f->queue);
        return;
    case 7:
        queue_model_cut(f->queue, true);
        return;
    case 8:
        f->nodes[below(4)].resumes_ns = now_of(f) + MS(below(400));
        return;
    case 9:
        table_model_cut(f->table, true);
        return;
    default:
        f->nodes[below(4)].is_cut = true;
        return;
    }
}

static void mend_everything(void)
{
    store_model_restart(f->store);
    store_model_resume(f->store);
    store_model_cut(f->store, false);
    table_model_restart(f->table);
    table_model_resume(f->table);
    table_model_cut(f->table, false);
    queue_model_restart(f->queue);
    queue_model_resume(f->queue);
    queue_model_cut(f->queue, false);
    for (uint32_t i = 0; i < 4; i++)
        f->nodes[i].is_cut = false;
}

static void kill_one(void)
{
    uint32_t node = below(4);

    if (below(3) == 0)
        queue_model_node_left(f->queue, &f->nodes[node]);
    kill_node(f, node);
    for (uint32_t i = 0; i < ASKERS; i++)
        if (askers[i].node == node) /* Its memory is gone; a new process begins. */
            askers[i].call = (struct call){.done = note};
}

static void live(void)
{
    for (uint32_t i = 0; i < QUESTIONS; i++) {
        struct asker *asker = &askers[below(ASKERS)];

        if (asker->call.outcome != CALL_PENDING)
            ask_something(asker);
        run_for(f, US(below(300)));
        if (below(60) == 0)
            break_something();
        if (below(40) == 0)
            mend_everything();
        if (below(300) == 0)
            kill_one();
    }
    mend_everything();
    run_for(f, SECONDS(3));
}

/* ---- What must hold ------------------------------------------------------------------------- */

static void assert_kafka_is_empty(void)
{
    assert_int_equal(f->queue->puts.taken, 0);
    assert_int_equal(f->queue->letters.taken, 0);
    assert_int_equal(f->queue->batches.taken, 0);
    assert_int_equal(f->queue->requests.taken, 0);
    assert_int_equal(f->queue->open.length, 0);
    assert_int_equal(f->queue->open_batches.length, 0);
    assert_int_equal(f->queue->at_broker.length, 0);
    assert_int_equal(f->queue->frozen.length, 0);
}

/* Messages stay; each is in one place. */
static void assert_rabbit_is_empty(void)
{
    const struct rabbit_model *rabbit = (const struct rabbit_model *)(const void *)f->queue;
    uint32_t channels = 0;

    assert_int_equal(rabbit->puts.taken, 0);
    assert_int_equal(rabbit->requests.taken, 0);
    assert_int_equal(rabbit->frozen_puts.length, 0);
    assert_int_equal(rabbit->frozen_acks.length, 0);
    assert_int_equal(rabbit->blocked.length, 0);
    for (uint32_t i = 0; i < TOPIC_KINDS; i++) {
        assert_null(rabbit->queues[i].working);
        assert_int_equal(rabbit->queues[i].line.length, 0);
        assert_int_equal(rabbit->queues[i].dirty.length, 0);
        assert_int_equal(rabbit->queues[i].flushing.length, 0);
        channels += rabbit->queues[i].channels.length;
    }
    assert_int_equal(rabbit->channels.taken, channels);
}

static void assert_nothing_is_left_behind(void)
{
    assert_int_equal(f->store->commands.taken, 0);
    assert_int_equal(f->table->transactions.taken, 0);
    for (uint32_t i = 0; i < f->table->pools_max; i++)
        assert_int_equal(f->table->pools[i].taken, 0);
    assert_int_equal(f->table->cores_taken, 0);
    assert_int_equal(f->table->idle_locks.length, f->table->lock_records.taken);
    for (uint32_t i = 0; i < TABLE_BLOCK_SIZES; i++)
        assert_int_equal(f->table->blocks[i].taken, 0);
    if (queue.kind == QUEUE_RABBITMQ)
        assert_rabbit_is_empty();
    else
        assert_kafka_is_empty();
    assert_true(queue_model_is_whole(f->queue));
    for (uint32_t i = 0; i < f->store->threads_max; i++) {
        assert_int_equal(f->store->threads[i].waiting.length, 0);
        assert_null(f->store->threads[i].served);
    }
    assert_int_equal(f->table->inside.length, 0);
}

static void assert_lag_adds_up(void)
{
    uint64_t lag = queue_model_group_lag(f->queue, "worker");

    assert_int_equal(queue_model_lag(f->queue), lag);
}

static void assert_rows_are_counted(void)
{
    struct table_row row;
    uint64_t rows[8] = {0};

    for (size_t cursor = 0; table_model_next(f->table, TABLE_LIKES, &cursor, &row);)
        rows[row.a]++;
    for (uint64_t a = 0; a < 8; a++) {
        struct question question;

        table_read(&f->nodes[5].table, question_begin(f, &question), TABLE_COUNT, TABLE_LIKES, a, 0,
                   SECONDS(1));
        run_for(f, MS(20));
        assert_told(&question, (int64_t)rows[a]);
    }
}

static void assert_everybody_was_answered(void)
{
    uint32_t answers[CALL_FAILED + 1] = {0};

    for (uint32_t i = 0; i < ASKERS; i++) {
        assert_int_not_equal(askers[i].call.outcome, CALL_PENDING);
        for (uint32_t outcome = 0; outcome <= CALL_FAILED; outcome++)
            answers[outcome] += askers[i].answers[outcome];
    }
    for (enum call_outcome outcome = CALL_OK; outcome <= CALL_FAILED; outcome++)
        assert_true(outcome == CALL_SHED || answers[outcome] > 0); /* The faults were felt. */
}

static void run_seed(uint64_t seed, enum store_kind kind)
{
    dice_init(&dice, seed, "swarm");
    store.kind = kind;
    queue.acks = (enum queue_acks)below(3);
    queue.retention = below(2) * 100;
    queue.kind = (enum queue_server)(seed % 2);
    queue.prefetch = 1 + below(30);
    queue.single_active = below(4) == 0;
    table.group_commit = below(2) == 0;
    table.writers = (uint32_t)below(3);
    table.connections_each = below(2) * 2;
    store.eviction = (enum eviction)below(3);
    store.is_persistent = below(2) == 0 && kind == STORE_REDIS;
    store.way.jitter_ns = below(2) * US(100);
    queue.way.jitter_ns = below(2) * US(100);
    table.way.jitter_ns = below(2) * US(100);
    f = fixture_open(&store, &queue, &table, 0);
    f->network.loss = below(2) * 0.02;
    memset(askers, 0, sizeof askers);
    for (uint32_t i = 0; i < ASKERS; i++)
        askers[i] = (struct asker){.call.done = note, .node = i % 4};
    live();
    assert_everybody_was_answered();
    assert_nothing_is_left_behind();
    assert_lag_adds_up();
    f->network.loss = 0;
    assert_rows_are_counted();
    fixture_close(f);
}

static void every_call_is_answered_once_and_nothing_is_left_behind(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        print_message("seed %d\n", (int)seed);
        run_seed(seed, STORE_REDIS);
        run_seed(seed, STORE_MEMCACHED);
    }
}

static void the_same_seed_gives_the_same_history(void **state)
{
    char first[65], second[65];

    (void)state;
    for (int i = 0; i < 2; i++) {
        dice_init(&dice, 5, "swarm");
        f = fixture_open(&store, &queue, &table, 0);
        for (uint32_t n = 0; n < ASKERS; n++)
            askers[n] = (struct asker){.call.done = note, .node = n % 4};
        live();
        events_fingerprint(f->events, i == 0 ? first : second);
        fixture_close(f);
    }
    assert_string_equal(first, second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_is_answered_once_and_nothing_is_left_behind),
        cmocka_unit_test(the_same_seed_gives_the_same_history),
    };

    return cmocka_run_group_tests_name("models_swarm", tests, NULL, NULL);
}
