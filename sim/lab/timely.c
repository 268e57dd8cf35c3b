/* timely.c — Asks the kernel for cores that do not sleep, and to go first. */
#define _GNU_SOURCE
#include "sim/lab/timely.h"

#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <unistd.h>

int timely_keep_awake(void)
{
    const int32_t latency_us = 0;
    int awake = open("/dev/cpu_dma_latency", O_WRONLY | O_CLOEXEC);

    if (awake < 0 || write(awake, &latency_us, sizeof latency_us) == sizeof latency_us)
        return awake;
    (void)close(awake);
    return -1;
}

void timely_let_sleep(int awake)
{
    if (awake >= 0)
        (void)close(awake);
}

bool timely_go_first(void)
{
    const struct sched_param lowest = {.sched_priority = 1};

    return sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &lowest) == 0;
}

void timely_line_up(void)
{
    const struct sched_param none = {.sched_priority = 0};

    /* Only root may take the flag back. */
    (void)sched_setscheduler(0, SCHED_OTHER | SCHED_RESET_ON_FORK, &none);
}
