/* lock.c — Taking, asking, dropping. */
#include "services/live/runtime/lock.h"

#include <stdlib.h>

#include "services/base/check.h"
#include "services/live/loop/loop.h"

void lock_init(struct lock *lock, struct cores *cores, uint64_t interval_ns)
{
    check(interval_ns > 0);
    *lock = (struct lock){.cores = cores,
                          .interval_ns = interval_ns,
                          .holder = CORES_NOBODY,
                          .line = {CORES_NOBODY, CORES_NOBODY, 0},
                          .turns = calloc(cores->workers_max, sizeof *lock->turns)};
    check(lock->turns != NULL);
}

void lock_close(struct lock *lock)
{
    free(lock->turns);
}

static void change_hands(struct lock *lock, uint32_t who, uint64_t at_ns, uint64_t waited_ns)
{
    lock->holder = who;
    lock->held_since_ns = at_ns;
    lock->switches++;
    lock->waits++;
    lock->waits_ns += waited_ns;
    cores_want(lock->cores, who, at_ns);
    pthread_cond_signal(&lock->cores->turns[who].come);
}

void lock_want(struct lock *lock, uint32_t who, uint64_t at_ns)
{
    if (lock->holder == CORES_NOBODY) {
        change_hands(lock, who, at_ns, 0);
        return;
    }
    lock->turns[who] = (struct lock_turn){at_ns, lock->switches};
    cores_line_push(lock->cores, &lock->line, who);
}

/* The holder lets go at at_ns, which may be a moment ago. */
static void drop(struct lock *lock, uint64_t at_ns)
{
    uint32_t next = cores_line_take(lock->cores, &lock->line);

    lock->cores->turns[lock->holder].is_asked = false;
    lock->held_ns += at_ns > lock->held_since_ns ? at_ns - lock->held_since_ns : 0;
    lock->holder = CORES_NOBODY;
    if (next == CORES_NOBODY)
        return;
    if (at_ns <
        lock->turns[next].since_ns) /* It came after the holder was done, before it said so. */
        at_ns = lock->turns[next].since_ns;
    change_hands(lock, next, at_ns, at_ns - lock->turns[next].since_ns);
}

/* One period after another, until it has been handed over. */
static void wait_for_it(struct lock *lock, uint32_t who)
{
    struct lock_turn *turn = &lock->turns[who];
    uint64_t end_ns = turn->since_ns + lock->interval_ns;

    while (lock->holder != who && !lock->cores->is_stopping) {
        cores_wait(lock->cores, who, end_ns);
        if (lock->holder == who || loop_clock_ns() < end_ns)
            continue;
        if (lock->switches == turn->switches)
            cores_ask(lock->cores, lock->holder);
        turn->switches = lock->switches;
        end_ns += lock->interval_ns;
    }
}

void lock_compute(struct lock *lock, uint32_t who, uint64_t work_ns, bool burns)
{
    for (;;) {
        uint64_t at_ns;

        wait_for_it(lock, who);
        work_ns = cores_compute(lock->cores, who, work_ns, burns);
        if (lock->cores->is_stopping)
            return;
        at_ns = lock->cores->turns[who].due_ns;
        drop(lock, at_ns);
        if (work_ns == 0)
            return;
        lock_want(lock, who, at_ns);
    }
}

void lock_read(const struct lock *lock, uint64_t now_ns, struct node_stats *stats)
{
    struct stats_level *held = &stats->gil_held;
    bool is_held = lock->holder != CORES_NOBODY;
    uint64_t area = lock->held_ns;

    if (is_held && now_ns > lock->held_since_ns)
        area += now_ns - lock->held_since_ns;
    held->now = is_held;
    held->max = lock->switches > 0;
    held->area = area > held->area ? area : held->area;
    stats->gil_waits = lock->waits;
    stats->gil_waits_ns = lock->waits_ns;
}
