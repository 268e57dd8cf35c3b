/* cpu_jobs.h — Work that the suites of the processor ask for, and what is owed for it. */
#ifndef TESTS_PORT_CPU_JOBS_H
#define TESTS_PORT_CPU_JOBS_H

#include "tests/lib/port_rig_node.h"

enum { CORES_MAX = 8 };

#define GRAIN_NS US(50)

static const struct cpu_spec one_core = {.cores = 1, .speed = 1, .queue = 1000};
static const struct cpu_spec sliced = {.cores = 1,
                                       .speed = 1,
                                       .model = CPU_THREADS,
                                       .workers = 100,
                                       .quantum_ns = MS(1),
                                       .queue = 1000};

static const struct cpu_spec locked = {.model = CPU_GIL_THREADS,
                                       .cores = 4,
                                       .speed = 1,
                                       .workers = 100,
                                       .quantum_ns = MS(1),
                                       .switch_interval_ns = MS(5),
                                       .queue = 1000};

struct job {
    struct rig_question question; /* First. */
    uint64_t work_ns;
};

static inline void run(struct rig *rig, struct job *job, uint64_t work_ns)
{
    job->work_ns = work_ns;
    cpu_run(rig->ports.cpu, rig_ask(rig, &job->question), work_ns);
}

static inline void run_native(struct rig *rig, struct job *job, uint64_t work_ns)
{
    job->work_ns = work_ns;
    cpu_run_native(rig->ports.cpu, rig_ask(rig, &job->question), work_ns);
}

static inline void block(struct rig *rig, struct job *job, uint64_t wait_ns)
{
    job->work_ns = wait_ns;
    cpu_block(rig->ports.cpu, rig_ask(rig, &job->question), wait_ns);
}

static inline void nap(struct rig *rig, struct job *job, uint64_t delay_ns)
{
    timer_sleep(rig->ports.timer, rig_ask(rig, &job->question), delay_ns);
}

/* All at one instant, in the live world too, where a question takes time to get ready. */
static inline void run_together(struct rig *rig, struct job *jobs, uint32_t jobs_max)
{
    for (uint32_t i = 0; i < jobs_max; i++)
        rig_ask(rig, &jobs[i].question);
    for (uint32_t i = 0; i < jobs_max; i++) {
        jobs[i].question.asked_ns = rig_now_ns(rig);
        cpu_run(rig->ports.cpu, &jobs[i].question.call, jobs[i].work_ns);
    }
}

static inline bool all_are_told(void *context)
{
    const struct rig *rig = context;

    return rig->told >= rig->asked;
}

static inline void wait_for_all(struct rig *rig)
{
    assert_true(rig_run_until(rig, all_are_told, rig, RIG_LIMIT_NS));
    assert_int_equal(rig->too_early, 0);
}

static inline uint64_t greater(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Jobs in the order of their asking, none before them. */
static inline void were_served_first_in_first_out(const struct job *jobs, uint32_t jobs_max,
                                                  const struct cpu_spec *spec)
{
    uint64_t free_ns[CORES_MAX] = {0};

    for (uint32_t i = 0; i < jobs_max; i++) {
        uint32_t core = 0;

        for (uint32_t each = 1; each < spec->cores; each++)
            core = free_ns[each] < free_ns[core] ? each : core;
        free_ns[core] = greater(jobs[i].question.asked_ns, free_ns[core]) +
                        (uint64_t)((double)jobs[i].work_ns / spec->speed + 0.5);
        assert_int_equal(jobs[i].question.times, 1);
        assert_int_equal(jobs[i].question.call.outcome, CALL_OK);
        rig_was_due(&jobs[i].question, free_ns[core], GRAIN_NS);
    }
}

/* No piece has had more than one core, and all of them together not more than all cores. */
static inline void had_no_more_than_there_is(const struct job *jobs, uint32_t jobs_max,
                                             uint32_t cores)
{
    uint64_t sum_ns = 0, last_ns = 0;

    for (uint32_t i = 0; i < jobs_max; i++) {
        const struct rig_question *q = &jobs[i].question;

        assert_int_equal(q->times, 1);
        assert_true(q->told_ns + GRAIN_NS >= q->asked_ns + jobs[i].work_ns);
        sum_ns += jobs[i].work_ns;
        last_ns = greater(last_ns, q->told_ns);
    }
    assert_true(last_ns + GRAIN_NS >= jobs[0].question.asked_ns + sum_ns / cores);
}

#endif
