/* What the virtual world tells of single requests: every span of a planned run, to the
 * nanosecond. */
#include "tests/lib/test.h"
#include "tests/lib/trial.h"

#include <string.h>

#include "sim/measure/trace.h"
#include "sim/report/trace/trace_path.h"

#define US(n) (UINT64_C(1000) * (n))

struct traced {
    struct trial trial;
    struct trace trace;
};

static void run(struct traced *traced, const char *yaml, const struct trace_wish *wish)
{
    const struct world_options options = {.trace = &traced->trace};

    assert_true(trace_open(&traced->trace, wish));
    trial_run_text_with(&traced->trial, yaml, 1, 1, &options);
    trial_holds(&traced->trial);
}

static void run_first(struct traced *traced, const char *yaml)
{
    run(traced, yaml, &(struct trace_wish){.first = 1});
}

static void close_run(struct traced *traced)
{
    trace_close(&traced->trace);
    trial_close(&traced->trial);
}

/* The span is that, there, from then to then after the request's beginning; returns its parent. */
static uint32_t expect_span(const struct traced *traced, uint32_t at, enum span_kind kind,
                            const char *node, uint64_t from_ns, uint64_t to_ns)
{
    const struct trace *trace = &traced->trace;
    uint64_t begun_ns = trace->spans[1].begin_ns;

    assert_true(at < trace->spans_max);
    assert_int_equal(trace->spans[at].kind, kind);
    assert_string_equal(trace->nodes[trace->spans[at].node], node);
    assert_int_equal(trace->spans[at].begin_ns - begun_ns, from_ns);
    assert_int_equal(trace->spans[at].end_ns - begun_ns, to_ns);
    return trace->spans[at].parent;
}

static uint32_t expect_stage_span(const struct traced *traced, uint32_t at, enum visit_stage stage,
                                  uint64_t from_ns, uint64_t to_ns)
{
    assert_int_equal(traced->trace.spans[at].stage, stage);
    return expect_span(traced, at, SPAN_STAGE, "api/0", from_ns, to_ns);
}

/* One core, one request: 100 us of way, two stages in one turn, a read, the handler, one stage. */
#define ALONE                                                                                      \
    "version: 1\nname: test\nduration: 150ms\nnetwork: {latency: 100us}\n"                         \
    "balancer: {policy: none}\ntable: {latency: 50us, statement: 200us}\n"                         \
    "load: [{verb: call, arrivals: constant, rate: 10/s}]\n"                                       \
    "services: {api: {kind: custom, steps: [{table: read}, {compute: 1ms}],"                       \
    " pipeline: {accept: 10us, validate: 30us, serialise: 500us}}}\n"

static void every_span_of_a_planned_request_is_known_to_the_nanosecond(void **state)
{
    struct traced traced;

    (void)state;
    run_first(&traced, ALONE);
    assert_int_equal(traced.trace.spans_max, 17);
    assert_int_equal(expect_span(&traced, 1, SPAN_REQUEST, "clients", 0, US(2040)), 0);
    assert_int_equal(expect_span(&traced, 2, SPAN_ASK, "api/0", 0, US(2040)), 1);
    assert_int_equal(expect_span(&traced, 3, SPAN_VISIT, "api/0", US(100), US(1940)), 2);
    assert_int_equal(expect_stage_span(&traced, 4, STAGE_ACCEPT, US(100), US(110)), 3);
    assert_int_equal(expect_span(&traced, 5, SPAN_CPU, "api/0", US(100), US(110)), 4);
    assert_int_equal(expect_span(&traced, 6, SPAN_RUN, "api/0", US(100), US(110)), 5);
    assert_int_equal(expect_stage_span(&traced, 7, STAGE_VALIDATE, US(110), US(140)), 3);
    assert_int_equal(expect_stage_span(&traced, 10, STAGE_HANDLE, US(140), US(1440)), 3);
    assert_int_equal(expect_span(&traced, 11, SPAN_TABLE, "api/0", US(140), US(440)), 10);
    assert_int_equal(expect_span(&traced, 12, SPAN_CPU, "api/0", US(440), US(1440)), 10);
    assert_int_equal(expect_stage_span(&traced, 14, STAGE_SERIALISE, US(1440), US(1940)), 3);
    assert_int_equal(expect_span(&traced, 16, SPAN_RUN, "api/0", US(1440), US(1940)), 15);
    close_run(&traced);
}

static uint64_t share_of(const struct trace_shares *shares, enum trace_what what,
                         enum visit_stage stage)
{
    for (uint32_t i = 0; i < shares->shares_max; i++)
        if (shares->all[i].what == what && shares->all[i].stage == stage)
            return shares->all[i].ns;
    return 0;
}

static void where_the_time_went_adds_up_to_the_latency(void **state)
{
    struct traced traced;
    struct trace_shares shares;

    (void)state;
    run_first(&traced, ALONE);
    trace_path_shares(&traced.trace, 1, &shares);
    assert_int_equal(shares.sum_ns, US(2040));
    assert_int_equal(share_of(&shares, TRACE_NETWORK, 0), US(200));
    assert_int_equal(share_of(&shares, TRACE_TABLE, 0), US(300));
    assert_int_equal(share_of(&shares, TRACE_RUN, STAGE_ACCEPT), US(10));
    assert_int_equal(share_of(&shares, TRACE_RUN, STAGE_VALIDATE), US(30));
    assert_int_equal(share_of(&shares, TRACE_RUN, STAGE_HANDLE), US(1000));
    assert_int_equal(share_of(&shares, TRACE_RUN, STAGE_SERIALISE), US(500));
    close_run(&traced);
}

/* Three come at once to one core of 10 ms each: the third waits for 20 ms. */
static void waiting_for_a_core_is_told_apart_from_having_one(void **state)
{
    const uint32_t third = 3;
    struct traced traced;

    (void)state;
    run(&traced,
        "version: 1\nname: test\nduration: 5ms\nnetwork: {latency: 0s}\nbalancer: {policy: none}\n"
        "load: [{verb: call, arrivals: closed, users: 3, think: 0s}]\n"
        "services: {api: {kind: custom, steps: [{compute: 10ms}]}}\n",
        &(struct trace_wish){.numbers = &third, .numbers_max = 1});
    assert_int_equal(traced.trace.requests_max, 1);
    assert_int_equal(expect_span(&traced, 4, SPAN_CPU, "api/0", 0, US(30000)), 3);
    assert_int_equal(expect_span(&traced, 5, SPAN_WAIT, "api/0", 0, US(20000)), 4);
    assert_int_equal(expect_span(&traced, 6, SPAN_RUN, "api/0", US(20000), US(30000)), 4);
    close_run(&traced);
}

/* Slices of 1 ms on one core: the second waits whenever the first runs. Nobody waits in between. */
static void slices_are_turns_and_turns_in_a_row_are_one(void **state)
{
    struct traced traced;

    (void)state;
    run(&traced,
        "version: 1\nname: test\nduration: 1ms\nnetwork: {latency: 0s}\nbalancer: {policy: none}\n"
        "load: [{verb: call, arrivals: closed, users: 2, think: 0s}]\n"
        "services: {api: {kind: custom, runtime: {threads: 2, quantum: 1ms},"
        " steps: [{compute: 3ms}]}}\n",
        &(struct trace_wish){.first = 1});
    assert_int_equal(expect_span(&traced, 5, SPAN_RUN, "api/0", 0, US(1000)), 4);
    assert_int_equal(expect_span(&traced, 6, SPAN_WAIT, "api/0", US(1000), US(2000)), 4);
    assert_int_equal(expect_span(&traced, 7, SPAN_RUN, "api/0", US(2000), US(3000)), 4);
    assert_int_equal(expect_span(&traced, 9, SPAN_RUN, "api/0", US(4000), US(5000)), 4);
    close_run(&traced);
    run_first(
        &traced,
        "version: 1\nname: test\nduration: 1ms\nnetwork: {latency: 0s}\n"
        "balancer: {policy: none}\nload: [{verb: call, arrivals: closed, users: 1, think: 0s}]\n"
        "services: {api: {kind: custom, runtime: {threads: 2, quantum: 1ms},"
        " steps: [{compute: 3ms}]}}\n");
    assert_int_equal(expect_span(&traced, 5, SPAN_RUN, "api/0", 0, US(3000)), 4);
    close_run(&traced);
}

static uint32_t count(const struct trace *trace, enum span_kind kind, const char *node)
{
    uint32_t found = 0;

    for (uint32_t i = 1; i < trace->spans_max; i++)
        found +=
            trace->spans[i].kind == kind && strcmp(trace->nodes[trace->spans[i].node], node) == 0;
    return found;
}

/* The node sleeps through every try; each is given up after 10 ms, and 20, then 40 ms are
 * waited. */
static void tries_and_the_pauses_between_them_are_one_requests(void **state)
{
    struct traced traced;
    const struct trace_span *root;

    (void)state;
    run_first(&traced,
              "version: 1\nname: test\nduration: 150ms\nnetwork: {latency: 0s}\n"
              "balancer: {policy: none}\nload: [{verb: call, arrivals: constant, rate: 10/s,"
              " timeout: 10ms, retry: {attempts: 3, backoff: 20ms, jitter: none, budget: 100%}}]\n"
              "services: {api: {kind: custom, steps: [{sleep: 1s}]}}\n");
    root = &traced.trace.spans[1];
    assert_int_equal(root->end_ns - root->begin_ns, US(90000));
    assert_int_equal(root->outcome, CALL_TIMEOUT);
    assert_int_equal(traced.trace.requests[0].tries, 3);
    assert_int_equal(count(&traced.trace, SPAN_ASK, "api/0"), 3);
    assert_int_equal(count(&traced.trace, SPAN_TIMER, "clients"), 2);
    assert_int_equal(count(&traced.trace, SPAN_TIMER, "api/0"), 3);
    close_run(&traced);
}

/* Menus of one restaurant that is in no cache: the first reads it, the others follow, and are
 * answered in the first one's step; each has its own stages behind the handler all the same. */
static void who_follows_in_a_single_flight_has_stages_of_its_own(void **state)
{
    struct traced traced;

    (void)state;
    run(&traced,
        "version: 1\nname: test\nduration: 1ms\nnetwork: {latency: 0s}\nbalancer: {policy: none}\n"
        "load: [{verb: menu, arrivals: closed, users: 3, think: 0s,"
        " keys: {dist: constant}}]\n"
        "services: {delivery: {cores: 8, menu: {cache: true, single_flight: true},"
        " pipeline: {serialise: 1ms}}}\n",
        &(struct trace_wish){.first = 3});
    assert_int_equal(traced.trace.requests_max, 3);
    assert_int_equal(count(&traced.trace, SPAN_TABLE, "delivery/0"), 1);
    for (uint32_t request = 0; request < 3; request++) {
        uint32_t serialised = 0;

        for (uint32_t i = 1; i < traced.trace.spans_max; i++) {
            const struct trace_span *span = &traced.trace.spans[i];

            serialised += span->request == request && span->kind == SPAN_CPU &&
                          traced.trace.spans[span->parent].stage == STAGE_SERIALISE;
        }
        assert_int_equal(serialised, 1);
    }
    close_run(&traced);
}

/* It dies at 100 ms with a request in hand, on a core: nothing of that is told of an end. */
static void what_a_crash_took_along_ends_with_what_it_was_part_of(void **state)
{
    struct traced traced;

    (void)state;
    run_first(&traced,
              "version: 1\nname: test\nduration: 150ms\nnetwork: {latency: 0s}\n"
              "balancer: {policy: none}\nload: [{verb: call, arrivals: constant, rate: 20/s}]\n"
              "services: {api: {kind: custom, steps: [{compute: 1s}]}}\n"
              "faults: [{at: 100ms, for: 10ms, kind: crash, target: api}]\n");
    assert_int_equal(expect_span(&traced, 2, SPAN_ASK, "api/0", 0, US(50000)), 1);
    assert_int_equal(traced.trace.spans[2].outcome, CALL_FAILED);
    assert_int_equal(expect_span(&traced, 5, SPAN_RUN, "api/0", 0, US(50000)), 4);
    assert_int_equal(traced.trace.spans[5].outcome, CALL_PENDING);
    assert_int_equal(traced.trace.failed, 1);
    close_run(&traced);
}

/* The same designs, seeds and faults, followed and not. */
static void following_requests_does_not_change_the_run(void **state)
{
    static const char *const variants[] = {"queue", "cache", "more_retries"};

    (void)state;
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        struct trace trace;
        const struct world_options options = {.trace = &trace};
        struct trial plain, followed;

        assert_true(trace_open(&trace, &(struct trace_wish){.first = 5000}));
        trial_run(&plain, "scenarios/spike.yaml", NULL, variants[i], 9, 1);
        trial_run_with(&followed, "scenarios/spike.yaml", NULL, variants[i], 9, 1, &options);
        trial_holds(&followed);
        assert_string_equal(plain.results[0]->fingerprint, followed.results[0]->fingerprint);
        assert_int_equal(trace.offered, plain.results[0]->requests.offered);
        trial_close(&followed);
        trial_close(&plain);
        trace_close(&trace);
    }
}

/* On every request of a busy design, whatever ran side by side: pieces of the path are disjoint,
 * and children lie within what they are part of, save where nobody waited for them any more. */
static void the_pieces_of_every_requests_path_add_up_to_its_latency(void **state)
{
    struct trace trace;
    const struct world_options options = {.trace = &trace};
    const char *const overrides[] = {"balancer.hedge.after=5ms", "balancer.hedge.share=100%",
                                     "services.delivery.pipeline.serialise=500us",
                                     "load.0.retry={attempts: 3, backoff: 50ms}", NULL};
    struct trial trial;

    (void)state;
    assert_true(trace_open(&trace, &(struct trace_wish){.first = 3000}));
    trial_run_with(&trial, "scenarios/spike.yaml", overrides, "horizontal", 4, 1, &options);
    assert_int_equal(trace.requests_max, 3000);
    for (uint32_t i = 0; i < trace.requests_max; i++) {
        const struct trace_span *root = &trace.spans[trace.requests[i].span];
        struct trace_shares shares;

        trace_path_shares(&trace, trace.requests[i].span, &shares);
        assert_int_equal(shares.sum_ns, root->end_ns - root->begin_ns);
    }
    trial_close(&trial);
    trace_close(&trace);
}

static void the_slowest_are_those_that_took_longest(void **state)
{
    struct traced traced;

    (void)state;
    run(&traced,
        "version: 1\nname: test\nduration: 20s\nwarmup: 5s\n"
        "load: [{verb: call, rate: 800/s}]\n"
        "services: {api: {kind: custom, steps: [{compute: {dist: exponential, mean: 1ms}}]}}\n",
        &(struct trace_wish){0});
    assert_int_equal(traced.trace.slow_max, TRACE_SLOWEST_MAX);
    assert_int_equal(traced.trace.slow[0].latency_ns, traced.trial.results[0]->latency.max_ns);
    for (int i = 1; i < TRACE_SLOWEST_MAX; i++)
        assert_true(traced.trace.slow[i].latency_ns <= traced.trace.slow[i - 1].latency_ns);
    assert_int_equal(traced.trace.spans_max, 1);
    close_run(&traced);
}

/* All are answered by the load's end, so the sums are whole: stages add up to the time inside. */
static void the_stages_of_a_service_add_up_to_the_time_inside(void **state)
{
    struct traced traced;
    const struct service_result *api;
    double sum = 0;

    (void)state;
    run(&traced,
        "version: 1\nname: test\nduration: 10s\nload: [{verb: call, rate: [{at: 0s, rate: 400/s},"
        " {at: 9s, rate: 0/s}]}]\n"
        "services: {api: {kind: custom, runtime: {threads: 4}, steps: [{table: read}],"
        " pipeline: {accept: 10us, validate: {dist: exponential, mean: 300us}, serialise: 1ms}}}\n",
        &(struct trace_wish){0});
    api = &traced.trial.results[0]->services[0];
    for (uint32_t i = 0; i < api->stages_max; i++)
        if (strcmp(api->stages[i].name, "cpu") != 0 && strcmp(api->stages[i].name, "table") != 0)
            sum += api->stages[i].mean_ms;
    assert_string_equal(api->stages[2].name, "door");
    assert_true(sum > api->sojourn_mean_ms * (1 - 1e-9));
    assert_true(sum < api->sojourn_mean_ms * (1 + 1e-9));
    close_run(&traced);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_span_of_a_planned_request_is_known_to_the_nanosecond),
        cmocka_unit_test(where_the_time_went_adds_up_to_the_latency),
        cmocka_unit_test(waiting_for_a_core_is_told_apart_from_having_one),
        cmocka_unit_test(slices_are_turns_and_turns_in_a_row_are_one),
        cmocka_unit_test(tries_and_the_pauses_between_them_are_one_requests),
        cmocka_unit_test(who_follows_in_a_single_flight_has_stages_of_its_own),
        cmocka_unit_test(what_a_crash_took_along_ends_with_what_it_was_part_of),
        cmocka_unit_test(following_requests_does_not_change_the_run),
        cmocka_unit_test(the_pieces_of_every_requests_path_add_up_to_its_latency),
        cmocka_unit_test(the_slowest_are_those_that_took_longest),
        cmocka_unit_test(the_stages_of_a_service_add_up_to_the_time_inside),
    };

    return cmocka_run_group_tests_name("tracing", tests, NULL, NULL);
}
