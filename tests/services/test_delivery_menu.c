/* Reading a menu: cache first, table next, one reader for many who wait. */
#include "tests/lib/test.h"
#include "services/delivery/delivery.h"
#include "services/delivery/menu_value.h"
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

static void who_gives_way_before_any_work_asks_nobody(void **state)
{
    struct visit *visit;

    (void)state;
    open_delivery();
    visit = stage_visit(&stage, VERB_MENU, RESTAURANT, 1);
    stage_reply(&stage, stage_hear(&stage, LINE_CPU), CALL_SHED, 0);
    expect_answer(&stage, visit, CALL_SHED, 0);
    expect_silence(&stage);
}

static void a_reader_that_gives_way_takes_those_who_wait_with_it_and_keeps_nothing(void **state)
{
    struct visit *first, *second;
    struct line *read;

    (void)state;
    config.single_flight = true;
    open_delivery();
    first = visit_menu(CALL_ABSENT);
    read = stage_hear(&stage, LINE_TABLE_READ);
    second = visit_menu(CALL_ABSENT);
    stage_reply(&stage, read, CALL_OK, VERSION);
    stage_reply(&stage, stage_hear(&stage, LINE_CPU), CALL_SHED, 0);
    expect_answer(&stage, second, CALL_SHED, 0);
    expect_answer(&stage, first, CALL_SHED, 0);
    visit_menu(CALL_ABSENT);
    expect_table_row(&stage, TABLE_MENUS, RESTAURANT, CALL_PENDING, 0);
}

/* ---- Leases ---------------------------------------------------------------------------------- */

static const uint64_t lease_key = (uint64_t)SPACE_LEASE << 56 | RESTAURANT;

static void who_has_the_lease_refills_and_gives_it_back(void **state)
{
    struct visit *visit;

    (void)state;
    config.menu_lease_ns = 50000000;
    open_delivery();
    visit = visit_menu(CALL_ABSENT);
    assert_int_equal(expect_store_set_new(&stage, lease_key, CALL_OK)->ttl_ns, 50000000);
    expect_table_row(&stage, TABLE_MENUS, RESTAURANT, CALL_OK, VERSION);
    expect_cpu(&stage);
    expect_store_set(&stage, menu_key, VERSION, CALL_OK);
    expect_store_expire(&stage, lease_key, 0, CALL_OK);
    expect_answer(&stage, visit, CALL_OK, VERSION);
    expect_silence(&stage);
}

static void who_has_no_lease_looks_again_until_the_menu_is_there(void **state)
{
    struct visit *visit;

    (void)state;
    config.menu_lease_ns = 50000000;
    open_delivery();
    visit = visit_menu(CALL_ABSENT);
    expect_store_set_new(&stage, lease_key, CALL_ABSENT);
    expect_sleep(&stage, NULL);
    expect_store_get(&stage, menu_key, CALL_ABSENT, 0);
    expect_store_set_new(&stage, lease_key, CALL_ABSENT);
    expect_sleep(&stage, NULL);
    expect_store_get(&stage, menu_key, CALL_OK, VERSION);
    expect_answer(&stage, visit, CALL_OK, VERSION);
    expect_silence(&stage);
}

static void a_holder_that_died_costs_the_leases_time_and_no_more(void **state)
{
    unsigned looks = 0;

    (void)state;
    config.menu_lease_ns = 50000000;
    open_delivery();
    visit_menu(CALL_ABSENT);
    for (uint64_t until_ns = stage.now_ns + 50000000; stage.now_ns < until_ns; looks++) {
        expect_store_set_new(&stage, lease_key, CALL_ABSENT);
        expect_sleep(&stage, NULL);
        expect_store_get(&stage, menu_key, CALL_ABSENT, 0);
    }
    expect_store_set_new(&stage, lease_key, CALL_ABSENT);
    expect_table_row(&stage, TABLE_MENUS, RESTAURANT, CALL_PENDING, 0);
    assert_int_equal(looks, 10);
}

static void a_store_that_gives_no_answer_keeps_nobody_from_the_rows(void **state)
{
    static const enum call_outcome troubles[] = {CALL_TIMEOUT, CALL_REFUSED, CALL_FAILED};

    (void)state;
    config.menu_lease_ns = 50000000;
    open_delivery();
    for (size_t i = 0; i < 3; i++) {
        visit_menu(CALL_TIMEOUT);
        expect_store_set_new(&stage, lease_key, troubles[i]);
        expect_table_row(&stage, TABLE_MENUS, RESTAURANT, CALL_FAILED, 0);
        stage_hear(&stage, LINE_ANSWER); /* No lease to give back. */
        expect_silence(&stage);
    }
}

static void a_lease_goes_back_when_the_rows_cannot_be_read(void **state)
{
    (void)state;
    config.menu_lease_ns = 50000000;
    open_delivery();
    visit_menu(CALL_ABSENT);
    expect_store_set_new(&stage, lease_key, CALL_OK);
    expect_table_row(&stage, TABLE_MENUS, RESTAURANT, CALL_TIMEOUT, 0);
    expect_store_expire(&stage, lease_key, 0, CALL_OK);
    stage_hear(&stage, LINE_ANSWER);
    expect_silence(&stage);
}

static void a_lease_that_has_run_out_is_not_given_back(void **state)
{
    (void)state;
    config.menu_lease_ns = 50000000;
    open_delivery();
    visit_menu(CALL_ABSENT);
    expect_store_set_new(&stage, lease_key, CALL_OK);
    stage.now_ns += 50000000; /* Another replica may have set it anew. */
    expect_table_row(&stage, TABLE_MENUS, RESTAURANT, CALL_TIMEOUT, 0);
    stage_hear(&stage, LINE_ANSWER);
    expect_silence(&stage);
}

static void a_replica_asks_for_one_lease_and_the_others_wait_for_it(void **state)
{
    struct visit *first, *second;
    struct line *lease;

    (void)state;
    config.menu_lease_ns = 50000000;
    config.single_flight = true;
    open_delivery();
    first = visit_menu(CALL_ABSENT);
    lease = stage_hear(&stage, LINE_STORE_SET_NEW);
    second = visit_menu(CALL_ABSENT);
    expect_silence(&stage);
    stage_reply(&stage, lease, CALL_ABSENT, 0);
    expect_sleep(&stage, NULL);
    expect_store_get(&stage, menu_key, CALL_OK, VERSION);
    expect_answer(&stage, second, CALL_OK, VERSION);
    expect_answer(&stage, first, CALL_OK, VERSION);
    expect_silence(&stage);
}

/* ---- Early refresh --------------------------------------------------------------------------- */

/* A hit that took 1 s to make and has this long to live. beta 1000 and 1/1000: surely, never. */
static struct visit *visit_hit(uint64_t left_ns)
{
    struct visit *visit = stage_visit(&stage, VERB_MENU, RESTAURANT, 1);
    const struct menu_value value = {VERSION, stage.now_ns + left_ns, 1000000000};

    expect_cpu(&stage);
    expect_store_get(&stage, menu_key, CALL_OK, menu_value_pack(&value));
    return visit;
}

static void a_hit_that_is_not_due_is_the_answer(void **state)
{
    (void)state;
    config.menu_early = 0.001;
    open_delivery();
    expect_answer(&stage, visit_hit(1000000000), CALL_OK, VERSION);
    expect_silence(&stage);
}

static void a_hit_that_is_due_early_is_made_anew_by_who_drew_it(void **state)
{
    struct visit *visit;
    struct menu_value kept;

    (void)state;
    config.menu_early = 1000;
    open_delivery();
    visit = visit_hit(1000000);
    expect_table_row(&stage, TABLE_MENUS, RESTAURANT, CALL_OK, VERSION + 1);
    stage.now_ns += 7000000;
    expect_cpu(&stage);
    kept = menu_value_unpack(stage_hear(&stage, LINE_STORE_SET)->value);
    assert_int_equal(kept.version, VERSION + 1);
    assert_int_equal(kept.recompute_ns, 7000000);
    assert_in_range(stage.now_ns + config.menu_ttl_ns - kept.expires_ns, 0, 1000000);
    expect_answer(&stage, visit, CALL_OK, VERSION + 1);
    expect_silence(&stage);
}

static void who_refills_early_in_vain_has_its_answer_all_the_same(void **state)
{
    struct visit *visit;

    (void)state;
    config.menu_early = 1000;
    open_delivery();
    visit = visit_hit(1000000);
    expect_table_row(&stage, TABLE_MENUS, RESTAURANT, CALL_TIMEOUT, 0);
    expect_answer(&stage, visit, CALL_OK, VERSION);
    expect_silence(&stage);
}

static void an_early_one_waits_for_no_flight_and_no_lease(void **state)
{
    (void)state;
    config.menu_early = 1000;
    config.menu_lease_ns = 50000000;
    config.single_flight = true;
    open_delivery();
    visit_hit(1000000);
    stage_hear(&stage, LINE_STORE_SET_NEW);
    expect_answer(&stage, visit_hit(1000000), CALL_OK, VERSION); /* It is being filled. */
    expect_silence(&stage);
    config.single_flight = false;
    open_delivery();
    visit_hit(1000000);
    expect_store_set_new(&stage, lease_key, CALL_ABSENT);
    stage_hear(&stage, LINE_ANSWER);
    expect_silence(&stage);
}

static void a_value_comes_out_as_it_went_in_and_is_capped(void **state)
{
    const struct menu_value large = {4194303, UINT64_MAX, UINT64_MAX};
    const struct menu_value value = {77, 90000000000000, 123400000};
    struct menu_value back = menu_value_unpack(menu_value_pack(&value));

    (void)state;
    assert_int_equal(back.version, value.version);
    assert_int_equal(back.expires_ns, value.expires_ns);
    assert_int_equal(back.recompute_ns, value.recompute_ns);
    back = menu_value_unpack(menu_value_pack(&large));
    assert_int_equal(back.version, large.version);
    assert_int_equal(back.expires_ns, UINT64_C(134217727000000));
    assert_int_equal(back.recompute_ns, UINT64_C(1638300000));
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
        test(who_gives_way_before_any_work_asks_nobody),
        test(a_reader_that_gives_way_takes_those_who_wait_with_it_and_keeps_nothing),
        test(who_has_the_lease_refills_and_gives_it_back),
        test(who_has_no_lease_looks_again_until_the_menu_is_there),
        test(a_holder_that_died_costs_the_leases_time_and_no_more),
        test(a_store_that_gives_no_answer_keeps_nobody_from_the_rows),
        test(a_lease_goes_back_when_the_rows_cannot_be_read),
        test(a_lease_that_has_run_out_is_not_given_back),
        test(a_replica_asks_for_one_lease_and_the_others_wait_for_it),
        test(a_hit_that_is_not_due_is_the_answer),
        test(a_hit_that_is_due_early_is_made_anew_by_who_drew_it),
        test(who_refills_early_in_vain_has_its_answer_all_the_same),
        test(an_early_one_waits_for_no_flight_and_no_lease),
        test(a_value_comes_out_as_it_went_in_and_is_capped),
    };

    return cmocka_run_group_tests_name("delivery_menu", tests, NULL, NULL);
}
