/* calibrate_probe.c — Questions at a steady rate, whatever becomes of the earlier ones. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/lab/calibrate_inside.h"

static const uint64_t patience_ns = 20000000000u; /* For all answers, behind the last question. */

bool calibrate_is_interrupted(const struct calibrator *calibrator)
{
    return calibrator->options->is_interrupted != NULL &&
           atomic_load(calibrator->options->is_interrupted);
}

/* ---- Figures --------------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

static double mean_of(const double *took_us, unsigned n)
{
    double sum = 0;

    for (unsigned i = 0; i < n; i++)
        sum += took_us[i];
    return sum / n;
}

struct calibrated calibrated_of(double *took_us, unsigned n)
{
    unsigned good = 0;

    for (unsigned i = 0; i < n; i++)
        if (!isnan(took_us[i]))
            took_us[good++] = took_us[i];
    if (good == 0)
        return (struct calibrated){0};
    qsort(took_us, good, sizeof *took_us, by_size);
    return (struct calibrated){.mean = mean_of(took_us, good - good / 50),
                               .p50 = took_us[good / 2],
                               .p95 = took_us[good * 95 / 100],
                               .p99 = took_us[good * 99 / 100],
                               .n = good};
}

struct calibrated calibrated_mean(const struct calibrated *rounds, unsigned n)
{
    struct calibrated mean = {0};

    for (unsigned i = 0; i < n; i++) {
        mean.mean += rounds[i].mean / n;
        mean.p50 += rounds[i].p50 / n;
        mean.p95 += rounds[i].p95 / n;
        mean.p99 += rounds[i].p99 / n;
        mean.n += rounds[i].n;
    }
    return mean;
}

struct calibrated calibrated_less(struct calibrated figures, double less_us)
{
    figures.mean -= less_us;
    figures.p50 -= less_us;
    figures.p95 -= less_us;
    figures.p99 -= less_us;
    return figures;
}

/* ---- Asking ---------------------------------------------------------------------------------- */

void probe_told(struct sample *sample, bool is_good)
{
    struct probe *probe = sample->probe;
    uint64_t now_ns = loop_now_ns(&probe->calibrator->loop);

    sample->took_us = is_good ? (double)(now_ns - sample->from_ns) * 1e-3 : (double)NAN;
    probe->told++;
    if (probe->told == probe->all_max)
        loop_stop(&probe->calibrator->loop);
}

static void answered(struct call *call)
{
    struct sample *sample = (struct sample *)call;

    probe_told(sample, call->outcome == CALL_OK);
}

static uint64_t gap_ns(struct probe *probe)
{
    return probe->is_uneven ? (uint64_t)((double)probe->every_ns * dice_exponential(&probe->dice))
                            : probe->every_ns;
}

static void ask_next(void *context)
{
    struct probe *probe = context;
    struct loop *loop = &probe->calibrator->loop;
    struct sample *sample = &probe->all[probe->asked];
    uint64_t now_ns = loop_now_ns(loop);

    if (calibrate_is_interrupted(probe->calibrator)) {
        loop_stop(loop);
        return;
    }
    *sample = (struct sample){.call = {.done = answered},
                              .probe = probe,
                              .index = probe->asked++,
                              .from_ns = probe->from_intended ? probe->due_ns : now_ns,
                              .took_us = (double)NAN};
    probe->due_ns += gap_ns(probe);
    if (probe->asked < probe->all_max)
        loop_alarm_set(probe->alarm, probe->due_ns > now_ns ? probe->due_ns - now_ns : 0);
    probe->ask(probe, sample);
}

/* ---- Many at once ---------------------------------------------------------------------------- */

static void begin_burst(struct burst *burst, struct sample *sample);

static void burst_answered(struct call *call)
{
    struct burst *burst = ((struct burst_call *)call)->burst;
    struct sample *sample = burst->sample;
    struct probe *probe = sample->probe;
    unsigned next = sample->index + 1;

    burst->is_good = burst->is_good && call->outcome == CALL_OK;
    if (--burst->left > 0)
        return;
    burst->sample = NULL;
    probe_told(sample, burst->is_good);
    if (next < probe->asked)
        begin_burst(burst, &probe->all[next]);
}

static void begin_burst(struct burst *burst, struct sample *sample)
{
    sample->from_ns = loop_now_ns(&sample->probe->calibrator->loop);
    burst->sample = sample;
    burst->left = CALIBRATE_BURST;
    burst->is_good = true;
    for (unsigned i = 0; i < CALIBRATE_BURST; i++) {
        burst->calls[i] = (struct burst_call){.call = {.done = burst_answered}, .burst = burst};
        burst->ask(burst, &burst->calls[i].call);
    }
}

void burst_ask(struct probe *probe, struct sample *sample)
{
    struct burst *burst = probe->context;

    if (burst->sample == NULL)
        begin_burst(burst, sample);
}

/* ---- The whole series ------------------------------------------------------------------------ */

static bool lacks_memory(const struct probe *probe)
{
    struct message *trouble = probe->calibrator->trouble;

    return message_say(trouble, "%s: the system refused memory", "%s: система не дала памяти",
                       message_word(trouble, probe->name));
}

static bool judge(struct probe *probe, struct calibrated *figures)
{
    struct message *trouble = probe->calibrator->trouble;
    unsigned warm = probe->all_max - probe->samples;
    double *took_us = calloc(probe->samples, sizeof *took_us);

    if (took_us == NULL)
        return lacks_memory(probe);
    for (unsigned i = 0; i < probe->samples; i++)
        took_us[i] = warm + i < probe->asked ? probe->all[warm + i].took_us : (double)NAN;
    *figures = calibrated_of(took_us, probe->samples);
    free(took_us);
    if (calibrate_is_interrupted(probe->calibrator))
        return message_say(trouble, "%s: interrupted", "%s: прервано",
                           message_word(trouble, probe->name));
    if (figures->n >= probe->samples / 10 * 9)
        return true;
    return message_say(trouble, "%s: only %u of %u questions were answered",
                       "%s: ответов всего %u, а вопросов %u", message_word(trouble, probe->name),
                       figures->n, probe->samples);
}

bool probe_run(struct probe *probe, struct calibrator *calibrator, struct calibrated *figures)
{
    struct loop *loop = &calibrator->loop;

    probe->calibrator = calibrator;
    probe->all_max = probe->samples + probe->samples / 5;
    probe->all = calloc(probe->all_max, sizeof *probe->all);
    if (probe->all == NULL)
        return lacks_memory(probe);
    check(calibrator->spent_max < CALIBRATE_SERIES_MAX);
    calibrator->spent[calibrator->spent_max++] = probe->all;
    dice_init(&probe->dice, 1, probe->name.en);
    probe->alarm = loop_alarm(loop, ask_next, probe);
    loop_enter(loop);
    probe->due_ns = loop_now_ns(loop) + probe->every_ns;
    loop_alarm_set(probe->alarm, probe->every_ns);
    (void)loop_run(loop, probe->due_ns + 2 * probe->all_max * probe->every_ns + patience_ns);
    loop_alarm_free(probe->alarm);
    return judge(probe, figures);
}
