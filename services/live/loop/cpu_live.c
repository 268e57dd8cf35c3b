/* cpu_live.c — A processor as a list of instants: one alarm stands for all its cores.
 *
 *     run --core free--> slot, due --settle--> loop_finish
 *      |                  ^   |
 *      | all busy         |   | slice used up, others wait
 *      v                  |   v
 *     waiting ------------+   waiting (at the end of the line)
 *      |
 *      +--somebody more urgent came, and the line was full--> loop_finish, shed
 *
 * settle() plays everything that was due up to now, in order of the instants when it was due, as
 * the virtual processor would have. It runs when the alarm rings and before anything is asked, so
 * that a question never meets a core that should have been free already.
 *
 * A task that runs while nobody waits is given all its work at once; when somebody comes, it is cut
 * at the end of the slice that it would be in. So slices cost timers only when they matter. */
#define _GNU_SOURCE
#include "services/live/loop/cpu_live.h"

#include <stdlib.h>
#include <time.h>

#include "services/base/list.h"
#include "services/base/ranks.h"
#include "services/live/node/stats.h"

#define EARLY_NS UINT64_C(60000)
#define LATE_MAX_NS UINT64_C(100000000) /* Later than this is no late timer but a stop. */

struct task {
    struct link link; /* Waiting, or spare. */
    struct call *call;
    uint64_t asked_ns, since_ns; /* since_ns: in this line. */
    uint64_t left_ns;
    enum stats_wait what;
};

struct slot {          /* A core. */
    struct task *task; /* NULL: idle. */
    uint64_t start_ns, due_ns;
};

struct cpu_live {
    struct cpu port; /* First. */
    struct loop *loop;
    struct node_stats *stats;
    struct cpu_spec spec;
    struct event *alarm;
    struct slot *slots; /* [spec.cores] */
    uint32_t busy;
    uint64_t stood_still_ns;
    struct ranks waiting;
    struct list spare;
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
    if (cpu->spec.threads == 0) /* Otherwise the line is the one at the door. */
        stats_level_set(&cpu->stats->waiting, at_ns, cpu->waiting.length);
}

static void note_busy(struct cpu_live *cpu, uint64_t at_ns)
{
    stats_level_set(&cpu->stats->busy, at_ns, cpu->busy);
}

static void note_turn(struct cpu_live *cpu, uint64_t waited_ns)
{
    if (cpu->spec.threads > 0)
        return;
    cpu->stats->waits++;
    cpu->stats->waits_ns += waited_ns;
    if (waited_ns > 0)
        histogram_record(&cpu->stats->wait, waited_ns);
}

static void wait_in_line(struct cpu_live *cpu, struct task *task, uint64_t at_ns)
{
    task->since_ns = at_ns;
    ranks_push(&cpu->waiting, &task->link, cpu_live_rank(cpu, task->call->priority));
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

static bool is_sliced(const struct cpu_live *cpu)
{
    return cpu->spec.threads > 0 && cpu->spec.quantum_ns > 0;
}

static void start(struct cpu_live *cpu, struct slot *slot, struct task *task, uint64_t at_ns)
{
    uint64_t slice_ns = task->left_ns;

    if (is_sliced(cpu) && !ranks_are_empty(&cpu->waiting) && slice_ns > cpu->spec.quantum_ns)
        slice_ns = cpu->spec.quantum_ns;
    *slot = (struct slot){task, at_ns, at_ns + slice_ns};
    cpu->busy++;
    note_busy(cpu, at_ns);
}

static void end_slice(struct cpu_live *cpu, struct slot *slot)
{
    struct task *task = slot->task;
    uint64_t due_ns = slot->due_ns;

    task->left_ns -= due_ns - slot->start_ns;
    slot->task = NULL;
    cpu->busy--;
    note_busy(cpu, due_ns);
    if (task->left_ns > 0)
        wait_in_line(cpu, task, due_ns);
    else
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

static void set_alarm(struct cpu_live *cpu)
{
    const struct slot *first = first_due(cpu);
    uint64_t now_ns = loop_now_ns(cpu->loop);

    if (first != NULL)
        loop_alarm_set(cpu->alarm,
                       first->due_ns > now_ns + EARLY_NS ? first->due_ns - EARLY_NS - now_ns : 0);
}

/* The kernel wakes us some 50 us after it was asked to, which each piece of work would add to a
 * request: so we ask for a little earlier, and look at the clock for the rest. */
static void watch_clock(struct cpu_live *cpu)
{
    const struct slot *first = first_due(cpu);

    while (first != NULL && loop_now_ns(cpu->loop) < first->due_ns &&
           first->due_ns - loop_now_ns(cpu->loop) <= EARLY_NS)
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

    if (slot != NULL && now_ns > slot->due_ns && now_ns - slot->due_ns > LATE_MAX_NS)
        stand_still(cpu, now_ns - slot->due_ns);
    while ((slot = first_due(cpu)) != NULL && slot->due_ns <= now_ns)
        end_slice(cpu, slot);
}

/* Somebody waits now: who runs with all their work before them keep to their slices again. */
static void cut_slices(struct cpu_live *cpu, uint64_t now_ns)
{
    for (struct slot *slot = cpu->slots; slot < cpu->slots + cpu->spec.cores; slot++) {
        uint64_t slices = (now_ns - slot->start_ns) / cpu->spec.quantum_ns + 1;
        uint64_t end_ns = slot->start_ns + slices * cpu->spec.quantum_ns;

        if (end_ns < slot->due_ns)
            slot->due_ns = end_ns;
    }
}

static void run_on_timers(struct cpu_live *cpu, struct task *task)
{
    uint64_t now_ns = loop_now_ns(cpu->loop);

    settle(cpu);
    if (cpu->busy < cpu->spec.cores) {
        note_turn(cpu, 0);
        start(cpu, idle(cpu), task, now_ns);
    } else {
        if (is_sliced(cpu))
            cut_slices(cpu, now_ns);
        wait_in_line(cpu, task, now_ns);
    }
    set_alarm(cpu);
}

/* ---- Burning --------------------------------------------------------------------------------- */

static uint64_t thread_clock_ns(void)
{
    struct timespec now;

    check(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void burn_ns(uint64_t work_ns)
{
    uint64_t begun_ns = thread_clock_ns();

    while (thread_clock_ns() - begun_ns < work_ns)
        ;
}

/* One slice per round of the loop: sockets and timers get their turn between them. */
static void burn_next(struct cpu_live *cpu)
{
    struct task *task = leave_line(cpu, loop_now_ns(cpu->loop));
    uint64_t slice_ns = task->left_ns;

    if (is_sliced(cpu) && slice_ns > cpu->spec.quantum_ns)
        slice_ns = cpu->spec.quantum_ns;
    cpu->busy = 1;
    note_busy(cpu, loop_now_ns(cpu->loop));
    burn_ns(slice_ns);
    loop_enter(cpu->loop);
    cpu->busy = 0;
    note_busy(cpu, loop_now_ns(cpu->loop));
    task->left_ns -= slice_ns;
    if (task->left_ns > 0)
        wait_in_line(cpu, task, loop_now_ns(cpu->loop));
    else
        end(cpu, task);
    if (!ranks_are_empty(&cpu->waiting))
        loop_alarm_set(cpu->alarm, 0);
}

/* ---- The port -------------------------------------------------------------------------------- */

static void ring(void *context)
{
    struct cpu_live *cpu = context;

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

void cpu_live_run_as(struct cpu_live *cpu, struct call *call, uint64_t work_ns, int what)
{
    struct task *task = take_task(cpu);

    task->call = call;
    task->what = (enum stats_wait)what;
    task->asked_ns = loop_now_ns(cpu->loop);
    task->left_ns = scaled_ns(cpu, work_ns);
    if (!cpu->spec.is_burnt) {
        run_on_timers(cpu, task);
        return;
    }
    wait_in_line(cpu, task, task->asked_ns);
    loop_alarm_set(cpu->alarm, 0);
}

static void run(struct cpu *port, struct call *call, uint64_t work_ns)
{
    cpu_live_run_as((struct cpu_live *)port, call, work_ns, STATS_CPU);
}

static const struct cpu_ops cpu_live_ops = {.run = run};

struct cpu_live *cpu_live_open(struct loop *loop, const struct cpu_spec *spec,
                               struct node_stats *stats)
{
    struct cpu_live *cpu = calloc(1, sizeof *cpu);

    check(cpu != NULL);
    check(spec->cores > 0 && spec->speed > 0);
    *cpu =
        (struct cpu_live){.port.ops = &cpu_live_ops, .loop = loop, .stats = stats, .spec = *spec};
    if (spec->is_burnt)
        cpu->spec.cores = 1;
    cpu->slots = calloc(cpu->spec.cores, sizeof *cpu->slots);
    check(cpu->slots != NULL);
    cpu->alarm = loop_alarm(loop, ring, cpu);
    ranks_init(&cpu->waiting);
    list_init(&cpu->spare);
    stats->cores = cpu->spec.cores;
    stats->threads = spec->threads;
    return cpu;
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
    free_line(cpu);
    for (uint32_t i = 0; i < cpu->spec.cores; i++)
        free(cpu->slots[i].task);
    free(cpu->slots);
    loop_alarm_free(cpu->alarm);
    free(cpu);
}

struct cpu *cpu_live_port(struct cpu_live *cpu)
{
    return &cpu->port;
}

void cpu_live_catch_up(struct cpu_live *cpu)
{
    if (!cpu->spec.is_burnt)
        settle(cpu);
}

uint64_t cpu_live_stood_still_ns(const struct cpu_live *cpu)
{
    return cpu->stood_still_ns;
}

/* ---- For the door ---------------------------------------------------------------------------- */

bool cpu_live_is_full(struct cpu_live *cpu, uint32_t at_the_door)
{
    if (cpu->spec.threads > 0)
        return cpu->stats->threads_held.now == cpu->spec.threads && at_the_door >= cpu->spec.queue;
    if (cpu->spec.is_burnt) /* Between two rounds of the loop: the next to run is in line too. */
        return cpu->waiting.length > cpu->spec.queue;
    settle(cpu);
    return cpu->busy == cpu->spec.cores && cpu->waiting.length >= cpu->spec.queue;
}

uint32_t cpu_live_rank(const struct cpu_live *cpu, uint8_t priority)
{
    return cpu->spec.is_by_priority ? rank_of(priority) : 0;
}

bool cpu_live_gives_way(struct cpu_live *cpu, uint8_t priority)
{
    struct link *link = ranks_take_below(&cpu->waiting, cpu_live_rank(cpu, priority));
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

bool cpu_live_has_threads(const struct cpu_live *cpu)
{
    return cpu->spec.threads > 0;
}

bool cpu_live_take_thread(struct cpu_live *cpu)
{
    struct stats_level *held = &cpu->stats->threads_held;

    if (held->now == cpu->spec.threads)
        return false;
    stats_level_set(held, loop_now_ns(cpu->loop), held->now + 1);
    return true;
}

void cpu_live_free_thread(struct cpu_live *cpu)
{
    struct stats_level *held = &cpu->stats->threads_held;

    check(held->now > 0);
    stats_level_set(held, loop_now_ns(cpu->loop), held->now - 1);
}
