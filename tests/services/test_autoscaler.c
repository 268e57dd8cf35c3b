/* The autoscaler's round: sleep, look, resize when the number changed. */
#include "tests/lib/test.h"
#include "services/autoscaler/autoscaler.h"
#include "tests/lib/stage.h"

static const uint64_t second = 1000000000;
static struct stage stage;
static struct autoscaler_config config;

static void open_autoscaler(void)
{
    stage_start(&stage, &autoscaler_service, autoscaler_init(&config, &stage.ports));
}

static int setup(void **state)
{
    (void)state;
    stage_open(&stage);
    config = (struct autoscaler_config){.signal = AUTOSCALER_CPU,
                                        .target = 0.5,
                                        .replicas_min = 2,
                                        .replicas_max = 20,
                                        .every_ns = 15 * second,
                                        .tolerance = 0.1,
                                        .down_window_ns = 0};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stage_close(&stage);
    return 0;
}

static void wake_up(void)
{
    uint64_t delay_ns = 0;

    expect_sleep(&stage, &delay_ns);
    assert_int_equal(delay_ns, 15 * second);
}

static void it_sleeps_before_it_looks(void **state)
{
    (void)state;
    stage.view = (struct fleet_view){.ready = 4, .cpu = 1};
    open_autoscaler();
    stage_hear(&stage, LINE_SLEEP);
    expect_silence(&stage);
}

static void a_busy_fleet_grows_and_an_idle_one_shrinks(void **state)
{
    (void)state;
    open_autoscaler();
    stage.view = (struct fleet_view){.ready = 4, .cpu = 0.9};
    wake_up();
    expect_resize(&stage, 8);
    stage.view = (struct fleet_view){.ready = 8, .cpu = 0.2};
    wake_up();
    expect_resize(&stage, 4);
    stage_hear(&stage, LINE_SLEEP);
    expect_silence(&stage);
}

static void a_fleet_that_fits_is_left_alone(void **state)
{
    (void)state;
    open_autoscaler();
    stage.view = (struct fleet_view){.ready = 4, .cpu = 0.52};
    wake_up();
    stage_hear(&stage, LINE_SLEEP);
    expect_silence(&stage);
}

static void what_is_starting_already_is_not_asked_for_again(void **state)
{
    (void)state;
    open_autoscaler();
    stage.view = (struct fleet_view){.ready = 4, .starting = 4, .cpu = 1};
    wake_up();
    stage_hear(&stage, LINE_SLEEP);
    expect_silence(&stage);
}

static void each_signal_is_its_own_figure(void **state)
{
    (void)state;
    for (int signal = AUTOSCALER_CPU; signal <= AUTOSCALER_LAG; signal++) {
        stage.view = (struct fleet_view){.ready = 4};
        *(signal == AUTOSCALER_CPU         ? &stage.view.cpu
          : signal == AUTOSCALER_IN_FLIGHT ? &stage.view.in_flight
          : signal == AUTOSCALER_RATE      ? &stage.view.rate
                                           : &stage.view.lag) = 0.75;
        config.signal = (enum autoscaler_signal)signal;
        open_autoscaler();
        wake_up();
        expect_resize(&stage, 6);
        stage_hear(&stage, LINE_SLEEP);
    }
}

static void cpu_reads_0_while_the_backlog_grows_and_lag_sees_it(void **state)
{
    (void)state;
    stage.view = (struct fleet_view){.ready = 4, .cpu = 0, .lag = 2000};
    open_autoscaler();
    wake_up();
    expect_resize(&stage, 2);
    stage_hear(&stage, LINE_SLEEP);
    config.signal = AUTOSCALER_LAG;
    config.target = 1000;
    open_autoscaler();
    wake_up();
    expect_resize(&stage, 8);
}

static void it_is_well_and_knows_no_other_verb(void **state)
{
    (void)state;
    open_autoscaler();
    stage_hear(&stage, LINE_SLEEP);
    expect_answer(&stage, stage_visit(&stage, VERB_HEALTH, 0, 0), CALL_OK, 0);
    expect_answer(&stage, stage_visit(&stage, VERB_MENU, 0, 0), CALL_FAILED, 0);
}

static void it_takes_no_more_memory_than_it_said(void **state)
{
    (void)state;
    config.every_ns = second / 7;
    config.down_window_ns = 300 * second;
    open_autoscaler();
    assert_in_range(stage.arena.used, 1, autoscaler_bytes(&config));
}

#define test(sentence) cmocka_unit_test_setup_teardown(sentence, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(it_sleeps_before_it_looks),
        test(a_busy_fleet_grows_and_an_idle_one_shrinks),
        test(a_fleet_that_fits_is_left_alone),
        test(what_is_starting_already_is_not_asked_for_again),
        test(each_signal_is_its_own_figure),
        test(cpu_reads_0_while_the_backlog_grows_and_lag_sees_it),
        test(it_is_well_and_knows_no_other_verb),
        test(it_takes_no_more_memory_than_it_said),
    };

    return cmocka_run_group_tests_name("autoscaler", tests, NULL, NULL);
}
