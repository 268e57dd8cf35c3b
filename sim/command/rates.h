/* rates.h — How often a scenario asks for what is calibrated. */
#ifndef SIM_COMMAND_RATES_H
#define SIM_COMMAND_RATES_H

#include "sim/lab/lab.h"

/* Raises *rates to those of this variant, by its whiteboard estimate: each as most of those whom it
 * concerns find it, the mean over them of the rate at which they come. */
void rates_note(struct lab_rates *rates, const struct scenario *scenario);

#endif
