/* cpu_live.c — A processor as a list of instants: one alarm stands for all its loops. Threads and
 * processes have theirs elsewhere (runtime/); this file only passes them on.
 *
 *     run --loop free--> slot, due --settle--> loop_finish
 *      |                  ^
 *      | all busy         | the loop is due to come free
 *      v                  |
 *     waiting ------------+
 *      |
 *      +--somebody more urgent came, and the line was full--> loop_finish, shed
 *
 * settle() plays everything that was due up to now, in order of the instants when it was due, as
 * the virtual processor would have. It runs when the alarm rings and before anything is asked, so
 * that a question never meets a core that should have been free already. */
#define _GNU_SOURCE
#include "services/live/loop/cpu_live.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "services/base/list.h"
#include "services/base/ranks.h"
#include "services/live/node/stats.h"
#include "services/live/runtime/cores.h"
#include "services/live/runtime/pool.h"

struct task {
    struct link link; /* Waiting, or spare. */
    struct call *call;
    enum cpu_kind kind;
    uint64_t asked_ns, since_ns; /* since_ns: in this line. */
    uint64_t left_ns;
    enum stats_wait what;
};

struct slot {          /* A loop and its core. */
    struct task *task; /* NULL: idle. */
    uint64_t start_ns, due_ns;
};

struct cpu_live {
    struct cpu port; /* First. */
    struct loop *loop;
    struct node_stats *stats;
    struct cpu_spec spec;
    struct event *alarm;
    struct slot *slots;     /* [spec.cores] */
    uint32_t busy, blocked; /* blocked: of the busy ones, in a blocking call. */
    uint64_t stood_still_ns;
    struct ranks waiting;
    struct list spare;
    struct pool_live *pool; /* threads, gil_threads. */
    struct cores *cores;    /* processes. */
    uint32_t who;           /* On them. */
    bool has_own_cores;
};

/* ---- Tasks ----------------------------------------------------------------------------------- */

static struct task *take_task(struct cpu_live *cpu)
{
    struct link *link = list_take_first(&cpu->spare);
    struct task *task = link != NULL ? list_entry(link, struct task, link) : malloc(sizeof *task);

    check(task != NULL);
    task->link = (struct link){NULL, NULL};
    return task;
}

static void note_line(struct cpu_live *cpu, uint64_t at_ns)
{
    if (!cpu_live_has_workers(cpu)) /* Otherwise the line is the one at the door. */
        stats_level_set(&cpu->stats->waiting, at_ns, cpu->waiting.length);
}

static void note_busy(struct cpu_live *cpu, uint64_t at_ns)
{
    stats_level_set(&cpu->stats->busy, at_ns, cpu->busy - cpu->blocked);
    stats_level_set(&cpu->stats->blocked, at_ns, cpu->blocked);
}

static void note_turn(struct cpu_live *cpu, uint64_t waited_ns)
{
    if (cpu_live_has_workers(cpu))
        return;
    cpu->stats->waits++;
    cpu->stats->waits_ns += waited_ns;
    if (waited_ns > 0)
        histogram_record(&cpu->stats->wait, waited_ns);
}

static void wait_in_line(struct cpu_live *cpu, struct task *task, uint64_t at_ns)
{
    task->since_ns = at_ns;
    ranks_push(&cpu->waiting, &task->link, line_rank(cpu->spec.line, task->call->priority));
    note_line(cpu, at_ns);
}

static struct task *leave_line(struct cpu_live *cpu, uint64_t at_ns)
{
    struct link *first = ranks_take_first(&cpu->waiting);
    struct task *task;

    if (first == NULL)
        return NULL;
    task = list_entry(first, struct task, link);
    note_line(cpu, at_ns);
    note_turn(cpu, at_ns - task->since_ns);
    return task;
}

static void end(struct cpu_live *cpu, struct task *task)
{
    stats_waited(cpu->stats, task->what, loop_now_ns(cpu->loop) - task->asked_ns);
    loop_finish(cpu->loop, task->call, CALL_OK, 0);
    list_push_first(&cpu->spare, &task->link);
}

/* ---- Slots ----------------------------------------------------------------------------------- */

static void start(struct cpu_live *cpu, struct slot *slot, struct task *task, uint64_t at_ns)
{
    *slot = (struct slot){task, at_ns, at_ns + task->left_ns};
    cpu->busy++;
    cpu->blocked += task->kind == CPU_BLOCK;
    note_busy(cpu, at_ns);
}

static void end_task(struct cpu_live *cpu, struct slot *slot)
{
    struct task *task = slot->task;
    uint64_t due_ns = slot->due_ns;

    slot->task = NULL;
    cpu->busy--;
    cpu->blocked -= task->kind == CPU_BLOCK;
    note_busy(cpu, due_ns);
    end(cpu, task);
    task = leave_line(cpu, due_ns);
    if (task != NULL)
        start(cpu, slot, task, due_ns);
}

static struct slot *first_due(const struct cpu_live *cpu)
{
    struct slot *first = NULL;

    for (struct slot *slot = cpu->slots; slot < cpu->slots + cpu->spec.cores; slot++)
        if (slot->task != NULL && (first == NULL || slot->due_ns < first->due_ns))
            first = slot;
    return first;
}

static struct slot *idle(const struct cpu_live *cpu)
{
    struct slot *slot = cpu->slots;

    while (slot->task != NULL)
        slot++;
    return slot;
}

/* A blocking call on the node's only loop: the thread itself waits for it. */
static bool stops_loop(const struct cpu_live *cpu, const struct slot *slot)
{
    return slot != NULL && slot->task->kind == CPU_BLOCK && cpu->spec.cores == 1;
}

static void set_alarm(struct cpu_live *cpu)
{
    const struct slot *first = first_due(cpu);
    uint64_t now_ns = loop_now_ns(cpu->loop);

    if (stops_loop(cpu, first))
        loop_alarm_set(cpu->alarm, 0);
    else if (first != NULL)
        loop_alarm_set(cpu->alarm, first->due_ns > now_ns + CORES_EARLY_NS
                                       ? first->due_ns - CORES_EARLY_NS - now_ns
                                       : 0);
}

static void sleep_until(struct cpu_live *cpu, uint64_t due_ns)
{
    const uint64_t until_ns = cpu->loop->origin_ns + due_ns;
    const struct timespec until = {.tv_sec = (time_t)(until_ns / 1000000000),
                                   .tv_nsec = (long)(until_ns % 1000000000)};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
        ;
    loop_enter(cpu->loop);
}

/* The kernel wakes us some 50 us after it was asked to, which each piece of work would add to a
 * request: so we ask for a little earlier, and look at the clock for the rest. */
static void watch_clock(struct cpu_live *cpu)
{
    const struct slot *first = first_due(cpu);

    if (stops_loop(cpu, first))
        sleep_until(cpu, first->due_ns);
    while (first != NULL && loop_now_ns(cpu->loop) < first->due_ns &&
           first->due_ns - loop_now_ns(cpu->loop) <= CORES_EARLY_NS)
        loop_enter(cpu->loop);
}

/* When it was stopped nobody knows; just before the first of them was due is the guess that gives
 * nothing away. */
static void stand_still(struct cpu_live *cpu, uint64_t for_ns)
{
    for (struct slot *slot = cpu->slots; slot < cpu->slots + cpu->spec.cores; slot++) {
        slot->start_ns += for_ns;
        slot->due_ns += for_ns;
    }
    cpu->stood_still_ns += for_ns;
}

static void settle(struct cpu_live *cpu)
{
    uint64_t now_ns = loop_now_ns(cpu->loop);
    struct slot *slot = first_due(cpu);

    if (slot != NULL && now_ns > slot->due_ns && now_ns - slot->due_ns > CORES_LATE_MAX_NS)
        stand_still(cpu, now_ns - slot->due_ns);
    while ((slot = first_due(cpu)) != NULL && slot->due_ns <= now_ns)
        end_task(cpu, slot);
}

static void run_on_timers(struct cpu_live *cpu, struct task *task)
{
    uint64_t now_ns = loop_now_ns(cpu->loop);

    settle(cpu);
    if (cpu->busy < cpu->spec.cores) {
        note_turn(cpu, 0);
        start(cpu, idle(cpu), task, now_ns);
    } else {
        wait_in_line(cpu, task, now_ns);
    }
    set_alarm(cpu);
}

/* ---- Burning --------------------------------------------------------------------------------- */

static void burn_ns(uint64_t work_ns)
{
    uint64_t begun_ns = loop_thread_clock_ns();

    while (loop_thread_clock_ns() - begun_ns < work_ns)
        ;
}

/* One task per round of the loop: sockets and timers get their turn between them. */
static void burn_next(struct cpu_live *cpu)
{
    struct task *task = leave_line(cpu, loop_now_ns(cpu->loop));

    cpu->busy = 1;
    cpu->blocked = task->kind == CPU_BLOCK;
    note_busy(cpu, loop_now_ns(cpu->loop));
    if (task->kind == CPU_BLOCK)
        sleep_until(cpu, loop_now_ns(cpu->loop) + task->left_ns);
    else
        burn_ns(task->left_ns);
    loop_enter(cpu->loop);
    cpu->busy = cpu->blocked = 0;
    note_busy(cpu, loop_now_ns(cpu->loop));
    end(cpu, task);
    if (!ranks_are_empty(&cpu->waiting))
        loop_alarm_set(cpu->alarm, 0);
}

/* ---- A process ------------------------------------------------------------------------------- */

static void compute(struct cpu_live *cpu, const struct task *task)
{
    pthread_mutex_lock(&cpu->cores->lock);
    cores_want(cpu->cores, cpu->who,
               cores_free_since(cpu->cores, cpu->loop->origin_ns + loop_now_ns(cpu->loop)));
    cores_compute(cpu->cores, cpu->who, task->left_ns, cpu->spec.is_burnt);
    pthread_mutex_unlock(&cpu->cores->lock);
    loop_enter(cpu->loop);
}

/* Its only thread does it, and nothing else meanwhile. */
static void do_next(struct cpu_live *cpu)
{
    struct task *task = leave_line(cpu, loop_now_ns(cpu->loop));

    if (task->kind == CPU_BLOCK)
        sleep_until(cpu, loop_now_ns(cpu->loop) + task->left_ns);
    else
        compute(cpu, task);
    end(cpu, task);
    if (!ranks_are_empty(&cpu->waiting))
        loop_alarm_set(cpu->alarm, 0);
}

/* ---- The port -------------------------------------------------------------------------------- */

static void ring(void *context)
{
    struct cpu_live *cpu = context;

    if (cpu->cores != NULL) {
        do_next(cpu);
        return;
    }
    if (cpu->spec.is_burnt) {
        burn_next(cpu);
        return;
    }
    watch_clock(cpu);
    settle(cpu);
    set_alarm(cpu);
}

static uint64_t scaled_ns(const struct cpu_live *cpu, uint64_t work_ns)
{
    if (cpu->spec.speed == 1.0)
        return work_ns;
    return (uint64_t)((double)work_ns / cpu->spec.speed + 0.5);
}

static void submit(struct cpu_live *cpu, struct call *call, enum cpu_kind kind, uint64_t ns,
                   enum stats_wait what)
{
    uint64_t work_ns = kind == CPU_BLOCK ? ns : scaled_ns(cpu, ns);
    struct task *task;

    if (cpu->pool != NULL) {
        pool_live_submit(cpu->pool, call, kind, work_ns, what);
        return;
    }
    task = take_task(cpu);
    task->call = call;
    task->kind = kind;
    task->what = what;
    task->asked_ns = loop_now_ns(cpu->loop);
    task->left_ns = work_ns;
    if (cpu->cores == NULL && !cpu->spec.is_burnt) {
        run_on_timers(cpu, task);
        return;
    }
    wait_in_line(cpu, task, task->asked_ns);
    loop_alarm_set(cpu->alarm, 0);
}

static void run(struct cpu *port, struct call *call, enum cpu_kind kind, uint64_t ns)
{
    submit((struct cpu_live *)port, call, kind, ns, kind == CPU_BLOCK ? STATS_BLOCK : STATS_CPU);
}

void cpu_live_run_as(struct cpu_live *cpu, struct call *call, uint64_t work_ns, int what)
{
    submit(cpu, call, CPU_NATIVE, work_ns, (enum stats_wait)what);
}

static const struct cpu_ops cpu_live_ops = {.run = run};

static void open_model(struct cpu_live *cpu)
{
    switch (cpu->spec.model) {
    case CPU_THREADS:
    case CPU_GIL_THREADS:
        cpu->pool = pool_live_open(cpu->loop, &cpu->spec, cpu->stats);
        return;
    case CPU_PROCESSES:
        if (cpu->cores != NULL)
            return;
        cpu->has_own_cores = true;
        cpu->cores = calloc(1, cores_bytes(1));
        check(cpu->cores != NULL);
        cores_init(cpu->cores, cpu->spec.cores, 1, cpu->spec.quantum_ns, false);
        return;
    case CPU_EVENT_LOOP:
    case CPU_MODELS:
        break;
    }
    if (cpu->spec.is_burnt)
        cpu->spec.cores = 1;
    cpu->slots = calloc(cpu->spec.cores, sizeof *cpu->slots);
    check(cpu->slots != NULL);
}

struct cpu_live *cpu_live_open_shared(struct loop *loop, const struct cpu_spec *spec,
                                      struct node_stats *stats, struct cores *cores, uint32_t who)
{
    struct cpu_live *cpu = calloc(1, sizeof *cpu);

    check(cpu != NULL);
    check(spec->cores > 0 && spec->speed > 0);
    *cpu = (struct cpu_live){.port.ops = &cpu_live_ops,
                             .loop = loop,
                             .stats = stats,
                             .spec = *spec,
                             .cores = cores,
                             .who = who};
    ranks_init(&cpu->waiting);
    list_init(&cpu->spare);
    cpu->alarm = loop_alarm(loop, ring, cpu);
    open_model(cpu);
    stats->cores = cpu->spec.cores;
    stats->workers = spec->workers;
    return cpu;
}

struct cpu_live *cpu_live_open(struct loop *loop, const struct cpu_spec *spec,
                               struct node_stats *stats)
{
    return cpu_live_open_shared(loop, spec, stats, NULL, 0);
}

static void free_line(struct cpu_live *cpu)
{
    struct link *link;

    while ((link = ranks_take_first(&cpu->waiting)) != NULL)
        free(list_entry(link, struct task, link));
    while ((link = list_take_first(&cpu->spare)) != NULL)
        free(list_entry(link, struct task, link));
}

void cpu_live_close(struct cpu_live *cpu)
{
    if (cpu->pool != NULL)
        pool_live_close(cpu->pool);
    if (cpu->has_own_cores) {
        cores_close(cpu->cores);
        free(cpu->cores);
    }
    free_line(cpu);
    for (uint32_t i = 0; cpu->slots != NULL && i < cpu->spec.cores; i++)
        free(cpu->slots[i].task);
    free(cpu->slots);
    loop_alarm_free(cpu->alarm);
    free(cpu);
}

struct cpu *cpu_live_port(struct cpu_live *cpu)
{
    return &cpu->port;
}

static void read_own_cores(struct cpu_live *cpu)
{
    pthread_mutex_lock(&cpu->cores->lock);
    cores_read(cpu->cores, loop_clock_ns(), &cpu->stats->busy);
    pthread_mutex_unlock(&cpu->cores->lock);
    cpu->stats->busy.since_ns = loop_now_ns(cpu->loop);
}

void cpu_live_catch_up(struct cpu_live *cpu)
{
    if (cpu->pool != NULL)
        pool_live_read(cpu->pool);
    else if (cpu->has_own_cores)
        read_own_cores(cpu);
    else if (cpu->slots != NULL && !cpu->spec.is_burnt)
        settle(cpu);
}

uint64_t cpu_live_stood_still_ns(const struct cpu_live *cpu)
{
    if (cpu->pool != NULL)
        return pool_live_stood_still_ns(cpu->pool);
    return cpu->cores != NULL ? cpu->cores->stood_still_ns : cpu->stood_still_ns;
}

/* ---- For the door ---------------------------------------------------------------------------- */

/* Of this process. */
static uint32_t workers(const struct cpu_live *cpu)
{
    return cpu->spec.model == CPU_PROCESSES ? 1 : cpu->spec.workers;
}

bool cpu_live_is_full(struct cpu_live *cpu, uint32_t at_the_door)
{
    if (cpu_live_has_workers(cpu))
        return cpu->stats->workers_held.now == workers(cpu) && at_the_door >= cpu->spec.queue;
    if (cpu->spec.is_burnt) /* Between two rounds of the loop: the next to run is in line too. */
        return cpu->waiting.length > cpu->spec.queue;
    settle(cpu);
    return cpu->busy == cpu->spec.cores && cpu->waiting.length >= cpu->spec.queue;
}

enum line_order cpu_live_line(const struct cpu_live *cpu)
{
    return cpu->spec.line;
}

bool cpu_live_gives_way(struct cpu_live *cpu, uint8_t priority)
{
    struct link *link = ranks_take_below(&cpu->waiting, line_rank(cpu->spec.line, priority));
    uint64_t now_ns = loop_now_ns(cpu->loop);
    struct task *task;

    if (link == NULL)
        return false;
    task = list_entry(link, struct task, link);
    note_line(cpu, now_ns);
    note_turn(cpu, now_ns - task->since_ns);
    stats_waited(cpu->stats, task->what, now_ns - task->asked_ns);
    loop_finish(cpu->loop, task->call, CALL_SHED, 0);
    list_push_first(&cpu->spare, &task->link);
    return true;
}

bool cpu_live_has_workers(const struct cpu_live *cpu)
{
    return cpu->spec.model != CPU_EVENT_LOOP;
}

bool cpu_live_take_worker(struct cpu_live *cpu)
{
    struct stats_level *held = &cpu->stats->workers_held;

    if (held->now == workers(cpu))
        return false;
    stats_level_set(held, loop_now_ns(cpu->loop), held->now + 1);
    return true;
}

void cpu_live_free_worker(struct cpu_live *cpu)
{
    struct stats_level *held = &cpu->stats->workers_held;

    check(held->now > 0);
    stats_level_set(held, loop_now_ns(cpu->loop), held->now - 1);
}
