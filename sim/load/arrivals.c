/* arrivals.c — Walks the area under the rate, line by line. */
#include "sim/load/arrivals.h"

#include <stdio.h>

#include "services/base/number.h"

static void add_piece(struct arrivals *arrivals, uint64_t from_ns, uint64_t to_ns, double rate_from,
                      double rate_to)
{
    if (to_ns <= from_ns)
        return;
    arrivals->pieces[arrivals->pieces_max++] =
        (struct rate_piece){from_ns, to_ns, rate_from, rate_to,
                            .slope = (rate_to - rate_from) / ((double)(to_ns - from_ns) * 1e-9)};
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

void arrivals_init(struct arrivals *arrivals, const struct load_spec *spec, uint64_t seed,
                   uint64_t end_ns)
{
    char name[NAME_MAX_BYTES + 16];
    double before = 0;

    *arrivals = (struct arrivals){.kind = spec->arrivals};
    snprintf(name, sizeof name, "%s arrivals", spec->name);
    dice_init(&arrivals->dice, seed, name);
    for (uint32_t i = 0; i < spec->phases_max; i++) {
        const struct phase *phase = &spec->phases[i];
        uint64_t next = i + 1 < spec->phases_max ? phase[1].at_ns : end_ns;
        uint64_t stop = earlier(next, end_ns);
        uint64_t top = phase->at_ns + phase->ramp_ns;
        uint64_t bend = earlier(top, stop);
        double reached = phase->rate;

        if (top > stop)
            reached = before + (phase->rate - before) * (double)(stop - phase->at_ns) /
                                   (double)phase->ramp_ns;
        if (phase->ramp_ns > 0)
            add_piece(arrivals, phase->at_ns, bend, before, reached);
        add_piece(arrivals, bend, stop, reached, reached);
        before = reached;
    }
    if (arrivals->pieces_max > 0)
        arrivals->at_ns = arrivals->pieces[0].from_ns;
}

/* Seconds until the area under a line that starts at `rate` and climbs by `slope` reaches `need`:
 * the root of slope t^2 / 2 + rate t = need, in the form that does not cancel. */
static double seconds_to_area(double rate, double slope, double need)
{
    double under = rate * rate + 2 * slope * need;

    if (slope == 0)
        return need / rate;
    return 2 * need / (rate + number_sqrt(under > 0 ? under : 0));
}

uint64_t arrivals_next_ns(struct arrivals *arrivals)
{
    double need = arrivals->kind == ARRIVALS_POISSON ? dice_exponential(&arrivals->dice) : 1.0;

    for (; arrivals->piece < arrivals->pieces_max; arrivals->piece++) {
        const struct rate_piece *piece = &arrivals->pieces[arrivals->piece];

        if (arrivals->at_ns < piece->from_ns)
            arrivals->at_ns = piece->from_ns;

        double past_s = (double)(arrivals->at_ns - piece->from_ns) * 1e-9;
        double rate = piece->rate_from + piece->slope * past_s;
        double left = (double)(piece->to_ns - arrivals->at_ns) * 1e-9;
        double area = (rate + piece->rate_to) / 2 * left;

        if (need < area) {
            uint64_t at =
                arrivals->at_ns + number_round(seconds_to_area(rate, piece->slope, need) * 1e9);
            arrivals->at_ns = at < piece->to_ns ? at : piece->to_ns;
            return arrivals->at_ns;
        }
        need -= area;
        arrivals->at_ns = piece->to_ns;
    }
    return ARRIVALS_NEVER_NS;
}
