/* What a batch of likes is in SQL: tried on a small table of our own, against doing them one by
 * one. */
#include "tests/lib/test.h"
#include "services/base/dice.h"
#include "services/batcher/rows.h"
#include "services/port/schema.h"

enum { RECORDS_MAX = 200, POSTS = 4, USERS = 5 };

static struct table_op ops[2 * RECORDS_MAX];
static const struct record *room[RECORDS_MAX];

static struct record word(enum verb verb, uint64_t post, uint64_t user, uint64_t offset)
{
    return (struct record){.ask = {.verb = (uint8_t)verb, .key = post, .user = user},
                           .offset = offset,
                           .put_ns = 1000 + offset,
                           .topic = TOPIC_LIKES};
}

static void assert_op(const struct table_op *op, enum table_verb verb, uint64_t a, uint64_t b)
{
    assert_int_equal(op->verb, verb);
    assert_int_equal(op->table, verb == TABLE_TALLY ? TABLE_COUNTERS : TABLE_LIKES);
    assert_int_equal(op->a, a);
    assert_int_equal(op->b, b);
}

static void a_like_is_its_row_and_a_tally(void **state)
{
    const struct record record = word(VERB_LIKE, 9, 7, 0);

    (void)state;
    assert_int_equal(likes_rows(&record, 1, true, room, ops), 2);
    assert_op(&ops[0], TABLE_INSERT, 9, 7);
    assert_int_equal(ops[0].value, 1000); /* When it was put, not when it was written. */
    assert_op(&ops[1], TABLE_TALLY, 9, 0);
}

static void rows_come_by_post_and_user_with_one_tally_behind_each_post(void **state)
{
    const struct record records[] = {word(VERB_LIKE, 9, 2, 0), word(VERB_LIKE, 8, 1, 1),
                                     word(VERB_UNLIKE, 9, 1, 2)};

    (void)state;
    assert_int_equal(likes_rows(records, 3, true, room, ops), 5);
    assert_op(&ops[0], TABLE_INSERT, 8, 1);
    assert_op(&ops[1], TABLE_TALLY, 8, 0);
    assert_op(&ops[2], TABLE_DELETE, 9, 1);
    assert_op(&ops[3], TABLE_INSERT, 9, 2);
    assert_op(&ops[4], TABLE_TALLY, 9, 0);
}

static void only_the_last_word_of_a_user_about_a_post_counts(void **state)
{
    const struct record records[] = {word(VERB_LIKE, 9, 7, 0), word(VERB_LIKE, 9, 7, 1),
                                     word(VERB_UNLIKE, 9, 7, 2)};

    (void)state;
    assert_int_equal(likes_rows(records, 3, true, room, ops), 2);
    assert_op(&ops[0], TABLE_DELETE, 9, 7);
    assert_op(&ops[1], TABLE_TALLY, 9, 0);
}

static void a_record_that_has_no_business_here_is_passed_over(void **state)
{
    const struct record records[] = {word(VERB_LIKE, 9, 7, 0), word(VERB_ORDER, 9, 7, 1)};

    (void)state;
    assert_int_equal(likes_rows(records, 2, true, room, ops), 2);
    assert_op(&ops[0], TABLE_INSERT, 9, 7);
    assert_int_equal(likes_rows(records + 1, 1, true, room, ops), 0);
}

/* Likes and counters, as small as they can be. */
struct rows {
    int likes[POSTS][USERS];
    int64_t counters[POSTS];
};

static void rows_take(struct rows *rows, const struct table_op *transaction, uint32_t n)
{
    int64_t changed = 0;

    for (uint32_t i = 0; i < n; i++) {
        const struct table_op *op = &transaction[i];

        if (op->verb == TABLE_TALLY) {
            rows->counters[op->a] += changed;
            changed = 0;
        } else {
            int wanted = op->verb == TABLE_INSERT;

            changed += wanted - rows->likes[op->a][op->b];
            rows->likes[op->a][op->b] = wanted;
        }
    }
    assert_int_equal(changed, 0); /* Every row that changed was tallied. */
}

static struct record random_word(struct dice *dice, uint64_t offset)
{
    enum verb verb = dice_chance(dice, 0.5) ? VERB_LIKE : VERB_UNLIKE;

    return word(verb, dice_below(dice, POSTS), dice_below(dice, USERS), offset);
}

static void
a_batch_leaves_what_its_records_one_by_one_leave_and_its_counters_are_exact(void **state)
{
    struct record records[RECORDS_MAX];
    struct rows batched = {{{0}}, {0}};
    int expected[POSTS][USERS] = {{0}};
    struct dice dice;

    (void)state;
    dice_init(&dice, 1, "rows");
    for (uint32_t n = 0; n <= RECORDS_MAX; n++) {
        for (uint32_t i = 0; i < n; i++) {
            records[i] = random_word(&dice, i);
            expected[records[i].ask.key][records[i].ask.user] = records[i].ask.verb == VERB_LIKE;
        }
        rows_take(&batched, ops, likes_rows(records, n, true, room, ops));
        assert_memory_equal(batched.likes, expected, sizeof(expected));
    }
    for (int post = 0; post < POSTS; post++) {
        for (int user = 0; user < USERS; user++)
            batched.counters[post] -= expected[post][user];
        assert_int_equal(batched.counters[post], 0);
    }
}

static void a_batch_that_is_done_twice_changes_nothing_the_second_time(void **state)
{
    struct record records[RECORDS_MAX];
    struct rows once = {{{0}}, {0}}, twice;
    struct dice dice;
    uint32_t n;

    (void)state;
    dice_init(&dice, 2, "rows");
    for (uint32_t i = 0; i < RECORDS_MAX; i++)
        records[i] = random_word(&dice, i);
    n = likes_rows(records, RECORDS_MAX, true, room, ops);
    rows_take(&once, ops, n);
    twice = once;
    rows_take(&twice, ops, n);
    assert_memory_equal(&twice, &once, sizeof(once));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_like_is_its_row_and_a_tally),
        cmocka_unit_test(rows_come_by_post_and_user_with_one_tally_behind_each_post),
        cmocka_unit_test(only_the_last_word_of_a_user_about_a_post_counts),
        cmocka_unit_test(a_record_that_has_no_business_here_is_passed_over),
        cmocka_unit_test(
            a_batch_leaves_what_its_records_one_by_one_leave_and_its_counters_are_exact),
        cmocka_unit_test(a_batch_that_is_done_twice_changes_nothing_the_second_time),
    };
    return cmocka_run_group_tests_name("batcher_rows", tests, NULL, NULL);
}
