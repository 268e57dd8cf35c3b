/* calibrate_threads.c — What it costs threads to share memory: to sleep at a lock, to copy.
 *
 *   park      a futex call that has nothing to do
 *   wake      a futex call that wakes a sleeper on another core, for who makes it
 *   asleep    from there until the sleeper runs
 *   copied    malloc, memcpy and free of an object of 64 bytes, and of 16 KiB: as a thread of a
 *             counter does it, which keeps some replaced objects for those who read them still
 *   slice     what the kernel gives a thread before it looks who else wants the core: it says so
 *
 * In a process of its own, since threads are pinned to cores. On cores that are kept awake, as in a
 * run, wake and asleep are 2 and 9 us, on cores that are not 13 and 38. With one core alone nobody
 * is woken on another: wake and asleep are left out. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/lab/calibrate_inside.h"

enum { SAMPLES = 1000, CALLS = 100, RETIRED = 32 };

static const uint64_t rest_ns = 50000; /* In which the other one falls asleep. */

struct bed {
    _Atomic uint32_t nights; /* The futex. */
    _Atomic uint64_t woken_ns;
    int core;
};

static long futex(_Atomic uint32_t *word, int verb, uint32_t value)
{
    return syscall(SYS_futex, word, verb, value, NULL, NULL, 0);
}

/* ---- In the process of its own --------------------------------------------------------------- */

static void pin(int core)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET((size_t)core, &set);
    (void)pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

/* The first two on which we may run; false: there is one. */
static bool find_cores(int cores[static 2])
{
    cpu_set_t set;
    int found = 0;

    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return false;
    for (int core = 0; core < CPU_SETSIZE && found < 2; core++)
        if (CPU_ISSET((size_t)core, &set))
            cores[found++] = core;
    return found == 2;
}

static struct calibrated time_park(void)
{
    _Atomic uint32_t word = 0;
    double took_us[SAMPLES];

    for (unsigned i = 0; i < SAMPLES; i++) {
        uint64_t begun_ns = loop_clock_ns();

        for (unsigned call = 0; call < CALLS; call++)
            (void)futex(&word, FUTEX_WAIT_PRIVATE, 1);
        took_us[i] = (double)(loop_clock_ns() - begun_ns) * 1e-3 / CALLS;
    }
    return calibrated_of(took_us, SAMPLES);
}

static void *sleep_on(void *context)
{
    struct bed *bed = context;

    pin(bed->core);
    for (uint32_t night = 0; night < SAMPLES; night++) {
        while (atomic_load(&bed->nights) == night)
            (void)futex(&bed->nights, FUTEX_WAIT_PRIVATE, night);
        atomic_store(&bed->woken_ns, loop_clock_ns());
    }
    return NULL;
}

static bool time_wake(struct calibrated_threads *to, const int cores[static 2])
{
    static double call_us[SAMPLES], asleep_us[SAMPLES];
    struct bed bed = {.core = cores[1]};
    pthread_t sleeper;

    pin(cores[0]);
    if (pthread_create(&sleeper, NULL, sleep_on, &bed) != 0)
        return false;
    for (uint32_t i = 0; i < SAMPLES; i++) {
        uint64_t begun_ns, called_ns;

        atomic_store(&bed.woken_ns, 0);
        calibrate_sleep_until(loop_clock_ns() + rest_ns);
        begun_ns = loop_clock_ns();
        atomic_store(&bed.nights, i + 1);
        (void)futex(&bed.nights, FUTEX_WAKE_PRIVATE, 1);
        called_ns = loop_clock_ns();
        while (atomic_load(&bed.woken_ns) == 0)
            ;
        call_us[i] = (double)(called_ns - begun_ns) * 1e-3;
        asleep_us[i] = (double)(atomic_load(&bed.woken_ns) - begun_ns) * 1e-3;
    }
    pthread_join(sleeper, NULL);
    to->wake = calibrated_of(call_us, SAMPLES);
    to->asleep = calibrated_of(asleep_us, SAMPLES);
    return true;
}

static bool time_copies(struct calibrated *to, size_t bytes)
{
    double took_us[SAMPLES];
    char *retired[RETIRED] = {0}, *object = calloc(1, bytes);
    bool is_good = object != NULL;

    for (unsigned i = 0; i < SAMPLES && is_good; i++) {
        uint64_t begun_ns = loop_clock_ns();
        char *copy = malloc(bytes);

        is_good = copy != NULL;
        if (!is_good)
            break;
        memcpy(copy, object, bytes);
        __asm__ volatile("" : : "r"(copy) : "memory");
        free(retired[i % RETIRED]);
        retired[i % RETIRED] = object;
        object = copy;
        took_us[i] = (double)(loop_clock_ns() - begun_ns) * 1e-3;
    }
    for (unsigned i = 0; i < RETIRED; i++)
        free(retired[i]);
    free(object);
    *to = calibrated_of(took_us, is_good ? SAMPLES : 0);
    return is_good;
}

/* sched_getattr(2). glibc has no struct for it, and the kernel's does not go with sched.h. */
static double read_slice_us(void)
{
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime_ns, deadline_ns, period_ns;
    } own = {.runtime_ns = 0};

    return syscall(SYS_sched_getattr, 0, &own, sizeof own, 0) == 0 ? (double)own.runtime_ns * 1e-3
                                                                   : 0;
}

static bool measure(struct calibrated_threads *to)
{
    int cores[2];

    to->slice_us = read_slice_us();
    to->park = time_park();
    return (!find_cores(cores) || time_wake(to, cores)) && time_copies(&to->copied_64, 64) &&
           time_copies(&to->copied_16k, (size_t)16 << 10);
}

/* ---- Ours ------------------------------------------------------------------------------------ */

static bool hear(struct calibrator *calibrator, int fd)
{
    struct calibrated_threads *to = &calibrator->calibration->threads;

    return read(fd, to, sizeof *to) == sizeof *to ||
           message_say(calibrator->trouble, "threads: they could not be measured",
                       "потоки: измерить их не удалось");
}

static void live_on(int fd)
{
    struct calibrated_threads mine = {0};

    _exit(measure(&mine) && write(fd, &mine, sizeof mine) == sizeof mine ? 0 : 1);
}

bool calibrate_threads(struct calibrator *calibrator)
{
    int ends[2];
    pid_t child;
    bool is_good;

    calibrate_step(calibrator, "threads at a lock", "потоки у замка");
    if (pipe2(ends, O_CLOEXEC) != 0)
        return message_say(calibrator->trouble, "threads: %s", "потоки: %s", strerror(errno));
    child = calibrate_fork();
    if (child == 0)
        live_on(ends[1]);
    close(ends[1]);
    is_good = child > 0
                  ? hear(calibrator, ends[0])
                  : message_say(calibrator->trouble, "threads: %s", "потоки: %s", strerror(errno));
    close(ends[0]);
    calibrate_reap(&child);
    return is_good;
}
