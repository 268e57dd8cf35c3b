/* cpu_loops.c — An event loop that computes by waiting: a list of instants, and one alarm for all.
 *
 *     run --loop free--> slot, due --settle--> cpu_end, kept --the handler asks at once--> slot
 *      |                  ^                              |
 *      | all busy         | since the loop was due       | it was told, and did not
 *      v                  |                              |
 *     waiting ------------+------------------------------+
 *
 * settle plays what was due up to now, in order of the instants when it was due, as the virtual
 * processor would have. It runs when the alarm rings and before anything is asked, so that a
 * question never meets a core that should have been free already.
 *
 * A handler is told from the ready list, later in this round of the loop or in the next one. So
 * long its loop is kept for it, if somebody waits; the time is nobody's loss, since whoever has the
 * loop next began when it was due. Loops are given on in the order in which they were due, too. */
#include "services/live/loop/cpu_inside.h"

#include "services/live/runtime/cores.h"

static void start(struct cpu_live *cpu, struct slot *slot, struct task *task, uint64_t at_ns)
{
    *slot = (struct slot){.task = task, .start_ns = at_ns, .due_ns = at_ns + task->left_ns};
    cpu->busy++;
    cpu->blocked += task->kind == CPU_BLOCK;
    cpu_note_busy(cpu, at_ns);
}

static void end_task(struct cpu_live *cpu, struct slot *slot)
{
    struct task *task = slot->task;

    slot->task = NULL;
    cpu->busy--;
    cpu->blocked -= task->kind == CPU_BLOCK;
    cpu_note_busy(cpu, slot->due_ns);
    if (!ranks_are_empty(&cpu->waiting))
        cpu_loops_keep(cpu, slot, task->call);
    cpu_end(cpu, task);
}

/* Of those that compute, or of those that are kept. NULL: there is none. */
static struct slot *first_due(const struct cpu_live *cpu, bool is_kept)
{
    struct slot *first = NULL;

    for (struct slot *slot = cpu->slots; slot < cpu->slots + cpu->spec.cores; slot++)
        if ((is_kept ? slot->kept != NULL : slot->task != NULL) &&
            (first == NULL || slot->due_ns < first->due_ns))
            first = slot;
    return first;
}

static struct slot *idle(const struct cpu_live *cpu)
{
    struct slot *slot = cpu->slots;

    while (slot->task != NULL || slot->kept != NULL)
        slot++;
    return slot;
}

/* ---- Loops that are kept --------------------------------------------------------------------- */

void cpu_loops_keep(struct cpu_live *cpu, struct slot *slot, const struct call *call)
{
    slot->kept = call;
    slot->told_by = loop_told_by(cpu->loop);
    cpu->kept++;
}

void cpu_loops_let_go(struct cpu_live *cpu, struct slot *slot)
{
    slot->kept = NULL;
    cpu->kept--;
}

struct slot *cpu_loops_kept(const struct cpu_live *cpu)
{
    const struct call *call = cpu->loop->completing;

    for (uint32_t i = 0; cpu->kept > 0 && call != NULL && i < cpu->spec.cores; i++)
        if (cpu->slots[i].kept == call)
            return &cpu->slots[i];
    return NULL;
}

static void give(struct cpu_live *cpu, struct slot *slot)
{
    uint64_t at_ns = slot->due_ns;
    struct task *task = cpu_leave_line(cpu, &at_ns);

    cpu_loops_let_go(cpu, slot);
    if (task != NULL)
        start(cpu, slot, task, at_ns);
}

/* Those whose handlers have been told and asked for nothing, to those who wait; as long as none of
 * the others is due before them. */
static void give_kept(struct cpu_live *cpu)
{
    struct slot *kept, *busy;

    while (cpu->kept > 0) {
        kept = first_due(cpu, true);
        busy = first_due(cpu, false);
        if (!cpu_loops_told(cpu, kept) || (busy != NULL && busy->due_ns < kept->due_ns))
            break;
        give(cpu, kept);
    }
}

/* ---- Time ------------------------------------------------------------------------------------ */

/* A blocking call on the node's only loop: the thread itself waits for it. */
static bool stops_loop(const struct cpu_live *cpu, const struct slot *slot)
{
    return slot != NULL && slot->task->kind == CPU_BLOCK && cpu->spec.cores == 1;
}

static void set_alarm(struct cpu_live *cpu)
{
    const struct slot *first = first_due(cpu, false);
    uint64_t now_ns = loop_now_ns(cpu->loop);

    if (cpu->kept > 0 || stops_loop(cpu, first))
        loop_alarm_set(cpu->alarm, 0);
    else if (first != NULL)
        loop_alarm_set(cpu->alarm, first->due_ns > now_ns + CORES_EARLY_NS
                                       ? first->due_ns - CORES_EARLY_NS - now_ns
                                       : 0);
}

/* The kernel wakes us some 50 us after it was asked to, which each piece of work would add to a
 * request: so we ask for a little earlier, and look at the clock for the rest. */
static void watch_clock(struct cpu_live *cpu)
{
    const struct slot *first = first_due(cpu, false);

    if (stops_loop(cpu, first))
        cpu_sleep_until(cpu, first->due_ns);
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

void cpu_loops_settle(struct cpu_live *cpu)
{
    uint64_t now_ns = loop_now_ns(cpu->loop);
    struct slot *slot = first_due(cpu, false);

    if (slot != NULL && now_ns > slot->due_ns && now_ns - slot->due_ns > CORES_LATE_MAX_NS)
        stand_still(cpu, now_ns - slot->due_ns);
    while ((slot = first_due(cpu, false)) != NULL && slot->due_ns <= now_ns)
        end_task(cpu, slot);
}

void cpu_loops_ring(struct cpu_live *cpu)
{
    give_kept(cpu);
    watch_clock(cpu);
    cpu_loops_settle(cpu);
    set_alarm(cpu);
}

void cpu_loops_run(struct cpu_live *cpu, struct task *task)
{
    uint64_t now_ns = loop_now_ns(cpu->loop);
    struct slot *kept = cpu_loops_kept(cpu);

    cpu_loops_settle(cpu);
    if (kept != NULL) {
        cpu_loops_let_go(cpu, kept);
        cpu_note_turn(cpu, 0);
        start(cpu, kept, task, kept->due_ns);
    } else if (cpu->busy + cpu->kept < cpu->spec.cores) {
        cpu_note_turn(cpu, 0);
        start(cpu, idle(cpu), task, now_ns);
    } else {
        cpu_wait_in_line(cpu, task, now_ns);
    }
    set_alarm(cpu);
}
