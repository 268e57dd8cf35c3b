/* lines_inside.h — What those who say lines share: numbers with their units, and lines that a
 * service, its balancer and the table have alike. */
#ifndef SIM_THEORY_LINES_INSIDE_H
#define SIM_THEORY_LINES_INSIDE_H

#include "sim/theory/theory_inside.h"

static inline struct theory_number ms(double seconds)
{
    return (struct theory_number){THEORY_MS, seconds * 1e3};
}

static inline struct theory_number per_s(double rate)
{
    return (struct theory_number){THEORY_RATE, rate};
}

static inline struct theory_number kib(double value)
{
    return (struct theory_number){THEORY_KIB, value};
}

static inline struct theory_number share(double value)
{
    return (struct theory_number){THEORY_SHARE, value};
}

static inline struct theory_number count(double value)
{
    return (struct theory_number){THEORY_COUNT, value};
}

static inline struct theory_number ratio(double value)
{
    return (struct theory_number){THEORY_RATIO, value};
}

static inline struct theory_number money(double minor)
{
    return (struct theory_number){THEORY_MONEY, minor};
}

/* Three numbers are what most formulas take; `n` of them. */
static inline void with(struct work *work, unsigned n, struct theory_number a,
                        struct theory_number b, struct theory_number c)
{
    if (n > 0)
        say_with(work, a);
    if (n > 1)
        say_with(work, b);
    if (n > 2)
        say_with(work, c);
}

/* lines.c: what is sent, bodies or values; not said of what a packet or two hold. */
void say_traffic(struct work *work, const char *name, double rate, double kib_per_s);

/* lines.c: a line that grows, and one that is left over; per_visit: turns that a visit takes. */
void say_overload(struct work *work, const struct station *station, const char *name,
                  double per_visit);
void say_drain(struct work *work, const struct station *station, const char *name,
               double per_visit);

/* lines_data.c: store, log, batchers and table. */
void lines_of_data(struct work *work);

#endif
