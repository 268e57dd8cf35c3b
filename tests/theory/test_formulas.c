/* The whiteboard's formulas against published values. */
#include "tests/theory/phenomena.h"

#include "sim/theory/popularity.h"
#include "sim/theory/queueing.h"

static void erlang_c_is_that_of_the_tables(void **state)
{
    (void)state;
    expect_about("C(1, 0.8) = rho", erlang_c(1, 0.8), 0.8, 1e-12);
    expect_about("C(2, 1) = 1/3", erlang_c(2, 1), 1.0 / 3, 1e-12);
    expect_about("C(2, 1.5) = 9/14", erlang_c(2, 1.5), 9.0 / 14, 1e-12);
    expect_about("C(5, 4)", erlang_c(5, 4), 0.5541, 1e-4);
    expect_about("C(10, 8)", erlang_c(10, 8), 0.4092, 1e-3);
    expect_about("C(2, 3): always", erlang_c(2, 3), 1, 0);
    expect_about("B(5, 4)", erlang_b(5, 4), 0.1991, 1e-3);
}

static void allen_and_cunneen_hold_where_they_are_exact(void **state)
{
    (void)state;
    expect_about("M/M/1", allen_cunneen(1, 0.8, 2, 1, 1), 2 * 0.8 / 0.2, 1e-12);
    expect_about("M/D/1 waits half", allen_cunneen(1, 0.8, 2, 1, 0), 0.8 / 0.2, 1e-12);
    expect_about("M/G/1, Cs2 = 4", allen_cunneen(1, 0.5, 1, 1, 4), 2.5, 1e-12);
    expect_about("M/M/2", allen_cunneen(2, 1.5, 1, 1, 1), 9.0 / 14 / 0.5, 1e-12);
}

/* E4/M/1 at 0.8: sigma = (3.2 / (4.2 - sigma))^4, Wq = sigma / (1 - sigma). */
static void regular_arrivals_wait_less_than_allen_and_cunneen_say(void **state)
{
    double sigma = 0.5;

    (void)state;
    for (int i = 0; i < 1000; i++)
        sigma = pow(3.2 / (4.2 - sigma), 4);
    expect_about("E4/M/1 at 0.8", allen_cunneen(1, 0.8, 1, 0.25, 1) * regularity(0.8, 0.25, 1),
                 sigma / (1 - sigma), 0.04);
    expect_about("Poisson's are as they are", regularity(0.8, 1, 1), 1, 0);
}

static void a_finite_line_loses_as_its_closed_forms_say(void **state)
{
    const double rho = 0.9;

    (void)state;
    expect_about("M/M/1/10", finite_line(1, rho, 9).shed,
                 (1 - rho) * pow(rho, 10) / (1 - pow(rho, 11)), 1e-9);
    expect_about("M/M/5/5 is Erlang's B", finite_line(5, 4, 0).shed, erlang_b(5, 4), 1e-9);
    expect_about("a long one beyond rho 1", finite_line(1, 1.5, 1000).shed, 1 - 1 / 1.5, 1e-6);
    expect_about("and its length", finite_line(2, 1.5, 5000).length, erlang_c(2, 1.5) * 0.75 / 0.25,
                 1e-6);
}

static void a_gamma_of_shape_one_is_an_exponential(void **state)
{
    (void)state;
    expect_about("p50", gamma_below(log(2) * 3, 3, 9), 0.50, 0.02);
    expect_about("p99", gamma_below(log(100) * 3, 3, 9), 0.99, 0.001);
    expect_about("no variance: a step", gamma_below(3, 3, 0), 1, 0);
    expect_between("a wild one stays a share", gamma_below(1, 3, 900), 0, 1);
}

static void zipf_s_hottest_key_has_one_over_the_harmonic_sum(void **state)
{
    const struct keys_spec zipf = {.dist = KEYS_ZIPF, .s = 0.99, .n = 2000};
    const struct keys_spec wide = {.dist = KEYS_ZIPF, .s = 1, .n = UINT64_C(1000000000)};
    struct popularity popularity;
    double harmonic = 0, keys = 0, rate = 0;

    (void)state;
    for (unsigned i = 1; i <= 2000; i++)
        harmonic += pow(i, -0.99);
    popularity_init(&popularity);
    popularity_add(&popularity, &zipf, 100);
    for (unsigned b = 0; b < POPULARITY_BUCKETS; b++) {
        keys += popularity.keys[b];
        rate += popularity.keys[b] * popularity.rate[b];
    }
    expect_about("keys", keys, 2000, 1e-12);
    expect_about("all asks are somebody's", rate, 100, 1e-9);
    expect_about("share of the hottest", popularity_top(&popularity), 1 / harmonic, 1e-3);
    popularity_init(&popularity);
    popularity_add(&popularity, &wide, 1);
    expect_about("of a billion", popularity_top(&popularity), 1 / (log(1e9) + 0.577216), 1e-3);
}

static void caches_of_equal_keys_hit_as_one_key_says(void **state)
{
    const struct keys_spec uniform = {.dist = KEYS_UNIFORM, .n = 1000};
    struct popularity popularity;
    const struct kept kept = {&popularity, 10, INFINITY};

    (void)state;
    popularity_init(&popularity);
    popularity_add(&popularity, &uniform, 100); /* Each 0.1 per second. */
    expect_about("TTL of 30 s", popularity_hits_ttl(&popularity, 30), 3.0 / 4, 1e-9);
    expect_about(
        "room for half: half",
        popularity_hits_lru(&popularity, &popularity, popularity_lru_age(&kept, 1, 500 * 10)), 0.5,
        1e-6);
    expect_about("different keys among 1000", popularity_distinct(&popularity, 1000),
                 1000 * (1 - pow(0.999, 1000)), 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(erlang_c_is_that_of_the_tables),
        cmocka_unit_test(allen_and_cunneen_hold_where_they_are_exact),
        cmocka_unit_test(regular_arrivals_wait_less_than_allen_and_cunneen_say),
        cmocka_unit_test(a_finite_line_loses_as_its_closed_forms_say),
        cmocka_unit_test(a_gamma_of_shape_one_is_an_exponential),
        cmocka_unit_test(zipf_s_hottest_key_has_one_over_the_harmonic_sum),
        cmocka_unit_test(caches_of_equal_keys_hit_as_one_key_says),
    };

    return cmocka_run_group_tests_name("formulas", tests, NULL, NULL);
}
