/* test_pool.c — Records taken and given back. */
#include "tests/lib/test.h"

#include <string.h>

#include "services/base/arena.h"
#include "services/base/pool.h"

enum { RECORDS = 100, RECORD_SIZE = 40 };

static int open_pool(void **state)
{
    static struct arena arena;
    static struct pool pool;

    if (!arena_open(&arena, pool_bytes(RECORD_SIZE, RECORDS)))
        return -1;
    pool_init(&pool, &arena, RECORD_SIZE, RECORDS);
    *state = &pool;
    return 0;
}

static int close_pool(void **state)
{
    struct pool *pool = *state;
    struct arena arena = {.base = pool->records, .size = pool_bytes(RECORD_SIZE, RECORDS)};

    arena_close(&arena);
    return 0;
}

static void a_pool_gives_as_many_as_it_has_and_then_none(void **state)
{
    struct pool *pool = *state;
    unsigned char *previous = NULL;

    for (int i = 0; i < RECORDS; i++) {
        unsigned char *record = pool_take(pool);

        assert_non_null(record);
        assert_int_equal((uintptr_t)record % 16, 0);
        if (previous != NULL)
            assert_true(record - previous >= RECORD_SIZE);
        previous = record;
    }
    assert_null(pool_take(pool));
    assert_int_equal(pool->taken, RECORDS);
}

static void the_last_given_is_the_first_taken_again(void **state)
{
    struct pool *pool = *state;
    void *a = pool_take(pool);
    void *b = pool_take(pool);

    pool_give(pool, a);
    pool_give(pool, b);
    assert_ptr_equal(pool_take(pool), b);
    assert_ptr_equal(pool_take(pool), a);
    assert_int_equal(pool->taken, 2);
}

static void a_free_record_keeps_its_bytes_save_the_first_eight(void **state)
{
    struct pool *pool = *state;
    unsigned char *record = pool_take(pool);

    memset(record, 7, RECORD_SIZE);
    pool_give(pool, record);
    for (int i = 8; i < RECORD_SIZE; i++)
        assert_int_equal(record[i], 7);
}

static void a_full_pool_has_room_again_after_one_is_given_back(void **state)
{
    struct pool *pool = *state;
    void *last = NULL, *record;

    while ((record = pool_take(pool)) != NULL)
        last = record;
    pool_give(pool, last);
    assert_ptr_equal(pool_take(pool), last);
    assert_null(pool_take(pool));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_pool_gives_as_many_as_it_has_and_then_none, open_pool,
                                        close_pool),
        cmocka_unit_test_setup_teardown(the_last_given_is_the_first_taken_again, open_pool,
                                        close_pool),
        cmocka_unit_test_setup_teardown(a_free_record_keeps_its_bytes_save_the_first_eight,
                                        open_pool, close_pool),
        cmocka_unit_test_setup_teardown(a_full_pool_has_room_again_after_one_is_given_back,
                                        open_pool, close_pool),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
