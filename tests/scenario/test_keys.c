/* The table of keys: it is whole, it can be asked, and the page made of it is up to date.
 *
 * To write scenarios/README.md anew after a change of the table:
 *
 *   SIM_REWRITE=1 build/dev/tests/scenario/test_keys */
#include "tests/scenario/reading.h"

#include "services/port/ask.h"
#include "sim/measure/metric.h"
#include "sim/scenario/keys/keys_walk.h"
#include "sim/scenario/keys/metrics.h"
#include "sim/scenario/problems/nearest.h"
#include "sim/scenario/keys/units.h"

static void judge_row(struct key_visit *visit, const struct key *key, const char *path)
{
    (void)visit;
    if (key->en == NULL || key->ru == NULL || strlen(key->en) < 4)
        fail_msg("%s has no help", path);
    if ((key->least == NULL) != (key->most == NULL))
        fail_msg("%s has half a range", path);
    if ((key->type == KEY_WORD) != (key->words != NULL))
        fail_msg("%s: words and type disagree", path);
    for (const struct word *word = key->words; word != NULL && word->text != NULL; word++)
        assert_true(word->en != NULL && word->ru != NULL);
    assert_non_null(type_facts(key->type)->en);
    assert_non_null(type_facts(key->type)->ru);
}

static void every_key_explains_itself_in_both_languages(void **state)
{
    struct key_visit visit = {judge_row};

    (void)state;
    keys_walk(&visit);
}

static char *help_for(const char *key, const char *lang, bool expected)
{
    char *text;
    size_t length;
    FILE *out = open_memstream(&text, &length);

    assert_non_null(out);
    assert_int_equal(keys_help(out, key, lang), expected);
    (void)fclose(out);
    return text;
}

static void expect_help(const char *key, const char *lang, bool expected, const char *words)
{
    char *text = help_for(key, lang, expected);

    if (strstr(text, words) == NULL)
        fail_msg("help for %s lacks \"%s\":\n%s", key, words, text);
    free(text);
}

static void help_finds_a_key_by_its_path_or_the_end_of_it(void **state)
{
    (void)state;
    expect_help("replicas", "en", true, "services.*.replicas — count");
    expect_help("services.likes.replicas", "en", true, "services.*.replicas — count");
    expect_help("services.*.replicas", "en", true, "default 1\n");
    expect_help("load.0.retry.jitter", "en", true, "load.*.retry.jitter — word");
    expect_help("retry", "en", true, "backoff_max ");
    expect_help("latency", "en", true, "network.latency");
    expect_help("latency", "en", true, "store.latency");
    expect_help("latency.p99", "en", true, "metric of a threshold");
    expect_help("duration", "ru", true, "длительность");
    expect_help("", "ru", true, "services");
    expect_help("thresholds", "en", true, "services.NAME.wait_p99");
    expect_help("goodput", "en", true, "for example goodput < 500/s");
}

static void help_proposes_the_nearest_key(void **state)
{
    (void)state;
    expect_help("replcas", "en", false, "did you mean \"replicas\"?");
    expect_help("services.*.rplicas", "ru", false, "может быть, «services.*.replicas»?");
    expect_help("grunk", "en", false, "there is no key \"grunk\"\n");
    expect_help("zzzzzzzz", "en", false, "there is no key \"zzzzzzzz\"\n");
}

static enum metric_unit measured_unit(enum unit unit)
{
    switch (unit) {
    case UNIT_DURATION:
        return METRIC_MS;
    case UNIT_RATE:
        return METRIC_RATE;
    case UNIT_SHARE:
        return METRIC_SHARE;
    case UNIT_MONEY:
        return METRIC_MONEY;
    case UNIT_SIZE:
    case UNIT_DISTANCE:
    case UNIT_COUNT:
    case UNIT_NUMBER:
        break;
    }
    return METRIC_COUNT;
}

static size_t judge_metrics(const struct metric_word *words, const char *prefix)
{
    size_t n = 0;

    for (; words[n].name != NULL; n++) {
        char name[96];
        enum metric_unit unit;

        (void)snprintf(name, sizeof name, "%s%s", prefix, words[n].name);
        if (!metric_unit_of(name, &unit))
            fail_msg("nobody measures %s", name);
        if (unit != measured_unit(words[n].unit))
            fail_msg("%s is measured in another unit", name);
    }
    return n;
}

static void thresholds_know_the_metrics_that_are_measured_and_no_others(void **state)
{
    const char *const *names;

    (void)state;
    assert_int_equal(judge_metrics(metrics(), ""), metric_names(&names));
    assert_int_equal(judge_metrics(service_metrics(), "services.a."), metric_service_names(&names));
}

static void the_nearest_word_swaps_neighbours_for_one_slip(void **state)
{
    (void)state;
    assert_int_equal(word_distance("servcies", "services"), 1);
    assert_int_equal(word_distance("", "abc"), 3);
    assert_int_equal(word_distance("kitten", "sitting"), 3);
    assert_int_equal(word_distance("Policy", "policy"), 0);
    assert_true(word_distance("a", "a word that is far too long to be compared with "
                                   "anything that a person wrote") > 100);
}

static char *file_text(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text;
    size_t length, n;
    char bytes[4096];
    FILE *out = open_memstream(&text, &length);

    while (file != NULL && (n = fread(bytes, 1, sizeof bytes, file)) > 0)
        (void)fwrite(bytes, 1, n, out);
    (void)fclose(out);
    if (file != NULL)
        (void)fclose(file);
    return text;
}

static void the_largest_body_of_a_scenario_is_the_largest_that_the_wire_lets_in(void **state)
{
    const struct amount_kind kind = {.unit = UNIT_SIZE};
    struct amount_slip slip;
    struct amount most;

    (void)state;
    assert_true(amount_read(group_key(&load_group, "bytes")->most, &kind, &most, &slip));
    assert_int_equal(most.whole, ASK_BYTES_MAX);
}

static void the_reference_page_is_up_to_date(void **state)
{
    const char *root = getenv("SOURCE_DIR");
    char path[1024];
    char *made, *kept;
    size_t length;
    FILE *out = open_memstream(&made, &length);

    (void)state;
    keys_reference(out);
    (void)fclose(out);
    (void)snprintf(path, sizeof path, "%s/scenarios/README.md", root == NULL ? "." : root);
    if (getenv("SIM_REWRITE") != NULL)
        write_text(path, made);
    kept = file_text(path);
    if (strcmp(made, kept) != 0)
        fail_msg("%s is not what the table says; the head of this file tells how to make it anew",
                 path);
    free(made);
    free(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_explains_itself_in_both_languages),
        cmocka_unit_test(help_finds_a_key_by_its_path_or_the_end_of_it),
        cmocka_unit_test(help_proposes_the_nearest_key),
        cmocka_unit_test(thresholds_know_the_metrics_that_are_measured_and_no_others),
        cmocka_unit_test(the_nearest_word_swaps_neighbours_for_one_slip),
        cmocka_unit_test(the_largest_body_of_a_scenario_is_the_largest_that_the_wire_lets_in),
        cmocka_unit_test(the_reference_page_is_up_to_date),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
