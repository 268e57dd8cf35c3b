/* doctor.c — sim doctor: what a live run needs, one line each, with the cure. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "sim/command/command.h"
#include "sim/command/live.h"
#include "sim/command/server_words.h"
#include "sim/lab/doctor.h"
#include "sim/report/page.h"

enum { SCHEMA_VERSION = 1, NAME_COLUMNS = 14 };

struct doctor_options {
    struct live_options live;
    bool is_json;
};

static const char *const keys[] = {
    [DOCTOR_OK] = "ok", [DOCTOR_POOR] = "poor", [DOCTOR_MISSING] = "missing"};

static bool any_missing(const struct doctor_finding *findings, unsigned length)
{
    for (unsigned i = 0; i < length; i++)
        if (findings[i].state == DOCTOR_MISSING)
            return true;
    return false;
}

static void print_findings(const struct doctor_finding *findings, unsigned length,
                           const struct settings *settings)
{
    /* Cells of one width each, in columns: printf would count bytes. */
    static const struct text states[] = {[DOCTOR_OK] = {"ok     ", "есть  "},
                                         [DOCTOR_POOR] = {"poor   ", "слабо "},
                                         [DOCTOR_MISSING] = {"missing", "нет   "}};

    for (unsigned i = 0; i < length; i++) {
        const struct doctor_finding *finding = &findings[i];
        const struct text *state = &states[finding->state];
        const char *name = settings_say(settings, finding->name.en, finding->name.ru);
        int width = NAME_COLUMNS + (int)strlen(name) - (int)text_columns(name);

        printf("%s  %-*s %s", settings_say(settings, state->en, state->ru), width, name,
               finding->found.text);
        if (finding->state != DOCTOR_OK)
            printf(" → %s", settings_say(settings, finding->cure.en, finding->cure.ru));
        printf("\n");
    }
}

static void print_json(const struct doctor_finding *findings, unsigned length,
                       const struct settings *settings)
{
    json_t *document = json_object(), *all = json_array();

    for (unsigned i = 0; i < length; i++) {
        const struct doctor_finding *finding = &findings[i];
        json_t *one = json_object(), *found = json_string(finding->found.text);

        json_object_set_new(one, "name", json_string(finding->name.en));
        json_object_set_new(one, "state", json_string(keys[finding->state]));
        json_object_set_new(one, "found", found != NULL ? found : json_string("?"));
        if (finding->state != DOCTOR_OK)
            json_object_set_new(
                one, "cure",
                json_string(settings_say(settings, finding->cure.en, finding->cure.ru)));
        json_array_append_new(all, one);
    }
    json_object_set_new(document, "schema_version", json_integer(SCHEMA_VERSION));
    json_object_set_new(document, "ok", json_boolean(!any_missing(findings, length)));
    json_object_set_new(document, "findings", all);
    json_dumpf(document, stdout, JSON_INDENT(2));
    printf("\n");
    json_decref(document);
}

static int run(int argc, char **argv, struct settings *settings)
{
    struct doctor_finding findings[DOCTOR_FINDINGS_MAX];
    struct doctor_options options = {.is_json = false};
    struct lab_servers servers;
    unsigned length;

    for (int i = 1; i < argc; i++) {
        if (settings_take_lang(settings, argc, argv, &i) ||
            server_words_take(&options.live, argc, argv, &i))
            continue;
        if (strcmp(argv[i], "--json") != 0)
            return command_misused(&command_doctor, settings, "no such option, or without a value",
                                   "нет такого ключа или нет значения", argv[i]);
        options.is_json = true;
    }
    servers = live_servers(&options.live);
    length = doctor_look(&servers, settings->lang, findings);
    if (options.is_json)
        print_json(findings, length, settings);
    else
        print_findings(findings, length, settings);
    return any_missing(findings, length) ? EXIT_DEPENDENCY : EXIT_AS_EXPECTED;
}

const struct command command_doctor = {
    .name = "doctor",
    .usage = "doctor [--redis HOST:PORT] [--memcached HOST:PORT] [--kafka HOST:PORT] "
             "[--rabbitmq HOST:PORT] [--db URL] "
             "[--json]",
    .summary = {"what a live run needs: there or missing, with the cure",
                "что нужно для живого прогона: есть или нет, и как исправить"},
    .options = {"  --redis HOST:PORT  your servers, where they are to be used; also SIM_REDIS,\n"
                "  --kafka HOST:PORT  SIM_MEMCACHED, SIM_KAFKA, SIM_RABBITMQ, SIM_DB\n"
                "  --memcached HOST:PORT, --rabbitmq HOST:PORT, --db URL\n"
                "  --json             the same for a program\n"
                "\n"
                "ok: it is there; poor: it will do, and figures may suffer; missing: no live run.\n"
                "Exit codes: 0 nothing is missing, 5 something is\n"
                "\n"
                "  sim doctor\n"
                "  sim doctor --db postgres://postgres@127.0.0.1/lab\n",
                "  --redis HOST:PORT  ваши серверы, если запускать на них; также SIM_REDIS,\n"
                "  --kafka HOST:PORT  SIM_MEMCACHED, SIM_KAFKA, SIM_RABBITMQ, SIM_DB\n"
                "  --memcached HOST:PORT, --rabbitmq HOST:PORT, --db URL\n"
                "  --json             то же для программы\n"
                "\n"
                "есть: всё на месте; слабо: пойдёт, но цифры могут пострадать; нет: живого прогона "
                "не будет.\n"
                "Коды выхода: 0 всё есть, 5 чего-то нет\n"
                "\n"
                "  sim doctor\n"
                "  sim doctor --db postgres://postgres@127.0.0.1/lab\n"},
    .run = run,
};
