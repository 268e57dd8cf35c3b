/* calibrate_commit.c — A commit as replicas make it: at the scenario's rate, by several processes.
 *
 *     we --"this row"--> writer 0, 1, 2 … --> BEGIN, row, COMMIT --"it took so long"--> we
 *
 * At its rate, because a disk that rests, and what has to be woken for it, are slower: measured in
 * one hour, 0.46 ms at 125 commits per second and 0.29 ms at 820. By several, because what one
 * process has written the others must read anew: a third more from four of them than from one. In
 * turn, because waiting for each other is the virtual world's own to work out.
 *
 * Writers are forked while nobody here has the database open, since SQLite's locks do not outlive a
 * fork. */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "services/live/table/database.h"
#include "sim/lab/calibrate_inside.h"

enum { WRITERS = 4, ROUNDS = 5, WRITE_TIMEOUT_MS = 5000 };
enum { WRITES_LEAST = 50, WRITES_USUAL = 125, WRITES_MOST = 1000 }; /* Per second. */
enum { ROUND_WRITES = 80, ROUND_WRITES_MAX = WRITES_MOST / 2 };     /* Or half a second's. */

struct writer {
    pid_t pid;
    int fd; /* Our end; keys to it, microseconds back: NaN where it failed. */
};

/* ---- The writer's side ----------------------------------------------------------------------- */

static double write_row(struct database *database, uint64_t key)
{
    const struct table_op op = {.verb = TABLE_INSERT, .table = TABLE_CUSTOM, .a = key, .value = 1};
    uint64_t begun_ns = loop_clock_ns();
    int64_t changed;

    if (database_write(database, &op, 1, WRITE_TIMEOUT_MS, &changed) != DATABASE_OK)
        return NAN;
    return (double)(loop_clock_ns() - begun_ns) * 1e-3;
}

/* Until our end is closed. */
static void live_on(int fd, const struct table_settings *settings)
{
    char why[160] = "";
    struct database *database = database_open(settings, why);
    uint64_t key;

    while (database != NULL && read(fd, &key, sizeof key) == sizeof key) {
        double took_us = write_row(database, key);

        if (write(fd, &took_us, sizeof took_us) != sizeof took_us)
            break;
    }
    if (database != NULL)
        database_close(database);
    _exit(0);
}

static bool begin(struct writer *writer, const struct table_settings *settings)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return false;
    writer->pid = calibrate_fork();
    if (writer->pid == 0) {
        close(ends[0]);
        live_on(ends[1], settings);
    }
    close(ends[1]);
    writer->fd = ends[0];
    return writer->pid > 0;
}

static void end(struct writer *writer)
{
    if (writer->fd >= 0)
        close(writer->fd);
    calibrate_reap(&writer->pid);
}

/* ---- Ours ------------------------------------------------------------------------------------ */

static bool has_written(const struct writer *writer, uint64_t key, double *took_us)
{
    return send(writer->fd, &key, sizeof key, MSG_NOSIGNAL) == sizeof key &&
           recv(writer->fd, took_us, sizeof *took_us, MSG_WAITALL) == sizeof *took_us &&
           !isnan(*took_us);
}

static bool measure_round(struct calibrator *calibrator, const struct writer *writers,
                          unsigned round, struct calibrated *figures)
{
    static double took_us[ROUND_WRITES_MAX];
    double gap_ns = 1e9 / calibrator->calibration->write_rate;
    unsigned writes = (unsigned)fmax(ROUND_WRITES, calibrator->calibration->write_rate / 2);
    uint64_t begun_ns = loop_clock_ns();

    for (unsigned i = 0; i < writes; i++) {
        uint64_t key = calibrate_key(((uint64_t)(round + 1) << 32) + i); /* No probe's. */

        calibrate_sleep_until(begun_ns + (uint64_t)(gap_ns * i));
        if (calibrate_is_interrupted(calibrator) ||
            !has_written(&writers[i % WRITERS], key, &took_us[i]))
            return false;
    }
    *figures = calibrated_of(took_us, writes);
    return true;
}

static bool measure(struct calibrator *calibrator, const struct writer *writers)
{
    struct calibration *to = calibrator->calibration;
    double wanted = calibrator->options->rates.written;
    struct calibrated rounds[ROUNDS];

    to->write_rate = wanted > 0 ? fmin(fmax(wanted, WRITES_LEAST), WRITES_MOST) : WRITES_USUAL;
    for (unsigned i = 0; i < ROUNDS; i++)
        if (!measure_round(calibrator, writers, i, &rounds[i]))
            return calibrate_is_interrupted(calibrator)
                       ? message_say(calibrator->trouble, "the database: interrupted",
                                     "база данных: прервано")
                       : message_say(calibrator->trouble,
                                     "the database: a row could not be written",
                                     "база данных: строка не записалась");
    to->own_write = calibrated_mean(rounds, ROUNDS);
    return true;
}

bool calibrate_commit(struct calibrator *calibrator)
{
    struct writer writers[WRITERS];
    bool is_good = true;

    for (unsigned i = 0; i < WRITERS; i++)
        writers[i] = (struct writer){.fd = -1};
    for (unsigned i = 0; i < WRITERS && is_good; i++)
        is_good = begin(&writers[i], &calibrator->servers.table);
    is_good = is_good ? measure(calibrator, writers)
                      : message_say(calibrator->trouble, "the database: %s", "база данных: %s",
                                    strerror(errno));
    for (unsigned i = 0; i < WRITERS; i++)
        end(&writers[i]);
    return is_good;
}
