/* janitor.c — Wait, drop, remove. */
#define _GNU_SOURCE
#include "sim/lab/janitor.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "services/live/queue/queue_live.h"
#include "services/live/store/store_live.h"
#include "services/live/table/database.h"

enum { FOLDERS_OPEN_MAX = 8 };

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *place)
{
    (void)about;
    (void)kind;
    (void)place;
    return remove(path);
}

/* Children of ours may still write while the kernel takes them down: again, for a second. */
static void remove_folder(const char *folder)
{
    const struct timespec moment = {.tv_nsec = 20000000};

    for (int i = 0; i < 50; i++) {
        if (nftw(folder, remove_one, FOLDERS_OPEN_MAX, FTW_DEPTH | FTW_PHYS) == 0 ||
            errno == ENOENT)
            return;
        nanosleep(&moment, NULL);
    }
}

static void tell(const char *what, const char *why)
{
    fprintf(stderr, "sim: could not clean up %s: %s\n", what, why);
}

static void clean(const struct servers *servers)
{
    char why[160];

    if (servers->wanted.store && servers->store.server[0] != '\0' && servers->store_is_theirs &&
        !store_forget(servers->store.server, servers->run, why))
        tell("Redis", why);
    if (servers->wanted.queue && servers->queue.brokers[0] != '\0' &&
        !servers->has_embedded_broker && !queue_drop_topics(&servers->queue, servers->run, why))
        tell("Kafka", why);
    if (servers->wanted.table && servers->table_is_theirs && !database_drop(&servers->table, why))
        tell("PostgreSQL", why);
    remove_folder(servers->folder);
}

/* Everything but the pipe and standard error: an open end of another's pipe would keep it alive. */
static void let_go_of_files(int keep)
{
    for (int fd = 0; fd < 1024; fd++)
        if (fd != keep && fd != STDERR_FILENO)
            close(fd);
}

static void work(const struct servers *servers, int pipe)
{
    char byte;

    setsid(); /* Ctrl-C is not for us. */
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    let_go_of_files(pipe);
    while (read(pipe, &byte, 1) < 0 && errno == EINTR)
        ;
    clean(servers);
    _exit(0);
}

bool janitor_open(struct janitor *janitor, const struct servers *servers)
{
    int ends[2];

    *janitor = (struct janitor){.pipe = -1};
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    janitor->pid = fork();
    if (janitor->pid == 0) {
        close(ends[1]);
        work(servers, ends[0]);
    }
    close(ends[0]);
    janitor->pipe = ends[1];
    if (janitor->pid > 0)
        return true;
    close(janitor->pipe);
    *janitor = (struct janitor){.pipe = -1};
    return false;
}

void janitor_close(struct janitor *janitor)
{
    if (janitor->pid <= 0)
        return;
    close(janitor->pipe);
    while (waitpid(janitor->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    *janitor = (struct janitor){.pipe = -1};
}
