/* run.c — sim run FILE: the main job, in the order in which the data flows.
 *
 *     options -> story -> variants --> virtual.c: runs on all cores -> results -> report
 *                                  \-> live.c: real processes -> results -> report
 *                                   \-> both.c: estimate | simulated | measured -> report
 *
 * Results go to stdout, progress and messages to stderr. Ctrl-C ends the runs early and reports
 * what there is; a second one ends the program. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "sim/command/html_output.h"
#include "sim/command/job.h"
#include "sim/command/output.h"
#include "sim/command/places.h"
#include "sim/command/trace_file.h"
#include "sim/scenario/load_story.h"

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

/* ---- The job --------------------------------------------------------------------------------- */

static int do_job(const struct job *job)
{
    const struct live_options *live = &job->options->live;

    listen_for_interrupts();
    if (live->is_both)
        return job_both(job);
    return live->is_live ? job_live(job) : job_virtual(job);
}

static int run_story(const struct story *story, const struct options *options,
                     const struct settings *settings)
{
    FILE *trace;
    struct job job = {.story = story,
                      .options = options,
                      .settings = settings,
                      .seed = options->has_seed ? options->seed : story->variants[0].seed,
                      .is_interrupted = &is_interrupted};
    char *repeat;
    int code;

    code = chosen_of(&job.chosen, story, options->variants, options->variants_max, &command_run,
                     settings);
    if (code == EXIT_AS_EXPECTED)
        code = html_output_check(options, settings);
    if (code != EXIT_AS_EXPECTED)
        return code;
    code = trace_file_open(&job, &trace);
    if (code != EXIT_AS_EXPECTED)
        return code;
    if (!output_open_json(options, &job.json)) {
        if (trace != NULL)
            fclose(trace);
        return EXIT_RUNTIME;
    }
    repeat = options_repeat(options, job.seed);
    job.repeat = repeat;
    code = repeat != NULL ? do_job(&job) : job_no_memory(settings);
    if (trace != NULL)
        code = trace_file_write(&job, trace, code);
    free(repeat);
    if (job.json != NULL && job.json != stdout && fclose(job.json) != 0)
        code = EXIT_RUNTIME;
    return code;
}

static int run(int argc, char **argv, struct settings *settings)
{
    struct options options;
    struct story story;
    int code = options_read(&options, argc, argv, settings);

    if (code == EXIT_AS_EXPECTED)
        code = places_load(&story, &options.named, options.calibration, settings);
    if (code != EXIT_AS_EXPECTED)
        return code;
    code = run_story(&story, &options, settings);
    story_close(&story);
    return code;
}

const struct command command_run = {
    .name = "run",
    .usage = "run FILE [OPTIONS]",
    .summary = {"run a scenario: all its variants on the same arrivals, side by side",
                "прогнать сценарий: все варианты на одних и тех же запросах, рядом"},
    .options =
        {"  --variant NAME     only this variant (may be repeated)\n"
         "  --set PATH=VALUE   override a key in all variants, for example\n"
         "                     services.delivery.replicas=8; in one: variants.NAME.services…\n"
         "  --seed N           the seed of chance; by default the scenario's\n"
         "  --seeds R          R replications, seeds N, N+1 …: means with 95 % intervals\n"
         "  --threads N        by default one per core; the results are the same bits\n"
         "  --json[=FILE]      results as JSON on stdout, or in FILE beside the report\n"
         "  --html FILE        the report as one page with charts, which needs no network\n"
         "  --trace FILE       of one --variant: spans of the first 1,000 requests and of the\n"
         "                     slowest 10, for chrome://tracing and ui.perfetto.dev\n"
         "  --live             on real processes, Redis, Kafka and SQL, in real time; what\n"
         "                     is not named is started and cleaned up: nothing to set up\n"
         "  --both             estimated, simulated (calibrated to this machine), measured\n"
         "  --calibration FILE numbers of a machine (sim calibrate), laid over the scenario\n"
         "  --redis HOST:PORT  your own servers, also SIM_REDIS, SIM_KAFKA, SIM_DB; they\n"
         "  --kafka HOST:PORT  are left as they were. Not on this machine: --allow-remote\n"
         "  --memcached H:P    the same, where store.kind is memcached; also SIM_MEMCACHED. It\n"
         "                     cannot list keys: those of a run expire ten minutes after it\n"
         "  --rabbitmq H:P     or USER:PASSWORD@HOST:PORT, where queue.kind is rabbitmq; also\n"
         "                     SIM_RABBITMQ\n"
         "  --db postgres://…\n"
         "  --burn             nodes burn real processor time instead of waiting it out\n"
         "  --attach HOST:PORT nodes that run already (sim node, docker compose); --run NAME\n"
         "  -q, --quiet        no report, no progress: the exit code says it\n"
         "  --no-color         also NO_COLOR\n"
         "  --lang en|ru       also SIM_LANG, LANG\n"
         "\n"
         "Exit codes: 0 as expected, 1 runtime error, 2 usage or scenario, 3 invariant\n"
         "violated, 4 a limit was hit, 5 a server is not there, 99 thresholds failed (or,\n"
         "with --both, goals), 130 interrupted\n"
         "\n"
         "  sim run scenarios/spike.yaml\n"
         "  sim run spike --variant queue --seeds 20\n"
         "  sim run spike --live --variant horizontal\n"
         "  sim run likes --both --variant batched\n"
         "  sim run spike --html spike.html\n"
         "  sim run spike --json | jq '.variants[].latency_ms.p99'\n",
         "  --variant ИМЯ      только этот вариант (можно несколько раз)\n"
         "  --set ПУТЬ=ЗНАЧ    заменить ключ во всех вариантах, например\n"
         "                     services.delivery.replicas=8; в одном: variants.ИМЯ.services…\n"
         "  --seed N           зерно случайности; по умолчанию из сценария\n"
         "  --seeds R          R повторов, зёрна N, N+1 …: средние с 95 % интервалами\n"
         "  --threads N        по умолчанию по числу ядер; результат бит в бит тот же\n"
         "  --json[=ФАЙЛ]      результаты в JSON на stdout или в ФАЙЛ рядом с отчётом\n"
         "  --html ФАЙЛ        отчёт одной страницей с графиками; сеть ей не нужна\n"
         "  --trace ФАЙЛ       у одного --variant: отрезки первых 1000 запросов и 10 самых\n"
         "                     долгих, для chrome://tracing и ui.perfetto.dev\n"
         "  --live             на настоящих процессах, Redis, Kafka и SQL, в реальном времени;\n"
         "                     что не названо, запустится само и уберёт за собой\n"
         "  --both             оценено, смоделировано (с числами этой машины), измерено\n"
         "  --calibration ФАЙЛ числа машины (sim calibrate) поверх сценария\n"
         "  --redis ХОСТ:ПОРТ  свои серверы, также SIM_REDIS, SIM_KAFKA, SIM_DB; останутся\n"
         "  --kafka ХОСТ:ПОРТ  какими были. Если не на этой машине: --allow-remote\n"
         "  --memcached Х:П    то же при store.kind: memcached; также SIM_MEMCACHED. Перечислить\n"
         "                     ключи он не умеет: ключи прогона истекут через десять минут\n"
         "  --rabbitmq Х:П     или ИМЯ:ПАРОЛЬ@ХОСТ:ПОРТ при queue.kind: rabbitmq; также\n"
         "                     SIM_RABBITMQ\n"
         "  --db postgres://…\n"
         "  --burn             узлы жгут настоящий процессор, а не ждут\n"
         "  --attach ХОСТ:ПОРТ узлы уже запущены (sim node, docker compose); --run ИМЯ\n"
         "  -q, --quiet        без отчёта и хода работы: всё скажет код выхода\n"
         "  --no-color         также NO_COLOR\n"
         "  --lang en|ru       также SIM_LANG, LANG\n"
         "\n"
         "Коды выхода: 0 как ожидалось, 1 сбой, 2 вызов или сценарий, 3 нарушен инвариант,\n"
         "4 достигнут предел, 5 нет сервера, 99 пороги (с --both — цели) не выдержаны,\n"
         "130 прервано\n"
         "\n"
         "  sim run scenarios/spike.yaml\n"
         "  sim run spike --variant queue --seeds 20\n"
         "  sim run spike --live --variant horizontal\n"
         "  sim run likes --both --variant batched\n"
         "  sim run spike --html spike.html\n"
         "  sim run spike --json | jq '.variants[].latency_ms.p99'\n"},
    .run = run,
};
