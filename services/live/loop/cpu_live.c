/* cpu_live.c — The port, the line before the loops, and work that is really burnt.
 *
 *     run --> a loop, or the line (cpu_loops.c) --> cpu_end: loop_finish
 *      |                     |
 *      |                     +--somebody more urgent came, and it was full--> loop_finish, shed
 *      |
 *      +----> a pool of threads (runtime/pool.h), or the cores that processes share
 *             (runtime/cores.h) */
#define _GNU_SOURCE
#include "services/live/loop/cpu_inside.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "services/live/runtime/cores.h"
#include "services/live/runtime/pool.h"

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

void cpu_note_busy(struct cpu_live *cpu, uint64_t at_ns)
{
    stats_level_set(&cpu->stats->busy, at_ns, cpu->busy - cpu->blocked);
    stats_level_set(&cpu->stats->blocked, at_ns, cpu->blocked);
}

void cpu_note_turn(struct cpu_live *cpu, uint64_t waited_ns)
{
    if (cpu_live_has_workers(cpu))
        return;
    cpu->stats->waits++;
    cpu->stats->waits_ns += waited_ns;
    if (waited_ns > 0)
        histogram_record(&cpu->stats->wait, waited_ns);
}

void cpu_wait_in_line(struct cpu_live *cpu, struct task *task, uint64_t at_ns)
{
    task->since_ns = at_ns;
    ranks_push(&cpu->waiting, &task->link, line_rank(cpu->spec.line, task->call->priority));
    note_line(cpu, at_ns);
}

struct task *cpu_leave_line(struct cpu_live *cpu, uint64_t *at_ns)
{
    struct link *first = ranks_take_first(&cpu->waiting);
    struct task *task;

    if (first == NULL)
        return NULL;
    task = list_entry(first, struct task, link);
    if (*at_ns < task->since_ns)
        *at_ns = task->since_ns;
    note_line(cpu, *at_ns);
    cpu_note_turn(cpu, *at_ns - task->since_ns);
    return task;
}

void cpu_end(struct cpu_live *cpu, struct task *task)
{
    stats_waited(cpu->stats, task->what, loop_now_ns(cpu->loop) - task->asked_ns);
    loop_finish(cpu->loop, task->call, CALL_OK, 0);
    list_push_first(&cpu->spare, &task->link);
}

/* ---- Waiting without giving way ------------------------------------------------------------- */

void cpu_sleep_until(struct cpu_live *cpu, uint64_t due_ns)
{
    const uint64_t until_ns = cpu->loop->origin_ns + due_ns;
    const struct timespec until = {.tv_sec = (time_t)(until_ns / 1000000000),
                                   .tv_nsec = (long)(until_ns % 1000000000)};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
        ;
    loop_enter(cpu->loop);
}

/* ---- Burning --------------------------------------------------------------------------------- */

static void burn_ns(uint64_t work_ns)
{
    uint64_t begun_ns = loop_thread_clock_ns();

    while (loop_thread_clock_ns() - begun_ns < work_ns)
        ;
}

/* A handler that goes on does so before those who wait. */
static struct task *take_next(struct cpu_live *cpu)
{
    uint64_t now_ns = loop_now_ns(cpu->loop);
    struct task *task = cpu->goes_on;

    if (task == NULL)
        return cpu_leave_line(cpu, &now_ns);
    cpu->goes_on = NULL;
    cpu_note_turn(cpu, 0);
    return task;
}

/* One task per round of the loop: sockets and timers get their turn between them. */
static void burn_next(struct cpu_live *cpu)
{
    struct task *task = take_next(cpu);

    if (task == NULL)
        return;
    cpu->busy = 1;
    cpu->blocked = task->kind == CPU_BLOCK;
    cpu_note_busy(cpu, loop_now_ns(cpu->loop));
    if (task->kind == CPU_BLOCK)
        cpu_sleep_until(cpu, loop_now_ns(cpu->loop) + task->left_ns);
    else
        burn_ns(task->left_ns);
    loop_enter(cpu->loop);
    cpu->busy = cpu->blocked = 0;
    cpu_note_busy(cpu, loop_now_ns(cpu->loop));
    cpu_loops_keep(cpu, cpu->slots, task->call);
    cpu_end(cpu, task);
    loop_alarm_set(cpu->alarm, 0);
}

static void burn_on(struct cpu_live *cpu)
{
    if (cpu->kept > 0 && !cpu_loops_told(cpu, cpu->slots)) {
        loop_alarm_set(cpu->alarm, 0);
        return;
    }
    if (cpu->kept > 0)
        cpu_loops_let_go(cpu, cpu->slots);
    burn_next(cpu);
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
    uint64_t now_ns = loop_now_ns(cpu->loop);
    struct task *task = cpu_leave_line(cpu, &now_ns);

    if (task->kind == CPU_BLOCK)
        cpu_sleep_until(cpu, loop_now_ns(cpu->loop) + task->left_ns);
    else
        compute(cpu, task);
    cpu_end(cpu, task);
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
        burn_on(cpu);
        return;
    }
    cpu_loops_ring(cpu);
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
        cpu_loops_run(cpu, task);
        return;
    }
    if (cpu->goes_on == NULL && cpu_loops_kept(cpu) != NULL)
        cpu->goes_on = task;
    else
        cpu_wait_in_line(cpu, task, task->asked_ns);
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
    free(cpu->goes_on);
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
        cpu_loops_settle(cpu);
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
    cpu_loops_settle(cpu);
    return cpu->busy + cpu->kept == cpu->spec.cores && cpu->waiting.length >= cpu->spec.queue;
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
    cpu_note_turn(cpu, now_ns - task->since_ns);
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
