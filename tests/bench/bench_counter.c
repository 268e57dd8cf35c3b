/* bench_counter.c — What one increment costs, by design, alone and with another thread at it.
 *
 * From here come the defaults of memory (sim/scenario/keys/keys_memory.c). Every figure
 * is the median over rounds, and all of them are taken in each round, one after the other, so that
 * a machine that is busy for a while is busy for all alike; least and most stand beside it. The two
 * threads are pinned to two cores. Usage: bench_counter [rounds] */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "services/base/check.h"

enum { ROUNDS_MAX = 99, ADDS = 1000000, TRIPS = 200000, COPIES = 200000, WAKES = 2000 };
enum { LINE = 64, OBJECT_MAX = 4096 };

struct line { /* Alone on its cache line, and on the one that is fetched with it. */
    _Alignas(2 * LINE) _Atomic uint64_t value;
};

static struct line counter, shards[2], gate, ping;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t locked_value;
static _Atomic uint64_t lock_waits;
static _Atomic uint32_t bed;
static _Atomic uint64_t woken_at_ns;

static uint64_t now_ns(void)
{
    struct timespec now;

    check(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void pin(size_t core)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(core, &set);
    (void)pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

/* ---- One increment, by design ---------------------------------------------------------------- */

enum { SPACED_LOOPS = 150 }; /* Of dependent multiplications: some 200 ns between increments. */

static int loops; /* 0, or SPACED_LOOPS. */
static _Thread_local uint64_t burnt;

static void work(void)
{
    for (int i = 0; i < loops; i++)
        burnt = burnt * UINT64_C(6364136223846793005) + 1;
    __asm__ volatile("" : "+r"(burnt));
}

static void add_unlocked(uint64_t thread)
{
    (void)thread;
    for (int i = 0; i < ADDS; i++) {
        work();
        uint64_t seen = atomic_load_explicit(&counter.value, memory_order_relaxed);

        atomic_store_explicit(&counter.value, seen + 1, memory_order_relaxed);
    }
}

static void add_locked(uint64_t thread)
{
    uint64_t waits = 0;

    (void)thread;
    for (int i = 0; i < ADDS; i++) {
        work();
        if (pthread_mutex_trylock(&lock) != 0) {
            waits++;
            pthread_mutex_lock(&lock);
        }
        locked_value++;
        pthread_mutex_unlock(&lock);
    }
    atomic_fetch_add(&lock_waits, waits);
}

static void add_atomic(uint64_t thread)
{
    (void)thread;
    for (int i = 0; i < ADDS; i++) {
        work();
        atomic_fetch_add_explicit(&counter.value, 1, memory_order_relaxed);
    }
}

static void add_sharded(uint64_t thread)
{
    struct line *own = &shards[thread];

    for (int i = 0; i < ADDS; i++) {
        work();
        uint64_t seen = atomic_load_explicit(&own->value, memory_order_relaxed);

        atomic_store_explicit(&own->value, seen + 1, memory_order_relaxed);
    }
}

struct pair {
    void (*add)(uint64_t thread);
    uint64_t thread;
};

static void *run_other(void *context)
{
    struct pair *pair = context;

    pin(1);
    atomic_fetch_add(&gate.value, 1);
    while (atomic_load(&gate.value) < 2)
        ;
    pair->add(pair->thread);
    return NULL;
}

/* ns per add: of one thread alone, or of each of two at once. */
static double time_adds(void (*add)(uint64_t thread), bool is_pair)
{
    struct pair pair = {add, 1};
    pthread_t other;
    uint64_t begun_ns;

    atomic_store(&gate.value, 0);
    atomic_store(&counter.value, 0);
    pin(0);
    if (is_pair) {
        check(pthread_create(&other, NULL, run_other, &pair) == 0);
        atomic_fetch_add(&gate.value, 1);
        while (atomic_load(&gate.value) < 2)
            ;
    }
    begun_ns = now_ns();
    add(0);
    if (is_pair)
        check(pthread_join(other, NULL) == 0);
    return (double)(now_ns() - begun_ns) / ADDS;
}

/* ---- A line's way from core to core ---------------------------------------------------------- */

static void *return_pings(void *context)
{
    (void)context;
    pin(1);
    for (uint64_t i = 0; i < TRIPS; i++) {
        while (atomic_load_explicit(&ping.value, memory_order_acquire) != 2 * i + 1)
            ;
        atomic_store_explicit(&ping.value, 2 * i + 2, memory_order_release);
    }
    return NULL;
}

static double time_transfer(void)
{
    pthread_t other;
    uint64_t begun_ns;

    atomic_store(&ping.value, 0);
    pin(0);
    check(pthread_create(&other, NULL, return_pings, NULL) == 0);
    begun_ns = now_ns();
    for (uint64_t i = 0; i < TRIPS; i++) {
        atomic_store_explicit(&ping.value, 2 * i + 1, memory_order_release);
        while (atomic_load_explicit(&ping.value, memory_order_acquire) != 2 * i + 2)
            ;
    }
    check(pthread_join(other, NULL) == 0);
    return (double)(now_ns() - begun_ns) / TRIPS / 2;
}

/* ---- Copies ---------------------------------------------------------------------------------- */

/* A new object with the old one's bytes, and the old one freed. */
static double time_copy(size_t bytes)
{
    char *object = calloc(1, bytes);
    uint64_t begun_ns;

    check(object != NULL);
    pin(0);
    begun_ns = now_ns();
    for (int i = 0; i < COPIES; i++) {
        char *copy = malloc(bytes);

        check(copy != NULL);
        memcpy(copy, object, bytes);
        copy[0]++;
        free(object);
        object = copy;
        __asm__ volatile("" : : "r"(object) : "memory");
    }
    begun_ns = now_ns() - begun_ns;
    free(object);
    return (double)begun_ns / COPIES;
}

/* ---- Waking a sleeper ------------------------------------------------------------------------ */

static long futex(int verb, uint32_t value)
{
    return syscall(SYS_futex, &bed, verb, value, NULL, NULL, 0);
}

static void *sleep_again(void *context)
{
    (void)context;
    pin(1);
    for (uint32_t i = 0; i < WAKES; i++) {
        while (atomic_load(&bed) == i)
            futex(FUTEX_WAIT_PRIVATE, i);
        atomic_store(&woken_at_ns, now_ns());
    }
    return NULL;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Medians: what the call costs who makes it, and how long until the sleeper runs. */
static void time_wake(double *call_ns, double *latency_ns)
{
    static double calls[WAKES], latencies[WAKES];
    struct timespec pause = {.tv_nsec = 50000};
    pthread_t sleeper;

    atomic_store(&bed, 0);
    pin(0);
    check(pthread_create(&sleeper, NULL, sleep_again, NULL) == 0);
    for (uint32_t i = 0; i < WAKES; i++) {
        uint64_t begun_ns, called_ns;

        atomic_store(&woken_at_ns, 0);
        nanosleep(&pause, NULL); /* It sleeps by now. */
        begun_ns = now_ns();
        atomic_store(&bed, i + 1);
        futex(FUTEX_WAKE_PRIVATE, 1);
        called_ns = now_ns();
        while (atomic_load(&woken_at_ns) == 0)
            ;
        calls[i] = (double)(called_ns - begun_ns);
        latencies[i] = (double)(atomic_load(&woken_at_ns) - begun_ns);
    }
    check(pthread_join(sleeper, NULL) == 0);
    qsort(calls, WAKES, sizeof *calls, compare);
    qsort(latencies, WAKES, sizeof *latencies, compare);
    *call_ns = calls[WAKES / 2];
    *latency_ns = latencies[WAKES / 2];
}

/* A call that finds nobody to wake, or a word that has changed already: in and out. */
static double time_call(void)
{
    uint64_t begun_ns;

    atomic_store(&bed, 0);
    pin(0);
    begun_ns = now_ns();
    for (int i = 0; i < TRIPS; i++) {
        futex(FUTEX_WAKE_PRIVATE, 1);
        futex(FUTEX_WAIT_PRIVATE, 1);
    }
    return (double)(now_ns() - begun_ns) / TRIPS / 2;
}

/* ---- Rounds ---------------------------------------------------------------------------------- */

enum {
    UNLOCKED,
    UNLOCKED_TWO,
    UNLOCKED_LOST,
    LOCKED,
    LOCKED_TWO,
    LOCKED_WAITS,
    ATOMIC,
    ATOMIC_TWO,
    SHARDED,
    SHARDED_TWO,
    SPACED,
    SPACED_UNLOCKED,
    SPACED_LOST,
    SPACED_LOCKED,
    SPACED_WAITS,
    SPACED_ATOMIC,
    TRANSFER,
    COPY_64,
    COPY_1K,
    COPY_4K,
    EMPTY_CALL,
    WAKE_CALL,
    WAKE_LATENCY,
    FIGURES
};

static const char *const names[FIGURES] = {
    [UNLOCKED] = "unlocked, alone, ns per add",
    [UNLOCKED_TWO] = "unlocked, two threads, ns per add of each",
    [UNLOCKED_LOST] = "unlocked, two threads, lost in %",
    [LOCKED] = "locked, alone, ns per add",
    [LOCKED_TWO] = "locked, two threads, ns per add of each",
    [LOCKED_WAITS] = "locked, two threads, found held in %",
    [ATOMIC] = "atomic, alone, ns per add",
    [ATOMIC_TWO] = "atomic, two threads, ns per add of each",
    [SHARDED] = "sharded, alone, ns per add",
    [SHARDED_TWO] = "sharded, two threads, ns per add of each",
    [SPACED] = "sharded, two threads, work between, ns per add",
    [SPACED_UNLOCKED] = "unlocked, the same",
    [SPACED_LOST] = "unlocked, the same, lost in %",
    [SPACED_LOCKED] = "locked, the same",
    [SPACED_WAITS] = "locked, the same, found held in %",
    [SPACED_ATOMIC] = "atomic, the same",
    [TRANSFER] = "a line from core to core, ns",
    [COPY_64] = "new object of 64 B, old one freed, ns",
    [COPY_1K] = "of 1 KiB",
    [COPY_4K] = "of 4 KiB",
    [EMPTY_CALL] = "futex call that has nothing to do, ns",
    [WAKE_CALL] = "futex wake, ns for the waker",
    [WAKE_LATENCY] = "futex wake, ns until the sleeper runs",
};

static double figures[FIGURES][ROUNDS_MAX];

static void take_round(int round)
{
    figures[UNLOCKED][round] = time_adds(add_unlocked, false);
    figures[UNLOCKED_TWO][round] = time_adds(add_unlocked, true);
    figures[UNLOCKED_LOST][round] = 100 - 100.0 * (double)counter.value / (2.0 * ADDS);
    figures[LOCKED][round] = time_adds(add_locked, false);
    atomic_store(&lock_waits, 0);
    figures[LOCKED_TWO][round] = time_adds(add_locked, true);
    figures[LOCKED_WAITS][round] = 100.0 * (double)lock_waits / (2.0 * ADDS);
    figures[ATOMIC][round] = time_adds(add_atomic, false);
    figures[ATOMIC_TWO][round] = time_adds(add_atomic, true);
    figures[SHARDED][round] = time_adds(add_sharded, false);
    figures[SHARDED_TWO][round] = time_adds(add_sharded, true);
    loops = SPACED_LOOPS;
    figures[SPACED][round] = time_adds(add_sharded, true);
    figures[SPACED_UNLOCKED][round] = time_adds(add_unlocked, true);
    figures[SPACED_LOST][round] = 100 - 100.0 * (double)counter.value / (2.0 * ADDS);
    atomic_store(&lock_waits, 0);
    figures[SPACED_LOCKED][round] = time_adds(add_locked, true);
    figures[SPACED_WAITS][round] = 100.0 * (double)lock_waits / (2.0 * ADDS);
    figures[SPACED_ATOMIC][round] = time_adds(add_atomic, true);
    loops = 0;
    figures[TRANSFER][round] = time_transfer();
    figures[COPY_64][round] = time_copy(64);
    figures[COPY_1K][round] = time_copy(1024);
    figures[COPY_4K][round] = time_copy(OBJECT_MAX);
    figures[EMPTY_CALL][round] = time_call();
    time_wake(&figures[WAKE_CALL][round], &figures[WAKE_LATENCY][round]);
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 11;

    if (rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "bench_counter [rounds, 1 to %d]\n", ROUNDS_MAX);
        return 2;
    }
    for (int round = 0; round < rounds; round++)
        take_round(round);
    for (int i = 0; i < FIGURES; i++) {
        qsort(figures[i], (size_t)rounds, sizeof(double), compare);
        printf("%-44s %10.2f  (%.2f … %.2f)\n", names[i], figures[i][rounds / 2], figures[i][0],
               figures[i][rounds - 1]);
    }
    return 0;
}
