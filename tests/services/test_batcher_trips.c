/* Which orders ride together, and what a window of orders is in SQL. */
#include "tests/lib/test.h"
#include "services/batcher/rows.h"
#include "services/batcher/trips.h"
#include "services/port/schema.h"

enum { RECORDS_MAX = 64 };

static struct record order(uint64_t offset, uint8_t zone, uint64_t id)
{
    return (struct record){.ask = {.verb = VERB_ORDER, .zone = zone, .id = id, .amount = 1000},
                           .offset = offset,
                           .partition = 3,
                           .topic = TOPIC_ORDERS};
}

static void orders_of_one_area_share_a_courier_until_he_is_full(void **state)
{
    const struct record records[] = {order(10, 1, 100), order(11, 1, 101), order(12, 1, 102),
                                     order(13, 1, 103), order(14, 1, 104)};
    int64_t trips[5];

    (void)state;
    assert_int_equal(trips_plan(records, 5, 2, 0, trips), 3);
    assert_int_equal(trips[0], trips[1]);
    assert_int_equal(trips[2], trips[3]);
    assert_int_not_equal(trips[0], trips[2]);
    assert_int_not_equal(trips[2], trips[4]);
}

static void orders_of_different_areas_never_ride_together(void **state)
{
    const struct record records[] = {order(10, 1, 100), order(11, 255, 101), order(12, 1, 102),
                                     order(13, 255, 103)};
    int64_t trips[4];

    (void)state;
    assert_int_equal(trips_plan(records, 4, 10, 0, trips), 2);
    assert_int_equal(trips[0], trips[2]);
    assert_int_equal(trips[1], trips[3]);
    assert_int_not_equal(trips[0], trips[1]);
}

static void an_order_that_was_tried_twice_takes_one_place(void **state)
{
    struct record records[] = {order(10, 1, 100), order(11, 1, 100), order(12, 1, 101)};
    int64_t trips[3];

    (void)state;
    records[1].ask.attempt = 1;
    assert_int_equal(trips_plan(records, 3, 2, 0, trips), 1);
    assert_int_equal(trips[1], TRIP_NONE);
    assert_int_equal(trips[0], trips[2]);
}

static void a_second_try_whose_first_is_not_in_the_window_rides(void **state)
{
    struct record records[] = {order(10, 1, 100), order(11, 1, 101)};
    int64_t trips[2];

    (void)state;
    records[1].ask.attempt = 1;
    assert_int_equal(trips_plan(records, 2, 2, 0, trips), 1);
    assert_int_equal(trips[0], trips[1]);
}

static void a_trip_has_the_same_number_when_it_is_planned_again_and_no_other_has_it(void **state)
{
    struct record records[] = {order(10, 1, 100), order(11, 2, 101)};
    int64_t trips[2], again[1], elsewhere[2];

    (void)state;
    trips_plan(records, 2, 5, 0, trips);
    trips_plan(records + 1, 1, 5, 0, again);
    assert_int_equal(again[0], trips[1]);
    records[0].partition = records[1].partition = 4;
    trips_plan(records, 2, 5, 0, elsewhere);
    assert_int_not_equal(elsewhere[0], trips[0]);
    assert_true(trips[0] > 0 && elsewhere[0] > 0);
}

static uint32_t orders_aboard(const int64_t *trips, int64_t trip)
{
    uint32_t aboard = 0;

    for (uint32_t i = 0; i < RECORDS_MAX; i++)
        aboard += trips[i] == trip;
    return aboard;
}

static void there_are_as_few_trips_as_full_couriers_can_make(void **state)
{
    enum { ZONES = 4, PER_ZONE = RECORDS_MAX / ZONES };
    struct record records[RECORDS_MAX];
    int64_t trips[RECORDS_MAX];

    (void)state;
    for (uint32_t i = 0; i < RECORDS_MAX; i++)
        records[i] = order(i, (uint8_t)(i % ZONES), 100 + i);
    for (uint32_t places = 1; places < 20; places++) {
        uint32_t per_zone = (PER_ZONE + places - 1) / places;

        assert_int_equal(trips_plan(records, RECORDS_MAX, places, 0, trips), ZONES * per_zone);
        for (uint32_t i = 0; i < RECORDS_MAX; i++)
            assert_in_range(orders_aboard(trips, trips[i]), 1, places);
    }
}

static void an_order_is_placed_charged_and_carried(void **state)
{
    const struct record record = order(10, 1, 100);
    const int64_t trip = 77;
    struct table_op ops[3];

    (void)state;
    assert_int_equal(order_rows(&record, 1, &trip, ops), 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ops[i].verb, TABLE_INSERT);
        assert_int_equal(ops[i].table, (TABLE_ORDERS + i));
        assert_int_equal(ops[i].a, 100);
        assert_int_equal(ops[i].b, 0);
        assert_int_equal(ops[i].value, i == 2 ? 77 : 1000);
    }
}

static void what_rides_nowhere_makes_no_rows(void **state)
{
    struct record records[] = {order(10, 1, 100), order(11, 1, 100), order(12, 1, 102)};
    struct table_op ops[9];
    int64_t trips[3];

    (void)state;
    records[1].ask.attempt = 2;
    records[2].ask.verb = VERB_LIKE; /* Has no business here. */
    assert_int_equal(trips_plan(records, 3, 5, 0, trips), 1);
    assert_int_equal(order_rows(records, 3, trips, ops), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_of_one_area_share_a_courier_until_he_is_full),
        cmocka_unit_test(orders_of_different_areas_never_ride_together),
        cmocka_unit_test(an_order_that_was_tried_twice_takes_one_place),
        cmocka_unit_test(a_second_try_whose_first_is_not_in_the_window_rides),
        cmocka_unit_test(a_trip_has_the_same_number_when_it_is_planned_again_and_no_other_has_it),
        cmocka_unit_test(there_are_as_few_trips_as_full_couriers_can_make),
        cmocka_unit_test(an_order_is_placed_charged_and_carried),
        cmocka_unit_test(what_rides_nowhere_makes_no_rows),
    };
    return cmocka_run_group_tests_name("batcher_trips", tests, NULL, NULL);
}
