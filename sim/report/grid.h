/* grid.h — Variants side by side.
 *
 * The same cells, laid out in one of two ways. Few variants stand across, and every line is one
 * item, easy to compare from left to right:
 *
 *                              untouched   horizontal
 *       latency.p99 < 300ms     ✗ 2.31 s    ✓ 41.2 ms
 *
 * From five on they stand below each other, and the items across. What does not fit the page goes
 * to a further block with the first column repeated. */
#ifndef SIM_REPORT_GRID_H
#define SIM_REPORT_GRID_H

#include "sim/report/page.h"

struct cell {
    char text[96];
    enum color color;
};

struct head { /* Of an item: one above the other, or side by side. */
    char upper[96], lower[96];
};

struct grid {
    const void *context; /* Handed to the three below. */
    unsigned items_max, variants_max;
    struct cell (*variant)(const void *context, unsigned variant);
    struct head (*item)(const void *context, unsigned item);
    struct cell (*cell)(const void *context, unsigned item, unsigned variant);
};

enum { GRID_ACROSS_MAX = 4, GRID_INDENT = 2, GRID_GAP = 3, GRID_NAME_MAX = 26 };

void grid_print(struct page *page, const struct grid *grid);

#endif
