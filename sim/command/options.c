/* options.c — Reads the words behind `sim run`, each option by one row of a table. */
#include "sim/command/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/command/words.h"
#include "sim/world/world.h"

enum { SEEDS_MAX = 10000, THREADS_MAX = 1024 };

enum value { VALUE_NONE, VALUE_OPTIONAL, VALUE_WANTED };

struct option_row {
    const char *name;
    enum value value;
    bool (*take)(struct options *options, const char *value); /* False: not a value for it. */
    struct text wants;                                        /* What its value looks like. */
};

static bool take_variant(struct options *options, const char *value)
{
    if (options->variants_max == SCENARIO_VARIANTS_MAX)
        return false;
    options->variants[options->variants_max++] = value;
    return true;
}

static bool take_set(struct options *options, const char *value)
{
    return places_override(&options->named, value);
}

static bool take_calibration(struct options *options, const char *value)
{
    options->calibration = value;
    return value[0] != '\0';
}

static bool take_seed(struct options *options, const char *value)
{
    options->has_seed = true;
    return words_number(value, UINT64_MAX, &options->seed);
}

static bool take_seeds(struct options *options, const char *value)
{
    uint64_t number;

    if (!words_number(value, SEEDS_MAX, &number) || number == 0)
        return false;
    options->seeds = (unsigned)number;
    return true;
}

static bool take_threads(struct options *options, const char *value)
{
    uint64_t number;

    if (!words_number(value, THREADS_MAX, &number) || number == 0)
        return false;
    options->threads = (unsigned)number;
    return true;
}

static bool take_json(struct options *options, const char *value)
{
    options->json_path = value == NULL ? "-" : value;
    return options->json_path[0] != '\0';
}

static bool take_html(struct options *options, const char *value)
{
    options->html_path = value;
    return value[0] != '\0' && strcmp(value, "-") != 0;
}

static bool take_trace(struct options *options, const char *value)
{
    options->trace_path = value;
    return value[0] != '\0';
}

static bool take_quiet(struct options *options, const char *value)
{
    (void)value;
    options->is_quiet = true;
    return true;
}

static bool take_no_color(struct options *options, const char *value)
{
    (void)value;
    options->no_color = true;
    return true;
}

static bool take_plain_heap(struct options *options, const char *value)
{
    (void)value;
    options->uses_plain_heap = true;
    return true;
}

static bool take_plant(struct options *options, const char *value)
{
    options->planted = value;
    return world_planted(value) != PLANT_NOTHING || strcmp(value, "between-commits") == 0;
}

static bool take_live(struct options *options, const char *value)
{
    (void)value;
    options->live.is_live = true;
    return true;
}

static bool take_both(struct options *options, const char *value)
{
    options->live.is_both = true;
    return take_live(options, value);
}

static bool take_remote(struct options *options, const char *value)
{
    (void)value;
    options->live.allow_remote = true;
    return true;
}

static bool take_burn(struct options *options, const char *value)
{
    (void)value;
    options->live.burn = true;
    return true;
}

#define TAKE_TEXT(name)                                                                            \
    static bool take_##name(struct options *options, const char *value)                            \
    {                                                                                              \
        options->live.name = value;                                                                \
        return value[0] != '\0';                                                                   \
    }
TAKE_TEXT(redis)
TAKE_TEXT(memcached)
TAKE_TEXT(kafka)
TAKE_TEXT(rabbitmq)
TAKE_TEXT(db)
TAKE_TEXT(attach)
TAKE_TEXT(run)

static const struct option_row rows[] = {
    {"--variant", VALUE_WANTED, take_variant, {"32 variants at most", "не больше 32 вариантов"}},
    {"--set",
     VALUE_WANTED,
     take_set,
     {"PATH=VALUE, for example --set services.delivery.replicas=8; 64 at most",
      "ПУТЬ=ЗНАЧЕНИЕ, например --set services.delivery.replicas=8; не больше 64"}},
    {"--calibration",
     VALUE_WANTED,
     take_calibration,
     {"a file that sim calibrate wrote", "файл, который написала sim calibrate"}},
    {"--seed", VALUE_WANTED, take_seed, {"a whole number from 0", "целое число от 0"}},
    {"--seeds", VALUE_WANTED, take_seeds, {"a number from 1 to 10000", "число от 1 до 10000"}},
    {"--threads", VALUE_WANTED, take_threads, {"a number from 1 to 1024", "число от 1 до 1024"}},
    {"--json", VALUE_OPTIONAL, take_json, {"--json or --json=FILE", "--json или --json=ФАЙЛ"}},
    {"--html", VALUE_WANTED, take_html, {"the name of a file", "имя файла"}},
    {"--trace",
     VALUE_WANTED,
     take_trace,
     {"a file, for example out.json", "файл, например out.json"}},
    {"--quiet", VALUE_NONE, take_quiet, {"", ""}},
    {"-q", VALUE_NONE, take_quiet, {"", ""}},
    {"--no-color", VALUE_NONE, take_no_color, {"", ""}},
    {"--live", VALUE_NONE, take_live, {"", ""}},
    {"--both", VALUE_NONE, take_both, {"", ""}},
    {"--redis", VALUE_WANTED, take_redis, {"HOST:PORT", "ХОСТ:ПОРТ"}},
    {"--memcached", VALUE_WANTED, take_memcached, {"HOST:PORT", "ХОСТ:ПОРТ"}},
    {"--kafka", VALUE_WANTED, take_kafka, {"HOST:PORT", "ХОСТ:ПОРТ"}},
    {"--rabbitmq", VALUE_WANTED, take_rabbitmq, {"HOST:PORT", "ХОСТ:ПОРТ"}},
    {"--db", VALUE_WANTED, take_db, {"postgres://…", "postgres://…"}},
    {"--attach",
     VALUE_WANTED,
     take_attach,
     {"HOST:PORT, or SERVICE=HOST:PORT,…", "ХОСТ:ПОРТ или СЕРВИС=ХОСТ:ПОРТ,…"}},
    {"--run", VALUE_WANTED, take_run, {"the name of a run", "имя прогона"}},
    {"--allow-remote", VALUE_NONE, take_remote, {"", ""}},
    {"--burn", VALUE_NONE, take_burn, {"", ""}},
    {"--plain-heap", VALUE_NONE, take_plain_heap, {"", ""}},
    {"--plant",
     VALUE_WANTED,
     take_plant,
     {"only a test build has bugs to plant", "ошибки сажает только тестовая сборка"}},
};

static const struct option_row *find_row(const char *word)
{
    size_t length = strcspn(word, "=");

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strlen(rows[i].name) == length && strncmp(rows[i].name, word, length) == 0)
            return &rows[i];
    return NULL;
}

static int misused(const struct settings *settings, const char *en, const char *ru,
                   const char *word)
{
    return command_misused(&command_run, settings, en, ru, word);
}

/* Takes the option at argv[*place], and its value. */
static int take(struct options *options, int argc, char **argv, int *place,
                const struct settings *settings)
{
    const char *word = argv[*place];
    const struct option_row *row = find_row(word);
    const char *value = strchr(word, '=');

    if (row == NULL)
        return misused(settings, "no such option", "нет такого ключа", word);
    value = value == NULL ? NULL : value + 1;
    if (row->value == VALUE_NONE && value != NULL)
        return misused(settings, "it takes no value", "значение здесь не нужно", word);
    if (row->value == VALUE_WANTED && value == NULL) {
        if (*place + 1 >= argc)
            return misused(settings, "a value is missing after", "нет значения после", word);
        value = argv[++*place];
    }
    if (!row->take(options, value))
        return misused(settings, row->name, row->name,
                       settings_say(settings, row->wants.en, row->wants.ru));
    return EXIT_AS_EXPECTED;
}

int options_read(struct options *options, int argc, char **argv, struct settings *settings)
{
    *options = (struct options){.seeds = 1, .planted = ""};
    for (int i = 1; i < argc; i++) {
        int code = EXIT_AS_EXPECTED;

        if (settings_take_lang(settings, argc, argv, &i))
            continue;
        if (argv[i][0] == '-')
            code = take(options, argc, argv, &i, settings);
        else if (options->named.file == NULL)
            options->named.file = argv[i];
        else
            code = misused(settings, "one file at a time", "по одному файлу за раз", argv[i]);
        if (code != EXIT_AS_EXPECTED)
            return code;
    }
    if (options->live.is_live && options->seeds > 1)
        return misused(settings, "live runs have one seed", "у живого прогона одно зерно",
                       "--seeds");
    if (options->trace_path != NULL && (options->live.is_live || options->seeds > 1))
        return misused(settings, "a trace is of one run in virtual time",
                       "трасса бывает у одного прогона в виртуальном времени",
                       options->live.is_live ? "--live" : "--seeds");
    if (options->live.run != NULL && options->live.attach == NULL)
        return misused(settings, "a name is for nodes that run already; with --attach",
                       "имя — для узлов, которые уже запущены; вместе с --attach", "--run");
    if (options->named.file == NULL)
        return misused(settings, "which scenario?", "какой сценарий?", "");
    return EXIT_AS_EXPECTED;
}

/* ---- The line that repeats the run ----------------------------------------------------------- */

/* "password=…" and its like among a URL's parameters; a name with a '%' in it may be one. */
static bool is_secret(const char *parameter, size_t length)
{
    size_t name = strcspn(parameter, "=");

    return name < length && (memchr(parameter, '%', name) != NULL ||
                             (name >= 8 && strncmp(parameter + name - 8, "password", 8) == 0));
}

/* A server's URL, or its user@host:port, without its password: reports are shown around. libpq
 * finds it elsewhere (PGPASSWORD, ~/.pgpass); RabbitMQ's is said again in SIM_RABBITMQ. */
static void put_url(FILE *words, const char *url)
{
    const char *scheme = strstr(url, "://"), *at = strrchr(url, '@');
    const char *user = scheme == NULL ? url : scheme + 3;
    const char *colon = at == NULL ? NULL : strchr(user, ':');
    char between = '?';

    if (colon != NULL && colon < at) {
        fprintf(words, "%.*s", (int)(colon - url), url);
        url = at;
    }
    fprintf(words, "%.*s", (int)strcspn(url, "?"), url);
    url += strcspn(url, "?");
    while (*url != '\0') {
        size_t length = strcspn(++url, "&");

        if (!is_secret(url, length)) {
            fprintf(words, "%c%.*s", between, (int)length, url);
            between = '&';
        }
        url += length;
    }
}

static void put_server(FILE *line, const char *before, const char *url)
{
    char *shown = NULL;
    size_t shown_bytes = 0;
    FILE *words = open_memstream(&shown, &shown_bytes);

    if (words == NULL)
        return;
    put_url(words, url);
    fclose(words);
    words_put(line, before, shown);
    free(shown);
}

static void put_live(FILE *line, const struct live_options *live)
{
    const struct {
        const char *before, *word;
    } texts[] = {{" --redis ", live->redis},
                 {" --memcached ", live->memcached},
                 {" --kafka ", live->kafka},
                 {" --attach ", live->attach},
                 {" --run ", live->run}};

    if (live->is_live)
        fputs(live->is_both ? " --both" : " --live", line);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].word != NULL)
            words_put(line, texts[i].before, texts[i].word);
    if (live->rabbitmq != NULL)
        put_server(line, " --rabbitmq ", live->rabbitmq);
    if (live->db != NULL)
        put_server(line, " --db ", live->db);
    if (live->allow_remote)
        fputs(" --allow-remote", line);
    if (live->burn)
        fputs(" --burn", line);
}

char *options_repeat(const struct options *options, uint64_t seed)
{
    char *words = NULL;
    size_t words_bytes = 0;
    FILE *line = open_memstream(&words, &words_bytes);

    if (line == NULL)
        return NULL;
    words_put(line, "sim run ", options->named.file);
    fprintf(line, " --seed %llu", (unsigned long long)seed);
    if (options->seeds > 1)
        fprintf(line, " --seeds %u", options->seeds);
    for (unsigned i = 0; i < options->variants_max; i++)
        words_put(line, " --variant ", options->variants[i]);
    if (options->calibration != NULL)
        words_put(line, " --calibration ", options->calibration);
    for (unsigned i = 0; i < options->named.overrides_max; i++)
        words_put(line, " --set ", options->named.overrides[i]);
    put_live(line, &options->live);
    if (options->planted[0] != '\0')
        words_put(line, " --plant ", options->planted);
    fclose(line);
    return words;
}
