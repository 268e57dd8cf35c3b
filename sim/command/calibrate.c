/* calibrate.c — sim calibrate [FILE]: measures this machine and writes what the virtual world
 * should believe of it; where a scenario is named, at its rates, as --both does. */
#include "sim/lab/calibrate.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "sim/command/command.h"
#include "sim/command/live.h"
#include "sim/command/places.h"
#include "sim/command/rates.h"
#include "sim/command/server_words.h"
#include "sim/scenario/load_story.h"

struct wish { /* Words are borrowed from argv. */
    struct live_options live;
    struct named_story named; /* file NULL: none. */
    const char *path;
};

static atomic_bool is_interrupted;

static void interrupt(int signal_number)
{
    (void)signal_number;
    atomic_store(&is_interrupted, true);
}

static void listen_for_interrupts(void)
{
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND};

    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static void tell(void *context, const struct text *what)
{
    const struct settings *settings = context;

    fprintf(stderr, "  %s …\n", settings_say(settings, what->en, what->ru));
}

static int measure(const struct lab_options *options, FILE *out, const char *path,
                   struct settings *settings)
{
    const struct calibrate_ear ear = {tell, settings};
    struct calibration calibration;
    struct message trouble = message_in(options->lang);
    enum lab_end end = calibrate_with(options, &calibration, &ear, &trouble);

    if (end != LAB_DONE) {
        fprintf(stderr, "sim calibrate: %s\n", trouble.text);
        if (atomic_load(&is_interrupted))
            return EXIT_INTERRUPTED;
        return end == LAB_DEPENDENCY ? EXIT_DEPENDENCY : EXIT_RUNTIME;
    }
    calibration_write(out, &calibration);
    if (fflush(out) == 0 && ferror(out) == 0)
        return EXIT_AS_EXPECTED;
    perror(path);
    return EXIT_RUNTIME;
}

/* Opened before it is measured: a path that cannot be written is found now. */
static int measure_into(const struct lab_options *options, const char *path,
                        struct settings *settings)
{
    FILE *out = strcmp(path, "-") == 0 ? stdout : fopen(path, "w");
    int code;

    if (out == NULL) {
        perror(path);
        return EXIT_RUNTIME;
    }
    listen_for_interrupts();
    code = measure(options, out, path, settings);
    if (out == stdout)
        return code;
    if (fclose(out) != 0 && code == EXIT_AS_EXPECTED)
        code = EXIT_RUNTIME;
    if (code != EXIT_AS_EXPECTED)
        remove(path); /* Nothing, or half of it: not to be laid over anything. */
    return code;
}

static int read_rates(struct lab_options *options, const struct named_story *named,
                      const struct settings *settings)
{
    struct story story;
    int code = places_load(&story, named, NULL, settings);

    if (code != EXIT_AS_EXPECTED)
        return code;
    for (uint32_t v = 0; v < story.variants_max; v++)
        rates_note(&options->rates, &story.variants[v]);
    story_close(&story);
    return EXIT_AS_EXPECTED;
}

static int run(int argc, char **argv, struct settings *settings)
{
    struct wish wish = {.path = "-"};
    struct lab_options options = {.seed = 1, .is_interrupted = &is_interrupted};
    int code = EXIT_AS_EXPECTED;

    for (int i = 1; i < argc; i++) {
        if (settings_take_lang(settings, argc, argv, &i) ||
            server_words_take(&wish.live, argc, argv, &i))
            continue;
        if (strcmp(argv[i], "-o") == 0 && i + 1 < argc)
            wish.path = argv[++i];
        else if (argv[i][0] != '-' && wish.named.file == NULL)
            wish.named.file = argv[i];
        else
            return command_misused(&command_calibrate, settings,
                                   "no such option, or without a value",
                                   "нет такого ключа или нет значения", argv[i]);
    }
    options.lang = settings->lang;
    options.servers = live_servers(&wish.live);
    if (wish.named.file != NULL)
        code = read_rates(&options, &wish.named, settings);
    return code == EXIT_AS_EXPECTED ? measure_into(&options, wish.path, settings) : code;
}

const struct command command_calibrate = {
    .name = "calibrate",
    .usage = "calibrate [FILE] [-o FILE] [--redis HOST:PORT] [--memcached HOST:PORT] [--kafka "
             "HOST:PORT] "
             "[--rabbitmq HOST:PORT] [--db URL]",
    .summary = {"measure this machine's hop, store call, record, row and commit",
                "измерить хоп, вызов хранилища, запись в лог, строку и коммит этой машины"},
    .options =
        {"  FILE               a scenario, at whose rates to measure, as --both does: a busy\n"
         "                     machine answers otherwise than an idle one\n"
         "  -o FILE            where to write it; by default stdout\n"
         "  --redis HOST:PORT  your servers, where they are to be measured; also SIM_REDIS,\n"
         "  --kafka HOST:PORT  SIM_KAFKA, SIM_DB; by default embedded ones\n"
         "  --db URL\n"
         "  --memcached H:P    also SIM_MEMCACHED, SIM_RABBITMQ; by default embedded ones,\n"
         "  --rabbitmq H:P     where they are installed\n"
         "  --allow-remote     they may be on another machine\n"
         "\n"
         "It takes a minute and a half, and wants the machine for itself. Exit codes:\n"
         "0 done, 1 runtime error, 5 a server is not there (sim doctor), 130 interrupted\n"
         "\n"
         "  sim calibrate spike -o machine.yaml\n"
         "  sim run spike --calibration machine.yaml\n",
         "  ФАЙЛ               сценарий, с частотами которого измерять, как делает --both:\n"
         "                     занятая машина отвечает иначе, чем свободная\n"
         "  -o ФАЙЛ            куда записать; по умолчанию stdout\n"
         "  --redis HOST:PORT  ваши серверы, если измерять их; также SIM_REDIS,\n"
         "  --kafka HOST:PORT  SIM_KAFKA, SIM_DB; по умолчанию встроенные\n"
         "  --db URL\n"
         "  --memcached Х:П    также SIM_MEMCACHED, SIM_RABBITMQ; по умолчанию встроенные,\n"
         "  --rabbitmq Х:П     где они установлены\n"
         "  --allow-remote     они могут быть на другой машине\n"
         "\n"
         "Занимает полторы минуты; машина в это время нужна целиком. Коды выхода:\n"
         "0 готово, 1 сбой, 5 нет сервера (sim doctor), 130 прервано\n"
         "\n"
         "  sim calibrate spike -o machine.yaml\n"
         "  sim run spike --calibration machine.yaml\n"},
    .run = run,
};
