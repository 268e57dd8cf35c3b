/* Taking an order, asking where it is, and what the delivery service's door turns away. */
#include "tests/lib/test.h"
#include "services/delivery/delivery.h"
#include "services/port/schema.h"
#include "tests/lib/stage.h"

enum { ORDER = 9001, BASKET = 149000, ZONE = 17 };
static const uint64_t ms = 1000000;
static const enum call_outcome troubles[] = {CALL_TIMEOUT, CALL_REFUSED, CALL_SHED, CALL_FAILED};
static struct stage stage;
static struct delivery_config config;

static void open_delivery(enum delivery_orders orders)
{
    config.orders = orders;
    stage_start(&stage, &delivery_service, delivery_init(&config, &stage.ports));
}

static int setup(void **state)
{
    (void)state;
    stage_open(&stage);
    config = (struct delivery_config){
        .in_flight = 1,
        .work_light = {.kind = DIST_CONSTANT, .mean = 1e6},
        .work_read = {.kind = DIST_CONSTANT, .mean = 2e6},
        .work_write = {.kind = DIST_CONSTANT, .mean = 5e6},
        .table_timeout_ns = 100 * ms,
        .queue_timeout_ns = 50 * ms,
    };
    dist_init(&config.work_light);
    dist_init(&config.work_read);
    dist_init(&config.work_write);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stage_close(&stage);
    return 0;
}

/* A visit whose processor time is spent. */
static struct visit *visit_order(enum verb verb, uint64_t *work_ns)
{
    const struct ask ask = {
        .verb = (uint8_t)verb, .key = 42, .user = 5, .id = ORDER, .amount = BASKET, .zone = ZONE};
    struct visit *visit = stage_ask(&stage, &ask);

    *work_ns = expect_cpu(&stage)->delay_ns;
    return visit;
}

static struct visit *order(void)
{
    uint64_t work_ns;
    struct visit *visit = visit_order(VERB_ORDER, &work_ns);

    assert_int_equal(work_ns, config.orders == DELIVERY_QUEUED ? ms : 5 * ms);
    return visit;
}

static struct visit *track(void)
{
    uint64_t work_ns;
    struct visit *visit = visit_order(VERB_TRACK, &work_ns);

    assert_int_equal(work_ns, 1 * ms);
    return visit;
}

static void an_order_and_its_charge_are_one_transaction(void **state)
{
    struct visit *visit;
    struct line *write;

    (void)state;
    open_delivery(DELIVERY_SYNC);
    visit = order();
    write = expect_table_write(&stage, 2, CALL_OK, 2);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(write->ops[i].verb, TABLE_INSERT);
        assert_int_equal(write->ops[i].table, i == 0 ? TABLE_ORDERS : TABLE_CHARGES);
        assert_int_equal(write->ops[i].a, ORDER);
        assert_int_equal(write->ops[i].b, 0);
        assert_int_equal(write->ops[i].value, BASKET);
    }
    expect_answer(&stage, visit, CALL_OK, ORDER);
    expect_silence(&stage);
}

static void an_order_that_comes_again_is_answered_as_the_first_time(void **state)
{
    struct visit *visit;

    (void)state;
    open_delivery(DELIVERY_SYNC);
    visit = order();
    expect_table_write(&stage, 2, CALL_OK, 0);
    expect_answer(&stage, visit, CALL_OK, ORDER);
    expect_silence(&stage);
}

static void the_tables_trouble_is_the_orders_trouble(void **state)
{
    (void)state;
    open_delivery(DELIVERY_SYNC);
    for (size_t i = 0; i < 4; i++) {
        struct visit *visit = order();

        expect_table_write(&stage, 2, troubles[i], 0);
        expect_answer(&stage, visit, troubles[i], 0);
        expect_silence(&stage);
    }
}

static void a_queued_order_is_accepted_when_the_log_has_it_keyed_by_area(void **state)
{
    struct visit *visit;
    struct line *put;

    (void)state;
    open_delivery(DELIVERY_QUEUED);
    visit = order();
    put = expect_put(&stage, TOPIC_ORDERS, CALL_OK);
    assert_int_equal(put->ask.key, ZONE);
    assert_int_equal(put->ask.id, ORDER);
    assert_int_equal(put->ask.amount, BASKET);
    expect_answer(&stage, visit, CALL_OK, ORDER);
    expect_silence(&stage);
}

static void the_queues_trouble_is_the_orders_trouble(void **state)
{
    (void)state;
    open_delivery(DELIVERY_QUEUED);
    for (size_t i = 0; i < 4; i++) {
        struct visit *visit = order();

        expect_put(&stage, TOPIC_ORDERS, troubles[i]);
        expect_answer(&stage, visit, troubles[i], 0);
        expect_silence(&stage);
    }
}

static void an_order_with_a_trip_is_dispatched(void **state)
{
    struct visit *visit;

    (void)state;
    open_delivery(DELIVERY_QUEUED);
    visit = track();
    expect_table_row(&stage, TABLE_ORDERS, ORDER, CALL_OK, BASKET);
    expect_table_row(&stage, TABLE_TRIPS, ORDER, CALL_OK, 3);
    expect_answer(&stage, visit, CALL_OK, ORDER_DISPATCHED);
    expect_silence(&stage);
}

static void an_order_without_a_trip_is_placed(void **state)
{
    struct visit *visit;

    (void)state;
    open_delivery(DELIVERY_QUEUED);
    visit = track();
    expect_table_row(&stage, TABLE_ORDERS, ORDER, CALL_OK, BASKET);
    expect_table_row(&stage, TABLE_TRIPS, ORDER, CALL_ABSENT, 0);
    expect_answer(&stage, visit, CALL_OK, ORDER_PLACED);
    expect_silence(&stage);
}

static void an_order_without_a_row_may_still_be_on_its_way_through_the_queue(void **state)
{
    struct visit *visit;

    (void)state;
    open_delivery(DELIVERY_QUEUED);
    visit = track();
    expect_table_row(&stage, TABLE_ORDERS, ORDER, CALL_ABSENT, 0);
    assert_int_equal(expect_answer(&stage, visit, CALL_ABSENT, 0)->value, ORDER_ACCEPTED);
    expect_silence(&stage);
}

static void without_a_queue_an_order_without_a_row_is_unknown(void **state)
{
    struct visit *visit;

    (void)state;
    open_delivery(DELIVERY_SYNC);
    visit = track();
    expect_table_row(&stage, TABLE_ORDERS, ORDER, CALL_ABSENT, 0);
    assert_int_equal(expect_answer(&stage, visit, CALL_ABSENT, 0)->value, ORDER_UNKNOWN);
    expect_silence(&stage);
}

static void trouble_with_either_row_is_passed_on(void **state)
{
    (void)state;
    open_delivery(DELIVERY_SYNC);
    for (size_t i = 0; i < 4; i++) {
        struct visit *first = track(), *second;

        expect_table_row(&stage, TABLE_ORDERS, ORDER, troubles[i], 0);
        expect_answer(&stage, first, troubles[i], 0);
        second = track();
        expect_table_row(&stage, TABLE_ORDERS, ORDER, CALL_OK, BASKET);
        expect_table_row(&stage, TABLE_TRIPS, ORDER, troubles[i], 0);
        expect_answer(&stage, second, troubles[i], 0);
        expect_silence(&stage);
    }
}

static void one_visit_too_many_is_shed_whatever_it_wants(void **state)
{
    (void)state;
    open_delivery(DELIVERY_SYNC);
    order();
    stage_hear(&stage, LINE_TABLE_WRITE);
    expect_answer(&stage, stage_visit(&stage, VERB_MENU, 1, 1), CALL_SHED, 0);
    expect_answer(&stage, stage_visit(&stage, VERB_ORDER, 1, 1), CALL_SHED, 0);
    expect_answer(&stage, stage_visit(&stage, VERB_TRACK, 1, 1), CALL_SHED, 0);
    expect_answer(&stage, stage_visit(&stage, VERB_HEALTH, 0, 0), CALL_OK, 0);
    expect_silence(&stage);
}

static void a_visit_at_its_deadline_gets_no_work(void **state)
{
    struct ask ask = {.verb = VERB_ORDER, .id = ORDER, .deadline_ns = 1000 * ms};

    (void)state;
    open_delivery(DELIVERY_SYNC);
    assert_int_equal(stage.now_ns, ask.deadline_ns);
    expect_answer(&stage, stage_ask(&stage, &ask), CALL_TIMEOUT, 0);
    ask.deadline_ns++;
    stage_ask(&stage, &ask);
    expect_cpu(&stage);
}

static void work_is_asked_for_with_the_priority_of_the_ask(void **state)
{
    const struct ask ask = {.verb = VERB_ORDER, .id = ORDER, .priority = 4};

    (void)state;
    open_delivery(DELIVERY_SYNC);
    stage_ask(&stage, &ask);
    assert_int_equal(expect_cpu(&stage)->call->priority, 4);
}

static void who_gives_way_to_somebody_more_urgent_leaves_nothing_behind(void **state)
{
    static const enum verb verbs[] = {VERB_ORDER, VERB_TRACK};

    (void)state;
    for (int i = 0; i < 4; i++) {
        struct visit *visit;

        open_delivery(i < 2 ? DELIVERY_SYNC : DELIVERY_QUEUED);
        visit = stage_visit(&stage, verbs[i % 2], 1, 1);
        stage_reply(&stage, stage_hear(&stage, LINE_CPU), CALL_SHED, 0);
        expect_answer(&stage, visit, CALL_SHED, 0);
        expect_silence(&stage);
    }
}

static void another_services_verb_fails(void **state)
{
    (void)state;
    open_delivery(DELIVERY_SYNC);
    expect_answer(&stage, stage_visit(&stage, VERB_LIKE, 1, 1), CALL_FAILED, 0);
    expect_answer(&stage, stage_visit(&stage, VERB_MAX, 1, 1), CALL_FAILED, 0);
    expect_silence(&stage);
}

static void it_takes_no_more_memory_than_it_said(void **state)
{
    (void)state;
    for (config.in_flight = 1; config.in_flight < 5000; config.in_flight *= 3) {
        size_t before = stage.arena.used;

        open_delivery(DELIVERY_SYNC);
        assert_in_range(stage.arena.used - before, 1, delivery_bytes(&config));
    }
}

#define test(sentence) cmocka_unit_test_setup_teardown(sentence, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(an_order_and_its_charge_are_one_transaction),
        test(an_order_that_comes_again_is_answered_as_the_first_time),
        test(the_tables_trouble_is_the_orders_trouble),
        test(a_queued_order_is_accepted_when_the_log_has_it_keyed_by_area),
        test(the_queues_trouble_is_the_orders_trouble),
        test(an_order_with_a_trip_is_dispatched),
        test(an_order_without_a_trip_is_placed),
        test(an_order_without_a_row_may_still_be_on_its_way_through_the_queue),
        test(without_a_queue_an_order_without_a_row_is_unknown),
        test(trouble_with_either_row_is_passed_on),
        test(one_visit_too_many_is_shed_whatever_it_wants),
        test(a_visit_at_its_deadline_gets_no_work),
        test(work_is_asked_for_with_the_priority_of_the_ask),
        test(who_gives_way_to_somebody_more_urgent_leaves_nothing_behind),
        test(another_services_verb_fails),
        test(it_takes_no_more_memory_than_it_said),
    };

    return cmocka_run_group_tests_name("delivery_order", tests, NULL, NULL);
}
