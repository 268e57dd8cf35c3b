/* node_rig.c — Starting, asking and ending nodes, with deadlines of twenty seconds everywhere. */
#define _GNU_SOURCE
#include "tests/lib/test.h"
#include "tests/lib/node_rig.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "services/live/node/stats_board.h"

enum { DEADLINE_S = 20, ANSWER_MAX = 65536 };
#define MS UINT64_C(1000000)

/* ---- Settings -------------------------------------------------------------------------------- */

struct node_settings node_rig_custom(uint32_t replica)
{
    struct node_settings settings = {
        .run = "test",
        .replica = replica,
        .seed = 1,
        .cpu = {.cores = 1, .speed = 1, .queue = 1000},
        .in_flight = 1000,
        .listen = {.host = "127.0.0.1", .port = node_rig_free_port()},
        .weight = 1,
    };

    settings.plan.kind = PLAN_CUSTOM;
    settings.plan.custom.in_flight = settings.in_flight;
    snprintf(settings.name, sizeof settings.name, "web/%u", replica);
    snprintf(settings.board, sizeof settings.board, "/tmp/sim-rig-%d-%u", (int)getpid(), replica);
    return settings;
}

struct node_settings node_rig_balancer(void)
{
    struct node_settings settings = node_rig_custom(99);

    settings.plan = (struct plan){.kind = PLAN_BALANCER};
    settings.plan.balancer = (struct balancer_config){.policy = BALANCE_ROUND_ROBIN,
                                                      .backends_max = 4,
                                                      .in_flight = 1 << 20,
                                                      .timeout_ns = 5000 * MS,
                                                      .attempts = 1,
                                                      .health_every_ns = 50 * MS,
                                                      .health_timeout_ns = 1000 * MS,
                                                      .health_fall = 2,
                                                      .health_rise = 1,
                                                      .bound = 1.25,
                                                      .ewma_ns = 10000 * MS};
    settings.cpu.queue = settings.in_flight = UINT32_MAX;
    strcpy(settings.name, "web/balancer");
    return settings;
}

void node_rig_pauses(struct node_settings *settings, uint64_t pause_ns)
{
    struct custom_config *custom = &settings->plan.custom;

    custom->steps_max = 1;
    custom->steps[0] = (struct custom_step){
        .kind = CUSTOM_SLEEP, .time = {.kind = DIST_CONSTANT, .mean = (double)pause_ns}};
    dist_init(&custom->steps[0].time);
}

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

uint16_t node_rig_free_port(void)
{
    struct sockaddr_in address = loopback(0);
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    close(fd);
    return ntohs(address.sin_port);
}

/* ---- Processes ------------------------------------------------------------------------------- */

/* variable: which build's path it holds. */
static const char *program(const char *variable)
{
    const char *path = getenv(variable);

    if (path == NULL || path[0] == '\0') {
        print_message("SKIPPED: there is no sim-node ($%s)\n", variable);
        skip();
    }
    return path;
}

void node_rig_need_both(void)
{
    program("SIM_NODE");
    program("SIM_NODE_PLANTED");
}

/* Its standard streams; whoever it is, it dies with us. */
static void become(const char *path, const char *kind, const int streams[3])
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int i = 0; i < 3; i++)
        dup2(streams[i], i);
    for (int fd = 3; fd < 64; fd++)
        close(fd);
    execl(path, path, kind, (char *)NULL);
    _exit(127);
}

struct started {
    pid_t pid;
    int input, output, error;
};

static struct started start(const char *path, const char *kind, bool keeps_error)
{
    int input[2], output[2], error[2];
    pid_t pid;

    assert_int_equal(pipe(input) | pipe(output) | pipe(error), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        become(path, kind, (int[3]){input[0], output[1], keeps_error ? error[1] : STDERR_FILENO});
    close(input[0]);
    close(output[1]);
    close(error[1]);
    return (struct started){pid, input[1], output[0], error[0]};
}

static void wait_for_ready(int output)
{
    char line[7] = "";
    struct pollfd poller = {.fd = output, .events = POLLIN};

    for (size_t length = 0; length < 6;) {
        ssize_t got;

        assert_int_equal(poll(&poller, 1, DEADLINE_S * 1000), 1);
        got = read(output, line + length, 6 - length);
        assert_true(got > 0); /* Else it has ended; it says why on standard error. */
        length += (size_t)got;
    }
    assert_string_equal(line, "ready\n");
}

static struct node_process start_ready(const char *path, const struct node_settings *settings)
{
    struct node_process process = {.port = settings->listen.port};
    struct started started;

    process.board = stats_board_make(settings->board);
    assert_non_null(process.board);
    started = start(path, plan_kind_name(settings->plan.kind), false);
    process.pid = started.pid;
    process.output = started.output;
    close(started.error);
    assert_true(settings_send(started.input, settings));
    close(started.input);
    wait_for_ready(process.output);
    unlink(settings->board);
    return process;
}

struct node_process node_rig_start(const struct node_settings *settings)
{
    return start_ready(program("SIM_NODE"), settings);
}

struct node_process node_rig_start_planted(const struct node_settings *settings)
{
    return start_ready(program("SIM_NODE_PLANTED"), settings);
}

static int wait_for_end(pid_t pid)
{
    int status = 0;

    for (int i = 0; i < DEADLINE_S * 100; i++) {
        pid_t ended = waitpid(pid, &status, WNOHANG);

        assert_true(ended >= 0);
        if (ended == pid)
            return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        usleep(10000);
    }
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    fail_msg("it has not ended within %d s", DEADLINE_S);
    return -1;
}

int node_rig_fails(const char *kind, const struct node_settings *settings, char said[static 512])
{
    struct started started = start(program("SIM_NODE"), kind, true);
    size_t length = 0;
    ssize_t got;

    signal(SIGPIPE, SIG_IGN); /* It may have gone before it read them. */
    if (settings != NULL)
        settings_send(started.input, settings);
    close(started.input);
    while (length < 511 && (got = read(started.error, said + length, 511 - length)) > 0)
        length += (size_t)got;
    said[length] = '\0';
    close(started.error);
    close(started.output);
    return wait_for_end(started.pid);
}

static void forget(struct node_process *process)
{
    close(process->output);
    process->pid = 0;
}

void node_rig_kill(struct node_process *process)
{
    kill(process->pid, SIGKILL);
    wait_for_end(process->pid);
    forget(process);
    stats_board_close(process->board);
}

int node_rig_wait(struct node_process *process)
{
    int code = wait_for_end(process->pid);

    forget(process);
    return code;
}

int node_rig_drain(struct node_process *process)
{
    kill(process->pid, SIGTERM);
    return node_rig_wait(process);
}

void node_rig_read(const struct node_process *process, struct node_stats *stats)
{
    for (int i = 0; i < DEADLINE_S * 100 && !stats_board_read(process->board, stats); i++)
        usleep(10000);
    assert_true(stats_board_read(process->board, stats));
}

/* ---- The client ------------------------------------------------------------------------------ */

int node_rig_connect(uint16_t port)
{
    struct sockaddr_in address = loopback(port);
    struct timeval deadline = {.tv_sec = DEADLINE_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

void node_rig_send(int socket, const char *request, const char *headers, const char *body)
{
    char text[4096];
    int length = snprintf(text, sizeof text,
                          "%s HTTP/1.1\r\nHost: 127.0.0.1\r\n%sContent-Length: %zu\r\n\r\n%s",
                          request, headers, strlen(body), body);

    assert_in_range(length, 1, sizeof text - 1);
    (void)send(socket, text, (size_t)length, MSG_NOSIGNAL);
}

/* Of a whole head: how much body follows it. */
static size_t body_length_of(const char *head)
{
    const char *field = strcasestr(head, "\r\ncontent-length:");

    assert_non_null(field);
    return strtoul(field + 17, NULL, 10);
}

int node_rig_receive(int socket, char *body, size_t body_max)
{
    char text[ANSWER_MAX] = "";
    size_t length = 0, wanted = SIZE_MAX;
    const char *end = NULL;

    while (end == NULL || length < wanted) {
        ssize_t got = recv(socket, text + length, sizeof text - 1 - length, 0);

        if (got <= 0)
            return 0;
        length += (size_t)got;
        text[length] = '\0';
        if (end == NULL && (end = strstr(text, "\r\n\r\n")) != NULL) {
            end += 4;
            wanted = (size_t)(end - text) + body_length_of(text);
            assert_true(wanted < sizeof text);
        }
    }
    if (body != NULL)
        snprintf(body, body_max, "%s", end);
    assert_memory_equal(text, "HTTP/1.1 ", 9);
    return atoi(text + 9);
}

int node_rig_ask(uint16_t port, const char *request, const char *headers, const char *body,
                 char *answer, size_t answer_max)
{
    int fd = node_rig_connect(port), status;

    if (fd < 0)
        return 0;
    node_rig_send(fd, request, headers, body);
    status = node_rig_receive(fd, answer, answer_max);
    close(fd);
    return status;
}
