/* chart.c — Eight heights, one column each.
 *
 * The lowest block is nothing, so that a quiet second is still seen to be there. */
#include "sim/report/chart.h"

#include <math.h>
#include <string.h>

static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
enum { BLOCKS = sizeof blocks / sizeof blocks[0] };

static double sum_up(const double *values, unsigned n, enum chart_pick pick)
{
    double sum = 0, highest = NAN;
    unsigned known = 0;

    for (unsigned i = 0; i < n; i++) {
        if (isnan(values[i]))
            continue;
        known++;
        sum += values[i];
        if (isnan(highest) || values[i] > highest)
            highest = values[i];
    }
    return pick == CHART_MAX || known == 0 ? highest : sum / known;
}

static const char *block_of(double value, double top)
{
    unsigned height = 0;

    if (isnan(value))
        return "×";
    if (value > 0 && top > 0)
        height = (unsigned)(value / top * (BLOCKS - 1) + 0.5);
    if (value > 0 && height == 0)
        height = 1;
    return blocks[height < BLOCKS ? height : BLOCKS - 1];
}

struct chart chart_draw(const double *values, unsigned n, unsigned stride, double top,
                        enum chart_pick pick)
{
    struct chart chart = {""};
    size_t at = 0;

    for (unsigned i = 0, marks = 0; i < n && marks < CHART_WIDTH_MAX; i += stride, marks++) {
        unsigned left = n - i < stride ? n - i : stride;
        const char *block = block_of(sum_up(values + i, left, pick), top);

        memcpy(chart.text + at, block, strlen(block) + 1);
        at += strlen(block);
    }
    return chart;
}
