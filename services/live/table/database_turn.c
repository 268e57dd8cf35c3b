/* database_turn.c — Writers of all processes take turns at one SQLite file.
 *
 *   head of the line (FILE-next) --> the writer (FILE-turn) --> head is free again
 *
 * SQLite's own waiting is unfair: who has just written takes the lock again while the others
 * sleep, and a second and more without a turn has been measured. Here whoever wants the turn must
 * first be head of the line, so the one that has just written finds somebody before it. Both are
 * flock(2) on files beside the database: a process that is killed loses them at once.
 *
 * flock cannot wait with a timeout, so it is tried again and again: by the head, of whom there is
 * one on the whole machine, every 50 microseconds at first and every 200 later; by the others with
 * pauses that double up to 2 ms. The others have no order among them. */
#define _GNU_SOURCE
#include "services/live/table/database_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "services/live/loop/loop.h"

enum { PATH_MAX_BYTES = SETTINGS_TEXT_MAX + 8 };
enum { PAUSE_NS = 50000, HEAD_PAUSE_MAX_NS = 200000, PAUSE_MAX_NS = 2000000 };

static int open_beside(const char *path, const char *ending)
{
    char name[PATH_MAX_BYTES];

    if (snprintf(name, sizeof name, "%s%s", path, ending) >= (int)sizeof name)
        return -1;
    return open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

bool database_turn_open(struct database_turn *turn, const char *path)
{
    turn->now = open_beside(path, "-turn");
    turn->next = open_beside(path, "-next");
    if (turn->now >= 0 && turn->next >= 0)
        return true;
    database_turn_close(turn);
    return false;
}

void database_turn_close(struct database_turn *turn)
{
    if (turn->now >= 0)
        close(turn->now);
    if (turn->next >= 0)
        close(turn->next);
    turn->now = turn->next = -1;
}

static bool take(int file, uint64_t until_ns, uint64_t pause_max_ns)
{
    uint64_t pause_ns = PAUSE_NS;

    while (flock(file, LOCK_EX | LOCK_NB) != 0) {
        uint64_t now_ns = loop_clock_ns();

        if (now_ns >= until_ns || (errno != EWOULDBLOCK && errno != EINTR))
            return false;
        nanosleep(&(struct timespec){.tv_nsec = (long)pause_ns}, NULL);
        pause_ns = pause_ns * 2 > pause_max_ns ? pause_max_ns : pause_ns * 2;
    }
    return true;
}

bool database_turn_take(struct database_turn *turn, uint64_t until_ns)
{
    bool is_taken;

    if (!take(turn->next, until_ns, PAUSE_MAX_NS))
        return false;
    is_taken = take(turn->now, until_ns, HEAD_PAUSE_MAX_NS);
    flock(turn->next, LOCK_UN);
    return is_taken;
}

void database_turn_give(struct database_turn *turn)
{
    flock(turn->now, LOCK_UN);
}

void database_turn_remove(const char *path)
{
    static const char *const endings[] = {"-turn", "-next"};
    char name[PATH_MAX_BYTES];

    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        if (snprintf(name, sizeof name, "%s%s", path, endings[i]) < (int)sizeof name)
            unlink(name);
}
