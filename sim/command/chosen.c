/* chosen.c — Names that must be known, then the variants that bear them. */
#include "sim/command/chosen.h"

#include <stdio.h>
#include <string.h>

static bool is_wanted(const char *const *names, unsigned names_max, const char *variant)
{
    for (unsigned i = 0; i < names_max; i++)
        if (strcmp(names[i], variant) == 0)
            return true;
    return names_max == 0;
}

static bool has_variant(const struct story *story, const char *name)
{
    for (uint32_t i = 0; i < story->variants_max; i++)
        if (strcmp(story->variants[i].variant, name) == 0)
            return true;
    return false;
}

static void say_unknown(const struct story *story, const char *name, const struct command *command,
                        const struct settings *settings)
{
    fprintf(stderr, "sim %s: %s \"%s\"; %s:", command->name,
            settings_say(settings, "no such variant:", "нет такого варианта:"), name,
            settings_say(settings, "there are", "есть"));
    for (uint32_t v = 0; v < story->variants_max; v++)
        fprintf(stderr, " %s", story->variants[v].variant);
    fprintf(stderr, "\n");
}

int chosen_of(struct chosen *chosen, const struct story *story, const char *const *names,
              unsigned names_max, const struct command *command, const struct settings *settings)
{
    for (unsigned i = 0; i < names_max; i++)
        if (!has_variant(story, names[i])) {
            say_unknown(story, names[i], command, settings);
            return EXIT_USAGE;
        }
    chosen->variants_max = 0;
    for (uint32_t i = 0; i < story->variants_max; i++)
        if (is_wanted(names, names_max, story->variants[i].variant))
            chosen->variants[chosen->variants_max++] = &story->variants[i];
    return EXIT_AS_EXPECTED;
}
