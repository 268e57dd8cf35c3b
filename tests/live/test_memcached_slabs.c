/* test_memcached_slabs.c — The model's memory against a real memcached's: the same classes, and the
 * same room for a size that comes late. */
#include "tests/lib/port_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "services/live/memcached/memcached_live.h"
#include "services/port/schema.h"
#include "sim/world/store/slabs.h"
#include "tests/lib/memcached.h"

/* ---- Classes --------------------------------------------------------------------------------- */

/* memcached -vv begins with "slab class   1: chunk size        96 perslab   10922". */
static uint32_t read_classes(const char *growth, uint32_t chunks[64], uint32_t per_page[64])
{
    char folder[SERVER_FOLDER_MAX], path[64], socket[64], line[256];
    const char *argv[] = {
        "memcached", "-vv", "-f", growth, "-s", socket, geteuid() == 0 ? "-u" : NULL, "root", NULL};
    uint32_t length = 0;
    pid_t pid;

    server_make_folder(folder);
    snprintf(socket, sizeof socket, "%s/m", folder);
    snprintf(path, sizeof path, "%s/log", folder);
    pid = server_start(folder, argv);
    for (int i = 0; i < 1500 && access(socket, F_OK) != 0; i++)
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    server_kill(&pid);
    for (FILE *log = fopen(path, "r"); log != NULL; fclose(log), log = NULL)
        while (fgets(line, sizeof line, log) != NULL && length < 64)
            length += sscanf(line, "slab class %*u: chunk size %u perslab %u", &chunks[length],
                             &per_page[length]) == 2;
    server_remove_folder(folder);
    return length;
}

static void hold_classes(const char *growth)
{
    struct store_spec spec = {.kind = STORE_MEMCACHED, .memory = 64 << 20, .item_max = 1 << 20};
    struct store_result counts;
    struct arena arena;
    struct slabs slabs;
    uint32_t chunks[64], per_page[64], length = read_classes(growth, chunks, per_page);

    spec.growth = strtod(growth, NULL);
    assert_true(arena_open(&arena, (size_t)2 << 30));
    slabs_init(&slabs, &(struct model_setup){.arena = &arena}, &spec, &counts);
    print_message("-f %s: %u classes\n", growth, length);
    assert_int_equal(slabs.classes_max, length);
    for (uint32_t i = 0; i < length; i++) {
        assert_int_equal(slabs.classes[i].chunk, chunks[i]);
        assert_int_equal(slabs.classes[i].per_page, per_page[i]);
    }
    arena_close(&arena);
}

static void the_classes_are_those_of_the_memcached_that_is_here(void **state)
{
    (void)state;
    if (memcached_missing() != NULL)
        return; /* The run says so, and exits with 77. */
    hold_classes("1.25");
    hold_classes("1.08");
    hold_classes("2");
}

/* ---- Room ------------------------------------------------------------------------------------ */

static void fill(struct rig *rig, uint64_t from, uint64_t to, uint32_t bytes)
{
    struct rig_question q;

    for (uint64_t i = from; i < to; i++) {
        store_set(rig->ports.store, rig_ask(rig, &q), store_key(SPACE_MENU, i), 1, bytes, 0,
                  RIG_TIMEOUT_NS);
        rig_expect(&q, CALL_OK, 1);
    }
}

static uint64_t found(struct rig *rig, uint64_t from, uint64_t to)
{
    uint64_t hits = 0;
    struct rig_question q;

    for (uint64_t i = from; i < to; i++) {
        store_get(rig->ports.store, rig_ask(rig, &q), store_key(SPACE_MENU, i), RIG_TIMEOUT_NS);
        rig_wait(&q);
        assert_true(q.call.outcome == CALL_OK || q.call.outcome == CALL_ABSENT);
        hits += q.call.outcome == CALL_OK;
    }
    return hits;
}

/* 64 MiB of photos, all deleted; then menus, for which there is one page of 118 chunks. */
static void a_size_that_comes_late_has_one_page_in_both_worlds(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;
    uint64_t left;

    fill(rig, 0, 2400, 30 * 1024);
    for (uint64_t i = 0; i < 2400; i++) {
        store_expire(rig->ports.store, rig_ask(rig, &q), store_key(SPACE_MENU, i), 0,
                     RIG_TIMEOUT_NS);
        rig_wait(&q);
    }
    fill(rig, 10000, 10500, 8 * 1024);
    left = found(rig, 10000, 10500);
    print_message("%s: %u menus of 500 are left\n", rig->world->name, (unsigned)left);
    assert_in_range(left, 110, 118);
    assert_int_equal(found(rig, 0, 2400), 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_classes_are_those_of_the_memcached_that_is_here),
    cmocka_unit_test(a_size_that_comes_late_has_one_page_in_both_worlds),
};

int main(void)
{
    static const struct rig_world *const worlds[] = {&rig_memcached_virtual, &rig_memcached_live};

    return rig_run(worlds, 2, tests, sizeof tests / sizeof *tests);
}
