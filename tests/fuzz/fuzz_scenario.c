/* fuzz_scenario.c — Any bytes as a scenario, and any text as a --set.
 *
 * What stands before the first zero byte is the file, what stands behind it an override. A story
 * that loads must hold what the rest of the program relies on; one that does not must leave
 * problems that can be printed in both languages.
 *
 *   cmake --preset fuzz && cmake --build --preset fuzz
 *   build/fuzz/tests/fuzz/fuzz_scenario -max_len=8192 CORPUS scenarios */
#define _GNU_SOURCE /* memfd_create */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "services/base/check.h"
#include "sim/scenario/load_story.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* One file in memory for the life of the process: libFuzzer's own. */
static int memory_file(void)
{
    static int file = -1;

    if (file < 0)
        file = memfd_create("scenario", 0);
    check(file >= 0);
    return file;
}

static void write_file(int file, const unsigned char *data, size_t size)
{
    check(ftruncate(file, 0) == 0);
    check(pwrite(file, data, size, 0) == (ssize_t)size);
}

static void judge_scenario(const struct scenario *scenario)
{
    struct dice dice;

    dice_init(&dice, scenario->seed, "fuzz");
    check(scenario->duration_ns > scenario->warmup_ns);
    check(scenario->title.en != NULL && scenario->question.ru != NULL);
    check(scenario->loads_max > 0 && scenario->services_max > 0);
    for (uint32_t i = 0; i < scenario->loads_max; i++) {
        const struct load_spec *load = &scenario->loads[i];

        check(load->service < scenario->services_max);
        check(load->users > 0 || load->phases_max > 0);
        check(dist_draw(&load->amount, &dice) >= 0.0 && dist_draw(&load->think, &dice) >= 0.0);
    }
    for (uint32_t i = 0; i < scenario->services_max; i++) {
        const struct service_spec *service = &scenario->services[i];

        check(service->replicas > 0 && service->cores > 0 && service->speed > 0.0);
        check(service->kind != KIND_CUSTOM || service->steps_max > 0);
        for (uint32_t n = 0; n < service->steps_max; n++) {
            check(service->steps[n].service < scenario->services_max);
            check(dist_draw(&service->steps[n].time, &dice) >= 0.0);
        }
    }
}

static void print_problems(const struct problems *problems)
{
    FILE *nowhere = fopen("/dev/null", "w");

    check(nowhere != NULL && problems_count(problems) > 0);
    problems_print(problems, nowhere, "en");
    problems_print(problems, nowhere, "ru");
    (void)fclose(nowhere);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    const unsigned char *zero = size == 0 ? NULL : memchr(data, 0, size);
    size_t length = zero == NULL ? size : (size_t)(zero - data);
    char *override = zero == NULL ? NULL : strndup((const char *)zero + 1, size - length - 1);
    const char *const overrides[] = {override};
    struct problems *problems = problems_open();
    struct story story;
    char path[64];

    check(problems != NULL);
    write_file(memory_file(), data, length);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", memory_file());
    if (story_load(&story, path, overrides, override == NULL ? 0 : 1, problems)) {
        for (uint32_t i = 0; i < story.variants_max; i++)
            judge_scenario(&story.variants[i]);
    } else {
        print_problems(problems);
    }
    story_close(&story);
    problems_close(problems);
    free(override);
    return 0;
}
