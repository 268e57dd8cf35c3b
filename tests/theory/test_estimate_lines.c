/* Every line of the whiteboard can be said aloud: what stands on its left, worked out, is what
 * stands on its right, in every phase of every variant of every shipped scenario. */
#include "tests/theory/estimate.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>

#include "sim/scenario/load_story.h"

/* ---- Working out ----------------------------------------------------------------------------- */

struct reader { /* Of a line's numbers, in seconds, bytes of KiB and minor units of money. */
    const char *at;
    const struct theory_line *line;
    uint32_t n;
    bool is_prose; /* Something that is no sum. */
};

static double plain(struct theory_number number)
{
    return number.unit == THEORY_MS ? number.value * 1e-3 : number.value;
}

static bool takes(struct reader *reader, const char *word)
{
    while (*reader->at == ' ')
        reader->at++;
    if (strncmp(reader->at, word, strlen(word)) != 0)
        return false;
    reader->at += strlen(word);
    return true;
}

static double sum(struct reader *reader);

/* In brackets, after what opens them. */
static double inside(struct reader *reader)
{
    double value = sum(reader);

    if (takes(reader, ";") || takes(reader, ","))
        value = fmin(value, sum(reader));
    reader->is_prose |= !takes(reader, ")");
    return value;
}

/* "30 d" is what a month has; other words name what comes behind them. */
static double literal(struct reader *reader)
{
    char *end;
    double value = strtod(reader->at, &end);

    reader->is_prose |= end == reader->at;
    reader->at = end;
    return takes(reader, "d") ? value * 24 * 3600 : value;
}

static double factor(struct reader *reader)
{
    if (takes(reader, "−"))
        return -factor(reader);
    if (takes(reader, "min(") || takes(reader, "("))
        return inside(reader);
    if (takes(reader, "e^("))
        return exp(inside(reader));
    while (islower((unsigned char)*reader->at))
        reader->at++;
    if (!takes(reader, "%s"))
        return literal(reader);
    assert_in_range(reader->n, 0, reader->line->of_max - 1);
    return plain(reader->line->of[reader->n++]);
}

static double product(struct reader *reader)
{
    double value = factor(reader);

    for (;;) {
        if (takes(reader, "×"))
            value *= factor(reader);
        else if (takes(reader, "/"))
            value /= factor(reader);
        else
            return value;
    }
}

static double sum(struct reader *reader)
{
    double value = product(reader);

    for (;;) {
        if (takes(reader, "+"))
            value += product(reader);
        else if (takes(reader, "−"))
            value -= product(reader);
        else
            return value;
    }
}

/* NaN: it says no sum; only what its symbols mean. */
static double worked_out(const struct theory_line *line)
{
    struct reader reader = {.at = line->numbers, .line = line};
    double value;

    if (line->numbers[0] == '\0' || line->numbers[0] == ',' || line->numbers[0] == 'C')
        return NAN;
    value = sum(&reader);
    if (reader.is_prose || *reader.at != '\0')
        fail_msg("cannot be worked out: %s", line->numbers);
    return value;
}

/* A line's length is that of a finite one, and the formula that of an endless: within a hundredth,
 * or a thousandth of what is summed. */
static void expect_sides_agree(const struct theory *theory, const struct theory_line *line)
{
    double left = worked_out(line), right = plain(line->value), scale = fabs(right);
    char text[THEORY_TEXT_BYTES];

    if (isnan(left))
        return;
    for (uint32_t i = 0; i < line->of_max; i++)
        if (line->of[i].unit == line->value.unit)
            scale = fmax(scale, 0.1 * fabs(plain(line->of[i])));
    theory_put_formula(text, sizeof text, "en", line);
    if (fabs(left - right) > 0.01 * scale + 1e-9)
        fail_msg("%s %s, %s: %s, but it is %g", theory->scenario->name, theory->scenario->variant,
                 theory_key(line->what), text, left);
}

static unsigned expect_all_agree(const struct theory *theory)
{
    for (uint32_t i = 0; i < theory->lines_max; i++)
        expect_sides_agree(theory, &theory->lines[i]);
    return theory->lines_max;
}

/* ---- What is shipped ------------------------------------------------------------------------- */

static unsigned hold_story(const char *path)
{
    struct problems *problems = problems_open();
    struct story story;
    unsigned lines = 0;

    assert_true(story_load(&story, path, NULL, 0, problems));
    problems_close(problems);
    for (uint32_t v = 0; v < story.variants_max; v++) {
        struct theory *theory = theory_open(&story.variants[v]);

        assert_non_null(theory);
        lines += expect_all_agree(theory);
        theory_close(theory);
    }
    story_close(&story);
    return lines;
}

static void both_sides_of_every_line_agree(void **state)
{
    DIR *folder = opendir("scenarios");
    unsigned lines = 0;

    (void)state;
    assert_non_null(folder);
    for (struct dirent *each; (each = readdir(folder)) != NULL;) {
        const char *end = strrchr(each->d_name, '.');
        char path[512];

        if (end == NULL || strcmp(end, ".yaml") != 0)
            continue;
        snprintf(path, sizeof path, "scenarios/%s", each->d_name);
        lines += hold_story(path);
    }
    closedir(folder);
    print_message("%u lines\n", lines);
    assert_true(lines > 1000);
}

/* ---- What once was not so -------------------------------------------------------------------- */

static struct theory *estimate_story(struct trial *trial, const char *yaml)
{
    struct theory *theory;

    run_story(trial, 1, NO_NETWORK "duration: 2s\n%s", yaml);
    theory = estimate_of_trial(trial);
    expect_all_agree(theory);
    return theory;
}

/* A line of ten spares more than half of the endless one's wait; of regular arrivals too. */
static void the_wait_in_a_short_line_says_by_how_much_it_is_shorter(void **state)
{
    static const char *const loads[] = {"load: [{rate: 950/s}]\n",
                                        "load: [{rate: 950/s, arrivals: constant}]\n"};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        char yaml[512];
        struct trial trial;
        struct theory *theory;

        snprintf(yaml, sizeof yaml,
                 "%sservices: {web: {queue: 10, steps: [{compute: {dist: exponential, mean: "
                 "1ms}}]}}\n",
                 loads[i]);
        theory = estimate_story(&trial, yaml);
        assert_non_null(line_about(theory, THEORY_WAIT_FINITE, "web"));
        assert_true(value_of(theory, THEORY_WAIT_FINITE) < 10);
        theory_close(theory);
        trial_close(&trial);
    }
}

/* 5 ms beside 5 ms on two cores: together they are no 10 ms of anybody's time. */
static void work_side_by_side_is_no_part_of_a_response(void **state)
{
    struct trial trial;
    struct theory *theory;

    (void)state;
    theory = estimate_story(&trial, "load: [{rate: 20/s}]\n"
                                    "services: {web: {cores: 2, steps: [{compute: 5ms},\n"
                                    "  {compute: 5ms, concurrent: yes}]}}\n");
    assert_int_equal(line_about(theory, THEORY_RESPONSE, "web")->of_max, 2);
    theory_close(theory);
    trial_close(&trial);
}

static void a_thief_stays_in_for_the_leeway_too(void **state)
{
    struct trial trial;
    struct theory *theory;

    (void)state;
    theory =
        estimate_story(&trial, "load: [{to: api, rate: 20/s, people: 100, auth: people}]\n"
                               "services:\n"
                               "  api: {kind: gateway, to: web, auth: {kind: jwt, leeway: 30s}}\n"
                               "  web: {steps: [{compute: 1ms}]}\n");
    expect_about("mean, ms", value_of(theory, THEORY_EXPOSURE_LEEWAY),
                 value_of(theory, THEORY_EXPOSURE_MOST) / 2 + 15e3, 1e-9);
    theory_close(theory);
    trial_close(&trial);
}

/* A custom service knows every verb: two numbers of each, and what they are divided by. */
static void all_verbs_of_one_service_are_said_in_one_line(void **state)
{
    const struct theory_line *work;
    struct trial trial;
    struct theory *theory;

    (void)state;
    theory = estimate_story(
        &trial, "load: [{verb: call, to: app, rate: 10/s}, {verb: like, to: app, rate: "
                "20/s},\n  {verb: unlike, to: app, rate: 30/s}, {verb: count, to: app, "
                "rate: 40/s},\n  {verb: menu, to: app, rate: 50/s}, {verb: order, to: app, "
                "rate: 60/s},\n  {verb: track, to: app, rate: 70/s}]\n"
                "services: {app: {steps: [{compute: 1ms}]}}\n");
    work = line_about(theory, THEORY_WORK, "app");
    assert_int_equal(work->of_max, 2 * 7 + 1);
    expect_about("work, ms", work->value.value, 1, 1e-9);
    theory_close(theory);
    trial_close(&trial);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_of_every_line_agree),
        cmocka_unit_test(the_wait_in_a_short_line_says_by_how_much_it_is_shorter),
        cmocka_unit_test(work_side_by_side_is_no_part_of_a_response),
        cmocka_unit_test(a_thief_stays_in_for_the_leeway_too),
        cmocka_unit_test(all_verbs_of_one_service_are_said_in_one_line),
    };

    return cmocka_run_group_tests_name("estimate, lines", tests, NULL, NULL);
}
