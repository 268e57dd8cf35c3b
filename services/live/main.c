/* main.c — The program `sim-node KIND`: one live service, or the embedded broker.
 *
 * KIND is for those who read `ps`; what the node is and does stands in the settings that sim writes
 * to its standard input (node/settings.h). */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/catalog/catalog.h"
#include "services/live/node/node.h"
#include "services/live/queue/broker.h"

enum { EXIT_USAGE = 2 };

/* As libc chooses its messages: the first of these that says anything. */
static bool is_russian(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);

        if (value != NULL && value[0] != '\0')
            return strncmp(value, "ru", 2) == 0;
    }
    return false;
}

static int usage(void)
{
    if (is_russian())
        fputs("sim-node ВИД: один живой сервис; его запускает sim (sim run --live), не человек\n"
              "виды:",
              stderr);
    else
        fputs("sim-node KIND: one live service; it is started by sim (sim run --live), not by "
              "hand\nkinds:",
              stderr);
    for (int kind = 0; kind < PLAN_KINDS; kind++)
        if (kind != PLAN_AUTOSCALER)
            fprintf(stderr, " %s", plan_kind_name((enum plan_kind)kind));
    fputs(" broker\n", stderr);
    return EXIT_USAGE;
}

static bool is_kind(const char *word)
{
    for (int kind = 0; kind < PLAN_KINDS; kind++)
        if (strcmp(word, plan_kind_name((enum plan_kind)kind)) == 0)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "broker") == 0)
        return broker_main();
    if (argc == 2 && is_kind(argv[1]))
        return node_main(argv[1]);
    return usage();
}
