/* test_arena.c — Memory that is taken at start and given back at once. Also check(), which is how
 * an arena says that it was sized too small. */
#include "tests/lib/test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "services/base/arena.h"
#include "services/base/check.h"
#include "services/base/pool.h"

enum { KIB = 1024, MIB = 1024 * 1024 };

static bool is_zero(const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}

static void what_is_taken_is_zero_and_on_a_cache_line(void **state)
{
    struct arena arena;

    (void)state;
    assert_true(arena_open(&arena, 64 * KIB));
    for (size_t bytes = 1; bytes < 200; bytes += 7) {
        unsigned char *taken = arena_take(&arena, bytes);

        assert_int_equal((uintptr_t)taken % 64, 0);
        assert_true(is_zero(taken, bytes));
        memset(taken, 0xff, bytes);
    }
    arena_close(&arena);
}

static void reset_makes_it_read_as_zero(size_t bytes)
{
    struct arena arena;
    unsigned char *first, *again;

    assert_true(arena_open(&arena, bytes));
    first = arena_take(&arena, bytes);
    memset(first, 0xff, bytes);
    arena_reset(&arena);
    assert_int_equal(arena.used, 0);
    again = arena_take(&arena, bytes);
    assert_ptr_equal(again, first);
    assert_true(is_zero(again, bytes));
    arena_close(&arena);
}

static void a_small_arena_reads_as_zero_after_a_reset(void **state)
{
    (void)state;
    reset_makes_it_read_as_zero(100);
    reset_makes_it_read_as_zero(64 * KIB);
}

static void a_large_arena_reads_as_zero_after_a_reset(void **state)
{
    (void)state;
    reset_makes_it_read_as_zero(5 * MIB + 123);
}

static void a_generous_arena_costs_nothing_until_it_is_used(void **state)
{
    struct arena arena;
    unsigned char *taken;

    (void)state;
    assert_true(arena_open(&arena, (size_t)64 * KIB * MIB)); /* 64 GiB. */
    taken = arena_take(&arena, (size_t)63 * KIB * MIB);
    taken[(size_t)62 * KIB * MIB] = 1;
    arena_close(&arena);
}

static void what_is_taken_counts_when_it_is_touched_if_it_was_taken_for_that(void **state)
{
    struct arena arena;
    struct pool pool;

    (void)state;
    assert_true(arena_open(&arena, MIB));
    (void)arena_take(&arena, 640);
    assert_int_equal(arena_touched(&arena), 640);
    pool_init(&pool, &arena, 64, 1000);
    assert_int_equal(arena_touched(&arena), 640);
    pool_give(&pool, pool_take(&pool));
    (void)pool_take(&pool); /* The same record. */
    (void)pool_take(&pool);
    assert_int_equal(arena_touched(&arena), 640 + 2 * 64);
    arena_reset(&arena);
    assert_int_equal(arena_touched(&arena), 0);
    arena_close(&arena);
}

static void say_where_we_stood(void *context)
{
    (void)fprintf(stderr, "%s\n", (const char *)context);
}

/* What a child prints on stderr before it dies; it must die by abort(). */
static void die_of(void (*deed)(void), char *text, size_t text_max)
{
    int ends[2], status;
    ssize_t length;
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        (void)signal(SIGABRT, SIG_DFL);
        (void)dup2(ends[1], STDERR_FILENO);
        deed();
        _exit(0);
    }
    (void)close(ends[1]);
    length = read(ends[0], text, text_max - 1);
    text[length > 0 ? length : 0] = '\0';
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    (void)close(ends[0]);
}

static void take_too_much(void)
{
    struct arena arena;

    check_listen(say_where_we_stood, (void *)(uintptr_t) "seed 42");
    if (arena_open(&arena, KIB))
        (void)arena_take(&arena, KIB + 1);
}

static void a_full_arena_is_our_own_mistake_and_stops_the_run(void **state)
{
    char text[512];

    (void)state;
    die_of(take_too_much, text, sizeof text);
    assert_non_null(strstr(text, "arena.c:"));
    assert_non_null(strstr(text, "broken claim: bytes <= arena->size - start"));
}

static void break_a_claim_while_telling(void *context)
{
    (void)context;
    check(1 > 2);
}

static void listen_badly(void)
{
    check_listen(break_a_claim_while_telling, NULL);
    check(1 > 3);
}

static void a_listener_that_fails_itself_does_not_come_back_for_ever(void **state)
{
    char text[512];

    (void)state;
    die_of(listen_badly, text, sizeof text);
    assert_non_null(strstr(text, "broken claim: 1 > "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_taken_is_zero_and_on_a_cache_line),
        cmocka_unit_test(a_small_arena_reads_as_zero_after_a_reset),
        cmocka_unit_test(a_large_arena_reads_as_zero_after_a_reset),
        cmocka_unit_test(a_generous_arena_costs_nothing_until_it_is_used),
        cmocka_unit_test(what_is_taken_counts_when_it_is_touched_if_it_was_taken_for_that),
        cmocka_unit_test(a_full_arena_is_our_own_mistake_and_stops_the_run),
        cmocka_unit_test(a_listener_that_fails_itself_does_not_come_back_for_ever),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
