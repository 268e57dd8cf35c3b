/* awake.c — Asks the kernel for a wake-up latency of 0. */
#define _GNU_SOURCE
#include "sim/lab/awake.h"

#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

int awake_hold(void)
{
    const int32_t latency_us = 0;
    int awake = open("/dev/cpu_dma_latency", O_WRONLY | O_CLOEXEC);

    if (awake < 0 || write(awake, &latency_us, sizeof latency_us) == sizeof latency_us)
        return awake;
    (void)close(awake);
    return -1;
}

void awake_let_go(int awake)
{
    if (awake >= 0)
        (void)close(awake);
}
