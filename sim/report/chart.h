/* chart.h — A line of values as a line of blocks: ▁▂▃▄▅▆▇█ */
#ifndef SIM_REPORT_CHART_H
#define SIM_REPORT_CHART_H

#include <stddef.h>

/* How a mark sums up the values that it stands for. */
enum chart_pick { CHART_MEAN, CHART_MAX };

enum { CHART_WIDTH_MAX = 160 };

struct chart {
    char text[CHART_WIDTH_MAX * 3 + 1]; /* Each mark is one column. */
};

/* One mark for every `stride` values; top is the height of █. A mark of nothing but NaN is "×"; a
 * value above nothing never draws as nothing. At most CHART_WIDTH_MAX marks. */
struct chart chart_draw(const double *values, unsigned n, unsigned stride, double top,
                        enum chart_pick pick);

#endif
