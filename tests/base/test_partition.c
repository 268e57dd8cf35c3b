/* test_partition.c — Keys fall where Kafka's clients put them. */
#include "tests/lib/test.h"

#include "services/base/partition.h"

enum { WHOLE = INT32_MAX };

/* "21" is -973932308 in Kafka's own test (UtilsTest.testMurmur2). */
static void a_hash_is_the_one_of_kafkas_test(void **state)
{
    (void)state;
    assert_int_equal(partition_of(21, WHOLE), (uint32_t)-973932308 & INT32_MAX);
}

static void a_partition_is_within_its_log_and_all_are_used(void **state)
{
    uint32_t seen[24] = {0};

    (void)state;
    for (uint64_t key = 0; key < 2400; key++)
        seen[partition_of(key, 24)]++;
    for (uint32_t i = 0; i < 24; i++)
        assert_in_range(seen[i], 60, 140);
    assert_int_equal(partition_of(UINT64_MAX, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hash_is_the_one_of_kafkas_test),
        cmocka_unit_test(a_partition_is_within_its_log_and_all_are_used),
    };

    return cmocka_run_group_tests_name("partition", tests, NULL, NULL);
}
