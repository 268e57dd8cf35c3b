/* The whole chain of likes as processes: a service on Redis and the log, a batcher that dies
 * between its two commits, and the one that goes on. */
#define _GNU_SOURCE
#include "tests/lib/test.h"
#include "tests/lib/broker.h"
#include "tests/lib/node_rig.h"
#include "tests/lib/server.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "services/live/node/stats_board.h"
#include "services/live/table/database.h"

enum { LIKES = 300, POSTS = 7, BATCH = 40, WAIT_MS = 90000 };
#define MS UINT64_C(1000000)

struct chain {
    struct redis_server redis;
    struct test_broker broker;
    struct table_settings table;
    char folder[SERVER_FOLDER_MAX];
    struct database *database; /* To look with. */
};

static struct node_stats stats;

static void chain_open(struct chain *chain)
{
    char why[160];

    node_rig_need_both();
    if (redis_missing() != NULL) {
        print_message("SKIPPED: %s\n", redis_missing());
        skip();
    }
    *chain = (struct chain){.table = {.connections = 1, .is_indexed = true}};
    server_make_folder(chain->folder);
    snprintf(chain->table.database, sizeof chain->table.database, "%s/db", chain->folder);
    if (!database_make(&chain->table, 0, why) ||
        (chain->database = database_open(&chain->table, why)) == NULL)
        fail_msg("%s", why);
    redis_open(&chain->redis);
    broker_open(&chain->broker, 2);
}

static void chain_close(struct chain *chain)
{
    broker_close(&chain->broker);
    redis_close(&chain->redis);
    database_close(chain->database);
    server_remove_folder(chain->folder);
}

static struct dist no_time(void)
{
    struct dist none = {.kind = DIST_CONSTANT};

    dist_init(&none);
    return none;
}

static struct node_settings common(const struct chain *chain, uint32_t replica)
{
    struct node_settings settings = node_rig_custom(replica);

    strcpy(settings.run, chain->broker.run);
    settings.queue = chain->broker.settings;
    settings.table = chain->table;
    snprintf(settings.store.server, sizeof settings.store.server, "%s", chain->redis.socket);
    return settings;
}

static struct node_settings likes_settings(const struct chain *chain)
{
    struct node_settings settings = common(chain, 0);

    settings.plan = (struct plan){.kind = PLAN_LIKES};
    settings.plan.likes = (struct likes_config){.design = LIKES_BATCHED,
                                                .ack = LIKES_ACK_QUEUE,
                                                .in_flight = 100,
                                                .work_read = no_time(),
                                                .work_write = no_time(),
                                                .store_timeout_ns = 10000 * MS,
                                                .table_timeout_ns = 10000 * MS,
                                                .queue_timeout_ns = 20000 * MS};
    return settings;
}

static struct node_settings batcher_settings(const struct chain *chain, uint32_t replica)
{
    struct node_settings settings = common(chain, replica);

    settings.plan = (struct plan){.kind = PLAN_BATCHER};
    settings.plan.batcher = (struct batcher_config){.topic = BATCHER_LIKES,
                                                    .batch = BATCH,
                                                    .linger_ns = 20 * MS,
                                                    .attempts = 3,
                                                    .trip_orders = 1,
                                                    .work_batch = no_time(),
                                                    .work_record = no_time(),
                                                    .table_timeout_ns = 10000 * MS,
                                                    .queue_timeout_ns = 10000 * MS};
    return settings;
}

static void like_all(const struct node_process *likes)
{
    char request[64], body[64];

    for (int i = 0; i < LIKES; i++) {
        snprintf(request, sizeof request, "POST /posts/%d/likes", i % POSTS);
        snprintf(body, sizeof body, "{\"user\": %d}", i);
        assert_int_equal(node_rig_ask(likes->port, request, "", body, NULL, 0), 200);
    }
}

struct sum {
    int64_t rows, values;
};

static bool add(void *context, uint64_t a, uint64_t b, int64_t value)
{
    struct sum *sum = context;

    (void)a;
    (void)b;
    sum->rows++;
    sum->values += value;
    return true;
}

static struct sum sum_of(const struct chain *chain, enum schema_table table)
{
    struct sum sum = {0, 0};
    char why[160];

    if (!database_each(chain->database, table, add, &sum, why))
        fail_msg("%s", why);
    return sum;
}

static void wait_for_rows(const struct chain *chain, int64_t rows)
{
    for (int ms = 0; ms < WAIT_MS && sum_of(chain, TABLE_LIKES).rows < rows; ms += 50)
        usleep(50000);
    assert_int_equal(sum_of(chain, TABLE_LIKES).rows, rows);
}

/* Batches of 40 at most: when the first is in SQL there is more to come. */
static void a_batcher_killed_between_its_commits_loses_no_like_and_doubles_none(void **state)
{
    struct chain chain;
    struct node_settings settings;
    struct node_process likes, batcher;

    (void)state;
    chain_open(&chain);
    settings = likes_settings(&chain);
    likes = node_rig_start(&settings);
    like_all(&likes);

    settings = batcher_settings(&chain, 1);
    settings.failpoint = FAILPOINT_BETWEEN_COMMITS;
    batcher = node_rig_start_planted(&settings);
    assert_int_equal(node_rig_wait(&batcher), -1);
    assert_in_range(sum_of(&chain, TABLE_LIKES).rows, 1, BATCH);
    stats_board_close(batcher.board);

    settings = batcher_settings(&chain, 2);
    batcher = node_rig_start(&settings);
    wait_for_rows(&chain, LIKES);
    assert_int_equal(node_rig_ask(batcher.port, "GET /healthz", "", "", NULL, 0), 200);
    assert_int_equal(node_rig_ask(batcher.port, "GET /metrics", "", "", NULL, 0), 200);
    assert_int_equal(node_rig_drain(&batcher), 0);
    node_rig_read(&batcher, &stats);
    assert_int_equal(sum_of(&chain, TABLE_COUNTERS).values, LIKES);
    assert_int_equal(sum_of(&chain, TABLE_COUNTERS).rows, POSTS);
    stats_board_close(batcher.board);

    assert_int_equal(node_rig_drain(&likes), 0);
    node_rig_read(&likes, &stats);
    assert_int_equal(stats.queue_put, LIKES);
    stats_board_close(likes.board);
    chain_close(&chain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batcher_killed_between_its_commits_loses_no_like_and_doubles_none),
    };

    return cmocka_run_group_tests_name("node_chain", tests, NULL, NULL);
}
