/* test_memcached_live.c — The store on a real memcached: stopped, killed, full, and looked into.
 *
 * What both worlds must do is in tests/port. Here is what only a real server can show: that nothing
 * is lost from the accounts when it dies under load, that one that hangs costs bounded memory and
 * no more than its timeouts, and what stands in it afterwards. libmemcached looks at it as an
 * operator would. */
#include "tests/lib/port_rig.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libmemcached/memcached.h>

#include "services/live/memcached/memcached_inside.h"
#include "services/port/schema.h"
#include "tests/lib/memcached.h"

enum { LIKES = 4000, USERS = 1200, MANY = 50, FLOOD = 20000, WAVE = 20 };

static const uint64_t likers = (uint64_t)SPACE_LIKERS << 56 | 1;
static const uint64_t count = (uint64_t)SPACE_COUNT << 56 | 1;

static struct memcached_live *inside_of(struct rig *rig)
{
    return (struct memcached_live *)rig->ports.store;
}

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

static void wait_until_served(struct rig *rig)
{
    uint64_t limit_ns = rig_now_ns(rig) + RIG_LIMIT_NS;
    struct rig_question q;

    do {
        rig_pass(rig, MS(10));
        store_get(rig->ports.store, rig_ask(rig, &q), count, SECONDS(1));
        rig_wait(&q);
    } while (q.call.outcome != CALL_OK && q.call.outcome != CALL_ABSENT &&
             rig_now_ns(rig) < limit_ns);
    assert_true(q.call.outcome == CALL_OK || q.call.outcome == CALL_ABSENT);
}

/* What telnet would show of a key; "" when it is not there. To be freed. */
static char *what_stands_at(struct rig *rig, const char *key)
{
    memcached_st *handle = memcached_create(NULL);
    memcached_return_t end;
    size_t length;
    uint32_t flags;
    char *text;

    memcached_server_add_unix_socket(handle, rig_memcached(rig)->socket);
    text = memcached_get(handle, key, strlen(key), &length, &flags, &end);
    memcached_free(handle);
    return text != NULL ? text : calloc(1, 1);
}

static void assert_stands(struct rig *rig, const char *key, const char *expected)
{
    char *text = what_stands_at(rig, key);

    assert_string_equal(text, expected);
    free(text);
}

/* ---- One that stands still ------------------------------------------------------------------- */

static void a_stopped_memcached_times_out_every_call_and_stops_nobody(void **state)
{
    static struct rig_question q[MANY];
    struct rig *rig = *state;
    uint64_t missed = rig->stats.store_missed;

    memcached_signal(rig_memcached(rig), SIGSTOP);
    for (uint64_t i = 0; i < MANY; i++)
        store_get(rig->ports.store, rig_ask(rig, &q[i]), i, MS(400));
    for (uint64_t i = 0; i < MANY; i++)
        rig_expect(&q[i], CALL_TIMEOUT, 0);
    assert_int_equal(rig->stats.store_missed - missed, MANY);
    /* What was in line is gone; each connection still holds the one that it had begun. */
    assert_in_range(inside_of(rig)->questions.taken, 1, 4);
    memcached_signal(rig_memcached(rig), SIGCONT);
    begin_like(rig, &q[0], 1);
    rig_expect(&q[0], CALL_OK, 1);
    wait_until_served(rig);
    assert_int_equal(rig->stats.store_reconnects, 0);
}

static void a_connection_that_is_silent_too_long_is_made_anew(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;

    memcached_signal(rig_memcached(rig), SIGSTOP);
    store_get(rig->ports.store, rig_ask(rig, &q), count, RIG_TIMEOUT_NS);
    rig_expect(&q, CALL_FAILED, 0);
    assert_true(q.told_ns - q.asked_ns >= SECONDS(4));
    memcached_signal(rig_memcached(rig), SIGCONT);
    wait_until_served(rig);
}

static bool none_is_taken(void *context)
{
    return inside_of(context)->questions.taken == 0;
}

static void one_that_hangs_costs_bounded_memory(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;

    memcached_signal(rig_memcached(rig), SIGSTOP);
    for (uint64_t i = 0; i < FLOOD; i++)
        store_set(rig->ports.store, NULL, i, 1, 100, 0, MS(100));
    assert_int_equal(inside_of(rig)->questions.taken, MEMCACHED_OUT_MAX);
    store_get(rig->ports.store, rig_ask(rig, &q), count, RIG_TIMEOUT_NS);
    rig_expect(&q, CALL_REFUSED, 0);
    rig_pass(rig, MS(150));
    memcached_signal(rig_memcached(rig), SIGCONT);
    assert_true(rig_run_until(rig, none_is_taken, rig, RIG_LIMIT_NS));
    store_get(rig->ports.store, rig_ask(rig, &q), MEMCACHED_OUT_MAX - 1, RIG_TIMEOUT_NS);
    rig_expect(&q, CALL_ABSENT, 0); /* What had waited beyond its time was not sent any more. */
}

/* ---- One that dies --------------------------------------------------------------------------- */

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

/* All likes of a post share a connection: one of a wave is in the server's hands, the rest wait. */
static void every_call_has_one_end_while_it_is_killed_and_restarted(void **state)
{
    static struct rig_question q[WAVE];
    struct rig *rig = *state;
    uint32_t outcomes[CALL_FAILED + 1] = {0};

    for (uint64_t round = 0; round < 3; round++) {
        begin_wave(rig, q, round * 1000);
        wait_for_all(rig);
        count_outcomes(q, outcomes);
        memcached_signal(rig_memcached(rig), SIGSTOP);
        begin_wave(rig, q, round * 1000 + 100);
        rig_pass(rig, MS(200));
        memcached_kill(rig_memcached(rig));
        wait_for_all(rig);
        count_outcomes(q, outcomes);
        begin_wave(rig, q, round * 1000 + 200);
        wait_for_all(rig);
        count_outcomes(q, outcomes);
        memcached_start(rig_memcached(rig));
        wait_until_served(rig);
    }
    assert_int_equal(outcomes[CALL_OK], 3 * WAVE);
    assert_int_equal(outcomes[CALL_FAILED], 3);
    assert_int_equal(outcomes[CALL_REFUSED], 3 * (2 * WAVE - 1));
    assert_int_equal(rig->stats.store_reconnects, 3);
    begin_like(rig, q, 1);
    rig_expect(q, CALL_OK, 1); /* It came back empty. */
}

static void without_a_server_calls_wait_for_the_first_try_and_are_then_refused(void **state)
{
    struct rig *rig = *state;
    const struct memcached_settings settings = {
        .server = "/tmp/simt-nobody/m", .run = "rig", .connections = 2};
    struct memcached_live *other = memcached_live_open(&rig->loop, &settings, &rig->stats);
    struct rig_question q;

    assert_non_null(other);
    store_get(memcached_live_port(other), rig_ask(rig, &q), count, RIG_TIMEOUT_NS);
    rig_expect(&q, CALL_REFUSED, 0);
    store_get(memcached_live_port(other), rig_ask(rig, &q), count, RIG_TIMEOUT_NS);
    rig_expect(&q, CALL_REFUSED, 0);
    memcached_live_close(other);
}

/* ---- Hostile values -------------------------------------------------------------------------- */

static void a_value_that_is_too_large_fails_alone(void **state)
{
    struct rig *rig = *state;
    struct rig_question q[3];

    store_set(rig->ports.store, rig_ask(rig, &q[0]), count, 7, 8, 0, RIG_TIMEOUT_NS);
    store_set(rig->ports.store, rig_ask(rig, &q[1]), count, 8, 2 << 20, 0, RIG_TIMEOUT_NS);
    store_get(rig->ports.store, rig_ask(rig, &q[2]), count, RIG_TIMEOUT_NS);
    rig_expect(&q[0], CALL_OK, 7);
    rig_expect(&q[1], CALL_FAILED, 0);
    rig_expect(&q[2], CALL_ABSENT, 0); /* Old data does not outlive a set that failed. */
    begin_like(rig, &q[0], 5);
    rig_expect(&q[0], CALL_OK, 1);
}

static void a_value_beyond_all_limits_is_refused_and_the_old_one_stays(void **state)
{
    static const uint32_t sizes[] = {UINT32_MAX, MEMCACHED_VALUE_MAX + 1};
    struct rig *rig = *state;
    uint64_t missed = rig->stats.store_missed;
    struct rig_question q;

    store_set(rig->ports.store, rig_ask(rig, &q), count, 7, 8, 0, RIG_TIMEOUT_NS);
    rig_expect(&q, CALL_OK, 7);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        store_set(rig->ports.store, rig_ask(rig, &q), count, 8, sizes[i], 0, RIG_TIMEOUT_NS);
        rig_expect(&q, CALL_REFUSED, 0);
    }
    store_get(rig->ports.store, rig_ask(rig, &q), count, RIG_TIMEOUT_NS);
    rig_expect(&q, CALL_OK, 7);
    assert_int_equal(rig->stats.store_missed - missed, 2);
}

static void what_is_no_address_and_no_run_is_refused(void **state)
{
    static const char *const servers[] = {"", "nowhere", "host:", "host:70000", ":11211"};
    struct rig *rig = *state;
    struct memcached_settings settings = {.run = "rig", .connections = 1};
    char version[32], why[160];

    for (size_t i = 0; i < sizeof servers / sizeof *servers; i++) {
        settings.server = servers[i];
        assert_null(memcached_live_open(&rig->loop, &settings, &rig->stats));
        assert_int_equal(errno, EINVAL);
        assert_false(memcached_probe(servers[i], version, why));
    }
    settings = (struct memcached_settings){rig_memcached(rig)->socket, "a b", 1, 0};
    assert_null(memcached_live_open(&rig->loop, &settings, &rig->stats));
    settings = (struct memcached_settings){rig_memcached(rig)->socket, "rig", 0, 0};
    assert_null(memcached_live_open(&rig->loop, &settings, &rig->stats));
}

static void what_somebody_else_wrote_is_a_failure_and_no_number(void **state)
{
    struct rig *rig = *state;
    memcached_st *handle = memcached_create(NULL);
    struct rig_question q;

    memcached_server_add_unix_socket(handle, rig_memcached(rig)->socket);
    assert_int_equal(memcached_set(handle, "sim:rig:1:1", 11, "theirs", 6, 0, 0), 0);
    memcached_free(handle);
    store_get(rig->ports.store, rig_ask(rig, &q), count, RIG_TIMEOUT_NS);
    rig_expect(&q, CALL_FAILED, 0);
    store_add(rig->ports.store, rig_ask(rig, &q), count, 1, RIG_TIMEOUT_NS);
    rig_expect(&q, CALL_FAILED, 0);
}

/* ---- Many at once ---------------------------------------------------------------------------- */

static void two_nodes_that_like_together_count_each_member_once(void **state)
{
    static struct rig_question q[2 * USERS];
    struct rig *rig = *state;
    const struct memcached_settings settings = {
        .server = rig_memcached(rig)->socket, .run = "rig", .connections = 4};
    struct memcached_live *other = memcached_live_open(&rig->loop, &settings, &rig->stats);

    for (uint64_t i = 0; i < USERS; i++) {
        begin_like(rig, &q[2 * i], i);
        store_add_if_new(memcached_live_port(other), rig_ask(rig, &q[2 * i + 1]), likers,
                         USERS - 1 - i, count, +1, RIG_TIMEOUT_NS);
    }
    wait_for_all(rig);
    assert_stands(rig, "sim:rig:1:1", "9223372036854777008"); /* 1200 */
    memcached_live_close(other);
}

static void likes_of_one_post_are_told_in_order(void **state)
{
    static struct rig_question q[LIKES];
    struct rig *rig = *state;
    uint32_t new_likes = 0, first = rig->told;

    for (uint64_t i = 0; i < LIKES; i++)
        begin_like(rig, &q[i], i * 7919 % USERS);
    wait_for_all(rig);
    for (uint32_t i = 0; i < LIKES; i++) {
        assert_int_equal(q[i].nth, first + i + 1);
        new_likes += q[i].call.outcome == CALL_OK;
    }
    assert_int_equal(new_likes, USERS);
}

/* ---- What stands in it ----------------------------------------------------------------------- */

static void keys_and_values_are_what_the_header_says(void **state)
{
    struct rig *rig = *state;
    struct rig_question q[4];
    char *blob;

    store_set(rig->ports.store, rig_ask(rig, &q[0]), store_key(SPACE_COUNT, 7), 42, 20, 0,
              RIG_TIMEOUT_NS);
    store_set(rig->ports.store, rig_ask(rig, &q[1]), store_key(SPACE_MENU, 7), 42, 1000,
              SECONDS(100), RIG_TIMEOUT_NS);
    store_set(rig->ports.store, rig_ask(rig, &q[2]), store_key(SPACE_COUNT, 8), -3, 8, 0,
              RIG_TIMEOUT_NS);
    begin_like(rig, &q[3], 5);
    wait_for_all(rig);
    assert_stands(rig, "sim:rig:1:7", "9223372036854775850");
    assert_stands(rig, "sim:rig:1:8", "9223372036854775805");
    assert_stands(rig, "sim:rig:2:1:5", "1");
    blob = what_stands_at(rig, "sim:rig:3:7");
    assert_int_equal(strlen(blob), 1000);
    assert_memory_equal(blob, "42:xxx", 6);
    free(blob);
}

static void what_a_run_leaves_on_anothers_server_goes_by_itself(void **state)
{
    struct rig *rig = *state;
    const struct memcached_settings settings = {
        .server = rig_memcached(rig)->socket, .run = "guest", .connections = 1, .keep_ns = 1};
    struct memcached_live *guest = memcached_live_open(&rig->loop, &settings, &rig->stats);
    uint64_t limit_ns = rig_now_ns(rig) + RIG_LIMIT_NS;
    struct rig_question q;

    store_add_if_new(memcached_live_port(guest), rig_ask(rig, &q), likers, 5, count, 1,
                     RIG_TIMEOUT_NS);
    rig_expect(&q, CALL_OK, 1);
    do {
        rig_pass(rig, MS(50));
        store_add_if_new(memcached_live_port(guest), rig_ask(rig, &q), likers, 5, count, 1,
                         RIG_TIMEOUT_NS);
        rig_wait(&q);
    } while (q.call.outcome == CALL_ABSENT && rig_now_ns(rig) < limit_ns);
    assert_int_equal(q.call.outcome, CALL_OK); /* Member and counter had gone. */
    assert_int_equal(q.call.value, 1);
    memcached_live_close(guest);
}

static void the_lab_reads_counters_and_figures_and_gives_up_on_one_that_hangs(void **state)
{
    struct rig *rig = *state;
    const char *server = rig_memcached(rig)->socket;
    char version[32], why[160] = "";
    struct memcached_reader *reader = memcached_reader_open(server, "rig", why);
    struct memcached_info info;
    struct rig_question q;
    int64_t value = 0;

    assert_non_null(reader);
    begin_like(rig, &q, 5);
    rig_expect(&q, CALL_OK, 1);
    assert_int_equal(memcached_reader_count(reader, 1, &value), CALL_OK);
    assert_int_equal(value, 1);
    assert_int_equal(memcached_reader_count(reader, 2, &value), CALL_ABSENT);
    assert_true(memcached_read_info(server, &info, why));
    assert_int_equal(info.threads, 4);
    assert_int_equal(info.pages_bytes % (1 << 20), 0);
    assert_true(info.commands > 0 && info.bytes > 0 && info.pages_bytes > info.bytes);
    assert_true(memcached_probe(server, version, why));
    memcached_signal(rig_memcached(rig), SIGSTOP);
    assert_false(memcached_probe(server, version, why));
    assert_string_equal(why, "no answer within 5 s");
    memcached_signal(rig_memcached(rig), SIGCONT);
    memcached_kill(rig_memcached(rig));
    assert_int_equal(memcached_reader_count(reader, 1, &value), CALL_FAILED);
    memcached_reader_close(reader);
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
    cmocka_unit_test(a_stopped_memcached_times_out_every_call_and_stops_nobody),
    cmocka_unit_test(a_connection_that_is_silent_too_long_is_made_anew),
    cmocka_unit_test(one_that_hangs_costs_bounded_memory),
    cmocka_unit_test(every_call_has_one_end_while_it_is_killed_and_restarted),
    cmocka_unit_test(without_a_server_calls_wait_for_the_first_try_and_are_then_refused),
    cmocka_unit_test(a_value_that_is_too_large_fails_alone),
    cmocka_unit_test(a_value_beyond_all_limits_is_refused_and_the_old_one_stays),
    cmocka_unit_test(what_is_no_address_and_no_run_is_refused),
    cmocka_unit_test(what_somebody_else_wrote_is_a_failure_and_no_number),
    cmocka_unit_test(two_nodes_that_like_together_count_each_member_once),
    cmocka_unit_test(likes_of_one_post_are_told_in_order),
    cmocka_unit_test(keys_and_values_are_what_the_header_says),
    cmocka_unit_test(what_a_run_leaves_on_anothers_server_goes_by_itself),
    cmocka_unit_test(the_lab_reads_counters_and_figures_and_gives_up_on_one_that_hangs),
    cmocka_unit_test(the_node_counts_what_it_asks),
};

int main(void)
{
    static const struct rig_world *const worlds[] = {&rig_memcached_live};

    return rig_run(worlds, 1, tests, sizeof tests / sizeof *tests);
}
