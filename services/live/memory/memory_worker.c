/* memory_worker.c — A thread that counts: takes a burst, works it off, gives it back.
 *
 * It burns the program's own work in loops of dependent multiplications, which no compiler and no
 * core can hurry along, and measures its bursts by its own clock, so that the loop's wake-ups are
 * in no figure of an increment. */
#define _GNU_SOURCE
#include "services/live/memory/memory_inside.h"

#include <errno.h>
#include <unistd.h>

enum { TIMED_LOOPS = 200000, TIMED_ROUNDS = 5 };

static uint64_t burn(uint64_t burnt, uint64_t loops)
{
    for (uint64_t i = 0; i < loops; i++)
        burnt = burnt * UINT64_C(6364136223846793005) + 1;
    __asm__ volatile("" : "+r"(burnt));
    return burnt;
}

void memory_worker_burn(struct worker *worker, uint64_t loops)
{
    worker->burnt = burn(worker->burnt, loops);
}

/* The fastest of a few rounds: the others were held up. */
double memory_loops_per_ns(void)
{
    uint64_t least_ns = UINT64_MAX, burnt = 1;

    for (int i = 0; i < TIMED_ROUNDS; i++) {
        uint64_t begun_ns = loop_clock_ns(), took_ns;

        burnt = burn(burnt, TIMED_LOOPS);
        took_ns = loop_clock_ns() - begun_ns;
        least_ns = took_ns < least_ns ? took_ns : least_ns;
    }
    return TIMED_LOOPS / (double)(least_ns > 0 ? least_ns : 1);
}

static void work_off(struct worker *worker, struct burst *burst)
{
    uint64_t begun_ns = loop_clock_ns(), cpu_ns = loop_thread_clock_ns();

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
