/* replicate.c — An atomic counter hands out the jobs.
 *
 * Jobs differ in length (a variant that is overloaded has more events), so they are taken one by
 * one instead of being dealt in equal shares. */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* _SC_NPROCESSORS_ONLN under -std=c11. */
#endif
#include "sim/engine/replicate.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

#include "services/base/check.h"

enum { THREADS_MAX = 1024 };

struct work {
    atomic_uint next;
    unsigned jobs;
    void (*run)(unsigned job, void *context);
    void *context;
};

static void *work_through(void *argument)
{
    struct work *work = argument;
    unsigned job;

    /* The counter overshoots by one per thread at most: no wrap below 2^32 - THREADS_MAX jobs. */
    while ((job = atomic_fetch_add_explicit(&work->next, 1, memory_order_relaxed)) < work->jobs)
        work->run(job, work->context);
    return NULL;
}

void replicate(unsigned jobs, unsigned threads, void (*run)(unsigned job, void *context),
               void *context)
{
    struct work work = {.jobs = jobs, .run = run, .context = context};
    pthread_t helpers[THREADS_MAX];
    unsigned wanted = threads < jobs ? threads : jobs;
    unsigned started = 0;

    check(jobs <= 0U - 1 - THREADS_MAX);
    if (wanted > THREADS_MAX)
        wanted = THREADS_MAX;
    atomic_init(&work.next, 0);
    while (started + 1 < wanted &&
           pthread_create(&helpers[started], NULL, work_through, &work) == 0)
        started++;
    (void)work_through(&work);
    while (started > 0)
        check(pthread_join(helpers[--started], NULL) == 0);
}

unsigned replicate_threads(void)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);

    if (online < 1)
        return 1;
    return online > THREADS_MAX ? THREADS_MAX : (unsigned)online;
}
