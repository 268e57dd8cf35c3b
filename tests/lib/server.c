/* server.c — fork and exec without a shell, and a redis-server in particular.
 *
 * A shell would give the pid of itself, and its child would outlive the test. The child looks
 * whether its parent has died before it asked to be killed with it. Readiness is an answer, not a
 * pause. */
#define _GNU_SOURCE
#include "tests/lib/test.h"

#include "tests/lib/server.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "services/live/store/store_live.h"

enum { PATH_BYTES = 512, TRIES = 1500 }; /* 1500 of 20 ms. */

bool server_is_installed(const char *program)
{
    const char *from = getenv("PATH");
    char path[PATH_BYTES];

    while (from != NULL && *from != '\0') {
        size_t length = strcspn(from, ":");

        snprintf(path, sizeof path, "%.*s/%s", (int)length, from, program);
        if (access(path, X_OK) == 0)
            return true;
        from += length + (from[length] == ':');
    }
    return false;
}

void server_make_folder(char folder[static SERVER_FOLDER_MAX])
{
    snprintf(folder, SERVER_FOLDER_MAX, "/tmp/simt-XXXXXX");
    assert_non_null(mkdtemp(folder));
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about;
    (void)kind;
    return where->level <= 3 ? remove(path) : 1;
}

void server_remove_folder(const char *folder)
{
    assert_int_equal(strncmp(folder, "/tmp/simt-", 10), 0);
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* In the child; never comes back. */
static void become(const char *folder, const char *const *argv, pid_t parent)
{
    char path[PATH_BYTES];
    int log, nothing = open("/dev/null", O_RDONLY);

    snprintf(path, sizeof path, "%s/log", folder);
    log = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
    if (getppid() != parent || log < 0 || nothing < 0)
        _exit(126);
    dup2(nothing, 0);
    dup2(log, 1);
    dup2(log, 2);
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

pid_t server_start(const char *folder, const char *const *argv)
{
    pid_t parent = getpid(), pid = fork();

    if (pid == 0)
        become(folder, argv, parent);
    assert_true(pid > 0);
    return pid;
}

void server_signal(pid_t pid, int signal_number)
{
    int status;

    assert_true(pid > 0);
    assert_int_equal(kill(pid, signal_number), 0);
    if (signal_number != SIGSTOP)
        return;
    assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
    assert_true(WIFSTOPPED(status));
}

void server_kill(pid_t *pid)
{
    if (*pid <= 0)
        return;
    kill(*pid, SIGKILL);
    waitpid(*pid, NULL, 0);
    *pid = 0;
}

/* ---- Redis ----------------------------------------------------------------------------------- */

const char *redis_missing(void)
{
    if (server_is_installed("redis-server"))
        return NULL;
    return "redis-server is not installed; `./bootstrap.sh test` installs it, or by hand: "
           "apt install redis-server; dnf install redis; brew install redis";
}

void redis_start(struct redis_server *redis)
{
    const char *argv[] = {"redis-server", "--port",      "0",  "--unixsocket",
                          redis->socket,  "--save",      "",   "--appendonly",
                          "no",           "--daemonize", "no", "--dir",
                          redis->folder,  NULL};
    char version[32], why[160] = "";

    redis->pid = server_start(redis->folder, argv);
    for (int i = 0; i < TRIES; i++) {
        if (store_probe(redis->socket, version, why))
            return;
        assert_int_equal(waitpid(redis->pid, NULL, WNOHANG), 0);
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    fail_msg("redis-server does not answer: %s", why);
}

void redis_open(struct redis_server *redis)
{
    *redis = (struct redis_server){0};
    server_make_folder(redis->folder);
    snprintf(redis->socket, sizeof redis->socket, "%s/r", redis->folder);
    redis_start(redis);
}

void redis_signal(const struct redis_server *redis, int signal_number)
{
    server_signal(redis->pid, signal_number);
}

void redis_kill(struct redis_server *redis)
{
    server_kill(&redis->pid);
}

void redis_close(struct redis_server *redis)
{
    redis_kill(redis);
    server_remove_folder(redis->folder);
}
