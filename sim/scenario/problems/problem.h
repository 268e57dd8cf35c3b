/* problem.h — A problem as it is kept; shared by problems.c, which fills it in, and
 * problems_print.c, which draws it. */
#ifndef SIM_SCENARIO_PROBLEM_H
#define SIM_SCENARIO_PROBLEM_H

#include "sim/scenario/problems/problems.h"

struct problem {
    char file[256];
    uint32_t line, column; /* From 1. */
    char en[320], ru[480];
    char suggestion[128]; /* "" when there is none. */
    char excerpt[360];    /* "" when the place is the whole file. */
    uint32_t caret;       /* Characters of the excerpt before the mark. */
    uint32_t width;       /* Characters marked. */
};

struct problems {
    struct problem kept[PROBLEMS_KEPT];
    unsigned count;
};

#endif
