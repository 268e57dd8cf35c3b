/* settings.c — Settings through a pipe: a head, the struct, then the points of its distributions.
 *
 *     | magic, sizes, sum | struct node_settings | points of the 1st empirical dist | of the 2nd …
 *
 * Sender and receiver are of one build, so nothing is converted; that they are is what the sizes
 * and the sum over all bytes are for. Beyond that the receiver believes only what it has checked:
 * whatever is an index, a length or the end of a text. Pointers do not travel. */
#define _GNU_SOURCE
#include "services/live/node/settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "services/live/node/stats.h"

#define MAGIC UINT64_C(0x73696d2d6e6f6465) /* "sim-node" */

struct head {
    uint64_t magic, sum;
    uint32_t settings_size, point_size;
    uint64_t points_max; /* Of all distributions together. */
};

/* FNV-1a; it guards against accidents alone. */
static uint64_t sum_of(uint64_t sum, const void *bytes, size_t length)
{
    const unsigned char *byte = bytes;

    for (size_t i = 0; i < length; i++)
        sum = (sum ^ byte[i]) * UINT64_C(0x100000001b3);
    return sum;
}

/* ---- Sending --------------------------------------------------------------------------------- */

static bool write_all(int fd, const void *bytes, size_t length)
{
    const char *from = bytes;

    while (length > 0) {
        ssize_t written = write(fd, from, length);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        from += written;
        length -= (size_t)written;
    }
    return true;
}

bool settings_send(int fd, const struct node_settings *settings)
{
    struct node_settings copy = *settings;
    struct head head = {.magic = MAGIC,
                        .sum = MAGIC,
                        .settings_size = sizeof copy,
                        .point_size = sizeof(struct dist_point)};
    const struct dist_point *points[PLAN_DISTS_MAX];
    struct dist *dists[PLAN_DISTS_MAX];
    size_t dists_max = plan_dists(&copy.plan, dists, PLAN_DISTS_MAX);

    for (size_t i = 0; i < dists_max; i++) {
        points[i] = dists[i]->points;
        dists[i]->points = NULL;
        dists[i]->points_max = dists[i]->kind == DIST_EMPIRICAL ? dists[i]->points_max : 0;
        head.points_max += dists[i]->points_max;
    }
    check(head.points_max <= SETTINGS_POINTS_MAX);
    head.sum = sum_of(head.sum, &copy, sizeof copy);
    for (size_t i = 0; i < dists_max; i++)
        head.sum = sum_of(head.sum, points[i], dists[i]->points_max * sizeof *points[i]);
    if (!write_all(fd, &head, sizeof head) || !write_all(fd, &copy, sizeof copy))
        return false;
    for (size_t i = 0; i < dists_max; i++)
        if (!write_all(fd, points[i], dists[i]->points_max * sizeof *points[i]))
            return false;
    return true;
}

/* ---- Receiving ------------------------------------------------------------------------------- */

static bool tell(char why[static 160], const char *what)
{
    snprintf(why, 160, "%s", what);
    return false;
}

static bool read_all(int fd, void *bytes, size_t length, char why[static 160])
{
    char *to = bytes;

    while (length > 0) {
        ssize_t got = read(fd, to, length);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            snprintf(why, 160, "settings cannot be read: %s", strerror(errno));
            return false;
        }
        if (got == 0)
            return tell(why, "the settings end too early; sim-node is started by sim");
        to += got;
        length -= (size_t)got;
    }
    return true;
}

static bool is_ours(const struct head *head, char why[static 160])
{
    if (head->magic != MAGIC)
        return tell(why, "these are no settings; sim-node is started by sim");
    if (head->settings_size != sizeof(struct node_settings) ||
        head->point_size != sizeof(struct dist_point))
        return tell(why, "the settings are of another build; install sim and sim-node together");
    if (head->points_max > SETTINGS_POINTS_MAX)
        return tell(why, "the settings have too many points");
    return true;
}

static bool ends(const char *text, size_t size)
{
    return memchr(text, '\0', size) != NULL;
}

#define ENDS(text) ends(text, sizeof(text))

static bool are_texts_whole(const struct node_settings *settings)
{
    for (size_t i = 0; i < SETTINGS_PEERS_MAX; i++)
        if (!ENDS(settings->peers[i].host))
            return false;
    return ENDS(settings->name) && ENDS(settings->run) && ENDS(settings->board) &&
           ENDS(settings->listen.host) && ENDS(settings->front.host) &&
           ENDS(settings->known_as.host) && ENDS(settings->token) && ENDS(settings->store.server) &&
           ENDS(settings->queue.brokers) && ENDS(settings->queue.group) &&
           ENDS(settings->table.database) && ENDS(settings->table.schema);
}

static bool is_layout_sane(const struct memory_layout *layout)
{
    return (unsigned)layout->design < MEMORY_DESIGNS && layout->slots > 0 && layout->jitter >= 0 &&
           layout->jitter <= 1 && layout->gap_ns > 0 && layout->hold_ns > 0 && layout->bytes >= 8;
}

static bool is_plan_sane(const struct plan *plan)
{
    return (unsigned)plan->kind < PLAN_KINDS &&
           (plan->kind != PLAN_CUSTOM || plan->custom.steps_max <= CUSTOM_STEPS_MAX) &&
           (plan->kind != PLAN_COUNTER || is_layout_sane(&plan->counter.layout));
}

static bool is_runtime_sane(const struct cpu_spec *cpu)
{
    if ((unsigned)cpu->model >= CPU_MODELS || (unsigned)cpu->line >= LINE_ORDERS)
        return false;
    if (cpu->model == CPU_GIL_THREADS && cpu->switch_interval_ns == 0)
        return false;
    return cpu->model == CPU_EVENT_LOOP || (cpu->workers > 0 && cpu->workers <= CPU_WORKERS_MAX);
}

static bool is_sane(const struct node_settings *settings)
{
    return is_plan_sane(&settings->plan) && are_texts_whole(settings) && settings->cpu.cores > 0 &&
           settings->cpu.speed > 0 && is_runtime_sane(&settings->cpu) &&
           (settings->plan.kind != PLAN_COUNTER || settings->cpu.workers > 0) &&
           (unsigned)settings->failpoint < FAILPOINTS &&
           settings->queue.partitions <= STATS_PARTITIONS_MAX &&
           settings->tokens.algorithm < TOKEN_ALGORITHMS &&
           settings->tokens.length <= TOKEN_KEY_MAX;
}

/* Lends every empirical distribution its stretch of the points. False: they do not add up. */
static bool hand_out(struct plan *plan, struct dist_point *points, uint64_t points_max)
{
    struct dist *dists[PLAN_DISTS_MAX];
    size_t dists_max = plan_dists(plan, dists, PLAN_DISTS_MAX);
    uint64_t used = 0;

    for (size_t i = 0; i < dists_max; i++) {
        struct dist *dist = dists[i];

        if ((unsigned)dist->kind > DIST_EMPIRICAL)
            return false;
        if (dist->kind != DIST_EMPIRICAL)
            continue;
        if (dist->points_max == 0 || dist->points_max > points_max - used)
            return false;
        dist->points = points + used;
        for (size_t k = 0; k < dist->points_max; k++)
            if (dist->points[k].other >= dist->points_max)
                return false;
        used += dist->points_max;
    }
    return used == points_max;
}

static bool receive_into(int fd, struct node_settings *settings, struct dist_point *points,
                         const struct head *head, char why[static 160])
{
    size_t points_size = head->points_max * sizeof *points;
    uint64_t sum = MAGIC;

    if (!read_all(fd, settings, sizeof *settings, why) || !read_all(fd, points, points_size, why))
        return false;
    sum = sum_of(sum, settings, sizeof *settings);
    sum = sum_of(sum, points, points_size);
    if (sum != head->sum || !is_sane(settings) ||
        !hand_out(&settings->plan, points, head->points_max))
        return tell(why, "the settings are garbled; sim-node is started by sim");
    return true;
}

bool settings_receive(int fd, struct node_settings *settings, struct dist_point **points,
                      char why[static 160])
{
    struct head head;

    *points = NULL;
    if (!read_all(fd, &head, sizeof head, why) || !is_ours(&head, why))
        return false;
    *points = calloc(head.points_max + 1, sizeof **points);
    if (*points == NULL)
        return tell(why, "no memory for the settings");
    if (receive_into(fd, settings, *points, &head, why))
        return true;
    free(*points);
    *points = NULL;
    return false;
}
