/* From request to response: the stages around a service that the test plays by hand. */
#include "tests/lib/test.h"
#include "services/base/list.h"
#include "services/pipeline/pipeline.h"
#include "tests/lib/stage.h"

enum { KIB = 1024, PAGE = 8 * KIB };
static const uint64_t us = 1000;
static struct stage stage;
static struct pipeline_config config;

/* The service inside: it keeps its visits, and the test answers for it. */
static struct door *inner_door;
static struct visit *inside;
static uint32_t visits, starts;

static void inner_visit(void *service, struct visit *visit)
{
    (void)service;
    inside = visit;
    visits++;
}

static void inner_start(void *service)
{
    (void)service;
    starts++;
}

static const struct service_ops inner_service = {.visit = inner_visit, .start = inner_start};

static void answer_inside(enum call_outcome outcome, int64_t value, uint32_t bytes)
{
    struct visit *visit = inside;

    assert_non_null(visit);
    inside = NULL;
    door_answer(inner_door, visit, outcome, value, bytes);
}

static void open_pipeline(void)
{
    struct pipeline *pipeline;
    struct ports ports;

    for (int i = 0; i < VISIT_STAGES; i++)
        dist_init(&config.costs[i].work);
    pipeline = pipeline_init(&config, &stage.ports);
    ports = pipeline_inner(pipeline);
    inner_door = ports.door;
    pipeline_surround(pipeline, &inner_service, NULL);
    stage_start(&stage, &pipeline_service, pipeline);
}

static void costs(enum visit_stage at, uint64_t work_ns, uint64_t kib_ns)
{
    config.costs[at] = (struct pipeline_cost){
        .work = {.kind = DIST_CONSTANT, .mean = (double)work_ns}, .kib_ns = kib_ns};
}

static void all_stages_cost(void)
{
    for (int at = STAGE_ACCEPT; at < VISIT_STAGES; at++)
        if (at != STAGE_HANDLE)
            costs((enum visit_stage)at, (uint64_t)at * 10 * us, 0);
}

static int setup(void **state)
{
    (void)state;
    stage_open(&stage);
    config = (struct pipeline_config){.in_flight = 2, .speed = 1};
    inside = NULL;
    visits = starts = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stage_close(&stage);
    return 0;
}

/* The turn of a half begins with this stage. */
static void turns_at(const struct visit *visit, enum visit_stage at, uint64_t work_ns)
{
    assert_int_equal(expect_stage(&stage, visit, at)->delay_ns, 0);
    assert_int_equal(expect_cpu(&stage)->delay_ns, work_ns);
}

/* When it is over, this one is said to have begun so long ago. */
static void began(const struct visit *visit, enum visit_stage at, uint64_t ago_ns)
{
    assert_int_equal(expect_stage(&stage, visit, at)->delay_ns, ago_ns);
}

static void comes_to_the_handler(const struct visit *visit)
{
    turns_at(visit, STAGE_ACCEPT, 100 * us);
    began(visit, STAGE_ROUTE, 90 * us);
    began(visit, STAGE_VALIDATE, 70 * us);
    began(visit, STAGE_DEPENDENCIES, 40 * us);
    began(visit, STAGE_HANDLE, 0);
}

static void a_request_goes_through_all_stages_in_their_order_and_in_two_turns(void **state)
{
    struct visit *visit;

    (void)state;
    all_stages_cost();
    open_pipeline();
    visit = stage_visit(&stage, VERB_MENU, 7, 5);
    comes_to_the_handler(visit);
    expect_silence(&stage);
    assert_int_equal(visits, 1);
    answer_inside(CALL_OK, 42, PAGE);
    turns_at(visit, STAGE_VALIDATE_ANSWER, 210 * us);
    began(visit, STAGE_SERIALISE, 150 * us);
    began(visit, STAGE_SEND, 80 * us);
    assert_int_equal(expect_answer(&stage, visit, CALL_OK, 42)->bytes, PAGE);
    expect_silence(&stage);
}

static void the_service_inside_is_asked_what_was_asked(void **state)
{
    const struct ask ask = {
        .verb = VERB_ORDER, .key = 1, .user = 2, .id = 3, .amount = 4, .zone = 5, .bytes = 6};
    struct visit *visit;

    (void)state;
    open_pipeline();
    visit = stage_ask(&stage, &ask);
    expect_stage(&stage, visit, STAGE_HANDLE);
    assert_memory_equal(&inside->ask, &ask, sizeof ask);
    answer_inside(CALL_ABSENT, 0, 0);
    expect_answer(&stage, visit, CALL_ABSENT, 0);
    expect_silence(&stage);
}

static void a_stage_that_costs_nothing_is_passed_over(void **state)
{
    struct visit *visit;

    (void)state;
    costs(STAGE_VALIDATE, 30 * us, 0);
    costs(STAGE_SEND, 5 * us, 0);
    open_pipeline();
    visit = stage_visit(&stage, VERB_MENU, 7, 5);
    turns_at(visit, STAGE_VALIDATE, 30 * us);
    expect_stage(&stage, visit, STAGE_HANDLE);
    answer_inside(CALL_OK, 1, 0);
    turns_at(visit, STAGE_SEND, 5 * us);
    expect_answer(&stage, visit, CALL_OK, 1);
    expect_silence(&stage);
}

/* The world spends the work at its own speed, and the stages behind a turn are as long as that. */
static void on_a_core_of_twice_the_speed_stages_are_half_as_long(void **state)
{
    struct visit *visit;

    (void)state;
    config.speed = 2;
    all_stages_cost();
    open_pipeline();
    visit = stage_visit(&stage, VERB_MENU, 7, 5);
    turns_at(visit, STAGE_ACCEPT, 100 * us);
    began(visit, STAGE_ROUTE, 45 * us);
}

static void the_input_is_paid_for_by_its_bytes_and_the_answer_by_its_own(void **state)
{
    struct visit *visit;

    (void)state;
    costs(STAGE_VALIDATE, 10 * us, 3 * us);
    costs(STAGE_SERIALISE, 20 * us, 5 * us);
    open_pipeline();
    visit = stage_ask(&stage, &(struct ask){.verb = VERB_ORDER, .bytes = 2 * KIB});
    turns_at(visit, STAGE_VALIDATE, 16 * us);
    expect_stage(&stage, visit, STAGE_HANDLE);
    answer_inside(CALL_OK, 1, PAGE);
    turns_at(visit, STAGE_SERIALISE, 60 * us);
    expect_answer(&stage, visit, CALL_OK, 1);
}

static void a_cost_by_bytes_alone_is_nothing_for_an_empty_answer(void **state)
{
    struct visit *visit;

    (void)state;
    costs(STAGE_SERIALISE, 0, 5 * us);
    open_pipeline();
    visit = stage_visit(&stage, VERB_MENU, 7, 5);
    expect_stage(&stage, visit, STAGE_HANDLE);
    answer_inside(CALL_OK, 1, 0);
    expect_answer(&stage, visit, CALL_OK, 1);
    expect_silence(&stage);
}

static void an_error_is_held_against_no_model_but_serialised_and_sent(void **state)
{
    static const enum call_outcome errors[] = {CALL_TIMEOUT, CALL_SHED, CALL_REFUSED, CALL_FAILED};

    (void)state;
    all_stages_cost();
    open_pipeline();
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        struct visit *visit = stage_visit(&stage, VERB_MENU, 7, 5);

        visits = 0;
        comes_to_the_handler(visit);
        answer_inside(errors[i], 0, 0);
        turns_at(visit, STAGE_SERIALISE, 150 * us);
        began(visit, STAGE_SEND, 80 * us);
        expect_answer(&stage, visit, errors[i], 0);
    }
}

/* Who gave way before the handler was never there; what a lost answer is about may be done. */
static void a_turn_that_gives_way_sheds_before_the_handler_and_fails_behind_it(void **state)
{
    const struct ask urgent = {.verb = VERB_MENU, .priority = 3};
    struct visit *visit;
    struct line *line;

    (void)state;
    all_stages_cost();
    open_pipeline();
    visit = stage_ask(&stage, &urgent);
    expect_stage(&stage, visit, STAGE_ACCEPT);
    line = stage_hear(&stage, LINE_CPU);
    assert_int_equal(line->call->priority, 3);
    stage_reply(&stage, line, CALL_SHED, 0);
    expect_answer(&stage, visit, CALL_SHED, 0);
    visit = stage_ask(&stage, &urgent);
    comes_to_the_handler(visit);
    answer_inside(CALL_OK, 42, PAGE);
    expect_stage(&stage, visit, STAGE_VALIDATE_ANSWER);
    stage_reply(&stage, stage_hear(&stage, LINE_CPU), CALL_SHED, 0);
    assert_int_equal(expect_answer(&stage, visit, CALL_FAILED, 0)->bytes, 0);
    expect_silence(&stage);
}

static void a_visit_past_its_deadline_is_answered_before_any_work(void **state)
{
    struct visit *visit;

    (void)state;
    all_stages_cost();
    open_pipeline();
    visit = stage_ask(&stage, &(struct ask){.verb = VERB_MENU, .deadline_ns = stage.now_ns});
    expect_answer(&stage, visit, CALL_TIMEOUT, 0);
    expect_silence(&stage);
    assert_int_equal(visits, 0);
}

static void one_too_many_is_shed_before_any_work_until_one_is_answered(void **state)
{
    struct visit *first, *second, *third;

    (void)state;
    costs(STAGE_ACCEPT, 10 * us, 0);
    open_pipeline();
    first = stage_visit(&stage, VERB_MENU, 1, 5);
    turns_at(first, STAGE_ACCEPT, 10 * us);
    expect_stage(&stage, first, STAGE_HANDLE);
    second = stage_visit(&stage, VERB_MENU, 2, 5);
    expect_stage(&stage, second, STAGE_ACCEPT);
    stage_hear(&stage, LINE_CPU);
    third = stage_visit(&stage, VERB_MENU, 3, 5);
    expect_answer(&stage, third, CALL_SHED, 0);
    answer_inside(CALL_OK, 1, 0);
    expect_answer(&stage, first, CALL_OK, 1);
    third = stage_visit(&stage, VERB_MENU, 3, 5);
    expect_stage(&stage, third, STAGE_ACCEPT);
}

static void a_health_check_is_answered_at_once_however_full_it_is(void **state)
{
    (void)state;
    config.in_flight = 0;
    all_stages_cost();
    open_pipeline();
    expect_answer(&stage, stage_visit(&stage, VERB_HEALTH, 0, 0), CALL_OK, 0);
    expect_silence(&stage);
    assert_int_equal(visits, 0);
}

/* As those who follow in a single flight are, inside the step of their leader. */
static void visits_that_are_answered_in_one_step_go_their_own_ways(void **state)
{
    struct visit *visit[2], *kept[2];
    struct line *line[2];

    (void)state;
    costs(STAGE_SERIALISE, 70 * us, 0);
    open_pipeline();
    for (uint32_t i = 0; i < 2; i++) {
        visit[i] = stage_visit(&stage, VERB_MENU, i, 5);
        expect_stage(&stage, visit[i], STAGE_HANDLE);
        kept[i] = inside;
    }
    for (uint32_t i = 0; i < 2; i++)
        door_answer(inner_door, kept[i], CALL_OK, i, 0);
    for (uint32_t i = 0; i < 2; i++) {
        expect_stage(&stage, visit[i], STAGE_SERIALISE);
        line[i] = stage_hear(&stage, LINE_CPU);
    }
    for (uint32_t i = 2; i > 0; i--) {
        stage_reply(&stage, line[i - 1], CALL_OK, 0);
        expect_answer(&stage, visit[i - 1], CALL_OK, i - 1);
    }
}

static void a_stage_that_the_service_inside_names_is_the_visits(void **state)
{
    struct visit *visit;

    (void)state;
    open_pipeline();
    visit = stage_visit(&stage, VERB_MENU, 7, 5);
    expect_stage(&stage, visit, STAGE_HANDLE);
    door_stage(inner_door, inside, STAGE_DEPENDENCIES, 7);
    assert_int_equal(expect_stage(&stage, visit, STAGE_DEPENDENCIES)->delay_ns, 7);
}

static void the_service_inside_is_started_once(void **state)
{
    (void)state;
    open_pipeline();
    assert_int_equal(starts, 1);
}

static void a_pipeline_is_free_when_no_stage_costs_anything(void **state)
{
    (void)state;
    assert_true(pipeline_is_free(&config));
    costs(STAGE_HANDLE, 0, 0);
    assert_true(pipeline_is_free(&config));
    costs(STAGE_SEND, 0, 1);
    assert_false(pipeline_is_free(&config));
    costs(STAGE_SEND, 1, 0);
    assert_false(pipeline_is_free(&config));
}

#define ON_STAGE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_STAGE(a_request_goes_through_all_stages_in_their_order_and_in_two_turns),
        ON_STAGE(the_service_inside_is_asked_what_was_asked),
        ON_STAGE(a_stage_that_costs_nothing_is_passed_over),
        ON_STAGE(on_a_core_of_twice_the_speed_stages_are_half_as_long),
        ON_STAGE(the_input_is_paid_for_by_its_bytes_and_the_answer_by_its_own),
        ON_STAGE(a_cost_by_bytes_alone_is_nothing_for_an_empty_answer),
        ON_STAGE(an_error_is_held_against_no_model_but_serialised_and_sent),
        ON_STAGE(a_turn_that_gives_way_sheds_before_the_handler_and_fails_behind_it),
        ON_STAGE(a_visit_past_its_deadline_is_answered_before_any_work),
        ON_STAGE(one_too_many_is_shed_before_any_work_until_one_is_answered),
        ON_STAGE(a_health_check_is_answered_at_once_however_full_it_is),
        ON_STAGE(visits_that_are_answered_in_one_step_go_their_own_ways),
        ON_STAGE(a_stage_that_the_service_inside_names_is_the_visits),
        ON_STAGE(the_service_inside_is_started_once),
        ON_STAGE(a_pipeline_is_free_when_no_stage_costs_anything),
    };

    return cmocka_run_group_tests_name("pipeline", tests, NULL, NULL);
}
