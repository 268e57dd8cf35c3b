/* awake.h — Cores that do not sleep while something is measured.
 *
 * An idle core is halted, and waking it takes time: some microseconds on bare metal; in a virtual
 * machine, whose host has given the core to somebody else, milliseconds under a load of a thousand
 * requests a second (measured: README, "Model against reality"). That is not the design's, so a
 * run asks the kernel for a wake-up latency of 0: PM QoS, /dev/cpu_dma_latency
 * (Documentation/power/pm_qos_interface.rst), which needs the right to write there. */
#ifndef SIM_LAB_AWAKE_H
#define SIM_LAB_AWAKE_H

/* For as long as what it returns is open; below 0: not granted, see errno, and all else works. */
int awake_hold(void);
void awake_let_go(int awake); /* Below 0: nothing. */

#endif
