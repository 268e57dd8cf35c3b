/* rates.c — From the lines of the estimate to the rates behind them. */
#include "sim/command/rates.h"

#include <math.h>

#include "sim/theory/theory.h"

enum { VISITED, STORED, PUT, WRITTEN, RATES };

/* Adds what a line says of its phase. */
static void read_line(double rates[static RATES], const struct theory_line *line)
{
    if (line->what == THEORY_ARRIVALS)
        rates[VISITED] += line->value.value;
    else if (line->what == THEORY_STORE || line->what == THEORY_STORE_THREADS)
        rates[STORED] += line->of[0].value;
    else if (line->what == THEORY_LOG_RATE)
        rates[PUT] += line->value.value;
    else if (line->what == THEORY_TABLE_RATE) /* Reads and writes. */
        rates[WRITTEN] += line->of[1].value;
}

void rates_note(struct lab_rates *rates, const struct scenario *scenario)
{
    double *const into[RATES] = {&rates->visited, &rates->stored, &rates->put, &rates->written};
    double sums[RATES] = {0}, squares[RATES] = {0};
    struct theory *theory = theory_open(scenario);

    for (uint32_t p = 0; theory != NULL && p < theory->phases_max; p++) {
        const struct theory_phase *phase = &theory->phases[p];
        double seconds = (double)(phase->to_ns - phase->from_ns) * 1e-9, met[RATES] = {0};

        for (uint32_t l = 0; l < phase->lines_max; l++)
            read_line(met, &theory->lines[phase->line + l]);
        for (unsigned r = 0; r < RATES; r++) {
            sums[r] += met[r] * seconds;
            squares[r] += met[r] * met[r] * seconds;
        }
    }
    for (unsigned r = 0; r < RATES; r++)
        if (sums[r] > 0)
            *into[r] = fmax(*into[r], squares[r] / sums[r]);
    theory_close(theory);
}
