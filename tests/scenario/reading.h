/* reading.h — A scenario written in a test, read, and what came of it.
 *
 * Every test program works in a folder of its own under /tmp, so that a file is called story.yaml
 * in every message. */
#ifndef TESTS_SCENARIO_READING_H
#define TESTS_SCENARIO_READING_H

#include "tests/lib/test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/scenario/load_story.h"

struct reading {
    struct story story;
    struct problems *problems;
    char *printed; /* What problems_print() said; "" when there were none. */
    size_t printed_length;
    bool is_good;
};

/* A server and somebody who asks: the least that a scenario needs. */
#define SERVER "services: {server: {steps: [{compute: 1ms}]}}\n"
#define ASKER "load: [{rate: 100/s}]\n"
#define LEAST SERVER ASKER

static inline int enter_folder(void **state)
{
    static char folder[] = "/tmp/sim-reading-XXXXXX";

    (void)state;
    return mkdtemp(folder) == NULL ? -1 : chdir(folder);
}

static inline int leave_folder(void **state)
{
    char folder[256];
    DIR *files = opendir(".");

    (void)state;
    if (files == NULL || getcwd(folder, sizeof folder) == NULL)
        return -1;
    for (struct dirent *file = readdir(files); file != NULL; file = readdir(files))
        (void)unlink(file->d_name);
    (void)closedir(files);
    return chdir("/") == 0 ? rmdir(folder) : -1;
}

static inline void write_bytes(const char *path, const void *bytes, size_t length)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static inline void write_text(const char *path, const char *text)
{
    write_bytes(path, text, strlen(text));
}

static inline void print_in(struct reading *reading, const char *lang)
{
    FILE *out;

    free(reading->printed);
    out = open_memstream(&reading->printed, &reading->printed_length);
    assert_non_null(out);
    problems_print(reading->problems, out, lang);
    (void)fclose(out);
}

static inline void read_file(struct reading *reading, const char *path,
                             const char *const *overrides, size_t overrides_max)
{
    *reading = (struct reading){.problems = problems_open()};
    reading->is_good =
        story_load(&reading->story, path, overrides, overrides_max, reading->problems);
    print_in(reading, "en");
    assert_int_equal(reading->is_good, problems_count(reading->problems) == 0);
}

static inline void read_text(struct reading *reading, const char *text)
{
    write_text("story.yaml", text);
    read_file(reading, "story.yaml", NULL, 0);
}

static inline void read_set(struct reading *reading, const char *text, const char *override)
{
    write_text("story.yaml", text);
    read_file(reading, "story.yaml", &override, 1);
}

static inline void forget(struct reading *reading)
{
    story_close(&reading->story);
    problems_close(reading->problems);
    free(reading->printed);
}

/* The first variant of what was read; fails, and shows the problems, when there were any. */
static inline const struct scenario *scenario_of(const struct reading *reading)
{
    if (!reading->is_good)
        fail_msg("it should have been read:\n%s", reading->printed);
    return &reading->story.variants[0];
}

static inline void expect_words(const struct reading *reading, const char *words)
{
    if (strstr(reading->printed, words) == NULL)
        fail_msg("expected: %s\nprinted:\n%s", words, reading->printed);
}

/* Reads it, expects these words among the problems, and forgets it. */
static inline void expect_problem(const char *text, const char *words)
{
    struct reading reading;

    read_text(&reading, text);
    expect_words(&reading, words);
    forget(&reading);
}

#endif
