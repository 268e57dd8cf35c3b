/* Pages added up: what a process that is gone had, and what the next one has. */
#include "tests/lib/test.h"

#include "services/live/node/stats.h"

static struct node_stats all, page;

/* A process that had so many connections, half of them at work, from one instant to another. */
static void a_process_had(uint64_t connections, uint64_t from_ns, uint64_t to_ns)
{
    page = (struct node_stats){.at_ns = to_ns};
    stats_level_set(&page.table_connections, from_ns, connections);
    stats_level_set(&page.table_busy, from_ns, connections / 2);
}

static void it_is_gone(void)
{
    stats_add(&all, &page);
    stats_settle(&all);
}

static void connections_of_a_process_that_is_gone_are_no_room_for_the_next(void **state)
{
    (void)state;
    a_process_had(4, 0, 1000);
    it_is_gone();
    a_process_had(4, 1200, 3200); /* It was away for a while. */
    stats_add(&all, &page);
    assert_int_equal(all.table_connections.now, 4);
    assert_int_equal(all.table_connections.area, 4 * 3000);
    assert_int_equal(all.table_busy.area, 2 * 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connections_of_a_process_that_is_gone_are_no_room_for_the_next),
    };

    return cmocka_run_group_tests_name("pages of figures", tests, NULL, NULL);
}
