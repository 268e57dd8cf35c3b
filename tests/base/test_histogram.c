/* Histograms: how far a quantile may be off, and that adding loses nothing. */
#include "tests/lib/test.h"

#include <stdlib.h>
#include <string.h>

#include "services/base/histogram.h"

enum { VALUES = 20000 };

static struct histogram histogram, other, both;
static uint64_t values[VALUES];

static int setup(void **state)
{
    (void)state;
    memset(&histogram, 0, sizeof histogram);
    memset(&other, 0, sizeof other);
    memset(&both, 0, sizeof both);
    return 0;
}

static uint64_t random_state;

static uint64_t next_random(void) /* splitmix64 (Steele, Lea and Flood 2014). */
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

/* Sizes of every order, from nanoseconds to hours. */
static void fill(uint64_t seed)
{
    random_state = seed;
    for (int i = 0; i < VALUES; i++)
        values[i] = next_random() >> (19 + next_random() % 45);
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static void assert_within(uint64_t found, uint64_t exact)
{
    uint64_t off = found > exact ? found - exact : exact - found;

    if (off * HISTOGRAM_STEPS > exact)
        fail_msg("%llu for %llu", (unsigned long long)found, (unsigned long long)exact);
}

static void a_quantile_is_within_one_128th_of_the_exact_one(void **state)
{
    static const double quantiles[] = {0, 0.01, 0.1, 0.5, 0.9, 0.95, 0.99, 0.999, 1};

    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        setup(state);
        fill(seed);
        for (int i = 0; i < VALUES; i++)
            histogram_record(&histogram, values[i]);
        qsort(values, VALUES, sizeof values[0], by_size);
        for (size_t i = 0; i < sizeof quantiles / sizeof quantiles[0]; i++) {
            uint64_t rank = histogram_rank(VALUES, quantiles[i]);

            assert_within(histogram_quantile_ns(&histogram, quantiles[i]), values[rank - 1]);
        }
    }
}

static void every_value_is_near_the_middle_of_its_bucket_and_buckets_rise(void **state)
{
    uint32_t previous = 0;

    (void)state;
    for (uint64_t value = 0; value <= HISTOGRAM_VALUE_MAX; value += value / 300 + 1) {
        uint32_t bucket = histogram_bucket(value);

        assert_in_range(bucket, previous, HISTOGRAM_BUCKETS - 1);
        assert_within(histogram_middle_ns(bucket), value);
        assert_int_equal(histogram_bucket(histogram_middle_ns(bucket)), bucket);
        previous = bucket;
    }
    assert_int_equal(histogram_bucket(HISTOGRAM_VALUE_MAX), HISTOGRAM_BUCKETS - 1);
}

static void values_up_to_255_ns_are_exact(void **state)
{
    (void)state;
    for (uint64_t value = 0; value < 256; value++)
        assert_int_equal(histogram_middle_ns(histogram_bucket(value)), value);
}

static void a_value_beyond_the_last_bucket_still_counts_and_is_still_the_maximum(void **state)
{
    (void)state;
    histogram_record(&histogram, UINT64_MAX);
    histogram_record(&histogram, 1000);
    assert_int_equal(histogram.total, 2);
    assert_true(histogram_quantile_ns(&histogram, 1) == UINT64_MAX);
}

static void adding_two_is_recording_all_in_one(void **state)
{
    (void)state;
    fill(7);
    for (int i = 0; i < VALUES; i++) {
        histogram_record(i % 3 == 0 ? &histogram : &other, values[i]);
        histogram_record(&both, values[i]);
    }
    histogram_add(&histogram, &other);
    assert_memory_equal(&histogram, &both, sizeof both);
}

static void the_mean_is_exact_and_an_empty_one_is_zero(void **state)
{
    (void)state;
    assert_true(histogram_mean_ns(&histogram) == 0);
    assert_int_equal(histogram_quantile_ns(&histogram, 0.99), 0);
    histogram_record(&histogram, 1000001);
    histogram_record(&histogram, 3000002);
    assert_true(histogram_mean_ns(&histogram) == 2000001.5);
}

static void ranks_round_up_and_stay_inside(void **state)
{
    (void)state;
    assert_int_equal(histogram_rank(100, 0.99), 99);
    assert_int_equal(histogram_rank(101, 0.99), 100);
    assert_int_equal(histogram_rank(10, 0), 1);
    assert_int_equal(histogram_rank(10, 1), 10);
    assert_int_equal(histogram_rank(1, 0.5), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_quantile_is_within_one_128th_of_the_exact_one, setup),
        cmocka_unit_test(every_value_is_near_the_middle_of_its_bucket_and_buckets_rise),
        cmocka_unit_test(values_up_to_255_ns_are_exact),
        cmocka_unit_test_setup(a_value_beyond_the_last_bucket_still_counts_and_is_still_the_maximum,
                               setup),
        cmocka_unit_test_setup(adding_two_is_recording_all_in_one, setup),
        cmocka_unit_test_setup(the_mean_is_exact_and_an_empty_one_is_zero, setup),
        cmocka_unit_test(ranks_round_up_and_stay_inside),
    };
    return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}
