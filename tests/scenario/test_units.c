/* Amounts as people write them: units, ranges of digits, and what is proposed instead. */
#include "tests/lib/test.h"

#include <string.h>

#include "sim/scenario/keys/units.h"

static struct amount read_as(enum unit unit, const char *text)
{
    const struct amount_kind kind = {.unit = unit, .currency = "RUB"};
    struct amount amount;
    struct amount_slip slip;

    if (!amount_read(text, &kind, &amount, &slip))
        fail_msg("\"%s\": %s", text, slip.en);
    return amount;
}

static void expect_slip(enum unit unit, const char *text, const char *like, const char *advice)
{
    const struct amount_kind kind = {.unit = unit, .currency = "RUB", .like = like};
    struct amount amount;
    struct amount_slip slip;

    assert_false(amount_read(text, &kind, &amount, &slip));
    assert_non_null(slip.en);
    assert_non_null(slip.ru);
    assert_string_equal(slip.advice, advice);
}

static void a_duration_is_whole_nanoseconds(void **state)
{
    (void)state;
    assert_int_equal(read_as(UNIT_DURATION, "300ms").whole, 300000000);
    assert_int_equal(read_as(UNIT_DURATION, "1.5us").whole, 1500);
    assert_int_equal(read_as(UNIT_DURATION, "250µs").whole, 250000);
    assert_int_equal(read_as(UNIT_DURATION, "0s").whole, 0);
    assert_int_equal(read_as(UNIT_DURATION, "2 h").whole, 7200000000000);
}

static void a_duration_may_chain_smaller_and_smaller_units(void **state)
{
    (void)state;
    assert_int_equal(read_as(UNIT_DURATION, "1m30s").whole, 90000000000);
    assert_int_equal(read_as(UNIT_DURATION, "1h2m3s4ms").whole, 3723004000000);
    expect_slip(UNIT_DURATION, "30s1m", NULL, "");
    expect_slip(UNIT_DURATION, "1s1s", NULL, "");
    expect_slip(UNIT_DURATION, "1m30", NULL, "");
}

static void a_rate_is_per_second(void **state)
{
    (void)state;
    assert_true(read_as(UNIT_RATE, "200/s").real == 200.0);
    assert_true(read_as(UNIT_RATE, "1.2k/s").real == 1200.0);
    assert_true(read_as(UNIT_RATE, "90/m").real == 1.5);
    assert_true(read_as(UNIT_RATE, "3M/m").real == 50000.0);
}

static void a_size_is_whole_bytes(void **state)
{
    (void)state;
    assert_int_equal(read_as(UNIT_SIZE, "64MiB").whole, 64 * 1024 * 1024);
    assert_int_equal(read_as(UNIT_SIZE, "1.5kB").whole, 1500);
    expect_slip(UNIT_SIZE, "0.5B", NULL, "");
}

static void a_share_is_the_nearest_double(void **state)
{
    (void)state;
    assert_true(read_as(UNIT_SHARE, "25%").real == 0.25);
    assert_true(read_as(UNIT_SHARE, "0.1%").real == 0.001);
}

static void money_never_passes_through_a_double(void **state)
{
    (void)state;
    assert_int_equal(read_as(UNIT_MONEY, "149.00 RUB").whole, 14900);
    assert_int_equal(read_as(UNIT_MONEY, "0.01RUB").whole, 1);
    assert_int_equal(read_as(UNIT_MONEY, "-90071992547409.93 RUB").whole, -9007199254740993);
    expect_slip(UNIT_MONEY, "1.005 RUB", NULL, "");
    expect_slip(UNIT_MONEY, "5 USD", NULL, "5 RUB");
    expect_slip(UNIT_MONEY, "5", NULL, "5 RUB");
}

static void a_count_is_whole_and_may_be_in_thousands(void **state)
{
    (void)state;
    assert_int_equal(read_as(UNIT_COUNT, "1.2k").whole, 1200);
    assert_int_equal(read_as(UNIT_COUNT, "2G").whole, 2000000000);
    expect_slip(UNIT_COUNT, "1.5", NULL, "");
    expect_slip(UNIT_COUNT, "5K", NULL, "5k");
}

static void a_number_has_no_exponent_and_no_infinity(void **state)
{
    (void)state;
    assert_true(read_as(UNIT_NUMBER, "0.99").real == 0.99);
    assert_true(read_as(UNIT_NUMBER, "-2").real == -2.0);
    expect_slip(UNIT_NUMBER, "1e3", NULL, "");
    expect_slip(UNIT_NUMBER, "nan", NULL, "");
    expect_slip(UNIT_NUMBER, "inf", NULL, "");
    expect_slip(UNIT_NUMBER, "0x10", NULL, "");
    expect_slip(UNIT_NUMBER, ".5", NULL, "");
    expect_slip(UNIT_NUMBER, "", NULL, "");
}

static void what_is_too_large_overflows_nothing(void **state)
{
    (void)state;
    expect_slip(UNIT_DURATION, "1e999s", NULL, "");
    expect_slip(UNIT_DURATION, "999999999999999999h", NULL, "");
    expect_slip(UNIT_COUNT, "99999999999999999999", NULL, "");
    expect_slip(UNIT_SIZE, "999999999999TiB", NULL, "");
    expect_slip(UNIT_NUMBER, "0.0000000000000000000000001", NULL, "");
}

static void a_missing_unit_is_proposed_from_the_default(void **state)
{
    (void)state;
    expect_slip(UNIT_DURATION, "300", NULL, "300ms");
    expect_slip(UNIT_DURATION, "300", "60s", "300s");
    expect_slip(UNIT_RATE, "200", NULL, "200/s");
    expect_slip(UNIT_RATE, "5k", NULL, "5k/s");
    expect_slip(UNIT_SHARE, "25", NULL, "25%");
    expect_slip(UNIT_SHARE, "0.25", NULL, "25%");
    expect_slip(UNIT_SIZE, "64", "0B", "64MiB");
}

static void a_wrong_unit_is_proposed_by_the_nearest(void **state)
{
    (void)state;
    expect_slip(UNIT_DURATION, "300msec", NULL, "300ms");
    expect_slip(UNIT_DURATION, "5 min", NULL, "5m");
    expect_slip(UNIT_DURATION, "10мс", NULL, "10ms");
    expect_slip(UNIT_RATE, "100rps", NULL, "100/s");
    expect_slip(UNIT_SIZE, "64Mib", NULL, "64MiB");
}

static void a_decimal_comma_becomes_a_point(void **state)
{
    (void)state;
    expect_slip(UNIT_DURATION, "1,5s", NULL, "1.5s");
    expect_slip(UNIT_MONEY, "149,00 RUB", NULL, "149.00 RUB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_duration_is_whole_nanoseconds),
        cmocka_unit_test(a_duration_may_chain_smaller_and_smaller_units),
        cmocka_unit_test(a_rate_is_per_second),
        cmocka_unit_test(a_size_is_whole_bytes),
        cmocka_unit_test(a_share_is_the_nearest_double),
        cmocka_unit_test(money_never_passes_through_a_double),
        cmocka_unit_test(a_count_is_whole_and_may_be_in_thousands),
        cmocka_unit_test(a_number_has_no_exponent_and_no_infinity),
        cmocka_unit_test(what_is_too_large_overflows_nothing),
        cmocka_unit_test(a_missing_unit_is_proposed_from_the_default),
        cmocka_unit_test(a_wrong_unit_is_proposed_by_the_nearest),
        cmocka_unit_test(a_decimal_comma_becomes_a_point),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
