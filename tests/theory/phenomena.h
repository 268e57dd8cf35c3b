/* phenomena.h — What the tests of phenomena share: a scenario with numbers in it, and closeness.
 *
 * Each test_phenomena_….c writes its scenarios as text, with the network taken out where the
 * closed form knows none, and holds the run to a number of the field's literature or to a closed
 * form that it computes itself; never to a number that the simulator once printed. */
#ifndef TESTS_THEORY_PHENOMENA_H
#define TESTS_THEORY_PHENOMENA_H

#include "tests/lib/test.h"
#include "tests/lib/trial.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

/* The first lines of a scenario whose network costs nothing. */
#define NO_NETWORK "version: 1\nname: phenomenon\nnetwork: {latency: 0s}\n"

/* Runs a scenario of at most 4 KiB, with seeds 1 … `seeds`, and holds it to its invariants. */
__attribute__((format(printf, 3, 4))) static inline void
run_story(struct trial *trial, unsigned seeds, const char *format, ...)
{
    char yaml[4096];
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(yaml, sizeof yaml, format, arguments);
    va_end(arguments);
    assert_in_range(length, 1, sizeof yaml - 1);
    trial_run_text(trial, yaml, 1, seeds);
    trial_holds(trial);
}

/* The first seed's figures. */
static inline const struct result *first(const struct trial *trial)
{
    return trial->results[0];
}

static inline double mean_of(const struct trial *trial, const char *metric)
{
    return trial_estimate(trial, metric).mean;
}

/* `got` is within `share` of what is expected. */
static inline void expect_about(const char *what, double got, double expected, double share)
{
    print_message("%-44s %10.4f  (expected %.4f within %.1f %%)\n", what, got, expected,
                  share * 100);
    assert_true(fabs(got - expected) <= share * fabs(expected));
}

static inline void expect_between(const char *what, double got, double least, double most)
{
    print_message("%-44s %10.4f  (expected %.4f … %.4f)\n", what, got, least, most);
    assert_true(got >= least && got <= most);
}

/* Answers in time per second, from second `from` up to second `to`. */
static inline double goodput_between(const struct result *result, uint32_t from, uint32_t to)
{
    double sum = 0;

    assert_true(from < to && to <= result->series.seconds);
    for (uint32_t i = from; i < to; i++)
        sum += result->series.ok[i];
    return sum / (to - from);
}

#endif
