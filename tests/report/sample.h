/* sample.h — Results to report on, made by hand: a lunch spike against one line of known speed.
 *
 * No engine and no scenario file: arrivals evenly spaced at 150, then 1,200, then 150 per second,
 * thirty seconds each, and one first-in-first-out line that works off `capacity` per second and
 * turns away whoever finds `room` waiting. So every figure in the report can be told by hand. */
#ifndef TESTS_REPORT_SAMPLE_H
#define TESTS_REPORT_SAMPLE_H

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/measure/measure.h"
#include "sim/report/report.h"

enum { SAMPLE_VARIANTS_MAX = 8, SAMPLE_REPLICATIONS_MAX = 4 };

struct sample_design {
    const char *name;
    enum expectation expect;
    double capacity; /* Per second. */
    uint32_t room;
    uint32_t replicas;
    struct text title;
};

static const struct sample_design sample_designs[SAMPLE_VARIANTS_MAX] = {
    {"untouched", EXPECT_FAIL, 400, 4000, 4, {"As it is", "Как есть"}},
    {"horizontal",
     EXPECT_PASS,
     2400,
     4000,
     24,
     {"Six times the replicas", "Вшестеро больше реплик"}},
    {"vertical", EXPECT_FAIL, 700, 4000, 4, {"Faster cores, too few", "Ядра быстрее, но их мало"}},
    {"short-queue", EXPECT_FAIL, 400, 40, 4, {"Turn them away sooner", "Отказывать раньше"}},
    {"autoscaled", EXPECT_PASS, 1210, 4000, 14, {"Replicas come and go", "Реплики по нагрузке"}},
    {"cached", EXPECT_FAIL, 900, 4000, 4, {"Menus from the store", "Меню из кэша"}},
    {"queued", EXPECT_PASS, 1800, 4000, 6, {"Orders through the log", "Заказы через очередь"}},
    {"two-choices", EXPECT_FAIL, 420, 4000, 4, {"A cleverer balancer", "Балансировщик умнее"}},
};

struct sample {
    struct scenario *scenarios;
    struct result *merged;
    struct result *runs; /* variants x replications */
    const struct result *run_of[SAMPLE_VARIANTS_MAX][SAMPLE_REPLICATIONS_MAX];
    struct report_variant variants[SAMPLE_VARIANTS_MAX];
    struct story story;
    struct report report;
};

static inline void sample_threshold(struct scenario *scenario, const char *text, const char *metric,
                                    enum comparison comparison, double bound)
{
    struct threshold *threshold = &scenario->thresholds[scenario->thresholds_max++];

    snprintf(threshold->text, sizeof threshold->text, "%s", text);
    snprintf(threshold->metric, sizeof threshold->metric, "%s", metric);
    threshold->comparison = comparison;
    threshold->bound = bound;
}

static inline void sample_scenario(struct scenario *scenario, const struct sample_design *design)
{
    const uint64_t second_ns = 1000000000;

    memset(scenario, 0, sizeof *scenario);
    snprintf(scenario->name, sizeof scenario->name, "lunch-spike");
    snprintf(scenario->variant, sizeof scenario->variant, "%s", design->name);
    scenario->title = (struct text){"Lunch spike", "Обеденный пик"};
    scenario->question = (struct text){"What do you do under uneven load?",
                                       "Что делать при неравномерной нагрузке?"};
    scenario->variant_title = design->title;
    scenario->expect = design->expect;
    scenario->seed = 42;
    scenario->duration_ns = 90 * second_ns;
    scenario->prices = (struct prices_spec){.currency = "RUB",
                                            .commission = 0.25,
                                            .delivery_fee = 9900,
                                            .courier_trip = 25000,
                                            .payment = 0.029,
                                            .core_hour = 400};
    sample_threshold(scenario, "latency.p99 < 300ms", "latency.p99", BELOW, 300);
    sample_threshold(scenario, "requests.failed < 0.1%", "requests.failed", BELOW, 0.001);
    sample_threshold(scenario, "money.lost < 10000 RUB", "money.lost", BELOW, 1000000);
}

static const struct sale sample_sale = {.restaurant = 1, .customer = 1, .basket = 149000};

/* One line and its end: what an arrival at now_ns meets. */
struct sample_line {
    double free_ns; /* When the last one in it will be done. */
    double service_ns;
    uint32_t longest;
};

static inline void sample_arrival(struct measure *measure, struct sample_line *line,
                                  const struct sample_design *design, uint64_t now_ns)
{
    const uint64_t patience_ns = 3000000000;
    double begins_ns = line->free_ns > (double)now_ns ? line->free_ns : (double)now_ns;
    uint32_t waiting = (uint32_t)((begins_ns - (double)now_ns) / line->service_ns);
    uint64_t done_ns = (uint64_t)(begins_ns + line->service_ns);

    measure_offered(measure, now_ns);
    measure_attempt(measure, now_ns);
    line->longest = waiting > line->longest ? waiting : line->longest;
    if (waiting >= design->room) {
        measure_failed(measure, now_ns, now_ns, FAILURE_SHED);
        measure_order(measure, now_ns, &sample_sale, false, false, FAILURE_SHED);
        return;
    }
    line->free_ns = (double)done_ns;
    if (done_ns - now_ns > patience_ns + patience_ns / 2) {
        measure_failed(measure, now_ns, now_ns + patience_ns, FAILURE_TIMEOUT);
        measure_order(measure, now_ns, &sample_sale, false, false, FAILURE_TIMEOUT);
    } else if (done_ns - now_ns > patience_ns) {
        measure_late(measure, now_ns, done_ns);
        measure_order(measure, now_ns, &sample_sale, false, true, FAILURES);
    } else {
        measure_ok(measure, now_ns, done_ns);
        measure_order(measure, now_ns, &sample_sale, true, true, 0);
    }
}

static inline void sample_service(struct result *result, const struct sample_design *design,
                                  const struct sample_line *line)
{
    struct service_result *service = &result->services[0];
    double busy = 1200 / design->capacity;

    result->services_max = 1;
    snprintf(service->name, sizeof service->name, "delivery");
    service->replicas_max = design->replicas;
    service->visits = result->requests.offered;
    service->shed = result->requests.failed[FAILURE_SHED];
    service->replica_seconds = service->core_seconds = 90.0 * design->replicas;
    service->utilization_peak = busy < 1 ? busy : 1;
    service->utilization = service->utilization_peak * 0.6;
    service->queue_max = line->longest;
    histogram_record(&service->wait, (uint64_t)(line->longest * line->service_ns));
}

static inline void sample_run(struct result *result, const struct scenario *scenario,
                              const struct sample_design *design, uint64_t seed)
{
    struct measure *measure = malloc(sizeof *measure);
    struct sample_line line = {.service_ns = 1e9 / design->capacity * (1 + 0.001 * (double)seed)};

    measure_init(measure, scenario, result);
    for (uint64_t second = 0; second < 90; second++) {
        uint64_t rate = second >= 30 && second < 60 ? 1200 : 150;
        double behind_ns;

        for (uint64_t i = 0; i < rate; i++)
            sample_arrival(measure, &line, design, second * 1000000000 + i * 1000000000 / rate);
        behind_ns = line.free_ns - (double)(second + 1) * 1e9;
        measure_second(measure, (second + 1) * 1000000000,
                       behind_ns > 0 ? (uint32_t)(behind_ns / line.service_ns) : 0,
                       design->replicas, 0);
    }
    sample_service(result, design, &line);
    measure_close(measure, 90000000000);
    free(measure);
    result->seed = 42 + seed;
    snprintf(result->engine, sizeof result->engine, "virtual");
    memset(result->fingerprint, 'a', 64);
    result->events = 8 * result->requests.offered;
    result->invariants_checked = 11 * result->requests.offered;
    result->wall_s = 0.125;
    metric_judge(result);
    bottleneck_find(result);
}

static inline void sample_variant(struct sample *sample, unsigned v, unsigned replications)
{
    struct result *merged = &sample->merged[v];

    sample_scenario(&sample->scenarios[v], &sample_designs[v]);
    for (unsigned r = 0; r < replications; r++) {
        struct result *run = &sample->runs[v * replications + r];

        sample_run(run, &sample->scenarios[v], &sample_designs[v], r);
        sample->run_of[v][r] = run;
        if (r == 0)
            memcpy(merged, run, sizeof *merged);
        else
            result_merge(merged, run);
    }
    sample->variants[v] = (struct report_variant){merged, sample->run_of[v], replications};
}

/* variants up to SAMPLE_VARIANTS_MAX, replications up to SAMPLE_REPLICATIONS_MAX. */
static inline void sample_open(struct sample *sample, unsigned variants, unsigned replications)
{
    memset(sample, 0, sizeof *sample);
    sample->scenarios = calloc(variants, sizeof *sample->scenarios);
    sample->merged = calloc(variants, sizeof *sample->merged);
    sample->runs = calloc((size_t)variants * replications, sizeof *sample->runs);
    for (unsigned v = 0; v < variants; v++)
        sample_variant(sample, v, replications);
    sample->story = (struct story){sample->scenarios, variants, "", "scenarios/spike.yaml", NULL};
    memset(sample->story.sha256, 'b', 64);
    sample->report = (struct report){
        .story = &sample->story,
        .variants = sample->variants,
        .variants_max = variants,
        .lang = "en",
        .version = "0.1.0",
        .repeat = "sim run scenarios/spike.yaml --seed 42",
        .columns = 100,
    };
}

static inline void sample_close(struct sample *sample)
{
    free(sample->scenarios);
    free(sample->merged);
    free(sample->runs);
}

#endif
