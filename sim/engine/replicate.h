/* replicate.h — The same work many times over, on threads that share nothing.
 *
 * A job is a number. Each runs once, on whichever thread is free; it writes its result to a place
 * of its own, and the caller merges the places in the order of the jobs. So the bits of a result
 * never depend on how many threads there were, and nothing is locked. */
#ifndef SIM_ENGINE_REPLICATE_H
#define SIM_ENGINE_REPLICATE_H

/* Returns when run() has returned for every job from 0 to jobs-1. The calling thread works too;
 * threads counts it. Fewer run when the system refuses more, at the cost of time alone. context
 * is shared by the jobs: they may read all of it, and write only what is theirs. */
void replicate(unsigned jobs, unsigned threads, void (*run)(unsigned job, void *context),
               void *context);

/* How many threads this machine can run at once; at least 1. */
unsigned replicate_threads(void);

#endif
