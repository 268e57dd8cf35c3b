/* figure.c — Scale, round, group, add the unit.
 *
 * Digits are written by hand from a whole number of the smallest shown place: printf would follow
 * LC_NUMERIC, which another library may have set. */
#include "sim/measure/figure.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define NO_BREAK_SPACE "\u00a0"

enum { DECIMALS_MAX = 4 };

struct scale { /* How a value is shown: multiplied, with a unit behind it. */
    double factor;
    const char *suffix[LANGUAGES];
};

static const double powers[DECIMALS_MAX + 1] = {1, 10, 100, 1000, 10000};
static const char *const none = "—";

static struct scale scale_of_ms(double ms)
{
    static const struct scale ns = {1e6, {NO_BREAK_SPACE "ns", NO_BREAK_SPACE "нс"}};
    static const struct scale scales[] = {
        {1e3, {NO_BREAK_SPACE "µs", NO_BREAK_SPACE "мкс"}},
        {1, {NO_BREAK_SPACE "ms", NO_BREAK_SPACE "мс"}},
        {1e-3, {NO_BREAK_SPACE "s", NO_BREAK_SPACE "с"}},
        {1 / 60e3, {NO_BREAK_SPACE "min", NO_BREAK_SPACE "мин"}},
    };

    if (ms > 0 && ms < 0.0009995)
        return ns;
    if (ms <= 0 || (ms >= 0.9995 && ms < 999.5))
        return scales[1];
    return scales[ms < 1 ? 0 : ms < 600e3 ? 2 : 3];
}

static struct scale scale_of(enum metric_unit unit, double value)
{
    switch (unit) {
    case METRIC_MS:
        return scale_of_ms(value);
    case METRIC_SHARE:
        return (struct scale){100, {"%", NO_BREAK_SPACE "%"}};
    case METRIC_RATE:
        return (struct scale){1, {"/s", "/с"}};
    case METRIC_MONEY:
        return (struct scale){0.01, {"", ""}};
    case METRIC_COUNT:
        break;
    }
    return (struct scale){1, {"", ""}};
}

/* shown: scaled, not negative. */
static unsigned decimals_of(enum metric_unit unit, double shown)
{
    if (unit == METRIC_MONEY)
        return shown < 999.995 ? 2 : 0;
    if (unit == METRIC_SHARE && shown > 99 && shown < 100)
        return 1;
    if (unit == METRIC_SHARE && shown < 0.9995)
        return shown < 0.09995 ? 4 : 3;
    return shown < 9.995 ? 2 : shown < 99.95 ? 1 : 0;
}

/* Whole units of the last decimal, halves up; a share below 100 % is never rounded up to it. */
static uint64_t round_to(enum metric_unit unit, double shown, unsigned decimals)
{
    double limit = 1e15;
    double places = (shown < limit ? shown : limit) * powers[decimals];
    uint64_t rounded = (uint64_t)(places + 0.5);

    if (unit == METRIC_SHARE && shown < 100 && (double)rounded >= 100 * powers[decimals])
        rounded--;
    return rounded;
}

/* Writes the digits from the last to the first, and returns where they start. */
static void put_digits(char *out, size_t size, enum language language, uint64_t places,
                       unsigned decimals)
{
    static const char *const group[LANGUAGES] = {",", NO_BREAK_SPACE};
    static const char point[LANGUAGES] = {'.', ','};
    uint64_t whole = places / (uint64_t)powers[decimals];
    uint64_t part = places % (uint64_t)powers[decimals];
    char groups[32];
    int digits = snprintf(groups, sizeof groups, "%llu", (unsigned long long)whole);
    size_t at = 0;

    for (int i = 0; i < digits && at + 4 < size; i++) {
        out[at++] = groups[i];
        if ((digits - i - 1) % 3 == 0 && i + 1 < digits)
            at += (size_t)snprintf(out + at, size - at, "%s", group[language]);
    }
    out[at] = 0;
    if (decimals > 0)
        snprintf(out + at, size - at, "%c%0*llu", point[language], (int)decimals,
                 (unsigned long long)part);
}

/* 41.20 is 41.2, and 5.00 is 5. */
static unsigned strip_zeros(uint64_t *places, unsigned decimals)
{
    while (decimals > 0 && *places % 10 == 0) {
        *places /= 10;
        decimals--;
    }
    return decimals;
}

struct figure figure_of(enum language language, enum metric_unit unit, double value)
{
    struct scale scale = scale_of(unit, fabs(value));
    double shown = fabs(value) * scale.factor;
    unsigned decimals = decimals_of(unit, shown);
    struct figure figure = {""};
    char digits[48];

    if (!isfinite(value)) {
        snprintf(figure.text, sizeof figure.text, "%s", none);
        return figure;
    }
    uint64_t places = round_to(unit, shown, decimals);
    bool is_tiny = unit == METRIC_SHARE && places == 0 && shown > 0;
    if (is_tiny)
        places = 1;
    if (unit != METRIC_MONEY || places == 0 || places % 100 == 0)
        decimals = strip_zeros(&places, decimals);
    put_digits(digits, sizeof digits, language, places, decimals);
    snprintf(figure.text, sizeof figure.text, "%s%s%s%s", is_tiny ? "<" : "",
             value < 0 && places > 0 ? "−" : "", digits, scale.suffix[language]);
    return figure;
}

struct figure figure_estimate(enum language language, enum metric_unit unit,
                              struct estimate estimate)
{
    struct scale scale = scale_of(unit, fabs(estimate.mean));
    double shown = fabs(estimate.mean) * scale.factor;
    unsigned decimals = decimals_of(unit, shown);
    struct figure figure = {""};
    char mean[40], half[32];

    if (estimate.n == 0)
        return figure_of(language, unit, NAN);
    if (estimate.n == 1 || !isfinite(estimate.mean) || !isfinite(estimate.half_width))
        return figure_of(language, unit, estimate.mean);
    double half_shown = estimate.half_width * scale.factor;
    if (round_to(METRIC_COUNT, half_shown, decimals) == 0 && decimals < DECIMALS_MAX)
        decimals++; /* A narrow interval has earned the mean one more digit. */
    if (round_to(METRIC_COUNT, half_shown, decimals) == 0)
        return figure_of(language, unit, estimate.mean);
    put_digits(mean, sizeof mean, language, round_to(unit, shown, decimals), decimals);
    put_digits(half, sizeof half, language, round_to(METRIC_COUNT, half_shown, decimals), decimals);
    snprintf(figure.text, sizeof figure.text, "%s%s" NO_BREAK_SPACE "±%s%s",
             estimate.mean < 0 ? "−" : "", mean, half, scale.suffix[language]);
    return figure;
}

struct figure figure_word(const char *text)
{
    struct figure figure;

    snprintf(figure.text, sizeof figure.text, "%s", text);
    return figure;
}

void figure_fill(char *out, size_t size, const char *sentence, const struct figure *figures)
{
    size_t at = 0;

    for (const char *c = sentence; *c != 0 && at + 1 < size; c++) {
        if (c[0] != '%' || c[1] != 's') {
            out[at++] = *c;
            continue;
        }
        size_t bytes = strlen(figures->text);
        size_t room = size - at - 1;
        memcpy(out + at, figures->text, bytes < room ? bytes : room);
        at += bytes < room ? bytes : room;
        figures++;
        c++;
    }
    out[at] = 0;
}
