/* test_store_live.c — The store on a real Redis: stopped, killed, full, and looked into.
 *
 * What both worlds must do is in tests/port. Here is what only a real server can show: that nothing
 * is lost from the accounts when it dies under load, that a Redis that hangs costs bounded memory,
 * and what stands in it afterwards. A second client looks at the server as an operator would with
 * redis-cli. */
#include "tests/live/at_redis.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { LIKES = 10000, USERS = 3000, MANY = 50, FLOOD = 30000, WAVE = 20 };

static bool all_are_told(void *context)
{
    const struct rig *rig = context;

    return rig->told >= rig->asked;
}

static void wait_for_all(struct rig *rig)
{
    assert_true(rig_run_until(rig, all_are_told, rig, RIG_LIMIT_NS));
    assert_int_equal(rig->told, rig->asked);
    assert_int_equal(rig->too_early, 0);
}

static void begin_like(struct rig *rig, struct rig_question *question, uint64_t user)
{
    store_add_if_new(rig->ports.store, rig_ask(rig, question), likers, user, count, +1,
                     RIG_TIMEOUT_NS);
}

/* ---- A Redis that stands still --------------------------------------------------------------- */

static void a_stopped_redis_times_out_every_call_and_serves_when_it_goes_on(void **state)
{
    static struct rig_question q[MANY];
    struct rig *rig = *state;
    uint64_t waited = rig->stats.waited[STATS_STORE], missed = rig->stats.store_missed;

    redis_signal(rig_redis(rig), SIGSTOP);
    for (uint64_t i = 0; i < MANY; i++)
        store_get(rig->ports.store, rig_ask(rig, &q[i]), i, MS(40));
    for (uint64_t i = 0; i < MANY; i++)
        rig_expect(&q[i], CALL_TIMEOUT, 0);
    assert_int_equal(inside_of(rig)->commands.taken, MANY);
    redis_signal(rig_redis(rig), SIGCONT);
    begin_like(rig, &q[0], 1);
    rig_expect(&q[0], CALL_OK, 1);
    assert_int_equal(inside_of(rig)->commands.taken, 0);
    assert_int_equal(inside_of(rig)->out_bytes, 0);
    assert_int_equal(rig->stats.waited[STATS_STORE] - waited, MANY + 1);
    assert_int_equal(rig->stats.store_missed - missed, MANY);
    assert_int_equal(rig->stats.store_reconnects, 0);
}

static void a_connection_that_is_silent_too_long_is_made_anew(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;

    redis_signal(rig_redis(rig), SIGSTOP);
    store_get(rig->ports.store, rig_ask(rig, &q), count, RIG_TIMEOUT_NS);
    rig_expect(&q, CALL_FAILED, 0);
    assert_true(q.told_ns - q.asked_ns >= SECONDS(5));
    assert_int_equal(inside_of(rig)->commands.taken, 0);
    redis_signal(rig_redis(rig), SIGCONT);
    wait_until_served(rig);
    assert_int_equal(rig->stats.store_reconnects, 1);
}

static void an_idle_connection_is_not_silent(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;

    rig_pass(rig, MS(5500));
    store_get(rig->ports.store, rig_ask(rig, &q), count, RIG_TIMEOUT_NS);
    rig_expect(&q, CALL_ABSENT, 0);
    assert_int_equal(rig->stats.store_reconnects, 0);
}

static void a_redis_that_hangs_costs_bounded_memory(void **state)
{
    struct rig *rig = *state;
    struct store_live *store = inside_of(rig);
    struct rig_question q;

    redis_signal(rig_redis(rig), SIGSTOP);
    for (uint64_t i = 0; i < FLOOD; i++) {
        store_set(rig->ports.store, NULL, i, 1, 100, 0, RIG_TIMEOUT_NS);
        assert_true(store->commands.taken <= STORE_OUT_MAX);
    }
    assert_int_equal(store->commands.taken, STORE_OUT_MAX);
    store_get(rig->ports.store, rig_ask(rig, &q), count, RIG_TIMEOUT_NS);
    rig_expect(&q, CALL_REFUSED, 0);
    redis_signal(rig_redis(rig), SIGCONT);
    wait_until_served(rig);
    assert_says(rig, "DBSIZE", "16384");
}

static void large_values_fill_the_limit_of_bytes_first(void **state)
{
    struct rig *rig = *state;
    struct store_live *store = inside_of(rig);
    struct rig_question q;

    redis_signal(rig_redis(rig), SIGSTOP);
    for (uint64_t i = 0; i < 100; i++) {
        store_set(rig->ports.store, NULL, i, 1, 1 << 20, 0, RIG_TIMEOUT_NS);
        assert_true(store->out_bytes <= STORE_OUT_BYTES_MAX);
    }
    assert_int_equal(store->commands.taken, 15);
    store_set(rig->ports.store, rig_ask(rig, &q), 1, 1, UINT32_MAX, 0, RIG_TIMEOUT_NS);
    rig_expect(&q, CALL_REFUSED, 0);
    redis_signal(rig_redis(rig), SIGCONT);
    wait_until_served(rig);
    assert_int_equal(store->out_bytes, 0);
    assert_says(rig, "STRLEN sim:rig:0:14", "1048576");
}

/* The limit of bytes holds for what hiredis keeps, if no command is longer than it is counted. */
static void no_command_is_longer_on_the_wire_than_it_is_counted(void **state)
{
    static const struct store_asked asked[] = {
        {.verb = STORE_GET, .key = UINT64_MAX},
        {.verb = STORE_SET, .key = UINT64_MAX, .value = INT64_MIN, .ttl_ns = UINT64_MAX},
        {.verb = STORE_SET, .key = 1, .value = 1, .bytes = 123456, .ttl_ns = 1},
        {.verb = STORE_SET_NEW, .key = UINT64_MAX, .value = INT64_MIN, .ttl_ns = UINT64_MAX},
        {.verb = STORE_ADD, .key = UINT64_MAX, .value = INT64_MIN},
        {.verb = STORE_EXPIRE, .key = UINT64_MAX, .ttl_ns = UINT64_MAX},
        {.verb = STORE_ADD_IF_NEW, .key = UINT64_MAX, .member = UINT64_MAX, .value = -1}};
    const struct store_script scripts[STORE_SCRIPTS] = {{.digest = ""}};
    struct store_text text = {0};

    (void)state;
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        struct store_words words;
        char *command;
        long long length;

        store_words_make(&words, "a-run-of-23-characters-", &asked[i], scripts, &text);
        length = redisFormatCommandArgv(&command, words.length, words.words, words.sizes);
        assert_true(length > 0);
        assert_true((size_t)length <= words.bytes);
        redisFreeCommand(command);
    }
    free(text.bytes);
}

/* ---- A Redis that dies ----------------------------------------------------------------------- */

/* A wave of calls, so that some of them are on the wire at any instant. */
static void begin_wave(struct rig *rig, struct rig_question *questions, uint64_t first)
{
    for (uint64_t i = 0; i < WAVE; i++)
        begin_like(rig, &questions[i], first + i);
}

static void count_outcomes(const struct rig_question *questions, uint32_t *outcomes)
{
    for (uint32_t i = 0; i < WAVE; i++) {
        assert_int_equal(questions[i].times, 1);
        outcomes[questions[i].call.outcome]++;
    }
}

static void every_call_has_one_end_while_redis_is_killed_and_restarted(void **state)
{
    static struct rig_question q[WAVE];
    struct rig *rig = *state;
    uint32_t outcomes[CALL_FAILED + 1] = {0};
    char errors[4096];

    for (uint64_t round = 0; round < 3; round++) {
        begin_wave(rig, q, round * 1000);
        wait_for_all(rig);
        count_outcomes(q, outcomes);
        redis_signal(rig_redis(rig), SIGSTOP); /* So that the next wave is in its hands. */
        begin_wave(rig, q, round * 1000 + 100);
        rig_pass(rig, MS(20));
        redis_kill(rig_redis(rig));
        wait_for_all(rig);
        count_outcomes(q, outcomes);
        begin_wave(rig, q, round * 1000 + 200);
        wait_for_all(rig);
        count_outcomes(q, outcomes);
        redis_start(rig_redis(rig));
        wait_until_served(rig);
    }
    assert_int_equal(outcomes[CALL_OK], 3 * WAVE);
    assert_int_equal(outcomes[CALL_FAILED], 3 * WAVE);
    assert_int_equal(outcomes[CALL_REFUSED], 3 * WAVE);
    assert_int_equal(rig->stats.store_reconnects, 3);
    begin_like(rig, q, 1);
    rig_expect(q, CALL_OK, 1);
    /* It came back empty, and was told the scripts before anything else. */
    operate(rig, errors, sizeof errors, "INFO errorstats");
    assert_null(strstr(errors, "NOSCRIPT"));
}

static void scripts_that_somebody_flushed_are_sent_again(void **state)
{
    static struct rig_question q[MANY];
    struct rig *rig = *state;

    begin_like(rig, q, 1000);
    rig_expect(q, CALL_OK, 1);
    assert_says(rig, "SCRIPT FLUSH", "OK");
    for (uint64_t i = 0; i < MANY; i++)
        begin_like(rig, &q[i], i % 10);
    store_add(rig->ports.store, NULL, count, 100, RIG_TIMEOUT_NS);
    wait_for_all(rig);
    for (uint64_t i = 0; i < MANY; i++)
        rig_expect(&q[i], i < 10 ? CALL_OK : CALL_ABSENT, i < 10 ? q[i].call.value : 0);
    store_get(rig->ports.store, rig_ask(rig, q), count, RIG_TIMEOUT_NS);
    rig_expect(q, CALL_OK, 111);
    assert_int_not_equal(inside_of(rig)->scripts[SCRIPT_ADD_IF_NEW].digest[0], '\0');
}

static void a_redis_without_room_fails_writes_and_serves_reads(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;

    store_set(rig->ports.store, rig_ask(rig, &q), count, 7, 8, 0, RIG_TIMEOUT_NS);
    rig_expect(&q, CALL_OK, 7);
    assert_says(rig, "CONFIG SET maxmemory 1", "OK");
    store_set(rig->ports.store, rig_ask(rig, &q), 5, 7, 8, 0, RIG_TIMEOUT_NS);
    rig_expect(&q, CALL_FAILED, 0);
    begin_like(rig, &q, 1);
    rig_expect(&q, CALL_FAILED, 0);
    store_get(rig->ports.store, rig_ask(rig, &q), count, RIG_TIMEOUT_NS);
    rig_expect(&q, CALL_OK, 7);
}

static void a_redis_that_is_loading_has_done_nothing(void **state)
{
    char text[] = "LOADING Redis is loading the dataset in memory";
    const redisReply loading = {.type = REDIS_REPLY_ERROR, .str = text, .len = sizeof text - 1};
    const struct store_asked asked = {.verb = STORE_ADD};
    enum call_outcome outcome = CALL_IDLE;
    int64_t value;

    (void)state;
    assert_true(store_words_read(&asked, &loading, &outcome, &value));
    assert_int_equal(outcome, CALL_REFUSED);
}

/* ---- Many at once ---------------------------------------------------------------------------- */

static void ten_thousand_likes_with_duplicates_count_each_member_once(void **state)
{
    static struct rig_question q[LIKES];
    struct rig *rig = *state;
    uint32_t new_likes = 0, first = rig->told;

    for (uint64_t i = 0; i < LIKES; i++)
        begin_like(rig, &q[i], i * 7919 % USERS);
    wait_for_all(rig);
    for (uint32_t i = 0; i < LIKES; i++) {
        assert_int_equal(q[i].nth, first + i + 1);
        assert_true(q[i].call.outcome == CALL_OK || q[i].call.outcome == CALL_ABSENT);
        new_likes += q[i].call.outcome == CALL_OK;
    }
    assert_int_equal(new_likes, USERS);
    assert_says(rig, "GET sim:rig:1:1", "3000");
    assert_says(rig, "SCARD sim:rig:2:1", "3000");
}

static void two_nodes_that_like_together_count_each_member_once(void **state)
{
    static struct rig_question q[2 * USERS];
    struct rig *rig = *state;
    struct store_live *other = open_beside(rig, rig_redis(rig)->socket);

    for (uint64_t i = 0; i < USERS; i++) {
        begin_like(rig, &q[2 * i], i);
        store_add_if_new(store_live_port(other), rig_ask(rig, &q[2 * i + 1]), likers, USERS - 1 - i,
                         count, +1, RIG_TIMEOUT_NS);
    }
    wait_for_all(rig);
    assert_says(rig, "GET sim:rig:1:1", "3000");
    assert_says(rig, "SCARD sim:rig:2:1", "3000");
    store_live_close(other);
}

/* ---- What stands in Redis -------------------------------------------------------------------- */

static void keys_and_values_are_what_the_header_says(void **state)
{
    struct rig *rig = *state;
    struct rig_question q[3];
    char answer[4096];

    store_set(rig->ports.store, rig_ask(rig, &q[0]), store_key(SPACE_COUNT, 7), 42, 20, 0,
              RIG_TIMEOUT_NS);
    store_set(rig->ports.store, rig_ask(rig, &q[1]), store_key(SPACE_MENU, 7), 42, 1000,
              SECONDS(100), RIG_TIMEOUT_NS);
    store_add(rig->ports.store, rig_ask(rig, &q[2]), store_key(SPACE_MENU, 7), 958, RIG_TIMEOUT_NS);
    wait_for_all(rig);
    assert_says(rig, "GET sim:rig:1:7", "42");
    assert_says(rig, "TTL sim:rig:1:7", "-1");
    operate(rig, answer, sizeof answer, "GET sim:rig:3:7");
    assert_int_equal(strlen(answer), 1000);
    assert_memory_equal(answer, "1000:xxx", 8);
    operate(rig, answer, sizeof answer, "PTTL sim:rig:3:7");
    assert_in_range(strtoull(answer, NULL, 10), 1, 100000);
}

static void scripts_go_by_their_digest_once_redis_knows_them(void **state)
{
    static struct rig_question q[MANY];
    struct rig *rig = *state;
    char stats[4096];

    rig_pass(rig, MS(20));
    for (uint64_t i = 0; i < MANY; i++)
        begin_like(rig, &q[i], i);
    wait_for_all(rig);
    operate(rig, stats, sizeof stats, "INFO commandstats");
    assert_non_null(strstr(stats, "cmdstat_evalsha:calls=50,"));
    assert_null(strstr(stats, "cmdstat_eval:"));
}

static void the_node_counts_what_it_asks(void **state)
{
    struct rig *rig = *state;
    const struct node_stats before = rig->stats;
    struct rig_question q[4];

    store_set(rig->ports.store, rig_ask(rig, &q[0]), count, 7, 8, 0, RIG_TIMEOUT_NS);
    store_get(rig->ports.store, rig_ask(rig, &q[1]), count, RIG_TIMEOUT_NS);
    store_get(rig->ports.store, rig_ask(rig, &q[2]), count, RIG_TIMEOUT_NS);
    store_get(rig->ports.store, rig_ask(rig, &q[3]), likers, RIG_TIMEOUT_NS);
    store_expire(rig->ports.store, NULL, count, 0, RIG_TIMEOUT_NS);
    wait_for_all(rig);
    assert_int_equal(rig->stats.store_commands - before.store_commands, 5);
    assert_int_equal(rig->stats.store_hits - before.store_hits, 2);
    assert_int_equal(rig->stats.store_misses - before.store_misses, 1);
    assert_int_equal(rig->stats.waited[STATS_STORE] - before.waited[STATS_STORE], 4);
    assert_true(rig->stats.waited_ns[STATS_STORE] > before.waited_ns[STATS_STORE]);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_stopped_redis_times_out_every_call_and_serves_when_it_goes_on),
    cmocka_unit_test(a_connection_that_is_silent_too_long_is_made_anew),
    cmocka_unit_test(an_idle_connection_is_not_silent),
    cmocka_unit_test(a_redis_that_hangs_costs_bounded_memory),
    cmocka_unit_test(large_values_fill_the_limit_of_bytes_first),
    cmocka_unit_test(no_command_is_longer_on_the_wire_than_it_is_counted),
    cmocka_unit_test(every_call_has_one_end_while_redis_is_killed_and_restarted),
    cmocka_unit_test(scripts_that_somebody_flushed_are_sent_again),
    cmocka_unit_test(a_redis_without_room_fails_writes_and_serves_reads),
    cmocka_unit_test(a_redis_that_is_loading_has_done_nothing),
    cmocka_unit_test(ten_thousand_likes_with_duplicates_count_each_member_once),
    cmocka_unit_test(two_nodes_that_like_together_count_each_member_once),
    cmocka_unit_test(keys_and_values_are_what_the_header_says),
    cmocka_unit_test(scripts_go_by_their_digest_once_redis_knows_them),
    cmocka_unit_test(the_node_counts_what_it_asks),
};

int main(void)
{
    static const struct rig_world *const worlds[] = {&rig_store_live};

    return rig_run(worlds, 1, tests, sizeof tests / sizeof *tests);
}
