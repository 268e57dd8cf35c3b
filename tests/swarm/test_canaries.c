/* Planted bugs: each must be caught by an invariant, or the invariants prove nothing.
 *
 * A bug is compiled in only where SIM_PLANTED_BUGS is defined, and planted by name. The same
 * scenario without it must hold, so that it is the bug that is caught and not the scenario. */
#include "tests/lib/test.h"
#include "tests/lib/trial.h"

#define HEAD "version: 1\nname: canary\nduration: 10s\n"
#define LIKES "load: [{verb: like, rate: 400/s, keys: {n: 20}, people: 300, timeout: 5s}]\n"

static const char station[] =
    HEAD "load: [{verb: call, rate: 950/s}]\n"
         "services: {web: {kind: custom, steps: [{compute: {dist: exponential, mean: 1ms}}]}}\n";

static const char threads_with_a_lock[] =
    HEAD "load: [{verb: call, rate: 700/s}]\n"
         "services: {web: {kind: custom, cores: 2, runtime: gil_threads,\n"
         "  steps: [{compute: {dist: exponential, mean: 1ms}}]}}\n";

static const char likes_in_sql[] = HEAD LIKES "services: {likes: {design: indexed}}\n";

/* One of two consumers dies with records behind; the other takes its partitions over. */
static const char likes_with_a_dying_batcher[] =
    HEAD LIKES "services:\n"
               "  likes: {design: batched, ack: queue, work: {write: 500us}}\n"
               "  batcher: {topic: likes, replicas: 2, batch: 20, linger: 500ms}\n"
               "queue: {partitions: 4, session: 1s, rebalance: 500ms}\n"
               "faults: [{at: 5s, for: 20s, kind: crash, target: batcher/0}]\n";

static const char likes_with_a_dying_consumer[] =
    HEAD LIKES "services:\n"
               "  likes: {design: batched, ack: queue, work: {write: 500us}}\n"
               "  batcher: {topic: likes, replicas: 2, batch: 20, linger: 500ms}\n"
               "queue: {kind: rabbitmq}\n"
               "faults: [{at: 5s, for: 20s, kind: crash, target: batcher/0}]\n";

static const char likes_in_the_store[] =
    HEAD LIKES "services:\n"
               "  likes: {design: batched, ack: queue, work: {write: 500us}}\n"
               "  batcher: {topic: likes, batch: 200, linger: 50ms}\n";

static const char orders_and_a_crash_of_sql[] =
    HEAD "load: [{verb: order, rate: 200/s, timeout: 5s}]\n"
         "services: {delivery: {work: {write: 1ms}}}\n"
         "table: {commit: 50ms}\n"
         "faults: [{at: 5s, for: 2s, kind: crash, target: table}]\n";

/* Thieves go on for longer than the tokens that they stole may live. */
static const char thieves_of_short_tokens[] =
    HEAD "load: [{verb: call, arrivals: closed, users: 20, think: 100ms,\n"
         "        auth: {stolen: 100%, after: 300ms, thief_every: 100ms}}]\n"
         "services:\n"
         "  gateway: {auth: {kind: jwt, ttl: 1s}}\n"
         "  api: {steps: [{compute: 1ms}]}\n";

static const char likes_in_memory[] =
    HEAD "load: [{verb: like, rate: 50/s, keys: {dist: constant}}]\n"
         "services: {counter: {cores: 2, runtime: {threads: 4},\n"
         "  memory: {design: atomic, adds: 10k, work: 100ns}}}\n";

static void run_with(struct trial *trial, const char *yaml, enum planted_bug bug)
{
    const struct world_options options = {.planted = bug};

    trial_run_text_with(trial, yaml, 5, 1, &options);
}

static void expect_caught(const char *yaml, const char *bug, const char *invariant)
{
    struct trial sound, planted;

    if (world_planted(bug) == PLANT_NOTHING)
        skip(); /* This build has no bugs to plant. */
    run_with(&sound, yaml, PLANT_NOTHING);
    trial_holds(&sound);
    run_with(&planted, yaml, world_planted(bug));
    if (planted.results[0]->invariants_violated == 0)
        fail_msg("%s went unseen", bug);
    print_message("  %s: %s\n", bug, planted.results[0]->breaks[0].finding);
    assert_string_equal(planted.results[0]->breaks[0].name, invariant);
    trial_close(&sound);
    trial_close(&planted);
}

static void a_core_that_idles_beside_a_waiting_task_is_caught(void **state)
{
    (void)state;
    expect_caught(station, "idle-core", "no core idles beside a waiting task");
}

static void a_thread_that_computes_without_the_interpreters_lock_is_caught(void **state)
{
    (void)state;
    expect_caught(threads_with_a_lock, "forgets-lock", "one at a time computes by the lock");
}

static void a_request_that_is_counted_nowhere_is_caught(void **state)
{
    (void)state;
    expect_caught(station, "lost-request", "every request that ends is counted");
}

static void a_consumer_that_begins_at_the_logs_end_is_caught(void **state)
{
    (void)state;
    expect_caught(likes_with_a_dying_batcher, "offset-skips",
                  "an acknowledged like is in the table");
}

static void a_queue_that_forgets_what_a_dead_consumer_had_is_caught(void **state)
{
    (void)state;
    expect_caught(likes_with_a_dying_consumer, "offset-skips", "every message is in one place");
}

static void a_like_that_is_counted_twice_is_caught(void **state)
{
    (void)state;
    expect_caught(likes_in_sql, "double-tally", "a like is counted exactly once");
}

static void a_commit_that_is_said_before_the_flush_is_caught(void **state)
{
    (void)state;
    expect_caught(orders_and_a_crash_of_sql, "early-commit", "an accepted order is charged");
}

static void a_counter_that_shows_more_than_was_attempted_is_caught(void **state)
{
    (void)state;
    expect_caught(likes_in_the_store, "adds-twice", "acknowledged <= shown <= attempted");
}

static void a_token_that_is_accepted_after_its_time_is_caught(void **state)
{
    (void)state;
    expect_caught(thieves_of_short_tokens, "never-expires", "no expired token is accepted");
}

static void an_increment_that_is_lost_once_in_a_million_is_caught(void **state)
{
    (void)state;
    expect_caught(likes_in_memory, "atomic-loses", "a counter loses nothing");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_core_that_idles_beside_a_waiting_task_is_caught),
        cmocka_unit_test(a_thread_that_computes_without_the_interpreters_lock_is_caught),
        cmocka_unit_test(a_request_that_is_counted_nowhere_is_caught),
        cmocka_unit_test(a_consumer_that_begins_at_the_logs_end_is_caught),
        cmocka_unit_test(a_queue_that_forgets_what_a_dead_consumer_had_is_caught),
        cmocka_unit_test(a_like_that_is_counted_twice_is_caught),
        cmocka_unit_test(a_commit_that_is_said_before_the_flush_is_caught),
        cmocka_unit_test(a_counter_that_shows_more_than_was_attempted_is_caught),
        cmocka_unit_test(a_token_that_is_accepted_after_its_time_is_caught),
        cmocka_unit_test(an_increment_that_is_lost_once_in_a_million_is_caught),
    };

    return cmocka_run_group_tests_name("canaries", tests, NULL, NULL);
}
