/* What the autoscaler of a live run is told: of replicas that are ready, and of nobody else. */
#include "tests/lib/test.h"

#include <string.h>

#include "sim/lab/crew_inside.h"

enum { PLACES = 3, CORES = 2 };

static const uint64_t second_ns = 1000000000;
static struct servers servers;
static struct service_spec spec;
static struct crew crew;
static struct place places[PLACES];
static struct station station;
static struct node_stats page;

/* All of them became ready a minute ago, when the run began. */
static int set_up(void **state)
{
    (void)state;
    spec = (struct service_spec){
        .cores = CORES,
        .autoscale = {
            .target = 0.5, .replicas_min = 1, .replicas_max = PLACES, .every_ns = 15 * second_ns}};
    crew = (struct crew){.servers = &servers, .origin_ns = loop_clock_ns() - 60 * second_ns};
    station =
        (struct station){.crew = &crew, .spec = &spec, .places = places, .places_max = PLACES};
    for (uint32_t i = 0; i < PLACES; i++)
        places[i] = (struct place){.station = &station,
                                   .replica = i,
                                   .starts = 1,
                                   .state = PLACE_READY,
                                   .board = stats_board_share(),
                                   .ready_ns = crew.origin_ns};
    return scaler_open(&station) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < PLACES; i++)
        stats_board_close(places[i].board);
    scaler_close(station.scaler);
    return 0;
}

/* So far, on the clock of the run: core seconds, and visits inside x seconds. */
static void tell(struct place *place, uint64_t at_s, uint64_t busy_s, uint64_t inside_s)
{
    memset(&page, 0, sizeof page);
    page.at_ns = at_s * second_ns;
    page.busy = (struct stats_level){.area = busy_s * second_ns, .since_ns = page.at_ns};
    page.inside = (struct stats_level){.area = inside_s * second_ns, .since_ns = page.at_ns};
    stats_board_write(place->board, &page);
}

static struct fleet_view look(void)
{
    struct fleet_view view;

    fleet_look(&station.scaler->port, &view);
    return view;
}

static void expect(double share, double expected)
{
    assert_true(share > expected - 1e-9 && share < expected + 1e-9);
}

static void it_sees_what_was_since_it_last_looked(void **state)
{
    struct fleet_view view;

    (void)state;
    for (uint32_t i = 0; i < PLACES; i++)
        tell(&places[i], 10, 10, 40);
    view = look();
    assert_int_equal(view.ready, PLACES);
    expect(view.cpu, 0.5);
    expect(view.in_flight, 4);
    for (uint32_t i = 0; i < PLACES; i++)
        tell(&places[i], 20, 10 + 4 * i, 40 + 30 * i);
    view = look();
    expect(view.cpu, (0 + 4 + 8) / (3.0 * 10 * CORES));
    expect(view.in_flight, (0 + 30 + 60) / (3.0 * 10));
}

static void who_drains_has_no_part_in_it(void **state)
{
    struct fleet_view view;

    (void)state;
    for (uint32_t i = 0; i < PLACES; i++)
        tell(&places[i], 10, 10, 40);
    look();
    places[1].state = places[2].state = PLACE_DRAINING;
    tell(&places[0], 20, 24, 100);
    tell(&places[1], 20, 10, 940); /* Idle, with visits that only wait. */
    places[2].state = PLACE_OFF;
    tell(&places[2], 15, 20, 40);
    view = look();
    assert_int_equal(view.ready, 1);
    expect(view.cpu, 0.7);
    expect(view.in_flight, 6);
}

/* It is another process, and what its place did before is not its own. */
static void who_has_come_back_is_seen_from_then_on(void **state)
{
    struct fleet_view view;

    (void)state;
    for (uint32_t i = 0; i < PLACES; i++)
        tell(&places[i], 10, 10, 40);
    look();
    places[1].state = places[2].state = PLACE_OFF;
    places[0].starts = 2;
    places[0].carried.busy.area = 13 * second_ns;
    places[0].ready_ns = loop_clock_ns() + 2 * second_ns;
    tell(&places[0], (places[0].ready_ns - crew.origin_ns) / second_ns + 4, 2, 8);
    view = look();
    assert_true(view.cpu > 2 / (4.0 * CORES) && view.cpu < 2 / (3.0 * CORES));
}

static void of_who_has_told_nothing_new_nothing_is_known(void **state)
{
    (void)state;
    tell(&places[0], 10, 10, 40);
    expect(look().cpu, 0.5);
    expect(look().cpu, 0);
    tell(&places[0], 12, 14, 40);
    expect(look().cpu, 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_sees_what_was_since_it_last_looked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_drains_has_no_part_in_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_has_come_back_is_seen_from_then_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_who_has_told_nothing_new_nothing_is_known, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests_name("what a live autoscaler sees", tests, NULL, NULL);
}
