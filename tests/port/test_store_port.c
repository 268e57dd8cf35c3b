/* test_store_port.c — What services/port/store.h says of each verb, held against both worlds, and
 * against Redis and memcached in each.
 *
 * A test knows the port and not the world behind it. The contract that all ports share, and trouble
 * behind the port, are in test_store_contract.c. */
#include "tests/port/store_verbs.h"

/* ---- get, set -------------------------------------------------------------------------------- */

static void a_key_that_nobody_set_is_absent(void **state)
{
    lacks(*state, count_key(1));
}

static void what_was_set_is_there(void **state)
{
    set(*state, count_key(1), 42, 8, 0);
    holds(*state, count_key(1), 42);
}

static void a_later_set_replaces_an_earlier_one(void **state)
{
    set(*state, count_key(1), 42, 8, 0);
    set(*state, count_key(1), 43, 4096, 0);
    holds(*state, count_key(1), 43);
    set(*state, count_key(1), 44, 0, 0);
    holds(*state, count_key(1), 44);
}

static void a_number_comes_back_whatever_its_sign_and_the_size_of_its_blob(void **state)
{
    static const int64_t numbers[] = {0, 1, -1, 7, INT64_MAX, INT64_MIN, INT64_C(1) << 53};
    static const uint32_t sizes[] = {0, 1, 8, 19, 20, 21, 22, 23, 1000, 200000};

    for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            set(*state, store_key(SPACE_MENU, n), numbers[n], sizes[s], 0);
            holds(*state, store_key(SPACE_MENU, n), numbers[n]);
        }
}

static void spaces_and_ids_do_not_share_keys(void **state)
{
    set(*state, store_key(SPACE_COUNT, 12), 1, 8, 0);
    set(*state, store_key(SPACE_MENU, 12), 2, 8, 0);
    set(*state, store_key(SPACE_COUNT, 0x00ffffffffffffff), 3, 8, 0);
    holds(*state, store_key(SPACE_COUNT, 12), 1);
    holds(*state, store_key(SPACE_MENU, 12), 2);
    holds(*state, store_key(SPACE_COUNT, 0x00ffffffffffffff), 3);
    lacks(*state, store_key(SPACE_COUNT, 1));
    lacks(*state, store_key(SPACE_COUNT, UINT64_C(1) << 32 | 12));
    lacks(*state, store_key(SPACE_ORDER, 0x00ffffffffffffff));
}

static void a_key_with_a_ttl_goes_when_it_has_passed(void **state)
{
    set(*state, count_key(1), 42, 8, MS(30));
    loses(*state, count_key(1));
}

static void a_ttl_of_a_part_of_a_millisecond_is_one_all_the_same(void **state)
{
    set(*state, count_key(1), 42, 8, 1);
    loses(*state, count_key(1));
}

static void a_key_stays_before_its_ttl_has_passed(void **state)
{
    set(*state, count_key(1), 42, 8, SECONDS(3600));
    rig_pass(*state, MS(50));
    holds(*state, count_key(1), 42);
}

static void a_set_without_ttl_makes_a_mortal_key_immortal(void **state)
{
    set(*state, count_key(1), 42, 8, MS(300));
    set(*state, count_key(2), 42, 8, MS(300));
    set(*state, count_key(1), 43, 8, 0);
    loses(*state, count_key(2));
    holds(*state, count_key(1), 43);
}

static void a_set_takes_the_place_of_a_set_of_members(void **state)
{
    like(*state, 5, +1, CALL_OK, 1);
    set(*state, likers_key(1), 42, 8, 0);
    holds(*state, likers_key(1), 42);
}

/* ---- set_new --------------------------------------------------------------------------------- */

static void the_first_of_all_who_set_a_new_key_has_it(void **state)
{
    set_new(*state, count_key(1), 42, 0, CALL_OK);
    set_new(*state, count_key(1), 43, 0, CALL_ABSENT);
    holds(*state, count_key(1), 42);
}

static void of_many_at_once_one_sets_a_new_key(void **state)
{
    enum { MANY = 20 };
    struct rig *rig = *state;
    struct rig_question q[MANY];
    unsigned first = 0;

    for (int i = 0; i < MANY; i++)
        store_set_new(rig->ports.store, rig_ask(rig, &q[i]), count_key(1), i, 8, 0, RIG_TIMEOUT_NS);
    for (int i = 0; i < MANY; i++) {
        rig_wait(&q[i]);
        first += q[i].call.outcome == CALL_OK;
    }
    assert_int_equal(first, 1);
}

static void a_new_key_goes_with_its_ttl_and_may_then_be_set_again(void **state)
{
    set_new(*state, count_key(1), 42, MS(30), CALL_OK);
    loses(*state, count_key(1));
    set_new(*state, count_key(1), 43, 0, CALL_OK);
    holds(*state, count_key(1), 43);
}

static void who_comes_second_leaves_the_ttl_as_it_was(void **state)
{
    set_new(*state, count_key(1), 42, SECONDS(3600), CALL_OK);
    set_new(*state, count_key(1), 43, MS(30), CALL_ABSENT);
    set_new(*state, count_key(2), 44, MS(30), CALL_OK);
    loses(*state, count_key(2));
    holds(*state, count_key(1), 42);
    set_new(*state, count_key(3), 42, SECONDS(1), CALL_OK);
    set_new(*state, count_key(3), 43, SECONDS(3600), CALL_ABSENT);
    loses(*state, count_key(3));
}

static void a_key_that_was_deleted_is_new(void **state)
{
    set(*state, count_key(1), 42, 8, 0);
    expire(*state, count_key(1), 0, CALL_OK);
    set_new(*state, count_key(1), 43, 0, CALL_OK);
}

/* ---- add ------------------------------------------------------------------------------------- */

static void an_addition_gives_the_sum(void **state)
{
    set(*state, count_key(1), 40, 8, 0);
    add(*state, count_key(1), 3, CALL_OK, 43);
    add(*state, count_key(1), -1, CALL_OK, 42);
    add(*state, count_key(1), -50, CALL_OK, -8);
    holds(*state, count_key(1), -8);
}

static void adding_to_an_absent_counter_leaves_it_absent(void **state)
{
    add(*state, count_key(1), 1, CALL_ABSENT, 0);
    lacks(*state, count_key(1));
}

static void sums_that_no_double_holds_are_exact(void **state)
{
    const int64_t odd = (INT64_C(1) << 53) + 1;

    set(*state, count_key(1), odd - 2, 8, 0);
    add(*state, count_key(1), 1, CALL_OK, odd - 1);
    add(*state, count_key(1), 1, CALL_OK, odd);
    add(*state, count_key(1), odd, CALL_OK, 2 * odd);
    add(*state, count_key(1), 1, CALL_OK, 2 * odd + 1);
    holds(*state, count_key(1), 2 * odd + 1);
    set(*state, count_key(2), -odd, 8, 0);
    add(*state, count_key(2), -2, CALL_OK, -odd - 2);
}

static void a_blob_can_be_added_to_where_there_are_scripts(void **state)
{
    enum call_outcome outcome = by_script(*state, CALL_FAILED);

    set(*state, count_key(1), 9, 100, 0);
    add(*state, count_key(1), 1, outcome, 10);
    add(*state, count_key(1), 990, outcome, 1000);
    holds(*state, count_key(1), outcome == CALL_OK ? 1000 : 9);
    set(*state, count_key(2), -((INT64_C(1) << 53) + 1), 64, 0);
    add(*state, count_key(2), -2, outcome, -((INT64_C(1) << 53) + 3));
}

static void an_addition_keeps_the_ttl(void **state)
{
    set(*state, count_key(1), 9, 8, SECONDS(1));
    add(*state, count_key(1), 1, CALL_OK, 10);
    loses(*state, count_key(1));
    set(*state, count_key(2), 9, 100, SECONDS(1));
    add(*state, count_key(2), 1, by_script(*state, CALL_FAILED), 10);
    loses(*state, count_key(2));
}

/* ---- expire ---------------------------------------------------------------------------------- */

static void expiring_at_once_deletes(void **state)
{
    set(*state, count_key(1), 42, 8, 0);
    expire(*state, count_key(1), 0, CALL_OK);
    lacks(*state, count_key(1));
}

static void expiring_what_is_not_there_is_absent(void **state)
{
    expire(*state, count_key(1), 0, CALL_ABSENT);
    expire(*state, count_key(1), SECONDS(1), CALL_ABSENT);
}

static void a_key_that_was_given_a_ttl_goes(void **state)
{
    set(*state, count_key(1), 42, 8, 0);
    expire(*state, count_key(1), MS(30), CALL_OK);
    loses(*state, count_key(1));
}

static void a_ttl_can_be_made_longer(void **state)
{
    set(*state, count_key(1), 42, 8, SECONDS(1));
    set(*state, count_key(2), 42, 8, SECONDS(1));
    expire(*state, count_key(1), SECONDS(3600), CALL_OK);
    loses(*state, count_key(2));
    holds(*state, count_key(1), 42);
}

static void a_set_of_members_can_be_deleted_where_it_is_one_thing(void **state)
{
    enum call_outcome outcome = by_script(*state, CALL_ABSENT);

    like(*state, 5, +1, CALL_OK, 1);
    expire(*state, likers_key(1), 0, outcome);
    like(*state, 5, +1, outcome, 2);
}

/* ---- add_if_new ------------------------------------------------------------------------------ */

static void a_new_member_counts_and_the_counter_begins_at_0(void **state)
{
    like(*state, 5, +1, CALL_OK, 1);
    like(*state, 6, +1, CALL_OK, 2);
    holds(*state, count_key(1), 2);
}

static void a_member_that_is_there_changes_nothing(void **state)
{
    like(*state, 5, +1, CALL_OK, 1);
    like(*state, 5, +1, CALL_ABSENT, 0);
    holds(*state, count_key(1), 1);
}

static void a_member_taken_out_counts_off(void **state)
{
    like(*state, 5, +1, CALL_OK, 1);
    like(*state, 6, +1, CALL_OK, 2);
    like(*state, 5, -1, CALL_OK, 1);
    like(*state, 5, -1, CALL_ABSENT, 0);
    holds(*state, count_key(1), 1);
}

static void taking_out_of_an_absent_set_leaves_no_counter_behind(void **state)
{
    like(*state, 5, -1, CALL_ABSENT, 0);
    lacks(*state, count_key(1));
}

static void a_set_left_by_all_can_be_entered_again(void **state)
{
    like(*state, 5, +1, CALL_OK, 1);
    like(*state, 5, -1, CALL_OK, 0);
    like(*state, 5, +1, CALL_OK, 1);
}

static void a_counter_that_was_lost_begins_again_below_its_set(void **state)
{
    like(*state, 5, +1, CALL_OK, 1);
    expire(*state, count_key(1), 0, CALL_OK);
    like(*state, 6, +1, CALL_OK, 1);
    expire(*state, count_key(1), 0, CALL_OK);
    like(*state, 6, -1, CALL_OK, -1);
}

static void members_are_64_bits_wide(void **state)
{
    like(*state, UINT64_MAX, +1, CALL_OK, 1);
    like(*state, UINT64_MAX - 1, +1, CALL_OK, 2);
    like(*state, 0, +1, CALL_OK, 3);
    like(*state, UINT64_C(1) << 32, +1, CALL_OK, 4);
    like(*state, UINT64_MAX, +1, CALL_ABSENT, 0);
}

static void a_member_counts_on_a_counter_that_was_set(void **state)
{
    set(*state, count_key(1), 100, 8, 0);
    like(*state, 5, +1, CALL_OK, 101);
    set(*state, count_key(1), 200, 50, 0);
    like(*state, 6, +1, by_script(*state, CALL_FAILED), 201);
}

static void a_counter_that_is_gone_begins_again_at_the_delta(void **state)
{
    for (uint64_t user = 0; user < 5; user++)
        like(*state, user, +1, CALL_OK, (int64_t)user + 1);
    expire(*state, count_key(1), 0, CALL_OK);
    like(*state, 3, +1, CALL_ABSENT, 0);
    like(*state, 3, -1, CALL_OK, -1);
    like(*state, 3, +1, CALL_OK, 0);
}

/* ---- The wrong kind -------------------------------------------------------------------------- */

static void a_number_and_a_set_do_not_mix_where_a_set_is_one_thing(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;

    if (!rig->world->has_scripts) { /* Members are keys of their own there. */
        like(rig, 5, +1, CALL_OK, 1);
        lacks(rig, likers_key(1));
        return;
    }
    like(rig, 5, +1, CALL_OK, 1);
    set(rig, count_key(2), 7, 8, 0);
    store_get(rig->ports.store, rig_ask(rig, &q), likers_key(1), RIG_TIMEOUT_NS);
    rig_expect(&q, CALL_FAILED, 0);
    add(rig, likers_key(1), 1, CALL_FAILED, 0);
    store_add_if_new(rig->ports.store, rig_ask(rig, &q), count_key(2), 5, count_key(1), +1,
                     RIG_TIMEOUT_NS);
    rig_expect(&q, CALL_FAILED, 0);
    holds(rig, count_key(1), 1);
    holds(rig, count_key(2), 7);
}

/* ---- Nobody waits ---------------------------------------------------------------------------- */

static void what_nobody_waits_for_is_done_all_the_same(void **state)
{
    struct rig *rig = *state;
    struct store *store = rig->ports.store;

    store_set(store, NULL, count_key(1), 7, 8, 0, RIG_TIMEOUT_NS);
    store_add(store, NULL, count_key(1), 5, RIG_TIMEOUT_NS);
    store_set(store, NULL, count_key(2), 7, 8, 0, RIG_TIMEOUT_NS);
    store_expire(store, NULL, count_key(2), 0, RIG_TIMEOUT_NS);
    holds(rig, count_key(1), 12);
    lacks(rig, count_key(2));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_key_that_nobody_set_is_absent),
    cmocka_unit_test(what_was_set_is_there),
    cmocka_unit_test(a_later_set_replaces_an_earlier_one),
    cmocka_unit_test(a_number_comes_back_whatever_its_sign_and_the_size_of_its_blob),
    cmocka_unit_test(spaces_and_ids_do_not_share_keys),
    cmocka_unit_test(a_key_with_a_ttl_goes_when_it_has_passed),
    cmocka_unit_test(a_ttl_of_a_part_of_a_millisecond_is_one_all_the_same),
    cmocka_unit_test(a_key_stays_before_its_ttl_has_passed),
    cmocka_unit_test(a_set_without_ttl_makes_a_mortal_key_immortal),
    cmocka_unit_test(a_set_takes_the_place_of_a_set_of_members),
    cmocka_unit_test(the_first_of_all_who_set_a_new_key_has_it),
    cmocka_unit_test(of_many_at_once_one_sets_a_new_key),
    cmocka_unit_test(a_new_key_goes_with_its_ttl_and_may_then_be_set_again),
    cmocka_unit_test(who_comes_second_leaves_the_ttl_as_it_was),
    cmocka_unit_test(a_key_that_was_deleted_is_new),
    cmocka_unit_test(an_addition_gives_the_sum),
    cmocka_unit_test(adding_to_an_absent_counter_leaves_it_absent),
    cmocka_unit_test(sums_that_no_double_holds_are_exact),
    cmocka_unit_test(a_blob_can_be_added_to_where_there_are_scripts),
    cmocka_unit_test(an_addition_keeps_the_ttl),
    cmocka_unit_test(expiring_at_once_deletes),
    cmocka_unit_test(expiring_what_is_not_there_is_absent),
    cmocka_unit_test(a_key_that_was_given_a_ttl_goes),
    cmocka_unit_test(a_ttl_can_be_made_longer),
    cmocka_unit_test(a_set_of_members_can_be_deleted_where_it_is_one_thing),
    cmocka_unit_test(a_new_member_counts_and_the_counter_begins_at_0),
    cmocka_unit_test(a_member_that_is_there_changes_nothing),
    cmocka_unit_test(a_member_taken_out_counts_off),
    cmocka_unit_test(taking_out_of_an_absent_set_leaves_no_counter_behind),
    cmocka_unit_test(a_set_left_by_all_can_be_entered_again),
    cmocka_unit_test(a_counter_that_was_lost_begins_again_below_its_set),
    cmocka_unit_test(members_are_64_bits_wide),
    cmocka_unit_test(a_member_counts_on_a_counter_that_was_set),
    cmocka_unit_test(a_counter_that_is_gone_begins_again_at_the_delta),
    cmocka_unit_test(a_number_and_a_set_do_not_mix_where_a_set_is_one_thing),
    cmocka_unit_test(what_nobody_waits_for_is_done_all_the_same),
};

int main(void)
{
    static const struct rig_world *const worlds[] = {&rig_store_virtual, &rig_memcached_virtual,
                                                     &rig_store_live, &rig_memcached_live};

    return rig_run(worlds, sizeof worlds / sizeof *worlds, tests, sizeof tests / sizeof *tests);
}
