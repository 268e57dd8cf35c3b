/* places.c — Finds scenarios without being told where they are. */
#include "sim/command/places.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* PREFIX/bin/sim -> PREFIX/share/sim/scenarios */
static bool beside_program(char *path, size_t path_bytes)
{
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);

    if (length <= 0)
        return false;
    program[length] = '\0';
    for (int i = 0; i < 2; i++) {
        char *slash = strrchr(program, '/');

        if (slash == NULL)
            return false;
        *slash = '\0';
    }
    return snprintf(path, path_bytes, "%s/share/sim/scenarios", program) < (int)path_bytes;
}

bool places_folder(unsigned i, char *path, size_t path_bytes)
{
    const char *named = getenv("SIM_SCENARIOS");

    switch (i) {
    case 0:
        snprintf(path, path_bytes, "%s", named == NULL ? "scenarios" : named);
        return true;
    case 1:
        snprintf(path, path_bytes, "scenarios");
        return true;
    case 2:
        return beside_program(path, path_bytes);
    default:
        return false;
    }
}

void places_find(const char *word, char *path, size_t path_bytes)
{
    char folder[PATH_MAX];

    snprintf(path, path_bytes, "%s", word);
    if (access(word, F_OK) == 0 || strchr(word, '/') != NULL)
        return;
    for (unsigned i = 0; places_folder(i, folder, sizeof folder); i++) {
        const char *ending = strstr(word, ".yaml") == NULL ? ".yaml" : "";

        snprintf(path, path_bytes, "%s/%s%s", folder, word, ending);
        if (access(path, F_OK) == 0)
            return;
    }
    snprintf(path, path_bytes, "%s", word);
}

bool places_override(struct named_story *named, const char *value)
{
    if (named->overrides_max == PLACES_OVERRIDES_MAX || strchr(value, '=') == NULL)
        return false;
    named->overrides[named->overrides_max++] = value;
    return true;
}

static int load(struct story *story, const struct named_story *named, struct story_source source,
                const struct settings *settings)
{
    struct problems *problems = problems_open();
    char path[PATH_MAX];
    bool is_loaded;

    if (problems == NULL) {
        fprintf(stderr, "sim: %s\n",
                settings_say(settings, "the system refused memory", "система не дала памяти"));
        return EXIT_RUNTIME;
    }
    places_find(named->file, path, sizeof path);
    source.path = path;
    source.overrides = named->overrides;
    source.overrides_max = named->overrides_max;
    is_loaded = story_load_from(story, &source, problems);
    if (!is_loaded)
        problems_print(problems, stderr, settings->lang);
    problems_close(problems);
    return is_loaded ? EXIT_AS_EXPECTED : EXIT_USAGE;
}

int places_load(struct story *story, const struct named_story *named, const char *overlay,
                const struct settings *settings)
{
    return load(story, named, (struct story_source){.overlay = overlay}, settings);
}

int places_load_on(struct story *story, const struct named_story *named, const char *machine,
                   const struct settings *settings)
{
    return load(story, named, (struct story_source){.overlay = machine, .overlay_is_last = true},
                settings);
}
