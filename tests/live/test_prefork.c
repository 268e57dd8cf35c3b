/* A replica of real processes: who takes which visit, who registers, and that nobody is left. */
#define _GNU_SOURCE
#include "tests/lib/test.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "services/live/loop/loop.h"
#include "services/live/node/stats_board.h"
#include "services/live/runtime/cores.h"
#include "tests/lib/node_rig.h"

enum { PROCESSES = 3, CLIENTS = 7, DEADLINE_S = 20 };
#define MS UINT64_C(1000000)

static struct node_stats stats;

/* Its one step takes so long; `kind` says how. */
static struct node_settings settings_of(enum custom_kind kind, uint64_t time_ns)
{
    struct node_settings settings = node_rig_custom(0);

    node_rig_pauses(&settings, time_ns);
    settings.plan.custom.steps[0].kind = kind;
    settings.cpu.model = CPU_PROCESSES;
    settings.cpu.workers = PROCESSES;
    settings.cpu.cores = 2;
    settings.cpu.quantum_ns = MS;
    return settings;
}

static void wait_until(const struct node_process *node, bool (*is_so)(uint64_t wanted),
                       uint64_t wanted)
{
    for (int i = 0; i < DEADLINE_S * 100; i++) {
        node_rig_read(node, &stats);
        if (is_so(wanted))
            return;
        usleep(10000);
    }
    fail_msg("it has not come to it in %d s", DEADLINE_S);
}

static bool are_inside(uint64_t wanted)
{
    return stats.inside.now == wanted;
}

static bool have_been_answered(uint64_t wanted)
{
    return stats.answered[CALL_OK] == wanted;
}

/* Processes whose parent it is, as /proc tells. */
static uint32_t children_of(pid_t parent, pid_t *children, uint32_t most)
{
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    uint32_t found = 0;

    assert_non_null(proc);
    while ((entry = readdir(proc)) != NULL) {
        char path[300];
        int pid, of = 0;
        FILE *file;

        snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
        if (atoi(entry->d_name) == 0 || (file = fopen(path, "r")) == NULL)
            continue;
        if (fscanf(file, "%d (%*[^)]) %*c %d", &pid, &of) == 2 && of == parent && found < most)
            children[found++] = pid;
        fclose(file);
    }
    closedir(proc);
    return found;
}

/* A zombie counts as gone: whoever has inherited it need not have looked yet. */
static bool is_gone(pid_t pid)
{
    char path[64], state = 'X';
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    if ((file = fopen(path, "r")) == NULL)
        return true;
    if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
        state = 'X';
    fclose(file);
    return state == 'Z' || state == 'X';
}

static void wait_until_all_are_gone(const pid_t *pids, uint32_t pids_max)
{
    for (uint32_t i = 0; i < pids_max; i++) {
        int tries = 0;

        while (!is_gone(pids[i]) && tries++ < DEADLINE_S * 100)
            usleep(10000);
        assert_true(is_gone(pids[i]));
    }
}

static void ask_all(const struct node_process *node, int clients[CLIENTS])
{
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = node_rig_connect(node->port);
        assert_true(clients[i] >= 0);
        node_rig_send(clients[i], "POST /call/1", "", "{}");
    }
}

static void hear_all(int clients[CLIENTS])
{
    for (int i = 0; i < CLIENTS; i++) {
        assert_int_equal(node_rig_receive(clients[i], NULL, 0), 200);
        close(clients[i]);
    }
}

/* Seven visits, three processes: no more than three are ever inside, and each process serves. */
static void a_process_holds_one_visit_at_a_time_and_who_finds_none_waits_in_the_socket(void **state)
{
    static const enum custom_kind kinds[] = {CUSTOM_SLEEP, CUSTOM_BLOCK, CUSTOM_COMPUTE};

    (void)state;
    for (size_t k = 0; k < 3; k++) {
        struct node_settings settings = settings_of(kinds[k], 150 * MS);
        struct node_process node = node_rig_start(&settings);
        int clients[CLIENTS];

        ask_all(&node, clients);
        hear_all(clients);
        assert_int_equal(node_rig_ask(node.port, "GET /healthz", "", "", NULL, 0), 200);
        assert_int_equal(node_rig_drain(&node), 0);
        node_rig_read(&node, &stats);
        assert_int_equal(stats.visits, CLIENTS); /* Of all processes, without the check. */
        assert_int_equal(stats.answered[CALL_OK], CLIENTS);
        assert_int_equal(stats.workers_held.max, 1);              /* In each. */
        assert_true(stats.waiting.max > 0 && stats.waits_ns > 0); /* In the socket. */
        assert_true(stats.stays_ns >= CLIENTS * 150 * MS + stats.waits_ns);
        assert_int_equal(stats.inside.max, 1);
        assert_int_equal(stats.serves, 0);
        if (kinds[k] == CUSTOM_COMPUTE)
            assert_true(stats.busy.area >= CLIENTS * 150 * MS && stats.busy.max <= 2);
        stats_board_close(node.board);
    }
}

static void an_answer_closes_its_connection(void **state)
{
    struct node_settings settings = settings_of(CUSTOM_SLEEP, 0);
    struct node_process node = node_rig_start(&settings);
    int client = node_rig_connect(node.port);
    char rest;

    (void)state;
    node_rig_send(client, "POST /call/1", "", "{}");
    assert_int_equal(node_rig_receive(client, NULL, 0), 200);
    assert_int_equal(read(client, &rest, 1), 0);
    close(client);
    assert_int_equal(node_rig_drain(&node), 0);
    stats_board_close(node.board);
}

static void any_process_tells_the_figures_of_all(void **state)
{
    struct node_settings settings = settings_of(CUSTOM_SLEEP, 0);
    struct node_process node = node_rig_start(&settings);
    char *text = malloc(60000), name[200];
    int clients[CLIENTS];

    (void)state;
    ask_all(&node, clients);
    hear_all(clients);
    wait_until(&node, have_been_answered, CLIENTS);
    assert_int_equal(node_rig_ask(node.port, "GET /metrics", "", "", text, 60000), 200);
    assert_non_null(strstr(text, "\nsim_visits_total 7\n"));
    assert_non_null(strstr(text, "\nsim_workers 3\n"));
    assert_null(strstr(text, "sim_http_")); /* Of one process alone, and the next time another's. */
    snprintf(name, sizeof name, "sim_node_info{name=\"%s\",", settings.name);
    assert_non_null(strstr(text, name));
    free(text);
    assert_int_equal(node_rig_drain(&node), 0);
    stats_board_close(node.board);
}

/* Three are inside and four in the socket when it is told to go. */
static void who_waits_in_the_socket_is_served_before_the_last_process_goes(void **state)
{
    struct node_settings settings = settings_of(CUSTOM_BLOCK, 200 * MS);
    struct node_process node = node_rig_start(&settings);
    pid_t children[PROCESSES];
    int clients[CLIENTS];

    (void)state;
    assert_int_equal(children_of(node.pid, children, PROCESSES), PROCESSES);
    ask_all(&node, clients);
    kill(node.pid, SIGTERM);
    hear_all(clients);
    assert_int_equal(node_rig_wait(&node), 0);
    wait_until_all_are_gone(children, PROCESSES);
    node_rig_read(&node, &stats);
    assert_int_equal(stats.answered[CALL_OK], CLIENTS);
    assert_int_equal(node_rig_connect(settings.listen.port), -1);
    stats_board_close(node.board);
}

static void processes_die_with_their_parent(void **state)
{
    struct node_settings settings = settings_of(CUSTOM_SLEEP, 60000 * MS);
    struct node_process node = node_rig_start(&settings);
    pid_t children[PROCESSES];
    int client = node_rig_connect(node.port);

    (void)state;
    node_rig_send(client, "POST /call/1", "", "{}");
    wait_until(&node, are_inside, 1);
    assert_int_equal(children_of(node.pid, children, PROCESSES), PROCESSES);
    node_rig_kill(&node);
    wait_until_all_are_gone(children, PROCESSES);
    assert_int_equal(node_rig_receive(client, NULL, 0), 0);
    close(client);
}

static void a_process_that_dies_before_its_time_ends_the_node(void **state)
{
    struct node_settings settings = settings_of(CUSTOM_SLEEP, 0);
    struct node_process node = node_rig_start(&settings);
    pid_t children[PROCESSES];

    (void)state;
    assert_int_equal(children_of(node.pid, children, PROCESSES), PROCESSES);
    kill(children[1], SIGKILL);
    assert_int_equal(node_rig_wait(&node), 1);
    wait_until_all_are_gone(children, PROCESSES);
    stats_board_close(node.board);
}

/* The parent registers for all; checks are answered by whoever takes them. */
static void a_balancer_knows_one_replica_and_passes_asks_on_to_it(void **state)
{
    struct node_settings before = node_rig_balancer(), behind = settings_of(CUSTOM_SLEEP, MS);
    struct node_process balancer = node_rig_start(&before), node;
    int clients[CLIENTS];

    (void)state;
    behind.front = before.listen;
    node = node_rig_start(&behind);
    for (int round = 0; round < 3; round++) {
        ask_all(&balancer, clients);
        hear_all(clients);
    }
    wait_until(&node, have_been_answered, 3 * CLIENTS);
    assert_int_equal(node_rig_drain(&node), 0);
    assert_int_equal(node_rig_ask(balancer.port, "POST /call/1", "", "{}", NULL, 0), 502);
    assert_int_equal(node_rig_drain(&balancer), 0);
    stats_board_close(node.board);
    stats_board_close(balancer.board);
}

static void a_process_that_is_killed_with_the_lock_in_hand_leaves_it_to_its_parent(void **state)
{
    struct cores *cores =
        mmap(NULL, cores_bytes(2), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct stats_level busy = {0};
    pid_t child;

    (void)state;
    assert_true(cores != MAP_FAILED);
    cores_init(cores, 1, 2, 0, true);
    child = fork();
    if (child == 0) {
        pthread_mutex_lock(&cores->lock);
        cores_want(cores, 1, loop_clock_ns());
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    alarm(DEADLINE_S);
    assert_int_equal(pthread_mutex_lock(&cores->lock), EOWNERDEAD);
    alarm(0);
    cores_read(cores, loop_clock_ns(), &busy);
    assert_int_equal(busy.now, 1);
    pthread_mutex_unlock(&cores->lock);
    munmap(cores, cores_bytes(2));
}

static void a_batcher_of_processes_is_refused(void **state)
{
    struct node_settings settings = settings_of(CUSTOM_SLEEP, 0);
    char said[512];

    (void)state;
    settings.plan = (struct plan){.kind = PLAN_BATCHER};
    assert_int_equal(node_rig_fails("batcher", &settings, said), 1);
    assert_non_null(strstr(said, "one consumer"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_process_holds_one_visit_at_a_time_and_who_finds_none_waits_in_the_socket),
        cmocka_unit_test(an_answer_closes_its_connection),
        cmocka_unit_test(any_process_tells_the_figures_of_all),
        cmocka_unit_test(who_waits_in_the_socket_is_served_before_the_last_process_goes),
        cmocka_unit_test(processes_die_with_their_parent),
        cmocka_unit_test(a_process_that_dies_before_its_time_ends_the_node),
        cmocka_unit_test(a_balancer_knows_one_replica_and_passes_asks_on_to_it),
        cmocka_unit_test(a_process_that_is_killed_with_the_lock_in_hand_leaves_it_to_its_parent),
        cmocka_unit_test(a_batcher_of_processes_is_refused),
    };

    return cmocka_run_group_tests_name("prefork", tests, NULL, NULL);
}
