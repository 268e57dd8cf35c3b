/* memory_worker.c — A thread that counts: takes a burst, works it off, gives it back.
 *
 * It burns the program's own work in loops of dependent multiplications, which no compiler and no
 * core can hurry along, and measures its bursts by its own clock, so that the loop's wake-ups are
 * in no figure of an increment.
 *
 * How long such a loop takes is found anew every other millisecond of work. A core's speed is not
 * the same from one second to the next: 1.17 to 1.6 ns per loop were seen within minutes, on a
 * virtual machine whose host also has others to serve, and work that is timed once and grows by a
 * sixth doubles the p95 of a core that is two thirds busy. Nor is the fastest of three rounds
 * before each burst enough: a core is slow by fits and starts, and bursts took a quarter longer
 * than such a round had said. */
#include "services/live/memory/memory_inside.h"

/* A round of 5 us every 2 ms costs a quarter of a percent. Of it an eighth counts, and never more
 * than a half above or below the mean so far: a round in which the thread lost its core says
 * nothing of speed. */
enum { TIMED_LOOPS = 4000, FIRST_ROUNDS = 16 };
static const double share = 0.125, most = 1.5;
static const uint64_t timed_every_ns = 2000000;

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

static uint64_t beyond(uint64_t ns, uint64_t machine_ns, double per_ns)
{
    return ns > machine_ns ? (uint64_t)((double)(ns - machine_ns) * per_ns) : 0;
}

static void set_loops(struct worker *worker)
{
    const struct memory_layout *layout = &worker->memory->layout;
    double per_ns = 1 / (worker->loop_ns * worker->memory->spec.speed);
    double mean = (double)layout->work_ns * per_ns, spread = mean * layout->jitter;

    worker->loops = (struct loops){.work_least = (uint64_t)(mean - spread + 0.5),
                                   .work_range = (uint64_t)(2 * spread) + 1,
                                   .gap = beyond(layout->gap_ns, MACHINE_GAP_NS, per_ns),
                                   .hold = beyond(layout->hold_ns, MACHINE_HOLD_NS, per_ns)};
}

static double time_round(struct worker *worker)
{
    uint64_t begun_ns = loop_clock_ns();

    memory_worker_burn(worker, TIMED_LOOPS);
    return (double)(loop_clock_ns() - begun_ns) / TIMED_LOOPS;
}

static void time_first(struct worker *worker)
{
    worker->loop_ns = time_round(worker);
    for (int i = 1; i < FIRST_ROUNDS; i++) {
        double loop_ns = time_round(worker);

        worker->loop_ns = loop_ns < worker->loop_ns ? loop_ns : worker->loop_ns;
    }
    set_loops(worker);
}

void memory_worker_keep_time(struct worker *worker)
{
    double mean_ns = worker->loop_ns, loop_ns;

    if (loop_clock_ns() < worker->timed_next_ns)
        return;
    loop_ns = time_round(worker);
    loop_ns = loop_ns > mean_ns * most ? mean_ns * most : loop_ns;
    loop_ns = loop_ns < mean_ns / most ? mean_ns / most : loop_ns;
    worker->loop_ns += share * (loop_ns - mean_ns);
    worker->timed_next_ns = loop_clock_ns() + timed_every_ns;
    set_loops(worker);
}

static void work_off(struct worker *worker, struct burst *burst)
{
    uint64_t begun_ns = loop_clock_ns();

    memory_count(worker, burst);
    burst->took_ns = loop_clock_ns() - begun_ns;
}

static void end_locked(struct memory_live *memory, struct burst *burst)
{
    bool was_empty = list_is_empty(&memory->ended);

    list_push_last(&memory->ended, &burst->link);
    if (was_empty)
        bell_ring(&memory->ended_bell);
}

void *memory_worker_run(void *context)
{
    struct worker *worker = context;
    struct memory_live *memory = worker->memory;

    time_first(worker);
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
