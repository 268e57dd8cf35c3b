/* postgres.c — initdb, postgres, psql: each a process of its own, started without a shell. */
#define _GNU_SOURCE
#include "tests/lib/postgres.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "services/base/check.h"
#include "services/live/table/database.h"

/* ---- Processes ------------------------------------------------------------------------------ */

static const struct passwd *not_root(void)
{
    const struct passwd *user = getpwnam("postgres");

    return user != NULL ? user : getpwnam("nobody");
}

static void become_other(void)
{
    const struct passwd *user;

    if (geteuid() != 0)
        return;
    user = not_root();
    if (user == NULL || setgroups(0, NULL) != 0 || setgid(user->pw_gid) != 0 ||
        setuid(user->pw_uid) != 0)
        _exit(126);
}

enum { WORDS_MAX = 24 };

/* By its whole path, also in its own eyes: initdb looks for postgres beside itself. */
static pid_t begin(const struct postgres_server *server, const char *const *words)
{
    char program[128], log[64], *argv[WORDS_MAX] = {program};
    pid_t pid;

    snprintf(program, sizeof program, "%s/%s", server->programs, words[0]);
    for (size_t i = 1; words[i] != NULL; i++) {
        check(i + 1 < WORDS_MAX);
        argv[i] = (char *)(uintptr_t)words[i];
    }
    snprintf(log, sizeof log, "%s/log", server->folder);
    pid = fork();
    check(pid >= 0);
    if (pid > 0)
        return pid;
    become_other();
    prctl(PR_SET_PDEATHSIG, SIGQUIT);
    if (chdir(server->folder) != 0 || freopen(log, "a", stdout) == NULL)
        _exit(126);
    dup2(STDOUT_FILENO, STDERR_FILENO);
    setenv("LC_ALL", "C", 1);
    execv(program, argv);
    _exit(127);
}

static bool run(const struct postgres_server *server, const char *const *words)
{
    int status;

    check(waitpid(begin(server, words), &status, 0) > 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* ---- The cluster ---------------------------------------------------------------------------- */

/* The newest of the packages' folders, or where `postgres` lies on its own. */
static bool find_programs(struct postgres_server *server)
{
    static const char *const patterns[] = {"/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin",
                                           "/usr/bin"};
    char initdb[128];
    glob_t found;

    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        if (glob(patterns[i], 0, NULL, &found) == 0)
            snprintf(server->programs, sizeof server->programs, "%s",
                     found.gl_pathv[found.gl_pathc - 1]);
        globfree(&found);
        snprintf(initdb, sizeof initdb, "%s/initdb", server->programs);
        if (access(initdb, X_OK) == 0)
            return true;
    }
    return false;
}

static uint16_t free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    check(listener >= 0 && bind(listener, (struct sockaddr *)&address, length) == 0 &&
          getsockname(listener, (struct sockaddr *)&address, &length) == 0);
    close(listener);
    return ntohs(address.sin_port);
}

static bool make_folder(struct postgres_server *server)
{
    const struct passwd *user = geteuid() == 0 ? not_root() : NULL;

    snprintf(server->folder, sizeof server->folder, "/tmp/simpg-XXXXXX");
    return mkdtemp(server->folder) != NULL &&
           (user == NULL || chown(server->folder, user->pw_uid, user->pw_gid) == 0);
}

void postgres_start(struct postgres_server *server)
{
    char port[8], version[64], why[160];
    const char *words[] = {"postgres", "-D",           "data",
                           "-k",       server->folder, "-p",
                           port,       "-c",           "listen_addresses=127.0.0.1",
                           NULL};

    snprintf(port, sizeof port, "%u", server->port);
    server->pid = begin(server, words);
    for (uint32_t i = 0; i < 3000 && !database_probe(server->url, version, why); i++)
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
}

void postgres_stop(struct postgres_server *server)
{
    if (server->pid == 0)
        return;
    kill(server->pid, SIGQUIT);
    kill(server->pid, SIGCONT);
    check(waitpid(server->pid, NULL, 0) == server->pid);
    server->pid = 0;
}

static bool is_stopped(pid_t pid)
{
    char path[64], line[512] = "";
    FILE *stat;
    const char *name_ends;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    stat = fopen(path, "re");
    check(stat != NULL && fgets(line, sizeof line, stat) != NULL);
    fclose(stat);
    name_ends = strrchr(line, ')');
    return name_ends != NULL && name_ends[2] == 'T';
}

/* A signal is on its way for a while, in which the parent could fork one more, who would serve
 * everybody. Once it stands still it has no new children, and reaps none: the list is whole. */
void postgres_freeze(const struct postgres_server *server, bool is_frozen)
{
    char path[64], pids[4096] = "";
    FILE *children;
    char *at = pids;

    kill(server->pid, is_frozen ? SIGSTOP : SIGCONT);
    while (is_frozen && !is_stopped(server->pid))
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)server->pid, (int)server->pid);
    children = fopen(path, "re");
    check(children != NULL && fgets(pids, sizeof pids, children) != NULL);
    fclose(children);
    for (long pid = strtol(at, &at, 10); pid > 0; pid = strtol(at, &at, 10))
        kill((pid_t)pid, is_frozen ? SIGSTOP : SIGCONT);
}

bool postgres_open(struct postgres_server *server, char why[static 160])
{
    static const char *const initdb[] = {"initdb", "-D",        "data", "-A",   "trust", "-U",
                                         "sim",    "--no-sync", "-E",   "UTF8", NULL};
    char version[64];

    *server = (struct postgres_server){0};
    if (!find_programs(server) || (geteuid() == 0 && not_root() == NULL)) {
        snprintf(why, 160, "PostgreSQL is not installed; apt install postgresql");
        return false;
    }
    if (!make_folder(server) || !run(server, initdb)) { /* It is there: not to be skipped over. */
        fprintf(stderr, "FAILED: initdb; see %s/log\n", server->folder);
        exit(1);
    }
    server->port = free_port();
    snprintf(server->url, sizeof server->url, "postgres://sim@127.0.0.1:%u/postgres", server->port);
    postgres_start(server);
    return database_probe(server->url, version, why);
}

void postgres_remove(struct postgres_server *server)
{
    const char *words[] = {"rm", "-rf", server->folder, NULL};
    pid_t pid;

    postgres_stop(server);
    if (strncmp(server->folder, "/tmp/simpg-", 11) != 0)
        return;
    pid = fork();
    if (pid == 0) {
        execvp("rm", (char *const *)(uintptr_t)words);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
}

pid_t postgres_begin_to_tell(const struct postgres_server *server, const char *text)
{
    const char *words[] = {"psql", "-X", "-q",        "-v", "ON_ERROR_STOP=1",
                           "-c",   text, server->url, NULL};

    return begin(server, words);
}

bool postgres_tell(const struct postgres_server *server, const char *text)
{
    int status;

    check(waitpid(postgres_begin_to_tell(server, text), &status, 0) > 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
