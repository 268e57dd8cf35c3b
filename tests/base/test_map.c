/* test_map.c — The map against the plainest model: an array of what should be there. */
#include "tests/lib/test.h"

#include <string.h>

#include "services/base/arena.h"
#include "services/base/dice.h"
#include "services/base/map.h"
#include "tests/base/fit.h"

enum { KEYS = 512, MIB = 1024 * 1024 };

static struct arena arena;

static int open_map(void **state)
{
    static struct map map;

    if (!arena_open(&arena, 64 * MIB))
        return -1;
    map_init(&map, &arena, 4);
    *state = &map;
    return 0;
}

static int close_map(void **state)
{
    (void)state;
    arena_close(&arena);
    return 0;
}

static void a_new_key_is_zero_and_an_old_one_keeps_its_value(void **state)
{
    struct map *map = *state;
    bool is_new = false;

    assert_int_equal(*map_put(map, 1, 2, &is_new), 0);
    assert_true(is_new);
    *map_put(map, 1, 2, NULL) = 99;
    assert_int_equal(*map_put(map, 1, 2, &is_new), 99);
    assert_false(is_new);
    assert_int_equal(map->length, 1);
}

static void both_words_of_a_key_count_and_zero_is_a_key(void **state)
{
    struct map *map = *state;

    assert_null(map_find(map, 0, 0));
    *map_put(map, 0, 0, NULL) = 1;
    *map_put(map, 0, 1, NULL) = 2;
    *map_put(map, 1, 0, NULL) = 3;
    assert_int_equal(*map_find(map, 0, 0), 1);
    assert_int_equal(*map_find(map, 0, 1), 2);
    assert_int_equal(*map_find(map, 1, 0), 3);
}

static void many_keys_are_found_again_after_many_doublings(void **state)
{
    struct map *map = *state;
    enum { MANY = 200000 };

    for (uint64_t i = 0; i < MANY; i++)
        *map_put(map, i, i * i, NULL) = ~i;
    assert_int_equal(map->length, MANY);
    for (uint64_t i = 0; i < MANY; i++)
        assert_int_equal(*map_find(map, i, i * i), ~i);
    assert_null(map_find(map, MANY, 0));
}

/* One random act on map and model alike. */
static void act(struct map *map, uint64_t *model, bool *is_there, struct dice *dice)
{
    uint64_t key = dice_below(dice, KEYS);

    if (dice_chance(dice, 0.5)) {
        assert_int_equal(map_drop(map, key, 7), is_there[key]);
        is_there[key] = false;
    } else {
        model[key] = dice_next(dice);
        *map_put(map, key, 7, NULL) = model[key];
        is_there[key] = true;
    }
}

static void random_putting_and_dropping_agrees_with_a_plain_array(void **state)
{
    struct map *map = *state;
    uint64_t model[KEYS] = {0};
    bool is_there[KEYS] = {false};
    struct dice dice;

    dice_init(&dice, 1, "map");
    for (int i = 0; i < 200000; i++) {
        uint64_t key = dice_below(&dice, KEYS);
        uint64_t *value;

        act(map, model, is_there, &dice);
        value = map_find(map, key, 7);
        assert_int_equal(value != NULL, is_there[key]);
        if (value != NULL)
            assert_int_equal(*value, model[key]);
    }
}

static void a_walk_meets_each_key_once(void **state)
{
    struct map *map = *state;
    int met[KEYS] = {0};
    size_t cursor = 0;
    const struct map_slot *slot;

    for (uint64_t i = 0; i < KEYS; i++)
        (void)map_put(map, i, 0, NULL);
    while ((slot = map_next(map, &cursor)) != NULL)
        met[slot->a]++;
    for (int i = 0; i < KEYS; i++)
        assert_int_equal(met[i], 1);
}

static void a_cleared_map_is_empty_and_usable(void **state)
{
    struct map *map = *state;
    size_t cursor = 0;

    for (uint64_t i = 0; i < KEYS; i++)
        (void)map_put(map, i, 0, NULL);
    map_clear(map);
    assert_int_equal(map->length, 0);
    assert_null(map_next(map, &cursor));
    assert_null(map_find(map, 3, 0));
    assert_int_equal(*map_put(map, 3, 0, NULL), 0);
}

/* Each bit of a key should flip each bit of the hash half of the time. */
static void the_hash_spreads_every_bit_of_a_key(void **state)
{
    enum { TRIALS = 4000 };
    struct dice dice;

    (void)state;
    dice_init(&dice, 1, "hash");
    for (int bit = 0; bit < 128; bit++) {
        uint64_t a_flip = bit < 64 ? UINT64_C(1) << bit : 0;
        uint64_t b_flip = bit < 64 ? 0 : UINT64_C(1) << (bit - 64);
        int flips[64] = {0};

        for (int i = 0; i < TRIALS; i++) {
            uint64_t a = (uint64_t)i, b = dice_below(&dice, 1000);
            uint64_t difference = map_hash(a, b) ^ map_hash(a ^ a_flip, b ^ b_flip);

            for (int out = 0; out < 64; out++)
                flips[out] += (int)(difference >> out & 1);
        }
        for (int out = 0; out < 64; out++)
            assert_in_range(flips[out], TRIALS * 43 / 100, TRIALS * 57 / 100);
    }
}

static void small_numbers_fall_evenly_on_partitions(void **state)
{
    enum { PARTITIONS = 64 };
    uint64_t low[PARTITIONS] = {0}, high[PARTITIONS] = {0};
    double shares[PARTITIONS];

    (void)state;
    for (uint64_t i = 0; i < 100000; i++) {
        low[map_hash(i, 0) % PARTITIONS]++;
        high[map_hash(0, i) >> 58]++;
    }
    for (int i = 0; i < PARTITIONS; i++)
        shares[i] = 1.0 / PARTITIONS;
    assert_true(fit_has_shares(low, shares, PARTITIONS));
    assert_true(fit_has_shares(high, shares, PARTITIONS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_new_key_is_zero_and_an_old_one_keeps_its_value, open_map,
                                        close_map),
        cmocka_unit_test_setup_teardown(both_words_of_a_key_count_and_zero_is_a_key, open_map,
                                        close_map),
        cmocka_unit_test_setup_teardown(many_keys_are_found_again_after_many_doublings, open_map,
                                        close_map),
        cmocka_unit_test_setup_teardown(random_putting_and_dropping_agrees_with_a_plain_array,
                                        open_map, close_map),
        cmocka_unit_test_setup_teardown(a_walk_meets_each_key_once, open_map, close_map),
        cmocka_unit_test_setup_teardown(a_cleared_map_is_empty_and_usable, open_map, close_map),
        cmocka_unit_test(the_hash_spreads_every_bit_of_a_key),
        cmocka_unit_test(small_numbers_fall_evenly_on_partitions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
