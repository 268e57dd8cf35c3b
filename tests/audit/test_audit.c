/* What the audit says of evidence that the test lays out by hand: rows, counters and charges beside
 * what clients were told. */
#include "tests/audit/audit_rig.h"

static const uint64_t second_ns = 1000000000;

static int setup(void **state)
{
    (void)state;
    rig_clear();
    lab.scenario.services_max = 1;
    lab.scenario.services[0].kind = KIND_LIKES;
    lab.scenario.services[0].design = DESIGN_BATCHED;
    lab.scenario.services[0].ack = ACK_QUEUE;
    lab.scenario.queue.acks = ACKS_ALL;
    lab.scenario.duration_ns = 10 * second_ns;
    lab.scenario.prices.commission = 0.5;
    lab.scenario.prices.courier_trip = 25000;
    rig_open();
    return 0;
}

/* ---- People ---------------------------------------------------------------------------------- */

static void somebody_offers(const struct request *request)
{
    audit_ears.offered(&lab.audit, request);
    audit_ears.tried(&lab.audit, request);
}

static void somebody_asks(const struct ask *ask, enum call_outcome outcome, bool is_late)
{
    const struct request request = {.ask = *ask, .intended_ns = lab.now_ns};

    somebody_offers(&request);
    audit_ears.finished(&lab.audit, &request, outcome, is_late);
    audit_event(&lab.audit);
}

static void user_likes(uint64_t user, uint64_t post, enum call_outcome outcome)
{
    somebody_asks(&(struct ask){.verb = VERB_LIKE, .key = post, .user = user}, outcome, false);
}

static void user_unlikes(uint64_t user, uint64_t post, enum call_outcome outcome)
{
    somebody_asks(&(struct ask){.verb = VERB_UNLIKE, .key = post, .user = user}, outcome, false);
}

static void somebody_orders(uint64_t id, int64_t amount, enum call_outcome outcome)
{
    somebody_asks(&(struct ask){.verb = VERB_ORDER, .id = id, .amount = amount}, outcome, false);
}

/* ---- Verdicts -------------------------------------------------------------------------------- */

static void expect_peace(void)
{
    rig_end(true);
    expect_breaks(0, NULL);
}

static void expect_break(const char *name)
{
    rig_end(true);
    expect_breaks(1, name);
}

static void begin(enum likes_design design, enum likes_ack ack)
{
    rig_teardown(NULL);
    setup(NULL);
    lab.scenario.services[0].design = design;
    lab.scenario.services[0].ack = ack;
}

/* ---- Likes ----------------------------------------------------------------------------------- */

static void a_like_that_was_told_of_and_is_there_is_as_it_should_be(void **state)
{
    (void)state;
    user_likes(7, 1, CALL_OK);
    user_likes(7, 1, CALL_ABSENT);
    user_likes(8, 1, CALL_OK);
    a_row_lies_in(TABLE_LIKES, 1, 8, 0);
    a_row_lies_in(TABLE_LIKES, 1, 7, 0);
    a_row_lies_in(TABLE_COUNTERS, 1, 0, 2);
    the_store_shows(1, 2);
    expect_peace();
    assert_int_equal(lab.result.likes.acknowledged, 2);
    assert_int_equal(lab.result.likes.in_table, 2);
    assert_int_equal(lab.result.likes.lost, 0);
    assert_int_equal(lab.result.likes.shown_off, 0);
    assert_int_equal(lab.result.likes.undrained, 0);
}

static void a_told_like_that_is_missing_is_a_break_at_the_log_and_at_the_table(void **state)
{
    static const struct {
        enum likes_design design;
        enum likes_ack ack;
    } keepers[] = {{DESIGN_BATCHED, ACK_QUEUE}, {DESIGN_QUEUED, ACK_QUEUE},
                   {DESIGN_BATCHED, ACK_TABLE}, {DESIGN_TABLE, ACK_STORE},
                   {DESIGN_INDEXED, ACK_STORE}, {DESIGN_CACHED, ACK_STORE}};

    (void)state;
    for (size_t i = 0; i < sizeof keepers / sizeof keepers[0]; i++) {
        begin(keepers[i].design, keepers[i].ack);
        user_likes(7, 1, CALL_OK);
        expect_break("an acknowledged like is in the table");
        assert_string_equal(lab.result.breaks[0].finding, "post 1, user 7");
        assert_int_equal(lab.result.likes.lost, 1);
    }
}

static void a_told_like_that_is_missing_is_only_counted_at_the_store(void **state)
{
    (void)state;
    begin(DESIGN_BATCHED, ACK_STORE);
    user_likes(7, 1, CALL_OK);
    expect_peace();
    assert_int_equal(lab.result.likes.lost, 1);
    assert_int_equal(lab.result.likes.in_table, 0);
}

static void a_log_that_does_not_wait_for_its_followers_may_lose_a_like(void **state)
{
    (void)state;
    lab.scenario.queue.acks = ACKS_LEADER;
    user_likes(7, 1, CALL_OK);
    expect_peace();
    assert_int_equal(lab.result.likes.lost, 1);
}

static void a_like_without_an_answer_may_be_there_or_not(void **state)
{
    (void)state;
    user_likes(7, 1, CALL_TIMEOUT);
    user_likes(8, 1, CALL_FAILED);
    a_row_lies_in(TABLE_LIKES, 1, 8, 0);
    expect_peace();
    assert_int_equal(lab.result.likes.acknowledged, 0);
    assert_int_equal(lab.result.likes.in_table, 1);
    assert_int_equal(lab.result.likes.lost, 0);
}

static void a_late_yes_is_a_promise_too(void **state)
{
    (void)state;
    somebody_asks(&(struct ask){.verb = VERB_LIKE, .key = 1, .user = 7}, CALL_OK, true);
    expect_break("an acknowledged like is in the table");
}

static void a_row_of_somebody_who_only_unliked_is_a_break(void **state)
{
    (void)state;
    user_unlikes(7, 1, CALL_OK);
    a_row_lies_in(TABLE_LIKES, 1, 7, 0);
    expect_break("nobody likes who never asked");
}

static void a_row_of_a_stranger_is_a_break(void **state)
{
    (void)state;
    user_likes(7, 1, CALL_OK);
    a_row_lies_in(TABLE_LIKES, 1, 7, 0);
    a_row_lies_in(TABLE_LIKES, 1, 9, 0);
    expect_break("nobody likes who never asked");
    assert_string_equal(lab.result.breaks[0].finding, "post 1, user 9");
}

/* table.likes_rows: they lie where no client looks. */
static void rows_that_were_there_before_the_run_are_nobodys_business(void **state)
{
    (void)state;
    user_likes(7, 1, CALL_OK);
    a_row_lies_in(TABLE_LIKES, 0, 1, 0);
    a_row_lies_in(TABLE_LIKES, 1, 7, 0);
    a_row_lies_in(TABLE_LIKES, 0, 2, 0);
    a_row_lies_in(TABLE_COUNTERS, 0, 0, 1000000);
    expect_peace();
    assert_int_equal(lab.result.likes.in_table, 1);
}

static void a_row_that_is_there_twice_is_a_break(void **state)
{
    (void)state;
    user_likes(7, 1, CALL_OK);
    a_row_lies_in(TABLE_LIKES, 1, 7, 0);
    a_row_lies_in(TABLE_LIKES, 1, 7, 1);
    expect_break("a like is in the table once");
}

static void who_unliked_meanwhile_may_be_there_or_not(void **state)
{
    (void)state;
    user_likes(7, 1, CALL_OK);
    user_unlikes(7, 1, CALL_OK);
    user_likes(8, 1, CALL_OK);
    user_unlikes(8, 1, CALL_TIMEOUT);
    a_row_lies_in(TABLE_LIKES, 1, 8, 0);
    a_row_lies_in(TABLE_COUNTERS, 1, 0, 1);
    the_store_shows(1, 0); /* Nobody's like is sure any more, so 0 is not too little. */
    expect_peace();
    assert_int_equal(lab.result.likes.lost, 0);
    assert_int_equal(lab.result.likes.shown_off, 1);
}

static void a_counter_that_is_off_by_one_is_a_break(void **state)
{
    (void)state;
    for (int64_t counted = 0; counted <= 2; counted += 2) {
        begin(DESIGN_INDEXED, ACK_TABLE);
        user_likes(7, 1, CALL_OK);
        a_row_lies_in(TABLE_LIKES, 1, 7, 0);
        a_row_lies_in(TABLE_COUNTERS, 1, 0, counted);
        expect_break("a like is counted exactly once");
    }
}

static void what_is_shown_lies_between_told_and_tried(void **state)
{
    (void)state;
    for (int64_t number = 0; number <= 3; number++) {
        begin(DESIGN_BATCHED, ACK_QUEUE);
        user_likes(7, 1, CALL_OK);
        user_likes(8, 1, CALL_SHED);
        a_row_lies_in(TABLE_LIKES, 1, 7, 0);
        the_store_shows(1, number);
        if (number == 1 || number == 2)
            expect_peace();
        else
            expect_break("acknowledged <= shown <= attempted");
        assert_int_equal(lab.result.likes.shown_off, number == 0 ? 1 : number - 1);
    }
}

static void a_number_that_the_design_only_estimates_is_measured_and_not_judged(void **state)
{
    (void)state;
    begin(DESIGN_CACHED, ACK_TABLE);
    user_likes(7, 1, CALL_OK);
    a_row_lies_in(TABLE_LIKES, 1, 7, 0);
    the_store_shows(1, 5);
    expect_peace();
    assert_int_equal(lab.result.likes.shown_off, 4);
}

static void a_store_that_missed_some_may_show_too_little_but_never_too_much(void **state)
{
    (void)state;
    for (int64_t number = 0; number <= 2; number += 2) {
        begin(DESIGN_BATCHED, ACK_QUEUE);
        lab.has_store_missed = true;
        user_likes(7, 1, CALL_OK);
        a_row_lies_in(TABLE_LIKES, 1, 7, 0);
        the_store_shows(1, number);
        if (number == 0)
            expect_peace();
        else
            expect_break("acknowledged <= shown <= attempted");
    }
}

static void a_store_that_dropped_keys_is_not_held_to_what_it_shows(void **state)
{
    (void)state;
    for (int has_evicted = 0; has_evicted < 2; has_evicted++) {
        begin(DESIGN_BATCHED, ACK_QUEUE);
        lab.has_store_evicted = has_evicted;
        user_likes(7, 1, CALL_OK);
        a_row_lies_in(TABLE_LIKES, 1, 7, 0);
        the_store_shows(1, 0);
        if (has_evicted)
            expect_peace();
        else
            expect_break("acknowledged <= shown <= attempted");
    }
}

static void of_a_run_that_has_not_drained_nothing_is_known(void **state)
{
    (void)state;
    user_likes(7, 1, CALL_OK);
    the_store_shows(1, 9);
    rig_end(false);
    assert_int_equal(lab.result.likes.undrained, 1);
    assert_int_equal(lab.result.likes.lost, 0);
    assert_int_equal(lab.result.invariants_violated, 0);
}

/* ---- Orders ---------------------------------------------------------------------------------- */

static void an_order_that_was_told_of_and_charged_is_as_it_should_be(void **state)
{
    (void)state;
    somebody_orders(1, 50000, CALL_OK);
    a_row_lies_in(TABLE_CHARGES, 1, 0, 50000);
    expect_peace();
    measure_close(&lab.measure, 10 * second_ns);
    assert_int_equal(lab.result.money.orders_ok, 1);
}

static void an_order_charged_twice_is_a_break(void **state)
{
    (void)state;
    for (int64_t amount = 0; amount <= 50000; amount += 50000) { /* Even of a free one. */
        begin(DESIGN_BATCHED, ACK_QUEUE);
        somebody_orders(1, amount, CALL_OK);
        a_row_lies_in(TABLE_CHARGES, 1, 0, amount);
        a_row_lies_in(TABLE_CHARGES, 1, 0, amount);
        expect_break("an order is charged once");
    }
}

static void an_order_charged_with_another_amount_is_a_break(void **state)
{
    (void)state;
    somebody_orders(1, 50000, CALL_OK);
    a_row_lies_in(TABLE_CHARGES, 1, 0, 49999);
    expect_break("an order is charged once");
}

static void an_order_told_of_and_never_charged_is_a_break(void **state)
{
    (void)state;
    somebody_orders(1, 50000, CALL_OK);
    expect_break("an accepted order is charged");
}

static void an_order_told_of_may_be_lost_where_the_log_promises_nothing(void **state)
{
    (void)state;
    lab.scenario.queue.acks = ACKS_LEADER;
    somebody_orders(1, 50000, CALL_OK);
    expect_peace();
}

static void an_order_told_of_may_be_on_its_way_where_the_run_has_not_drained(void **state)
{
    (void)state;
    somebody_orders(1, 50000, CALL_OK);
    rig_end(false);
    assert_int_equal(lab.result.invariants_violated, 0);
}

static void a_wrong_charge_is_a_break_even_where_the_run_has_not_drained(void **state)
{
    (void)state;
    somebody_orders(1, 50000, CALL_OK);
    a_row_lies_in(TABLE_CHARGES, 1, 0, 1);
    rig_end(false);
    assert_int_equal(lab.result.invariants_violated, 1);
}

static void an_order_without_an_answer_may_be_charged_and_is_refunded(void **state)
{
    (void)state;
    somebody_orders(1, 50000, CALL_TIMEOUT);
    somebody_orders(2, 50000, CALL_TIMEOUT);
    a_row_lies_in(TABLE_CHARGES, 1, 0, 50000);
    expect_peace();
    measure_close(&lab.measure, 10 * second_ns);
    assert_int_equal(lab.result.money.orders_ok, 0);
    assert_int_equal(lab.result.money.orders_lost, 2);
    assert_int_equal(lab.result.money.refunds, 25000); /* Of the one: our commission. */
}

static void a_charge_that_nobody_ordered_is_a_break(void **state)
{
    (void)state;
    a_row_lies_in(TABLE_CHARGES, 3, 0, 50000);
    expect_break("nobody is charged who never ordered");
}

/* Three orders in one trip: two couriers less. The lost one had no courier to save. */
static void orders_of_one_trip_share_a_courier(void **state)
{
    (void)state;
    for (uint64_t id = 1; id <= 4; id++) {
        somebody_orders(id, 50000, id < 4 ? CALL_OK : CALL_TIMEOUT);
        a_row_lies_in(TABLE_CHARGES, id, 0, 50000);
        a_row_lies_in(TABLE_TRIPS, id, 0, 77);
    }
    expect_peace();
    measure_close(&lab.measure, 10 * second_ns);
    assert_int_equal(lab.result.money.courier, 25000);
}

/* ---- Money ----------------------------------------------------------------------------------- */

static void somebody_orders_at(uint64_t at_ns, uint64_t id)
{
    lab.now_ns = at_ns;
    somebody_orders(id, 50000, CALL_OK);
    a_row_lies_in(TABLE_CHARGES, id, 0, 50000);
}

/* Couriers carry two orders per second. Four come in the third second, one of which fails: the
 * fifth, a second later, pays double; one that comes after a calm second does not. */
static void the_fee_follows_the_demand_of_the_last_whole_window(void **state)
{
    (void)state;
    lab.scenario.prices.delivery_fee = 10000;
    lab.scenario.prices.surge =
        (struct surge_spec){.from = 2, .step = 0.25, .most = 2, .window_ns = second_ns};
    measure_init(&lab.measure, &lab.scenario, &lab.result); /* Anew, with these prices. */
    for (uint64_t id = 1; id <= 3; id++)
        somebody_orders_at(2 * second_ns + id, id);
    somebody_orders(4, 50000, CALL_SHED);
    somebody_orders_at(3 * second_ns, 5);
    somebody_orders_at(5 * second_ns, 6);
    expect_peace();
    measure_close(&lab.measure, 10 * second_ns);
    assert_int_equal(lab.result.money.delivery_fee, 3 * 10000 + 20000 + 10000);
}

static void somebody_reads(uint64_t id, enum call_outcome outcome, bool is_late)
{
    somebody_asks(&(struct ask){.verb = VERB_MENU, .id = id, .key = 1, .user = 7}, outcome,
                  is_late);
}

static void a_menu_seen_in_time_earns_from_advertising_and_no_other_does(void **state)
{
    (void)state;
    lab.scenario.prices.ads = (struct ads_spec){.thousand = 2000000};
    measure_init(&lab.measure, &lab.scenario, &lab.result); /* Anew, with these prices. */
    for (uint64_t id = 1; id <= 5; id++)
        somebody_reads(id, CALL_OK, false);
    somebody_reads(6, CALL_OK, true);
    somebody_reads(7, CALL_TIMEOUT, false);
    user_likes(7, 1, CALL_SHED);
    measure_close(&lab.measure, 10 * second_ns);
    assert_int_equal(lab.result.money.ads, 5 * 2000);
    assert_int_equal(lab.result.money.views, 5);
    assert_int_equal(lab.result.money.lost_by[FAILURES], 2000);
    assert_int_equal(lab.result.money.lost_by[FAILURE_TIMEOUT], 2000);
    assert_int_equal(lab.result.money.lost, 4000);
}

/* ---- Accounts -------------------------------------------------------------------------------- */

static void a_request_that_ends_uncounted_is_a_break(void **state)
{
    (void)state;
    lab.now_ns = 3 * second_ns;
    user_likes(7, 1, CALL_SHED);
    lab.result.requests.failed[FAILURE_SHED]--;
    expect_break("offered = ok + late + failed + in flight");
    assert_int_equal(lab.result.breaks[0].at_ns, 3 * second_ns);
}

static void an_end_that_only_the_measure_has_missed_is_a_break(void **state)
{
    (void)state;
    user_likes(7, 1, CALL_SHED);
    lab.result.requests.failed[FAILURE_SHED]--;
    lab.result.requests.in_flight++;
    expect_break("every request that ends is counted");
}

static void the_accounts_are_looked_at_only_after_a_request_has_ended(void **state)
{
    const struct request request = {.ask = {.verb = VERB_LIKE, .key = 1, .user = 7}};

    (void)state;
    somebody_offers(&request);
    audit_event(&lab.audit);
    assert_int_equal(lab.result.invariants_checked, 0);
    audit_ears.finished(&lab.audit, &request, CALL_SHED, false);
    audit_event(&lab.audit);
    audit_event(&lab.audit);
    assert_int_equal(lab.result.invariants_checked, 1);
}

static void the_first_breaks_are_kept_and_all_are_counted(void **state)
{
    (void)state;
    for (int i = 0; i < RESULT_BREAKS_MAX + 3; i++)
        audit_break(&lab.audit, "a name", "number %d", i);
    assert_int_equal(lab.result.invariants_violated, RESULT_BREAKS_MAX + 3);
    assert_string_equal(lab.result.breaks[RESULT_BREAKS_MAX - 1].finding, "number 7");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_like_that_was_told_of_and_is_there_is_as_it_should_be),
        CASE(a_told_like_that_is_missing_is_a_break_at_the_log_and_at_the_table),
        CASE(a_told_like_that_is_missing_is_only_counted_at_the_store),
        CASE(a_log_that_does_not_wait_for_its_followers_may_lose_a_like),
        CASE(a_like_without_an_answer_may_be_there_or_not),
        CASE(a_late_yes_is_a_promise_too),
        CASE(a_row_of_somebody_who_only_unliked_is_a_break),
        CASE(a_row_of_a_stranger_is_a_break),
        CASE(rows_that_were_there_before_the_run_are_nobodys_business),
        CASE(a_row_that_is_there_twice_is_a_break),
        CASE(who_unliked_meanwhile_may_be_there_or_not),
        CASE(a_counter_that_is_off_by_one_is_a_break),
        CASE(what_is_shown_lies_between_told_and_tried),
        CASE(a_number_that_the_design_only_estimates_is_measured_and_not_judged),
        CASE(a_store_that_missed_some_may_show_too_little_but_never_too_much),
        CASE(a_store_that_dropped_keys_is_not_held_to_what_it_shows),
        CASE(of_a_run_that_has_not_drained_nothing_is_known),
        CASE(an_order_that_was_told_of_and_charged_is_as_it_should_be),
        CASE(an_order_charged_twice_is_a_break),
        CASE(an_order_charged_with_another_amount_is_a_break),
        CASE(an_order_told_of_and_never_charged_is_a_break),
        CASE(an_order_told_of_may_be_lost_where_the_log_promises_nothing),
        CASE(an_order_told_of_may_be_on_its_way_where_the_run_has_not_drained),
        CASE(a_wrong_charge_is_a_break_even_where_the_run_has_not_drained),
        CASE(an_order_without_an_answer_may_be_charged_and_is_refunded),
        CASE(a_charge_that_nobody_ordered_is_a_break),
        CASE(orders_of_one_trip_share_a_courier),
        CASE(the_fee_follows_the_demand_of_the_last_whole_window),
        CASE(a_menu_seen_in_time_earns_from_advertising_and_no_other_does),
        CASE(a_request_that_ends_uncounted_is_a_break),
        CASE(an_end_that_only_the_measure_has_missed_is_a_break),
        CASE(the_accounts_are_looked_at_only_after_a_request_has_ended),
        CASE(the_first_breaks_are_kept_and_all_are_counted),
    };

    return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
