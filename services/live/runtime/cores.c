/* cores.c — Who has a core, who waits for one, and when a piece of work is over.
 *
 * Times are CLOCK_MONOTONIC, whatever the loop's clock began at: processes have loops of their own.
 * A sleeper asks to be woken a little early and looks at the clock for the rest, because the kernel
 * is some 50 us late, which each piece of work would add to a request. */
#define _GNU_SOURCE
#include "services/live/runtime/cores.h"

#include <time.h>

#include "services/base/check.h"
#include "services/live/loop/loop.h"

#define BURN_NS UINT64_C(100000) /* Between looks at who waits. */

/* ---- Opening and closing --------------------------------------------------------------------- */

size_t cores_bytes(uint32_t workers_max)
{
    return sizeof(struct cores) + workers_max * sizeof(struct turn);
}

static void init_turns(struct cores *cores, int shared)
{
    pthread_condattr_t attributes;

    check(pthread_condattr_init(&attributes) == 0);
    check(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    check(pthread_condattr_setpshared(&attributes, shared) == 0);
    for (uint32_t i = 0; i < cores->workers_max; i++) {
        cores->turns[i] = (struct turn){.next = CORES_NOBODY};
        check(pthread_cond_init(&cores->turns[i].come, &attributes) == 0);
    }
    pthread_condattr_destroy(&attributes);
}

void cores_init(struct cores *cores, uint32_t cores_max, uint32_t workers_max, uint64_t quantum_ns,
                bool is_shared)
{
    int shared = is_shared ? PTHREAD_PROCESS_SHARED : PTHREAD_PROCESS_PRIVATE;
    pthread_mutexattr_t attributes;

    check(cores_max > 0 && workers_max > 0);
    *cores = (struct cores){.cores_max = cores_max,
                            .workers_max = workers_max,
                            .quantum_ns = quantum_ns,
                            .line = {CORES_NOBODY, CORES_NOBODY, 0}};
    check(pthread_mutexattr_init(&attributes) == 0);
    check(pthread_mutexattr_setpshared(&attributes, shared) == 0);
    if (is_shared) /* Who is killed with it in hand leaves it to the parent, who ends the rest. */
        check(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST) == 0);
    check(pthread_mutex_init(&cores->lock, &attributes) == 0);
    pthread_mutexattr_destroy(&attributes);
    init_turns(cores, shared);
}

void cores_close(struct cores *cores)
{
    for (uint32_t i = 0; i < cores->workers_max; i++)
        pthread_cond_destroy(&cores->turns[i].come);
    pthread_mutex_destroy(&cores->lock);
}

/* ---- Lines ----------------------------------------------------------------------------------- */

void cores_line_push(struct cores *cores, struct cores_line *line, uint32_t who)
{
    cores->turns[who].next = CORES_NOBODY;
    if (line->length == 0)
        line->first = who;
    else
        cores->turns[line->last].next = who;
    line->last = who;
    line->length++;
}

uint32_t cores_line_take(struct cores *cores, struct cores_line *line)
{
    uint32_t who = line->first;

    if (line->length == 0)
        return CORES_NOBODY;
    line->first = cores->turns[who].next;
    line->length--;
    return who;
}

/* ---- Cores ----------------------------------------------------------------------------------- */

static void give_core(struct cores *cores, uint32_t who, uint64_t from_ns)
{
    struct turn *turn = &cores->turns[who];

    turn->has_core = true;
    turn->start_ns = from_ns;
    turn->due_ns = 0;
    cores->busy++;
    cores->busy_max = cores->busy > cores->busy_max ? cores->busy : cores->busy_max;
    pthread_cond_signal(&turn->come);
}

/* Somebody waits since at_ns: who runs with all its work before it keeps to its slices again. */
static void cut_slices(struct cores *cores, uint64_t at_ns)
{
    if (cores->quantum_ns == 0)
        return;
    for (uint32_t i = 0; i < cores->workers_max; i++) {
        struct turn *turn = &cores->turns[i];
        uint64_t ran_ns = at_ns > turn->start_ns ? at_ns - turn->start_ns : 0;
        uint64_t end_ns = turn->start_ns + (ran_ns / cores->quantum_ns + 1) * cores->quantum_ns;

        if (!turn->has_core || turn->due_ns <= end_ns)
            continue;
        turn->due_ns = end_ns;
        pthread_cond_signal(&turn->come);
    }
}

/* Behind those of its rank; among equals the line is first in, first out. */
static void join_line(struct cores *cores, uint32_t who, uint64_t at_ns)
{
    struct cores_line *line = &cores->line;
    uint32_t before = CORES_NOBODY, behind = line->length > 0 ? line->first : CORES_NOBODY;

    cores->turns[who].since_ns = at_ns;
    while (behind != CORES_NOBODY && cores->turns[behind].rank >= cores->turns[who].rank) {
        before = behind;
        behind = cores->turns[behind].next;
    }
    if (behind == CORES_NOBODY) {
        cores_line_push(cores, line, who);
        return;
    }
    cores->turns[who].next = behind;
    if (before == CORES_NOBODY)
        line->first = who;
    else
        cores->turns[before].next = who;
    line->length++;
}

/* Nobody has it before he wanted it, though who noticed late that it was free may say so. */
static void give_to_next(struct cores *cores, uint64_t from_ns)
{
    uint32_t next = cores_line_take(cores, &cores->line);
    uint64_t since_ns = next != CORES_NOBODY ? cores->turns[next].since_ns : 0;

    if (next != CORES_NOBODY)
        give_core(cores, next, from_ns > since_ns ? from_ns : since_ns);
}

void cores_set_rank(struct cores *cores, uint32_t who, uint32_t rank)
{
    cores->turns[who].rank = rank;
}

uint64_t cores_free_since(const struct cores *cores, uint64_t at_ns)
{
    return at_ns > cores->freed_ns ? at_ns : cores->freed_ns;
}

void cores_want(struct cores *cores, uint32_t who, uint64_t at_ns)
{
    if (cores->busy < cores->cores_max && cores->line.length == 0) {
        give_core(cores, who, at_ns);
        return;
    }
    join_line(cores, who, at_ns);
    cut_slices(cores, at_ns);
}

/* What it has done until end_ns counts. The first in line has its core from then on, which may be
 * itself again where it wants more. */
static void leave_core(struct cores *cores, uint32_t who, uint64_t end_ns, bool wants_more)
{
    struct turn *turn = &cores->turns[who];

    turn->has_core = false;
    turn->due_ns = end_ns;
    cores->busy--;
    cores->busy_ns += end_ns - turn->start_ns;
    cores->freed_ns = end_ns > cores->freed_ns ? end_ns : cores->freed_ns;
    if (wants_more)
        join_line(cores, who, end_ns);
    give_to_next(cores, end_ns);
}

/* ---- Computing ------------------------------------------------------------------------------- */

static struct timespec time_of(uint64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / 1000000000),
                             .tv_nsec = (long)(ns % 1000000000)};
}

void cores_wait(struct cores *cores, uint32_t who, uint64_t until_ns)
{
    const struct timespec until = time_of(until_ns);

    pthread_cond_timedwait(&cores->turns[who].come, &cores->lock, &until);
}

static void look_at_clock_until(struct cores *cores, uint64_t until_ns)
{
    pthread_mutex_unlock(&cores->lock);
    while (loop_clock_ns() < until_ns)
        ;
    pthread_mutex_lock(&cores->lock);
}

/* When it was stopped nobody knows; just before the first of them was due is the guess that gives
 * nothing away. */
static void stand_still(struct cores *cores, uint64_t for_ns)
{
    for (uint32_t i = 0; i < cores->workers_max; i++) {
        struct turn *turn = &cores->turns[i];

        if (!turn->has_core)
            continue;
        turn->start_ns += for_ns;
        turn->due_ns += turn->due_ns > 0 ? for_ns : 0;
    }
    cores->busy_ns += for_ns * cores->busy; /* They keep their cores. */
    cores->stood_still_ns += for_ns;
}

/* The instant when the piece was over. */
static uint64_t sleep_through(struct cores *cores, uint32_t who, uint64_t slice_ns)
{
    struct turn *turn = &cores->turns[who];
    uint64_t now_ns;

    turn->due_ns = turn->start_ns + slice_ns;
    for (;;) {
        now_ns = loop_clock_ns();
        if (now_ns >= turn->due_ns)
            break;
        if (turn->is_asked || cores->is_stopping)
            return now_ns > turn->start_ns ? now_ns : turn->start_ns;
        if (turn->due_ns - now_ns > CORES_EARLY_NS)
            cores_wait(cores, who, turn->due_ns - CORES_EARLY_NS);
        else
            look_at_clock_until(cores, turn->due_ns);
    }
    if (now_ns - turn->due_ns > CORES_LATE_MAX_NS)
        stand_still(cores, now_ns - turn->due_ns);
    return turn->due_ns;
}

/* What was burnt of it: less when others wait, or want it to stop. The core was held as long as it
 * took. */
static uint64_t burn_through(struct cores *cores, uint32_t who, uint64_t work_ns)
{
    struct turn *turn = &cores->turns[who];
    uint64_t begun_ns = loop_thread_clock_ns(), burnt_ns = 0;

    turn->start_ns = loop_clock_ns();
    while (burnt_ns < work_ns && !turn->is_asked && !cores->is_stopping) {
        uint64_t until_ns =
            burnt_ns + (work_ns - burnt_ns < BURN_NS ? work_ns - burnt_ns : BURN_NS);

        if (cores->quantum_ns > 0 && burnt_ns >= cores->quantum_ns && cores->line.length > 0)
            break;
        pthread_mutex_unlock(&cores->lock);
        while ((burnt_ns = loop_thread_clock_ns() - begun_ns) < until_ns)
            ;
        pthread_mutex_lock(&cores->lock);
    }
    return burnt_ns < work_ns ? burnt_ns : work_ns;
}

static uint64_t slice_of(const struct cores *cores, uint64_t work_ns)
{
    return cores->quantum_ns > 0 && cores->line.length > 0 && work_ns > cores->quantum_ns
               ? cores->quantum_ns
               : work_ns;
}

/* One piece on a core that it has. What is left. */
static uint64_t run_piece(struct cores *cores, uint32_t who, uint64_t work_ns, bool burns)
{
    struct turn *turn = &cores->turns[who];
    uint64_t done_ns, end_ns;

    if (burns) {
        done_ns = burn_through(cores, who, work_ns);
        end_ns = loop_clock_ns();
    } else {
        end_ns = sleep_through(cores, who, slice_of(cores, work_ns));
        done_ns = end_ns - turn->start_ns;
    }
    work_ns -= done_ns;
    leave_core(cores, who, end_ns, work_ns > 0 && !turn->is_asked);
    return work_ns;
}

uint64_t cores_compute(struct cores *cores, uint32_t who, uint64_t work_ns, bool burns)
{
    struct turn *turn = &cores->turns[who];

    for (;;) {
        while (!turn->has_core && !cores->is_stopping)
            pthread_cond_wait(&turn->come, &cores->lock);
        if (cores->is_stopping)
            return work_ns;
        work_ns = run_piece(cores, who, work_ns, burns);
        if (work_ns == 0 || turn->is_asked || cores->is_stopping)
            return work_ns;
    }
}

void cores_ask(struct cores *cores, uint32_t who)
{
    cores->turns[who].is_asked = true;
    pthread_cond_signal(&cores->turns[who].come);
}

void cores_stop(struct cores *cores)
{
    cores->is_stopping = true;
    for (uint32_t i = 0; i < cores->workers_max; i++)
        pthread_cond_signal(&cores->turns[i].come);
}

/* ---- Figures --------------------------------------------------------------------------------- */

void cores_read(const struct cores *cores, uint64_t now_ns, struct stats_level *busy)
{
    uint64_t area = cores->busy_ns;

    for (uint32_t i = 0; i < cores->workers_max; i++)
        if (cores->turns[i].has_core && now_ns > cores->turns[i].start_ns)
            area += now_ns - cores->turns[i].start_ns;
    busy->now = cores->busy;
    busy->max = cores->busy_max;
    busy->area = area > busy->area ? area : busy->area;
}
