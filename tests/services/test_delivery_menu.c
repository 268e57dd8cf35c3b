/* Reading a menu: cache first, table next, one reader for many who wait. */
#include "tests/lib/test.h"
#include "services/delivery/delivery.h"
#include "services/port/schema.h"
#include "tests/lib/stage.h"

enum { RESTAURANT = 42, VERSION = 7, MENU_BYTES = 9000 };
static const uint64_t ms = 1000000;
static struct stage stage;
static struct delivery_config config;
static uint64_t menu_key;

static void open_delivery(void)
{
    stage_start(&stage, &delivery_service, delivery_init(&config, &stage.ports));
}

static int setup(void **state)
{
    (void)state;
    stage_open(&stage);
    menu_key = store_key(SPACE_MENU, RESTAURANT);
    config = (struct delivery_config){
        .in_flight = 3,
        .work_light = {.kind = DIST_CONSTANT, .mean = 1e6},
        .work_read = {.kind = DIST_CONSTANT, .mean = 2e6},
        .work_write = {.kind = DIST_CONSTANT, .mean = 5e6},
        .menu_cache = true,
        .menu_ttl_ns = 60000 * ms,
        .menu_bytes = MENU_BYTES,
        .store_timeout_ns = 5 * ms,
        .table_timeout_ns = 100 * ms,
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

/* A visit whose processor time is spent and whose cache answered so. */
static struct visit *visit_menu(enum call_outcome cache)
{
    struct visit *visit = stage_visit(&stage, VERB_MENU, RESTAURANT, 1);

    expect_cpu(&stage);
    expect_store_get(&stage, menu_key, cache, VERSION);
    return visit;
}

static void a_cached_menu_never_reaches_the_table(void **state)
{
    struct visit *visit;

    (void)state;
    open_delivery();
    visit = visit_menu(CALL_OK);
    assert_int_equal(expect_answer(&stage, visit, CALL_OK, VERSION)->bytes, MENU_BYTES);
    expect_silence(&stage);
}

static void a_miss_is_read_from_the_table_and_kept_for_a_while(void **state)
{
    struct visit *visit;
    struct line *set;

    (void)state;
    open_delivery();
    visit = visit_menu(CALL_ABSENT);
    expect_table_row(&stage, TABLE_MENUS, RESTAURANT, CALL_OK, VERSION);
    expect_cpu(&stage);
    set = expect_store_set(&stage, menu_key, VERSION, CALL_OK);
    assert_null(set->call);
    assert_int_equal(set->bytes, MENU_BYTES);
    assert_int_equal(set->ttl_ns, config.menu_ttl_ns);
    assert_int_equal(expect_answer(&stage, visit, CALL_OK, VERSION)->bytes, MENU_BYTES);
    expect_silence(&stage);
}

static void a_slow_dead_or_busy_cache_counts_as_a_miss(void **state)
{
    static const enum call_outcome troubles[] = {CALL_TIMEOUT, CALL_REFUSED, CALL_SHED,
                                                 CALL_FAILED};

    (void)state;
    open_delivery();
    for (size_t i = 0; i < 4; i++) {
        struct visit *visit = visit_menu(troubles[i]);

        expect_table_row(&stage, TABLE_MENUS, RESTAURANT, CALL_OK, VERSION);

        expect_cpu(&stage);
        expect_store_set(&stage, menu_key, VERSION, CALL_OK);
        expect_answer(&stage, visit, CALL_OK, VERSION);
        expect_silence(&stage);
    }
}

static void without_a_cache_the_table_is_asked_and_nothing_is_kept(void **state)
{
    struct visit *visit;

    (void)state;
    config.menu_cache = false;
    config.single_flight = true;
    open_delivery();
    visit = stage_visit(&stage, VERB_MENU, RESTAURANT, 1);
    expect_cpu(&stage);
    expect_table_row(&stage, TABLE_MENUS, RESTAURANT, CALL_OK, VERSION);
    expect_cpu(&stage);
    expect_answer(&stage, visit, CALL_OK, VERSION);
    expect_silence(&stage);
}

static void a_menu_that_was_never_written_is_version_0(void **state)
{
    struct visit *visit;

    (void)state;
    open_delivery();
    visit = visit_menu(CALL_ABSENT);
    expect_table_row(&stage, TABLE_MENUS, RESTAURANT, CALL_ABSENT, 99);
    expect_cpu(&stage); /* Means nothing. */
    expect_store_set(&stage, menu_key, 0, CALL_OK);
    expect_answer(&stage, visit, CALL_OK, 0);
    expect_silence(&stage);
}

static void the_tables_trouble_is_passed_on_and_not_cached(void **state)
{
    static const enum call_outcome troubles[] = {CALL_TIMEOUT, CALL_REFUSED, CALL_SHED,
                                                 CALL_FAILED};

    (void)state;
    open_delivery();
    for (size_t i = 0; i < 4; i++) {
        struct visit *visit = visit_menu(CALL_ABSENT);

        expect_table_row(&stage, TABLE_MENUS, RESTAURANT, troubles[i], 0);
        assert_int_equal(expect_answer(&stage, visit, troubles[i], 0)->bytes, 0);
        expect_silence(&stage);
    }
}

static void without_single_flight_every_miss_reads_the_table(void **state)
{
    (void)state;
    open_delivery();
    visit_menu(CALL_ABSENT);
    stage_hear(&stage, LINE_TABLE_READ);
    visit_menu(CALL_ABSENT);
    stage_hear(&stage, LINE_TABLE_READ);
    expect_silence(&stage);
}

static void one_reader_fills_for_all_who_wait(void **state)
{
    struct visit *first, *second, *third;
    struct line *read;

    (void)state;
    config.single_flight = true;
    open_delivery();
    first = visit_menu(CALL_ABSENT);
    read = stage_hear(&stage, LINE_TABLE_READ);
    second = visit_menu(CALL_ABSENT);
    third = visit_menu(CALL_TIMEOUT);
    expect_silence(&stage);
    stage_reply(&stage, read, CALL_OK, VERSION);
    expect_cpu(&stage);
    expect_store_set(&stage, menu_key, VERSION, CALL_OK);
    expect_answer(&stage, second, CALL_OK, VERSION);
    expect_answer(&stage, third, CALL_OK, VERSION);
    expect_answer(&stage, first, CALL_OK, VERSION);
    expect_silence(&stage);
}

static void those_who_wait_share_the_readers_failure_and_the_next_reads_anew(void **state)
{
    struct visit *first, *second;
    struct line *read;

    (void)state;
    config.single_flight = true;
    open_delivery();
    first = visit_menu(CALL_ABSENT);
    read = stage_hear(&stage, LINE_TABLE_READ);
    second = visit_menu(CALL_ABSENT);
    stage_reply(&stage, read, CALL_TIMEOUT, 0);
    expect_answer(&stage, second, CALL_TIMEOUT, 0);
    expect_answer(&stage, first, CALL_TIMEOUT, 0);
    visit_menu(CALL_ABSENT);
    expect_table_row(&stage, TABLE_MENUS, RESTAURANT, CALL_PENDING, 0);
}

static void another_restaurants_menu_is_another_flight(void **state)
{
    (void)state;
    config.single_flight = true;
    open_delivery();
    visit_menu(CALL_ABSENT);
    stage_hear(&stage, LINE_TABLE_READ);
    stage_visit(&stage, VERB_MENU, RESTAURANT + 1, 1);
    expect_cpu(&stage);
    expect_store_get(&stage, store_key(SPACE_MENU, RESTAURANT + 1), CALL_ABSENT, 0);
    expect_table_row(&stage, TABLE_MENUS, RESTAURANT + 1, CALL_PENDING, 0);
}

static void those_who_wait_hold_their_places(void **state)
{
    (void)state;
    config.single_flight = true;
    open_delivery();
    visit_menu(CALL_ABSENT);
    stage_hear(&stage, LINE_TABLE_READ);
    visit_menu(CALL_ABSENT);
    visit_menu(CALL_ABSENT);
    expect_answer(&stage, stage_visit(&stage, VERB_MENU, RESTAURANT, 1), CALL_SHED, 0);
}

#define test(sentence) cmocka_unit_test_setup_teardown(sentence, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_cached_menu_never_reaches_the_table),
        test(a_miss_is_read_from_the_table_and_kept_for_a_while),
        test(a_slow_dead_or_busy_cache_counts_as_a_miss),
        test(without_a_cache_the_table_is_asked_and_nothing_is_kept),
        test(a_menu_that_was_never_written_is_version_0),
        test(the_tables_trouble_is_passed_on_and_not_cached),
        test(without_single_flight_every_miss_reads_the_table),
        test(one_reader_fills_for_all_who_wait),
        test(those_who_wait_share_the_readers_failure_and_the_next_reads_anew),
        test(another_restaurants_menu_is_another_flight),
        test(those_who_wait_hold_their_places),
    };

    return cmocka_run_group_tests_name("delivery_menu", tests, NULL, NULL);
}
