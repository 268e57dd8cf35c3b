/* memory_worker.c — A thread that counts: takes a burst, works it off, gives it back.
 *
 * It burns the program's own work in loops of dependent multiplications, which no compiler and no
 * core can hurry along, and measures its bursts by its own clock, so that the loop's wake-ups are
 * in no figure of an increment.
 *
 * How long such a loop takes is found anew before each burst. A core's speed is not the same from
 * one second to the next: 1.24 to 1.6 ns per loop were seen within minutes, on a virtual machine
 * whose host also has others to serve, and work that is timed once and grows by a sixth doubles the
 * p95 of a core that is two thirds busy. */
#define _GNU_SOURCE
#include "services/live/memory/memory_inside.h"

#include <errno.h>
#include <unistd.h>

enum { TIMED_LOOPS = 4000, TIMED_ROUNDS = 3 };

/* What the machine takes of its own accord: measured, see sim/scenario/keys/keys_memory.c. */
enum { MACHINE_GAP_NS = 15, MACHINE_HOLD_NS = 12 };

void memory_worker_burn(struct worker *worker, uint64_t loops)
{
    uint64_t burnt = worker->burnt;

    for (uint64_t i = 0; i < loops; i++)
        burnt = burnt * UINT64_C(6364136223846793005) + 1;
    __asm__ volatile("" : "+r"(burnt));
    worker->burnt = burnt;
}

/* The fastest of a few rounds: the others were held up. */
static double loops_per_ns(struct worker *worker)
{
    uint64_t least_ns = UINT64_MAX;

    for (int i = 0; i < TIMED_ROUNDS; i++) {
        uint64_t begun_ns = loop_clock_ns(), took_ns;

        memory_worker_burn(worker, TIMED_LOOPS);
        took_ns = loop_clock_ns() - begun_ns;
        least_ns = took_ns < least_ns ? took_ns : least_ns;
    }
    return TIMED_LOOPS / (double)(least_ns > 0 ? least_ns : 1);
}

static uint64_t beyond(uint64_t ns, uint64_t machine_ns, double per_ns)
{
    return ns > machine_ns ? (uint64_t)((double)(ns - machine_ns) * per_ns) : 0;
}

static void time_loops(struct worker *worker)
{
    const struct memory_layout *layout = &worker->memory->layout;
    double per_ns = loops_per_ns(worker) / worker->memory->spec.speed;
    double mean = (double)layout->work_ns * per_ns, spread = mean * layout->jitter;

    worker->loops = (struct loops){.work_least = (uint64_t)(mean - spread + 0.5),
                                   .work_range = (uint64_t)(2 * spread) + 1,
                                   .gap = beyond(layout->gap_ns, MACHINE_GAP_NS, per_ns),
                                   .hold = beyond(layout->hold_ns, MACHINE_HOLD_NS, per_ns)};
}

static void work_off(struct worker *worker, struct burst *burst)
{
    uint64_t begun_ns, cpu_ns;

    if (!burst->is_read)
        time_loops(worker);
    begun_ns = loop_clock_ns();
    cpu_ns = loop_thread_clock_ns();
    memory_count(worker, burst);
    burst->cpu_ns = loop_thread_clock_ns() - cpu_ns;
    burst->took_ns = loop_clock_ns() - begun_ns;
}

static void end_locked(struct memory_live *memory, struct burst *burst)
{
    bool was_empty = list_is_empty(&memory->ended);

    list_push_last(&memory->ended, &burst->link);
    if (was_empty) /* A full pipe wakes the loop as well as one byte more would. */
        while (write(memory->pipe[1], "", 1) < 0 && errno == EINTR)
            ;
}

void *memory_worker_run(void *context)
{
    struct worker *worker = context;
    struct memory_live *memory = worker->memory;

    pthread_mutex_lock(&memory->lock);
    while (!atomic_load(&memory->is_stopping)) {
        struct link *first = list_take_first(&memory->line);

        if (first == NULL) {
            pthread_cond_wait(&memory->has_come, &memory->lock);
            continue;
        }
        pthread_mutex_unlock(&memory->lock);
        work_off(worker, list_entry(first, struct burst, link));
        pthread_mutex_lock(&memory->lock);
        end_locked(memory, list_entry(first, struct burst, link));
    }
    pthread_mutex_unlock(&memory->lock);
    return NULL;
}
