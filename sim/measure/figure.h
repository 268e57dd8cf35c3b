/* figure.h — A number as people read it, in English or Russian.
 *
 *                 English           Russian
 *   METRIC_MS     412 µs, 2.31 s    412 мкс, 2,31 с     (value in ms)
 *   METRIC_SHARE  38.4%             38,4 %              (value 0 … 1)
 *   METRIC_RATE   1,200/s           1 200/с             (value per second)
 *   METRIC_MONEY  −1,234,567        −1 234 567          (value in minor units; no currency)
 *   METRIC_COUNT  12,345            12 345
 *
 * Three digits that matter, no more: a simulation does not know the fourth. Two promises guard
 * against the rounding that deceives: a share above nothing never reads 0, and one below
 * everything never reads 100. NaN reads "—". Spaces inside a figure do not break, and the C
 * locale has no say. */
#ifndef SIM_MEASURE_FIGURE_H
#define SIM_MEASURE_FIGURE_H

#include "sim/measure/metric.h"

enum language { LANGUAGE_EN, LANGUAGE_RU, LANGUAGES };

struct figure {
    char text[80]; /* UTF-8. */
};

struct figure figure_of(enum language language, enum metric_unit unit, double value);

/* "41.2 ±0.4 ms" where n > 1; otherwise the mean alone; "—" where n is 0. */
struct figure figure_estimate(enum language language, enum metric_unit unit,
                              struct estimate estimate);

/* A word where a figure may stand; cut where it is too long. */
struct figure figure_word(const char *text);

/* Writes the sentence with figures in place of its %s, in their order: as many as it has. */
void figure_fill(char *out, size_t size, const char *sentence, const struct figure *figures);

#endif
