/* Figures: numbers as people read them, without the rounding that deceives. */
#include "tests/lib/test.h"

#include <math.h>
#include <string.h>

#include "sim/measure/figure.h"

#define S "\u00a0" /* The space that does not break. */

struct reading {
    enum metric_unit unit;
    double value;
    const char *en, *ru;
};

static void a_number_reads_as_its_language_writes_it(void **state)
{
    static const struct reading readings[] = {
        {METRIC_MS, 0, "0" S "ms", "0" S "мс"},
        {METRIC_MS, 0.4123, "412" S "µs", "412" S "мкс"},
        {METRIC_MS, 5, "5" S "ms", "5" S "мс"},
        {METRIC_MS, 41.23, "41.2" S "ms", "41,2" S "мс"},
        {METRIC_MS, 999.9, "1" S "s", "1" S "с"},
        {METRIC_MS, 2312, "2.31" S "s", "2,31" S "с"},
        {METRIC_MS, 90000, "90" S "s", "90" S "с"},
        {METRIC_MS, 3600000, "60" S "min", "60" S "мин"},
        {METRIC_SHARE, 0.3841, "38.4%", "38,4" S "%"},
        {METRIC_SHARE, 0.000996, "0.0996%", "0,0996" S "%"},
        {METRIC_SHARE, 1, "100%", "100" S "%"},
        {METRIC_RATE, 1234.4, "1,234/s", "1" S "234/с"},
        {METRIC_RATE, 0.5, "0.5/s", "0,5/с"},
        {METRIC_MONEY, 123456789, "1,234,568", "1" S "234" S "568"},
        {METRIC_MONEY, -4050, "−40.50", "−40,50"},
        {METRIC_MONEY, 100000, "1,000", "1" S "000"},
        {METRIC_COUNT, 1234567, "1,234,567", "1" S "234" S "567"},
        {METRIC_COUNT, 1.25, "1.25", "1,25"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof readings / sizeof readings[0]; i++) {
        const struct reading *r = &readings[i];

        assert_string_equal(figure_of(LANGUAGE_EN, r->unit, r->value).text, r->en);
        assert_string_equal(figure_of(LANGUAGE_RU, r->unit, r->value).text, r->ru);
    }
}

static void a_share_above_nothing_is_never_0_and_one_below_all_never_100(void **state)
{
    (void)state;
    assert_string_equal(figure_of(LANGUAGE_EN, METRIC_SHARE, 1e-9).text, "<0.0001%");
    assert_string_equal(figure_of(LANGUAGE_EN, METRIC_SHARE, 0.9999999).text, "99.9%");
    assert_string_equal(figure_of(LANGUAGE_EN, METRIC_SHARE, 0.9912).text, "99.1%");
}

static void what_is_no_number_is_a_dash(void **state)
{
    (void)state;
    assert_string_equal(figure_of(LANGUAGE_EN, METRIC_MS, NAN).text, "—");
    assert_string_equal(figure_of(LANGUAGE_EN, METRIC_RATE, INFINITY).text, "—");
}

static void an_estimate_shares_scale_and_decimals(void **state)
{
    struct estimate estimate = {.mean = 41.23, .half_width = 0.44, .n = 5};

    (void)state;
    assert_string_equal(figure_estimate(LANGUAGE_EN, METRIC_MS, estimate).text,
                        "41.2" S "±0.4" S "ms");
    assert_string_equal(figure_estimate(LANGUAGE_RU, METRIC_MS, estimate).text,
                        "41,2" S "±0,4" S "мс");
    estimate.half_width = 0.04;
    assert_string_equal(figure_estimate(LANGUAGE_EN, METRIC_MS, estimate).text,
                        "41.23" S "±0.04" S "ms");
    estimate.n = 1;
    assert_string_equal(figure_estimate(LANGUAGE_EN, METRIC_MS, estimate).text, "41.2" S "ms");
    estimate.n = 0;
    assert_string_equal(figure_estimate(LANGUAGE_EN, METRIC_MS, estimate).text, "—");
}

static void any_number_fits(void **state)
{
    (void)state;
    for (int unit = METRIC_MS; unit <= METRIC_COUNT; unit++)
        for (double value = 1e-12; value < 1e300; value *= 7) {
            struct estimate estimate = {.mean = -value, .half_width = value, .n = 2};

            assert_in_range(strlen(figure_of(LANGUAGE_RU, (enum metric_unit)unit, value).text), 1,
                            60);
            assert_in_range(
                strlen(figure_estimate(LANGUAGE_RU, (enum metric_unit)unit, estimate).text), 1,
                sizeof(struct figure) - 1);
        }
}

static void a_sentence_takes_its_figures_in_order_and_is_cut_at_its_room(void **state)
{
    const struct figure figures[] = {figure_word("one"), figure_word("two")};
    char out[32], small[6];

    (void)state;
    figure_fill(out, sizeof out, "%s, %s, 100%", figures);
    assert_string_equal(out, "one, two, 100%");
    figure_fill(small, sizeof small, "-%s-%s-", figures);
    assert_string_equal(small, "-one-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_reads_as_its_language_writes_it),
        cmocka_unit_test(a_share_above_nothing_is_never_0_and_one_below_all_never_100),
        cmocka_unit_test(what_is_no_number_is_a_dash),
        cmocka_unit_test(an_estimate_shares_scale_and_decimals),
        cmocka_unit_test(any_number_fits),
        cmocka_unit_test(a_sentence_takes_its_figures_in_order_and_is_cut_at_its_room),
    };
    return cmocka_run_group_tests_name("figure", tests, NULL, NULL);
}
