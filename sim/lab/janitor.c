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
#include "services/live/rabbit/rabbit_lab.h"
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
            access(folder, F_OK) != 0)
            return;
        nanosleep(&moment, NULL);
    }
}

static void tell(const struct servers *servers, const char *what, const char *why)
{
    struct message message = message_in(servers->options->lang);

    message_say(&message, "could not clean up %s: %s", "не удалось убрать за собой в %s: %s", what,
                why);
    fprintf(stderr, "sim: %s\n", message.text);
}

static bool was_made(const char *made, char what)
{
    return strchr(made, what) != NULL;
}

/* Our end of the pipe closes a moment before the nodes are killed with us, and what they have sent
 * is still on its way. */
static void let_the_dust_settle(void)
{
    const struct timespec moment = {.tv_nsec = 200000000};

    nanosleep(&moment, NULL);
}

static void clean(const struct servers *servers, const char *made)
{
    char why[160];

    if (was_made(made, JANITOR_KEYS) && !store_forget(servers->store.server, servers->run, why))
        tell(servers, "Redis", why);
    if (was_made(made, JANITOR_TOPICS) && !queue_drop_topics(&servers->queue, servers->run, why))
        tell(servers, "Kafka", why);
    if (was_made(made, JANITOR_QUEUES) &&
        !rabbit_drop_queues(servers->options->servers.rabbitmq, servers->run, why))
        tell(servers, "RabbitMQ", why);
    if (was_made(made, JANITOR_TABLES) && !database_drop(&servers->table, why))
        tell(servers, "PostgreSQL", why);
    remove_folder(servers->folder);
}

/* Everything but the pipe and standard error: an open end of another's pipe would keep it alive. */
static void let_go_of_files(int keep)
{
    for (int fd = 0; fd < 1024; fd++)
        if (fd != keep && fd != STDERR_FILENO)
            close(fd);
}

/* What has been made is told by a byte each; then comes the end. */
static void wait_for_end(int pipe, char *made, size_t made_max)
{
    size_t length = 0;
    ssize_t got;
    char byte;

    while ((got = read(pipe, &byte, 1)) > 0 || (got < 0 && errno == EINTR))
        if (got > 0 && length + 1 < made_max)
            made[length++] = byte;
}

static void work(const struct servers *servers, int pipe)
{
    char made[16] = "";

    setsid(); /* Ctrl-C is not for us. */
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    let_go_of_files(pipe);
    wait_for_end(pipe, made, sizeof made);
    if (!was_made(made, JANITOR_ALONE))
        let_the_dust_settle();
    clean(servers, made);
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

void janitor_note(struct janitor *janitor, enum janitor_task task)
{
    char byte = (char)task;

    while (janitor->pid > 0 && write(janitor->pipe, &byte, 1) < 0 && errno == EINTR)
        ;
}

void janitor_close(struct janitor *janitor)
{
    if (janitor->pid <= 0)
        return;
    janitor_note(janitor, JANITOR_ALONE);
    close(janitor->pipe);
    while (waitpid(janitor->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    *janitor = (struct janitor){.pipe = -1};
}
