/* timely.h — What a measurement asks of the kernel, so that it is the services that are measured.
 *
 * Cores that do not sleep. An idle core is halted, and waking it takes time: some microseconds on
 * bare metal; in a virtual machine, whose host has given the core to somebody else, milliseconds
 * under a load of a thousand requests a second. So a run asks for a wake-up latency of 0: PM QoS,
 * /dev/cpu_dma_latency (Documentation/power/pm_qos_interface.rst).
 *
 * A driver that goes first. It stands for people, who do not wait for a core of this machine; but
 * where the services take all of them, it does. So it runs before whatever has no such right:
 * SCHED_FIFO (sched(7)), which what it starts does not inherit.
 *
 * Measured (README, "Model against reality"): each brings the p99 of the send lag from several
 * milliseconds to some tenths of one. Both need a right that root has; all else works without. */
#ifndef SIM_LAB_TIMELY_H
#define SIM_LAB_TIMELY_H

#include <stdbool.h>

/* For as long as what it returns is open; below 0: not granted, see errno. */
int timely_keep_awake(void);
void timely_let_sleep(int awake); /* Below 0: nothing. */

/* The calling thread, until it lines up again. False: not granted, see errno. */
bool timely_go_first(void);
void timely_line_up(void);

#endif
