/* Nodes as processes: what a person with curl would see, and what becomes of who is killed. */
#define _GNU_SOURCE
#include "tests/lib/test.h"
#include "tests/lib/node_rig.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "services/live/node/stats_board.h"

#define MS UINT64_C(1000000)
#define NOBODY_MS 20000 /* Deadline of everything that is waited for. */

static struct node_stats stats;

static int call(const struct node_process *node)
{
    return node_rig_ask(node->port, "POST /call/7", "", "{\"user\": 1}", NULL, 0);
}

static uint64_t visits_of(const struct node_process *node)
{
    node_rig_read(node, &stats);
    return stats.visits;
}

/* Reads its page until a claim about it holds. */
static void wait_until(const struct node_process *node, bool (*holds)(uint64_t), uint64_t number)
{
    for (int ms = 0; ms < NOBODY_MS; ms += 5) {
        node_rig_read(node, &stats);
        if (holds(number))
            return;
        usleep(5000);
    }
    fail_msg("what was waited for has not come to be");
}

static bool are_inside(uint64_t number)
{
    return stats.inside.now == number;
}

static bool are_at_the_door(uint64_t number)
{
    return stats.waiting.now == number;
}

static bool have_been_shed(uint64_t number)
{
    return stats.shed == number;
}

static bool have_come(uint64_t number)
{
    return stats.visits == number;
}

static void drain(struct node_process *node)
{
    assert_int_equal(node_rig_drain(node), 0);
    stats_board_close(node->board);
}

/* ---- One node -------------------------------------------------------------------------------- */

static void a_node_answers_asks_and_says_what_it_does_not_know(void **state)
{
    struct node_settings settings = node_rig_custom(0);
    struct node_process node = node_rig_start(&settings);
    char answer[512];

    (void)state;
    assert_int_equal(call(&node), 200);
    assert_int_equal(node_rig_ask(node.port, "GET /healthz", "", "", NULL, 0), 200);
    assert_int_equal(node_rig_ask(node.port, "GET /nowhere", "", "", answer, sizeof answer), 404);
    assert_non_null(strstr(answer, "\"error\":\""));
    assert_int_equal(node_rig_ask(node.port, "PUT /call/7", "", "", NULL, 0), 405);
    assert_int_equal(node_rig_ask(node.port, "POST /call/x", "", "", NULL, 0), 400);
    assert_int_equal(node_rig_ask(node.port, "PUT /backends/0?host=a&port=1", "", "", NULL, 0),
                     404); /* It is no balancer. */
    assert_int_equal(node_rig_drain(&node), 0);
    assert_int_equal(visits_of(&node), 1); /* The last page. Health checks are not counted. */
    assert_int_equal(stats.answered[CALL_OK], 1);
    assert_int_equal(stats.latency.total, 1);
    assert_int_equal(stats.inside.now, 0);
    assert_int_equal(stats.serves, 0);
    stats_board_close(node.board);
}

/* Whatever it answered would be taken for a token's handle. */
static void a_custom_node_knows_nothing_of_tokens(void **state)
{
    struct node_settings settings = node_rig_custom(0);
    struct node_process node = node_rig_start(&settings);
    static const char body[] = "{\"user\":1,\"amount\":4294967297}";

    (void)state;
    assert_int_equal(node_rig_ask(node.port, "POST /login", "", body, NULL, 0), 404);
    assert_int_equal(node_rig_ask(node.port, "POST /refresh", "", body, NULL, 0), 404);
    assert_int_equal(node_rig_ask(node.port, "POST /logout", "", body, NULL, 0), 404);
    assert_int_equal(node_rig_ask(node.port, "POST /posts/1/likes", "", body, NULL, 0), 200);
    drain(&node);
}

static void who_finds_the_house_full_is_shed(void **state)
{
    struct node_settings settings = node_rig_custom(0);
    struct node_process node;
    int inside;

    (void)state;
    settings.in_flight = 1;
    node_rig_pauses(&settings, 60000 * MS);
    node = node_rig_start(&settings);
    inside = node_rig_connect(node.port);
    node_rig_send(inside, "POST /call/1", "", "{}");
    wait_until(&node, are_inside, 1);
    assert_int_equal(call(&node), 503);
    assert_int_equal(node_rig_ask(node.port, "GET /healthz", "", "", NULL, 0), 200);
    wait_until(&node, have_been_shed, 1);
    assert_int_equal(stats.visits, 2);
    node_rig_kill(&node);
    assert_int_equal(node_rig_receive(inside, NULL, 0), 0);
    close(inside);
}

/* One thread, and one place at the door; two have come. */
static struct node_process start_one_thread(uint64_t pause_ns, int visits[2])
{
    struct node_settings settings = node_rig_custom(0);
    struct node_process node;

    settings.cpu.model = CPU_THREADS;
    settings.cpu.workers = settings.cpu.queue = 1;
    settings.cpu.quantum_ns = MS;
    node_rig_pauses(&settings, pause_ns);
    node = node_rig_start(&settings);
    for (uint32_t i = 0; i < 2; i++) {
        visits[i] = node_rig_connect(node.port);
        node_rig_send(visits[i], "POST /call/1", "", "{}");
        wait_until(&node, have_come, i + 1);
    }
    return node;
}

static void under_threads_who_finds_none_free_waits_at_the_door_and_the_next_is_shed(void **state)
{
    int visits[2];
    struct node_process node = start_one_thread(60000 * MS, visits);

    (void)state;
    wait_until(&node, are_at_the_door, 1);
    assert_int_equal(call(&node), 503);
    node_rig_kill(&node);
    close(visits[0]);
    close(visits[1]);
}

static void under_threads_one_at_a_time_holds_the_thread(void **state)
{
    int visits[2];
    struct node_process node = start_one_thread(100 * MS, visits);

    (void)state;
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(node_rig_receive(visits[i], NULL, 0), 200);
        close(visits[i]);
    }
    assert_int_equal(node_rig_drain(&node), 0);
    node_rig_read(&node, &stats);
    assert_int_equal(stats.waits, stats.visits);
    assert_int_equal(stats.workers_held.max, 1);
    assert_int_equal(stats.workers_held.now, 0);
    stats_board_close(node.board);
}

static void a_node_asks_another_and_hands_its_answer_on(void **state)
{
    struct node_settings back = node_rig_custom(1), front = node_rig_custom(0);
    struct node_process back_node = node_rig_start(&back), front_node;

    (void)state;
    front.plan.custom.steps_max = 1;
    front.plan.custom.steps[0] =
        (struct custom_step){.kind = CUSTOM_ASK, .target = 3, .timeout_ns = 20000 * MS};
    front.peers[3] = back.listen;
    front_node = node_rig_start(&front);
    for (int i = 0; i < 20; i++)
        assert_int_equal(call(&front_node), 200);
    assert_int_equal(node_rig_drain(&back_node), 0);
    assert_int_equal(visits_of(&back_node), 20);
    assert_int_equal(call(&front_node), 502); /* Nobody there any more. */
    assert_int_equal(node_rig_drain(&front_node), 0);
    node_rig_read(&front_node, &stats);
    assert_int_equal(stats.waited[STATS_PEER], 21);
    assert_int_equal(stats.answered[CALL_REFUSED], 1);
    stats_board_close(back_node.board);
    stats_board_close(front_node.board);
}

static void metrics_are_what_promtool_wants_them_to_be(void **state)
{
    struct node_settings settings = node_rig_custom(0);
    struct node_process node = node_rig_start(&settings);
    static char text[65536];
    FILE *tool;

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(call(&node), 200);
    assert_int_equal(node_rig_ask(node.port, "GET /metrics", "", "", text, sizeof text), 200);
    drain(&node);
    assert_non_null(strstr(text, "\nsim_visits_total 3\n"));
    assert_non_null(strstr(text, "\nsim_visit_duration_seconds_count 3\n"));
    assert_non_null(strstr(text, "sim_node_info{name=\"web/0\",kind=\"custom\"} 1\n"));
    if (system("command -v promtool >/dev/null") != 0) {
        print_message("SKIPPED: promtool is not installed (apt install prometheus)\n");
        skip();
    }
    tool = popen("promtool check metrics >&2", "w");
    assert_non_null(tool);
    fputs(text, tool);
    assert_int_equal(pclose(tool), 0);
}

/* ---- Settings that it refuses ---------------------------------------------------------------- */

static void it_tells_what_is_wrong_with_its_settings_and_the_cure(void **state)
{
    struct node_settings settings = node_rig_custom(0);
    char said[512];

    (void)state;
    settings.board[0] = '\0';
    assert_int_equal(node_rig_fails("custom", NULL, said), 1);
    assert_non_null(strstr(said, "started by sim"));
    assert_int_equal(node_rig_fails("likes", &settings, said), 1);
    assert_non_null(strstr(said, "another kind"));
    strcpy(settings.listen.host, "0.0.0.0");
    assert_int_equal(node_rig_fails("custom", &settings, said), 1);
    assert_non_null(strstr(said, "token"));
    settings = node_rig_custom(0);
    strcpy(settings.board, "/nowhere/at/all");
    assert_int_equal(node_rig_fails("custom", &settings, said), 1);
    assert_non_null(strstr(said, "/nowhere/at/all: No such file"));
}

static void an_ordinary_build_has_no_failpoints(void **state)
{
    struct node_settings settings = node_rig_custom(0);
    const char *planted = getenv("SIM_NODE_PLANTED"), *ordinary = getenv("SIM_NODE");
    char said[512];

    (void)state;
    if (planted == NULL || ordinary == NULL || strcmp(planted, ordinary) == 0)
        skip();
    settings.board[0] = '\0';
    settings.failpoint = FAILPOINT_BETWEEN_COMMITS;
    assert_int_equal(node_rig_fails("custom", &settings, said), 1);
    assert_non_null(strstr(said, "sim-node-planted"));
}

static void by_hand_it_says_who_starts_it_in_two_languages(void **state)
{
    char said[512];

    (void)state;
    setenv("LC_ALL", "C", 1);
    assert_int_equal(node_rig_fails("teapot", NULL, said), 2);
    assert_non_null(strstr(said, "started by sim"));
    setenv("LC_ALL", "ru_RU.UTF-8", 1);
    assert_int_equal(node_rig_fails("teapot", NULL, said), 2);
    assert_non_null(strstr(said, "запускает sim"));
    unsetenv("LC_ALL");
}

/* ---- Behind a balancer ----------------------------------------------------------------------- */

struct house {
    struct node_process front, web[2];
    struct node_settings front_settings, web_settings[2];
};

static void house_open(struct house *house, uint64_t pause_ns)
{
    house->front_settings = node_rig_balancer();
    house->front = node_rig_start(&house->front_settings);
    for (uint32_t i = 0; i < 2; i++) {
        house->web_settings[i] = node_rig_custom(i);
        house->web_settings[i].front = house->front_settings.listen;
        node_rig_pauses(&house->web_settings[i], pause_ns);
        house->web[i] = node_rig_start(&house->web_settings[i]);
    }
}

static void house_close(struct house *house)
{
    for (int i = 0; i < 2; i++)
        if (house->web[i].pid != 0)
            drain(&house->web[i]);
    drain(&house->front);
}

static void replicas_register_and_share_the_work(void **state)
{
    struct house house;

    (void)state;
    house_open(&house, 0);
    for (int i = 0; i < 20; i++)
        assert_int_equal(call(&house.front), 200);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(node_rig_drain(&house.web[i]), 0);
        assert_int_equal(visits_of(&house.web[i]), 10);
        stats_board_close(house.web[i].board);
    }
    assert_int_equal(call(&house.front), 502); /* Both have said that they go. */
    house_close(&house);
}

/* Until `wanted` answers in a row were 200. */
static void wait_for_calm(const struct node_process *front, int wanted)
{
    int in_a_row = 0;

    for (int ms = 0; ms < NOBODY_MS && in_a_row < wanted; ms += 5) {
        in_a_row = call(front) == 200 ? in_a_row + 1 : 0;
        usleep(5000);
    }
    assert_int_equal(in_a_row, wanted);
}

static void who_is_killed_is_taken_out_by_checks_and_comes_back_by_itself(void **state)
{
    struct house house;
    uint64_t visits = 0;

    (void)state;
    house_open(&house, 0);
    node_rig_kill(&house.web[0]);
    wait_for_calm(&house.front, 50); /* Round robin: with it still in, every other one fails. */
    house.web_settings[0].listen.port = node_rig_free_port(); /* Elsewhere, even. */
    house.web[0] = node_rig_start(&house.web_settings[0]);
    for (int ms = 0; ms < NOBODY_MS && visits == 0; ms += 5) {
        assert_int_equal(call(&house.front), 200);
        visits = visits_of(&house.web[0]);
    }
    assert_true(visits > 0);
    house_close(&house);
}

static void a_balancer_that_is_started_anew_learns_who_is_there(void **state)
{
    struct house house;

    (void)state;
    house_open(&house, 0);
    node_rig_kill(&house.front);
    house.front = node_rig_start(&house.front_settings);
    wait_for_calm(&house.front, 20);
    house_close(&house);
}

/* A client of its own process: how many of its asks did not end well. */
static pid_t start_client(uint16_t port, int asks)
{
    pid_t pid = fork();
    int failed = 0;

    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int i = 0; i < asks; i++)
        failed += node_rig_ask(port, "POST /call/7", "", "{\"user\": 1}", NULL, 0) != 200;
    _exit(failed < 255 ? failed : 255);
}

/* One attempt, and asks that a pause of 20 ms keeps inside: eight clients at work while a replica
 * drains and comes back, three times. */
static void a_drain_loses_nothing(void **state)
{
    struct house house;
    pid_t clients[8];

    (void)state;
    house_open(&house, 20 * MS);
    for (int i = 0; i < 8; i++)
        clients[i] = start_client(house.front.port, 60);
    for (int i = 0; i < 3; i++) {
        usleep(150000);
        drain(&house.web[1]);
        house.web[1] = node_rig_start(&house.web_settings[1]);
    }
    for (int i = 0; i < 8; i++) {
        int status;

        assert_int_equal(waitpid(clients[i], &status, 0), clients[i]);
        assert_int_equal(status, 0);
    }
    house_close(&house);
}

static void what_is_inside_is_answered_before_the_node_goes(void **state)
{
    struct node_settings settings = node_rig_custom(0);
    struct node_process node;
    int inside;

    (void)state;
    node_rig_pauses(&settings, 500 * MS);
    node = node_rig_start(&settings);
    inside = node_rig_connect(node.port);
    node_rig_send(inside, "POST /call/1", "", "{}");
    wait_until(&node, have_come, 1);
    drain(&node);
    assert_int_equal(node_rig_receive(inside, NULL, 0), 200);
    close(inside);
}

static void a_token_keeps_strangers_out(void **state)
{
    struct node_settings front = node_rig_balancer(), web = node_rig_custom(0);
    struct node_process front_node, web_node;
    static const char put[] = "PUT /backends/0?host=127.0.0.1&port=9";
    char said[512];

    (void)state;
    strcpy(front.token, "open sesame");
    front_node = node_rig_start(&front);
    assert_int_equal(node_rig_ask(front_node.port, put, "", "", NULL, 0), 401);
    assert_int_equal(
        node_rig_ask(front_node.port, put, "Authorization: Bearer open\r\n", "", NULL, 0), 401);
    web.front = front.listen;
    strcpy(web.token, "open barley");
    web.board[0] = '\0';
    assert_int_equal(node_rig_fails("custom", &web, said), 1);
    assert_non_null(strstr(said, "token"));
    web = node_rig_custom(0);
    web.front = front.listen;
    strcpy(web.token, "open sesame");
    web_node = node_rig_start(&web);
    assert_int_equal(call(&front_node), 200);
    drain(&web_node);
    drain(&front_node);
}

static void who_registers_badly_is_told_so(void **state)
{
    struct node_settings front = node_rig_balancer();
    struct node_process node = node_rig_start(&front);
    static const struct {
        const char *request;
        int status;
    } cases[] = {
        {"PUT /backends/0", 400},
        {"PUT /backends/0?host=a", 400},
        {"PUT /backends/0?host=a&port=0", 400},
        {"PUT /backends/0?host=a&port=70000", 400},
        {"PUT /backends/0?host=a%20b&port=1", 400},
        {"PUT /backends/0?host=a&port=1&weight=0", 400},
        {"PUT /backends/0?host=a&port=1&weight=nan", 400},
        {"PUT /backends/0?host=no.such.host.invalid&port=1", 400},
        {"PUT /backends/4?host=a&port=1", 404},
        {"PUT /backends/-1?host=a&port=1", 404},
        {"PUT /backends/x?host=a&port=1", 404},
        {"GET /backends/0", 405},
        {"DELETE /backends/3", 200}, /* Leaving unknown changes nothing. */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(node_rig_ask(node.port, cases[i].request, "", "", NULL, 0),
                         cases[i].status);
    drain(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_node_answers_asks_and_says_what_it_does_not_know),
        cmocka_unit_test(a_custom_node_knows_nothing_of_tokens),
        cmocka_unit_test(who_finds_the_house_full_is_shed),
        cmocka_unit_test(under_threads_who_finds_none_free_waits_at_the_door_and_the_next_is_shed),
        cmocka_unit_test(under_threads_one_at_a_time_holds_the_thread),
        cmocka_unit_test(a_node_asks_another_and_hands_its_answer_on),
        cmocka_unit_test(metrics_are_what_promtool_wants_them_to_be),
        cmocka_unit_test(it_tells_what_is_wrong_with_its_settings_and_the_cure),
        cmocka_unit_test(an_ordinary_build_has_no_failpoints),
        cmocka_unit_test(by_hand_it_says_who_starts_it_in_two_languages),
        cmocka_unit_test(replicas_register_and_share_the_work),
        cmocka_unit_test(who_is_killed_is_taken_out_by_checks_and_comes_back_by_itself),
        cmocka_unit_test(a_balancer_that_is_started_anew_learns_who_is_there),
        cmocka_unit_test(a_drain_loses_nothing),
        cmocka_unit_test(what_is_inside_is_answered_before_the_node_goes),
        cmocka_unit_test(a_token_keeps_strangers_out),
        cmocka_unit_test(who_registers_badly_is_told_so),
    };

    return cmocka_run_group_tests_name("node", tests, NULL, NULL);
}
