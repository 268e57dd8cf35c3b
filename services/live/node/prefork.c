/* prefork.c — The parent of a replica's processes: forks, waits, adds up, ends.
 *
 * It forks before it has a loop or a thread, so that a worker starts as if it were alone. */
#define _GNU_SOURCE
#include "services/live/node/prefork.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "services/live/node/life.h"
#include "services/live/runtime/cores.h"

enum { READY_MS = 20000 };

struct parent {
    struct prefork prefork; /* What workers are given. */
    pid_t *workers;         /* 0: it has ended. */
    uint32_t alive;
    int hears; /* Of all workers: a byte each when they are ready. */
    struct loop loop;
    struct stats_board *board;
    struct node_stats stats;
    struct life life;
    struct event *buries;    /* SIGCHLD */
    struct stats_level line; /* In the shared socket, as seen each time that figures are told. */
};

static bool tell(const struct parent *parent, const char *what)
{
    return life_tell(parent->prefork.settings, what);
}

/* ---- Figures --------------------------------------------------------------------------------- */

/* How many wait in the shared socket: for one that listens Linux says so in tcpi_unacked (tcp(7),
 * include/net/tcp.h: sk_ack_backlog). */
static uint64_t waiting_in(int listens)
{
    struct tcp_info info = {0};
    socklen_t length = sizeof info;

    return getsockopt(listens, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 ? info.tcpi_unacked : 0;
}

static void read_cores(const struct prefork *prefork, uint64_t now_ns, struct node_stats *stats)
{
    struct cores *cores = prefork->cores;

    pthread_mutex_lock(&cores->lock);
    cores_read(cores, loop_clock_ns(), &stats->busy);
    pthread_mutex_unlock(&cores->lock);
    stats->busy.since_ns = now_ns;
}

/* A worker that computes publishes nothing meanwhile; what it held then it holds still. */
void prefork_read(const struct prefork *prefork, uint64_t now_ns, struct node_stats *stats)
{
    static struct node_stats one;
    const struct cpu_spec *cpu = &prefork->settings->cpu;

    memset(stats, 0, sizeof *stats);
    for (uint32_t i = 0; i < cpu->workers; i++) {
        if (!stats_board_read(prefork->boards[i], &one))
            continue;
        one.at_ns = now_ns > one.at_ns ? now_ns : one.at_ns;
        stats_add(stats, &one);
    }
    stats->at_ns = now_ns;
    stats->cores = cpu->cores;
    stats->workers = cpu->workers;
    stats->inside.since_ns = stats->workers_held.since_ns = now_ns;
    stats->table_busy.since_ns = stats->table_connections.since_ns = now_ns;
    stats->waiting = (struct stats_level){.now = waiting_in(prefork->listens), .since_ns = now_ns};
    stats->waiting.max = stats->waiting.now;
    read_cores(prefork, now_ns, stats);
}

/* Who waits in the socket no process knows of. What all of them have waited together is the area
 * below the line's length (Little's law), of a line that is looked at ten times a second. */
static void count_line(struct parent *parent, struct node_stats *stats)
{
    stats_level_set(&parent->line, loop_now_ns(&parent->loop), stats->waiting.now);
    stats->waiting = parent->line;
    stats->waits_ns += parent->line.area;
    stats->stays_ns += parent->line.area;
    stats->inside.area += parent->line.area;
    stats->inside.now += parent->line.now;
}

static void publish(void *context)
{
    struct parent *parent = context;
    struct node_stats *stats = &parent->stats;

    prefork_read(&parent->prefork, loop_now_ns(&parent->loop), stats);
    count_line(parent, stats);
    stats->serves = parent->life.serves;
    stats_board_write(parent->board, stats);
}

/* ---- Workers --------------------------------------------------------------------------------- */

/* Standard output is the node's word to whoever started it, and its end is heard there: a worker
 * has none. */
static void leave_streams(void)
{
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

    check(nowhere >= 0);
    check(dup2(nowhere, STDIN_FILENO) >= 0 && dup2(nowhere, STDOUT_FILENO) >= 0);
    close(nowhere);
}

static bool fork_worker(struct parent *parent, uint32_t number, int says,
                        int (*work)(const struct prefork *prefork))
{
    pid_t pid, parent_pid = getpid();

    fflush(NULL);
    pid = fork();
    if (pid < 0)
        return tell(parent, strerror(errno));
    if (pid > 0) {
        parent->workers[number] = pid;
        parent->alive++;
        return true;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent_pid)
        _exit(1);
    leave_streams();
    close(parent->hears);
    parent->prefork.number = number;
    parent->prefork.says = says;
    exit(work(&parent->prefork));
}

static bool fork_workers(struct parent *parent, int (*work)(const struct prefork *prefork))
{
    const struct node_settings *settings = parent->prefork.settings;
    int pipe_ends[2];
    bool are_forked = true;

    if (pipe2(pipe_ends, O_CLOEXEC) != 0)
        return tell(parent, strerror(errno));
    parent->hears = pipe_ends[0];
    for (uint32_t i = 0; are_forked && i < settings->cpu.workers; i++)
        are_forked = fork_worker(parent, i, pipe_ends[1], work);
    close(pipe_ends[1]);
    return are_forked;
}

/* Each says a byte. The pipe's end, or silence: one of them has failed, and has told why. */
static bool wait_for_workers(struct parent *parent)
{
    for (uint32_t ready = 0; ready < parent->prefork.settings->cpu.workers;) {
        struct pollfd poller = {.fd = parent->hears, .events = POLLIN};
        char bytes[64];
        ssize_t got;

        if (poll(&poller, 1, READY_MS) <= 0)
            return tell(parent, "its processes are not ready in time");
        got = read(parent->hears, bytes, sizeof bytes);
        if (got <= 0 || memchr(bytes, 'x', (size_t)got) != NULL)
            return tell(parent, "one of its processes has failed");
        ready += (uint32_t)got;
    }
    return true;
}

static void kill_workers(struct parent *parent, int signal_number)
{
    for (uint32_t i = 0; i < parent->prefork.settings->cpu.workers; i++)
        if (parent->workers[i] > 0)
            kill(parent->workers[i], signal_number);
}

static void bury_workers(struct parent *parent)
{
    kill_workers(parent, SIGKILL);
    for (uint32_t i = 0; i < parent->prefork.settings->cpu.workers; i++)
        while (parent->workers[i] > 0 && waitpid(parent->workers[i], NULL, 0) < 0 && errno == EINTR)
            ;
}

static void note_end(struct parent *parent, pid_t pid, int status)
{
    bool is_well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    char text[80];

    for (uint32_t i = 0; i < parent->prefork.settings->cpu.workers; i++)
        if (parent->workers[i] == pid)
            parent->workers[i] = 0;
    parent->alive--;
    if (parent->life.is_leaving && is_well)
        return;
    if (WIFSIGNALED(status))
        snprintf(text, sizeof text, "one of its processes was ended by signal %d",
                 WTERMSIG(status));
    else
        snprintf(text, sizeof text, "one of its processes ended before its time, with code %d",
                 WEXITSTATUS(status));
    life_fail(&parent->life, text);
}

static void worker_ended(evutil_socket_t signal_number, short events, void *context)
{
    struct parent *parent = context;
    int status;
    pid_t pid;

    (void)signal_number;
    (void)events;
    loop_enter(&parent->loop);
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        note_end(parent, pid, status);
    if (parent->alive == 0)
        loop_stop(&parent->loop);
}

static void drain_workers(void *context)
{
    struct parent *parent = context;

    close(parent->prefork.listens); /* The last worker that leaves closes it for good. */
    parent->prefork.listens = -1;
    kill_workers(parent, SIGTERM);
}

/* ---- From beginning to end ------------------------------------------------------------------- */

static bool share_memory(struct parent *parent)
{
    const struct cpu_spec *cpu = &parent->prefork.settings->cpu;
    void *memory = mmap(NULL, cores_bytes(cpu->workers), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        return tell(parent, "no memory to share with its processes");
    parent->prefork.cores = memory;
    cores_init(parent->prefork.cores, cpu->cores, cpu->workers, cpu->quantum_ns, true);
    parent->workers = calloc(cpu->workers, sizeof *parent->workers);
    parent->prefork.boards = calloc(cpu->workers, sizeof *parent->prefork.boards);
    check(parent->workers != NULL && parent->prefork.boards != NULL);
    for (uint32_t i = 0; i < cpu->workers; i++) {
        parent->prefork.boards[i] = stats_board_share();
        if (parent->prefork.boards[i] == NULL)
            return tell(parent, "no memory for the figures of its processes");
    }
    return true;
}

static bool open_socket(struct parent *parent)
{
    const struct node_settings *settings = parent->prefork.settings;
    char why[160];

    if (!address_is_loopback(&settings->listen) && settings->token[0] == '\0')
        return tell(parent, "without a token it listens on loopback alone: set SIM_TOKEN");
    parent->prefork.listens =
        http_listen(&settings->listen,
                    settings->cpu.queue < SOMAXCONN ? (int)settings->cpu.queue : SOMAXCONN, why);
    return parent->prefork.listens >= 0 || tell(parent, why);
}

static bool open_loop(struct parent *parent)
{
    static const struct life_ops ops = {.publish = publish, .close = drain_workers};

    if (!loop_open(&parent->loop, parent->prefork.settings->origin_ns))
        return tell(parent, "libevent has no event base for it");
    parent->board = stats_board_open(parent->prefork.settings->board);
    if (parent->board == NULL)
        return tell(parent, "its board cannot be opened");
    life_open(&parent->life, &parent->loop, parent->prefork.settings, &ops, parent);
    parent->buries = evsignal_new(parent->loop.base, SIGCHLD, worker_ended, parent);
    check(parent->buries != NULL && evsignal_add(parent->buries, NULL) == 0);
    return true;
}

static void live(struct parent *parent)
{
    life_publish(&parent->life);
    worker_ended(SIGCHLD, 0, parent); /* One that died before there was somebody to hear of it. */
    life_begin(&parent->life, http_listens_on(parent->prefork.listens));
    loop_run(&parent->loop, 0);
    parent->life.serves = false;
    loop_enter(&parent->loop);
    publish(parent);
}

/* What of it has been opened. */
static void close_parent(struct parent *parent)
{
    if (parent->workers != NULL)
        bury_workers(parent);
    if (parent->buries != NULL) {
        event_free(parent->buries);
        life_close(&parent->life);
    }
    if (parent->board != NULL)
        stats_board_close(parent->board);
    if (parent->loop.base != NULL)
        loop_close(&parent->loop);
    for (uint32_t i = 0; i < parent->prefork.settings->cpu.workers; i++)
        if (parent->prefork.boards != NULL && parent->prefork.boards[i] != NULL)
            stats_board_close(parent->prefork.boards[i]);
    free(parent->prefork.boards);
    free(parent->workers);
}

int prefork_main(const struct node_settings *settings, int (*work)(const struct prefork *prefork))
{
    static struct parent parent; /* A page of figures alone is 80 kB. */

    parent.prefork = (struct prefork){.settings = settings, .listens = -1, .says = -1};
    parent.hears = -1;
    if (share_memory(&parent) && open_socket(&parent) && fork_workers(&parent, work) &&
        wait_for_workers(&parent) && open_loop(&parent))
        live(&parent);
    else
        parent.life.exit_code = 1;
    close_parent(&parent);
    return parent.life.exit_code;
}
