/* Files that mean harm end as a problem with a place, in bounded memory.
 *
 * Each is read by a child that may map 64 MiB more than it has when it starts, and run for ten
 * seconds: both are far from what is needed, and neither depends on how busy the machine is. Under
 * a sanitizer, which maps terabytes, only the time is limited. */
#define _GNU_SOURCE /* mkfifo, and fork under -std=c11. */
#include "tests/scenario/reading.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { MIB = 1024 * 1024, HAD_PROBLEMS = 2, HAD_NO_PLACE = 3 };

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#define IS_SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define IS_SANITIZED 0
#endif

static void limit_memory(void)
{
    FILE *facts = fopen("/proc/self/statm", "r");
    unsigned long pages = 0;
    struct rlimit limit;

    assert_non_null(facts);
    assert_int_equal(fscanf(facts, "%lu", &pages), 1);
    (void)fclose(facts);
    limit.rlim_cur = limit.rlim_max = pages * (rlim_t)sysconf(_SC_PAGESIZE) + 64 * (rlim_t)MIB;
    if (!IS_SANITIZED)
        assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
    (void)alarm(10);
}

/* Exits with 0, HAD_PROBLEMS, or HAD_NO_PLACE; prints what there was to stderr for the curious. */
static _Noreturn void read_in_child(const char *path)
{
    char start[300];
    struct reading reading;
    int code = HAD_PROBLEMS;

    limit_memory();
    read_file(&reading, path, NULL, 0);
    (void)snprintf(start, sizeof start, "%s:", path);
    if (reading.is_good)
        code = 0;
    else if (strncmp(reading.printed, start, strlen(start)) != 0)
        code = HAD_NO_PLACE;
    forget(&reading);
    _exit(code);
}

static int outcome_of(const char *path)
{
    pid_t child = fork();
    int status = 0;

    assert_true(child >= 0);
    if (child == 0)
        read_in_child(path);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status))
        fail_msg("the reader of %s was killed by signal %d", path, WTERMSIG(status));
    return WEXITSTATUS(status);
}

static void expect_refused(const char *bytes, size_t length)
{
    write_bytes("hostile.yaml", bytes, length);
    assert_int_equal(outcome_of("hostile.yaml"), HAD_PROBLEMS);
}

/* The unit, n times, between a beginning and an end. */
static char *repeated(const char *beginning, const char *unit, size_t n, const char *end,
                      size_t *length)
{
    size_t room = strlen(beginning) + strlen(unit) * n + strlen(end) + 1;
    char *text = malloc(room), *at;

    assert_non_null(text);
    at = stpcpy(text, beginning);
    while (n-- > 0)
        at = stpcpy(at, unit);
    at = stpcpy(at, end);
    *length = (size_t)(at - text);
    return text;
}

static void expect_repeated_refused(const char *beginning, const char *unit, size_t n,
                                    const char *end)
{
    size_t length;
    char *text = repeated(beginning, unit, n, end, &length);

    expect_refused(text, length);
    free(text);
}

static void nesting_ends_at_the_sixty_fifth_level(void **state)
{
    (void)state;
    expect_repeated_refused("", "[", 200000, "");
    expect_repeated_refused("", "{a: ", 200000, "");
    expect_repeated_refused("", "- ", 200000, "");
    expect_repeated_refused("", "? ", 200000, "");
    expect_problem("- [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n",
                   "story.yaml:1:66: error: nested deeper than 64 levels");
}

static void aliases_anchors_and_tags_are_refused(void **state)
{
    (void)state;
    expect_problem("a: &a [x, x]\nb: [*a, *a]\n", "story.yaml:2:5: error: aliases (*a)");
    expect_problem(LEAST "seed: &s 1\n", "story.yaml:3:7: error: anchors (&s)");
    expect_problem(LEAST "seed: !!int 1\n", "story.yaml:3:7: error: tags (tag:yaml.org,2002:int)");
    expect_problem("%TAG ! tag:x,2000:\n---\na: 1\n", "%TAG is not allowed");
    expect_repeated_refused("a: &a [x]\n", "b: [*a, *a, *a, *a, *a, *a, *a]\n", 20000, "");
}

static void a_key_stands_once_and_is_a_word(void **state)
{
    (void)state;
    expect_problem(LEAST "seed: 1\nseed: 2\n",
                   "story.yaml:4:1: error: duplicate key \"seed\"; it is also on line 3");
    expect_problem(LEAST "? [a, b]\n: 1\n", "a key must be a plain word");
    expect_repeated_refused("", "a: 1\n", 100000, "");
}

static void a_second_document_is_refused(void **state)
{
    (void)state;
    expect_problem(LEAST "---\nseed: 1\n", "story.yaml:3:1: error: a second document");
    expect_problem("", "there is nothing in it");
    expect_problem("# only a comment\n", "there is nothing in it");
}

static void bytes_that_are_no_text_are_refused_with_a_place(void **state)
{
    static const char zero[] = "seed: 1\nname: a\0b\n";

    (void)state;
    expect_refused(zero, sizeof zero - 1);
    expect_problem("seed: 1\n\xD1\x82\xD0\xB5: \xFF\n",
                   "story.yaml:2:5: error: byte 0xff is not valid UTF-8");
    expect_problem("a: \xC0\xAF\n", "story.yaml:1:4: error: byte 0xc0");         /* Overlong. */
    expect_problem("a: \xED\xA0\x80\n", "story.yaml:1:4: error: byte 0xed");     /* Surrogate. */
    expect_problem("a: \xF4\x90\x80\x80\n", "story.yaml:1:4: error: byte 0xf4"); /* Too large. */
    expect_problem("a: \x1b[31m\n", "story.yaml:1:4: error: control character U+001B");
    expect_problem("\xFF\xFE"
                   "a",
                   "story.yaml:1:1: error: byte 0xff");
    expect_problem(LEAST "name: \"a\\0b\"\n", "text with a zero byte in it");
}

static void size_is_limited(void **state)
{
    (void)state;
    expect_repeated_refused("a: ", "xxxxxxxxxx", MIB, "\n");
    expect_repeated_refused("load: [", "1,", 300000, "]\n");
    expect_repeated_refused("load: {", "?,", 300000, "}\n");
    expect_repeated_refused("a: \"", "\\L", 500000, "\"\n");
    expect_repeated_refused("", "\n", MIB - 1, "");
    expect_repeated_refused("", "\"a\" ", 200000, "");
    expect_repeated_refused("? ", "a", MIB - 100, "\n: b\n");
}

static void a_long_text_is_not_copied_into_every_variant(void **state)
{
    char variants[1024] = "\"\nvariants: {", *at = variants + strlen(variants);

    (void)state;
    for (int i = 0; i < 32; i++)
        at += sprintf(at, "v%d: , ", i);
    (void)strcpy(at, "}\n");
    expect_repeated_refused(LEAST "title: \"", "long ", 200000, variants);
}

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    assert_int_equal(outcome_of("/dev/zero"), HAD_PROBLEMS);
    assert_int_equal(outcome_of("/tmp"), HAD_PROBLEMS);
    assert_int_equal(outcome_of("nowhere.yaml"), HAD_PROBLEMS);
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_int_equal(outcome_of("pipe"), HAD_PROBLEMS);
}

/* As much as the limits allow: large mappings, each of them changed by each of 32 variants. */
static void the_largest_story_fits(void **state)
{
    FILE *out = fopen("large.yaml", "w");

    (void)state;
    assert_non_null(out);
    (void)fputs(LEAST, out);
    for (int i = 0; i < 14; i++) {
        (void)fprintf(out, "x-%d: {", i);
        for (int n = 0; n < 490; n++)
            (void)fprintf(out, "k%d: 1, ", n);
        (void)fputs("}\n", out);
    }
    (void)fputs("variants:\n", out);
    for (int i = 0; i < 32; i++) {
        (void)fprintf(out, "  v%d: {", i);
        for (int n = 0; n < 14; n++)
            (void)fprintf(out, "x-%d: {z: 1}, ", n);
        (void)fputs("}\n", out);
    }
    assert_int_equal(fclose(out), 0);
    assert_int_equal(outcome_of("large.yaml"), 0);
}

/* The longest list that a file can hold, copied by every override and every variant. */
static void the_largest_list_may_be_changed_everywhere(void **state)
{
    const char *overrides[64];
    size_t length;
    char *text = repeated(LEAST "x-a: [", "1,", 15000, "]\nvariants:\n", &length);
    FILE *out = fopen("list.yaml", "w");
    struct reading reading;

    (void)state;
    assert_non_null(out);
    (void)fputs(text, out);
    for (int i = 0; i < 32; i++)
        (void)fprintf(out, "  v%d: {x-a: {0: 2}}\n", i);
    assert_int_equal(fclose(out), 0);
    for (int i = 0; i < 64; i++)
        overrides[i] = "x-a.0=2";
    read_file(&reading, "list.yaml", overrides, 64);
    assert_true(reading.is_good);
    forget(&reading);
    free(text);
}

static void too_many_of_anything_is_named(void **state)
{
    size_t length;
    char *text = repeated(SERVER "load: [", "{rate: 1/s}, ", 17, "]\n", &length);

    (void)state;
    expect_problem(text, "too many entries: load has at most 16");
    free(text);
    text = repeated(LEAST "thresholds: [", "goodput > 1/s, ", 33, "]\n", &length);
    expect_problem(text, "too many thresholds: at most 32");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nesting_ends_at_the_sixty_fifth_level),
        cmocka_unit_test(aliases_anchors_and_tags_are_refused),
        cmocka_unit_test(a_key_stands_once_and_is_a_word),
        cmocka_unit_test(a_second_document_is_refused),
        cmocka_unit_test(bytes_that_are_no_text_are_refused_with_a_place),
        cmocka_unit_test(size_is_limited),
        cmocka_unit_test(a_long_text_is_not_copied_into_every_variant),
        cmocka_unit_test(what_is_no_file_is_refused),
        cmocka_unit_test(the_largest_story_fits),
        cmocka_unit_test(the_largest_list_may_be_changed_everywhere),
        cmocka_unit_test(too_many_of_anything_is_named),
    };

    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
