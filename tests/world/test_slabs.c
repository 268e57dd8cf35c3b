/* The memory of memcached: classes, pages that stay, and the three parts of each class's LRU. */
#include "tests/lib/test.h"

#include "services/base/arena.h"
#include "services/base/dice.h"
#include "sim/world/store/slabs.h"

static struct store_spec spec;
static struct store_result counts;
static struct arena arena;
static struct slabs slabs;

static void open_with(uint64_t pages, double growth)
{
    struct model_setup with = {.arena = &arena};

    spec = (struct store_spec){.kind = STORE_MEMCACHED,
                               .memory = pages * SLAB_PAGE_BYTES,
                               .eviction = EVICTION_LRU,
                               .item_max = SLAB_PAGE_BYTES,
                               .growth = growth};
    counts = (struct store_result){.is_used = true};
    arena_reset(&arena);
    slabs_init(&slabs, &with, &spec, &counts);
}

static int open_usual(void **state)
{
    (void)state;
    assert_true(arena_open(&arena, (size_t)4 << 30));
    open_with(64, 1.25);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    arena_close(&arena);
    return 0;
}

static struct slab_name name_of(uint64_t key)
{
    return (struct slab_name){.key = key};
}

static void put(uint64_t key, uint32_t bytes)
{
    assert_non_null(slabs_put(&slabs, name_of(key), bytes, 0));
}

static bool has(uint64_t key)
{
    return slabs_find(&slabs, name_of(key), 0) != NULL;
}

static void ask_for(uint64_t key)
{
    struct slab_item *item = slabs_find(&slabs, name_of(key), 0);

    assert_non_null(item);
    slabs_touch(&slabs, item);
}

static uint64_t how_many_of(uint64_t from, uint64_t to)
{
    uint64_t found = 0;

    for (uint64_t key = from; key < to; key++)
        found += has(key);
    return found;
}

/* ---- Classes -------------------------------------------------------------------------------- */

/* memcached 1.6.18 -vv -f 1.25; tests/live/test_memcached_slabs.c asks the one that is here. */
static void the_classes_are_those_that_memcached_prints(void **state)
{
    static const uint32_t chunks[] = {96, 120, 152, 192, 240, 304, 384, 480, 600, 752};
    static const uint32_t per_page[] = {10922, 8738, 6898, 5461, 4369,
                                        3449,  2730, 2184, 1747, 1394};

    (void)state;
    assert_int_equal(slabs.classes_max, 39);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(slabs.classes[i].chunk, chunks[i]);
        assert_int_equal(slabs.classes[i].per_page, per_page[i]);
    }
    assert_int_equal(slabs.classes[38].chunk, SLAB_CHUNK_MAX);
    assert_int_equal(slabs.classes[38].per_page, 2);
}

static void an_item_takes_the_smallest_chunk_that_holds_it(void **state)
{
    (void)state;
    assert_int_equal(slabs_class_of(&slabs, 96), 0);
    assert_int_equal(slabs_class_of(&slabs, 97), 1);
    assert_int_equal(slabs_class_of(&slabs, SLAB_CHUNK_MAX), 38);
    assert_int_equal(slabs_class_of(&slabs, SLAB_CHUNK_MAX + 1), 38);
}

static void a_counter_is_59_bytes_of_overhead_its_name_and_its_digits(void **state)
{
    (void)state;
    put(1, 8);
    assert_int_equal(slabs.bytes, 59 + 16 + 20);
    assert_int_equal(slabs.classes[0].pages, 1);
    assert_int_equal(slabs.classes[0].free, 10922 - 1);
    assert_int_equal(slabs_wasted(&slabs), SLAB_PAGE_BYTES - 95);
}

static void what_is_larger_than_half_a_page_takes_several_chunks(void **state)
{
    (void)state;
    put(1, SLAB_CHUNK_MAX);
    assert_int_equal(slabs.classes[38].free, 0);
    put(2, 1000 * 1000);
    assert_int_equal(slabs.classes[38].pages, 2);
    slabs_drop(&slabs, slabs_find(&slabs, name_of(1), 0));
    assert_int_equal(slabs.classes[38].free, 2);
}

static void what_is_too_large_is_refused_and_takes_the_old_value_along(void **state)
{
    (void)state;
    put(1, 8);
    assert_null(slabs_put(&slabs, name_of(1), SLAB_PAGE_BYTES, 0));
    assert_false(has(1));
    assert_null(slabs_put(&slabs, name_of(1), UINT32_MAX, 0));
    put(1, SLAB_PAGE_BYTES - 59 - 16);
}

/* ---- Pages ---------------------------------------------------------------------------------- */

static void a_class_keeps_its_pages_when_its_items_are_gone(void **state)
{
    (void)state;
    open_with(2, 1.25);
    for (uint64_t key = 0; key < 20000; key++)
        put(key, 8);
    assert_int_equal(slabs.classes[0].pages, 2);
    for (uint64_t key = 0; key < 20000; key++)
        slabs_drop(&slabs, slabs_find(&slabs, name_of(key), 0));
    assert_int_equal(slabs.pages, 2);
    assert_int_equal(slabs_wasted(&slabs), 2 * SLAB_PAGE_BYTES);
}

static void a_class_that_comes_late_has_one_page_while_memory_lies_idle(void **state)
{
    (void)state;
    open_with(10, 1.25);
    for (uint64_t key = 0; key < 1000; key++)
        put(key, 30 * 1024);
    for (uint64_t key = 0; key < 1000; key++)
        if (has(key))
            slabs_drop(&slabs, slabs_find(&slabs, name_of(key), 0)); /* All of it is free. */
    counts.evictions = 0;
    for (uint64_t key = 1000; key < 2000; key++)
        put(key, 8 * 1024);
    assert_int_equal(slabs.pages, 11); /* The first page of a class is granted in any case. */
    assert_int_equal(how_many_of(1000, 2000), SLAB_PAGE_BYTES / 8880);
    assert_int_equal(counts.evictions, 1000 - SLAB_PAGE_BYTES / 8880);
    assert_true(slabs_wasted(&slabs) > 9 * SLAB_PAGE_BYTES);
}

static void without_eviction_a_full_class_refuses_and_another_does_not(void **state)
{
    (void)state;
    open_with(1, 1.25);
    spec.eviction = EVICTION_NONE;
    for (uint64_t key = 0; key < 10922; key++)
        put(key, 8);
    assert_null(slabs_put(&slabs, name_of(10922), 8, 0));
    put(20000, 1000);
    assert_int_equal(counts.evictions, 0);
}

static void every_chunk_and_byte_is_accounted_for(void **state)
{
    struct dice dice;
    uint64_t chunks = 0;

    (void)state;
    open_with(8, 1.25);
    dice_init(&dice, 1, "test");
    for (int i = 0; i < 50000; i++) {
        uint64_t key = dice_below(&dice, 2000);
        struct slab_item *item = slabs_find(&slabs, name_of(key), 0);

        if (item != NULL && dice_chance(&dice, 0.2))
            slabs_drop(&slabs, item);
        else
            slabs_put(&slabs, name_of(key), (uint32_t)dice_below(&dice, 60000), 0);
        assert_true(slabs.bytes <= slabs.pages * SLAB_PAGE_BYTES);
    }
    assert_true(counts.evictions > 100);
    slabs_clear(&slabs);
    assert_int_equal(slabs.bytes, 0);
    assert_int_equal(slabs.length, 0);
    assert_int_equal(slabs.keys.length, 0);
    for (uint32_t i = 0; i < slabs.classes_max; i++)
        chunks += slabs.classes[i].free;
    assert_int_equal(chunks, 0); /* Another process has no page. */
}

/* ---- The parts of the LRU ------------------------------------------------------------------- */

static void hot_and_warm_keep_to_their_shares(void **state)
{
    const struct slab_class *class = &slabs.classes[0];

    (void)state;
    for (uint64_t key = 0; key < 1000; key++) {
        put(key, 8);
        ask_for(key);
        ask_for(key);
    }
    assert_true(class->parts[SLAB_HOT].length <= 200);
    assert_true(class->parts[SLAB_WARM].length <= 400);
    assert_int_equal(class->parts[SLAB_COLD].length,
                     1000 - class->parts[SLAB_HOT].length - class->parts[SLAB_WARM].length);
}

/* Of 118 that a page holds, twenty are asked for that often; then 5000 come that nobody wants. */
static uint64_t how_many_outlive_a_scan(int times)
{
    open_with(1, 1.25);
    for (uint64_t key = 0; key < 118; key++)
        put(key, 8 * 1024);
    for (uint64_t key = 50; key < 70; key++)
        for (int i = 0; i < times; i++)
            ask_for(key);
    for (uint64_t key = 1000; key < 6000; key++)
        put(key, 8 * 1024);
    return how_many_of(50, 70);
}

static void what_is_asked_for_again_outlives_a_scan(void **state)
{
    (void)state;
    assert_int_equal(how_many_outlive_a_scan(2), 20);
}

static void what_was_asked_for_once_does_not(void **state)
{
    (void)state;
    assert_int_equal(how_many_outlive_a_scan(1), 0);
}

static void what_lies_in_cold_and_is_asked_for_comes_back(void **state)
{
    (void)state;
    open_with(1, 1.25);
    for (uint64_t key = 0; key < 100; key++)
        put(key, 8 * 1024);
    assert_int_equal(slabs_find(&slabs, name_of(0), 0)->part, SLAB_COLD);
    ask_for(0);
    ask_for(0);
    assert_int_equal(slabs_find(&slabs, name_of(0), 0)->part, SLAB_WARM);
}

static void what_has_expired_at_the_end_of_cold_goes_before_anybody_is_evicted(void **state)
{
    (void)state;
    open_with(1, 1.25);
    for (uint64_t key = 0; key < 118; key++)
        slabs_put(&slabs, name_of(key), 8 * 1024, 0)->expires_ns = 1000;
    assert_non_null(slabs_put(&slabs, name_of(200), 8 * 1024, 2000));
    assert_int_equal(counts.evictions, 0);
    assert_int_equal(counts.expired, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_usual, close_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_classes_are_those_that_memcached_prints),
        TEST(an_item_takes_the_smallest_chunk_that_holds_it),
        TEST(a_counter_is_59_bytes_of_overhead_its_name_and_its_digits),
        TEST(what_is_larger_than_half_a_page_takes_several_chunks),
        TEST(what_is_too_large_is_refused_and_takes_the_old_value_along),
        TEST(a_class_keeps_its_pages_when_its_items_are_gone),
        TEST(a_class_that_comes_late_has_one_page_while_memory_lies_idle),
        TEST(without_eviction_a_full_class_refuses_and_another_does_not),
        TEST(every_chunk_and_byte_is_accounted_for),
        TEST(hot_and_warm_keep_to_their_shares),
        TEST(what_is_asked_for_again_outlives_a_scan),
        TEST(what_was_asked_for_once_does_not),
        TEST(what_lies_in_cold_and_is_asked_for_comes_back),
        TEST(what_has_expired_at_the_end_of_cold_goes_before_anybody_is_evicted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
