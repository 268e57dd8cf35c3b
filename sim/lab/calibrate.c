/* calibrate.c — What is started, and in which order it is measured.
 *
 * The scenario is a small one of our own, bound like any other: so servers and nodes are started,
 * and cleaned up after, exactly as those of a live run. It is read from a file because scenarios
 * are; the file is gone before anything is measured. */
#define _GNU_SOURCE
#include "sim/lab/calibrate.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sim/lab/timely.h"
#include "sim/lab/calibrate_inside.h"
#include "sim/scenario/load_story.h"

/* Visits per second of all who ask; above the most, two cores measure themselves. */
enum { VISITED_LEAST = 100, VISITED_USUAL = 300, VISITED_MOST = 1500 };

/* The first three are asked by a crowd; `likes` is there for rows without an index, and `forked`,
 * where processes are measured, for connections: all of eight that are idle are woken by one. */
static const char scenario_text[] =
    "version: 1\n"
    "name: calibrate\n"
    "duration: 1s\n"
    "load: [{to: work, rate: 1/s}]\n"
    "balancer: {policy: round_robin}\n"
    "table: {likes_rows: 200k}\n"
    "services:\n"
    "  work: {replicas: 6, cores: 8, steps: [{compute: 1ms}]}\n"
    "  reading: {replicas: 4, cores: 8, steps: [{compute: 1ms}, {store: get}]}\n"
    "  writing: {replicas: 4, cores: 8, steps: [{compute: 1ms}, {store: get}, {put: {}}]}\n"
    "  likes: {design: table, replicas: 1}\n";
static const char forked_text[] =
    "  forked: {cores: 8, runtime: {processes: 8}, steps: [{compute: 1ms}]}\n";
static const char rabbit_text[] = "queue: {kind: rabbitmq}\n";

void calibrate_step(const struct calibrator *calibrator, const char *en, const char *ru)
{
    const struct text what = {en, ru};

    if (calibrator->ear != NULL && calibrator->ear->step != NULL)
        calibrator->ear->step(calibrator->ear->context, &what);
}

void calibrate_note_version(struct calibrator *calibrator, const char *version)
{
    char *servers = calibrator->calibration->servers;
    size_t length = strlen(servers);

    snprintf(servers + length, sizeof calibrator->calibration->servers - length, ", %s", version);
}

pid_t calibrate_fork(void)
{
    pid_t parent = getpid(), child = fork();

    if (child != 0)
        return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    setpgid(0, 0);
    return 0;
}

void calibrate_reap(pid_t *pid)
{
    if (*pid <= 0)
        return;
    kill(*pid, SIGKILL);
    while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR)
        ;
    *pid = 0;
}

void calibrate_sleep_until(uint64_t clock_ns)
{
    const struct timespec until = {.tv_sec = (time_t)(clock_ns / 1000000000),
                                   .tv_nsec = (long)(clock_ns % 1000000000)};

    (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

/* ---- The machine ----------------------------------------------------------------------------- */

static void read_processor(char name[static 80])
{
    FILE *file = fopen("/proc/cpuinfo", "r");
    char line[256];

    snprintf(name, 80, "a processor without a name");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        const char *colon = strchr(line, ':');

        if (strncmp(line, "model name", 10) != 0 || colon == NULL)
            continue;
        snprintf(name, 80, "%.79s", colon + 1 + strspn(colon + 1, " "));
        name[strcspn(name, "\n")] = '\0';
        break;
    }
    if (file != NULL)
        fclose(file);
}

static void describe_machine(struct calibration *calibration)
{
    char processor[80];
    struct utsname system;
    struct tm utc;
    time_t now = time(NULL);

    read_processor(processor);
    if (uname(&system) != 0)
        memset(&system, 0, sizeof system);
    snprintf(calibration->machine, sizeof calibration->machine, "%ld cores of %s, %.20s %.40s",
             sysconf(_SC_NPROCESSORS_ONLN), processor, system.sysname, system.release);
    if (gmtime_r(&now, &utc) != NULL)
        strftime(calibration->when, sizeof calibration->when, "%Y-%m-%d %H:%M", &utc);
}

/* ---- Bringing up, measuring, bringing down --------------------------------------------------- */

static bool write_text(int fd, const char *text)
{
    size_t length = strlen(text);

    return write(fd, text, length) == (ssize_t)length;
}

/* The nodes put into Kafka, or into RabbitMQ where that alone is measured: as in a run. */
static bool write_scenario(int fd, const struct lab_options *options)
{
    bool is_on_rabbit = calibrate_has_rabbit(options) && !calibrate_wants(options, CALIBRATE_KAFKA);

    return write_text(fd, scenario_text) &&
           write_text(fd, calibrate_wants(options, CALIBRATE_PROCESSES) ? forked_text : "") &&
           write_text(fd, is_on_rabbit ? rabbit_text : "");
}

static bool load_scenario(struct story *story, const struct lab_options *options,
                          struct message *trouble)
{
    char path[] = "/tmp/sim-calibrate-XXXXXX.yaml";
    int fd = mkstemps(path, 5);
    struct problems *problems = problems_open();
    bool is_written = fd >= 0 && write_scenario(fd, options);
    bool is_loaded = problems != NULL && is_written && story_load(story, path, NULL, 0, problems);

    if (!is_loaded)
        message_say(trouble, "no scenario to calibrate with in /tmp: %s",
                    "нет сценария калибровки в /tmp: %s", strerror(errno));
    if (problems != NULL) {
        if (problems_count(problems) > 0)
            problems_print(problems, stderr, "en");
        check(problems_count(problems) == 0 || !is_written); /* It is ours. */
        problems_close(problems);
    }
    if (fd >= 0) {
        close(fd);
        unlink(path);
    }
    return is_loaded;
}

static enum lab_end bring_up(struct calibrator *calibrator)
{
    enum lab_end end = servers_up(&calibrator->servers, calibrator->scenario, calibrator->options,
                                  calibrator->trouble);

    if (end != LAB_DONE)
        return end;
    if (!loop_open(&calibrator->loop, 0)) {
        message_say(calibrator->trouble, "libevent refused a loop",
                    "libevent не дала цикла событий");
        return LAB_TROUBLE;
    }
    calibrator->crew = crew_open(&calibrator->loop, calibrator->scenario, calibrator->options,
                                 &calibrator->servers, calibrator->trouble);
    return calibrator->crew == NULL ? LAB_TROUBLE : LAB_DONE;
}

/* Of the scenario; none of them above what there is of visits. */
static struct lab_rates rates_beside(const struct lab_rates *wanted)
{
    double visited = wanted->visited > 0 ? wanted->visited : VISITED_USUAL;
    double scale = fmin(fmax(visited, VISITED_LEAST), VISITED_MOST) / visited;

    return (struct lab_rates){.visited = visited * scale,
                              .stored = fmin(wanted->stored, visited) * scale,
                              .put = fmin(wanted->put, visited) * scale};
}

/* Whoever measures hops is one of those who visit. */
static bool measure_nodes(struct calibrator *calibrator, struct lab_rates beside)
{
    beside.visited -= CALIBRATE_HOP_RATE;
    return (beside.visited <= 0 || crowd_begin(calibrator, &beside)) && calibrate_nodes(calibrator);
}

/* The last of them do not look up from their work. */
static bool was_let_finish(struct calibrator *calibrator)
{
    return !calibrate_is_interrupted(calibrator) ||
           message_say(calibrator->trouble, "calibration: interrupted", "калибровка: прервано");
}

unsigned calibrate_parts(const struct scenario *scenario)
{
    const struct servers_wanted servers = servers_wanted(scenario);
    unsigned parts = CALIBRATE_HOPS;

    if (servers.store)
        parts |= scenario->store.kind == STORE_REDIS ? CALIBRATE_STORE : CALIBRATE_MEMCACHED;
    if (servers.queue)
        parts |= scenario->queue.kind == QUEUE_KAFKA ? CALIBRATE_KAFKA : CALIBRATE_RABBITMQ;
    parts |= servers.table ? CALIBRATE_TABLE : 0;
    for (uint32_t i = 0; i < scenario->services_max; i++) {
        const struct service_spec *spec = &scenario->services[i];

        parts |= spec->kind == KIND_GATEWAY ? CALIBRATE_TOKENS : 0;
        parts |= spec->kind == KIND_COUNTER ? CALIBRATE_THREADS : 0;
        parts |= spec->runtime == RUNTIME_PROCESSES ? CALIBRATE_PROCESSES : 0;
    }
    return parts;
}

static bool measure_servers(struct calibrator *calibrator, const struct lab_rates *beside)
{
    static const struct {
        enum calibrate_part part;
        bool (*measure)(struct calibrator *calibrator);
    } all[] = {{CALIBRATE_STORE, calibrate_store},    {CALIBRATE_MEMCACHED, calibrate_memcached},
               {CALIBRATE_KAFKA, calibrate_kafka},    {CALIBRATE_RABBITMQ, calibrate_rabbit},
               {CALIBRATE_TABLE, calibrate_table},    {CALIBRATE_TOKENS, calibrate_tokens},
               {CALIBRATE_THREADS, calibrate_threads}};

    if (!crowd_begin(calibrator, beside))
        return false;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (calibrate_wants(calibrator->options, all[i].part) && !all[i].measure(calibrator))
            return false;
    return was_let_finish(calibrator);
}

static enum lab_end measure(struct calibrator *calibrator)
{
    struct calibration *calibration = calibrator->calibration;

    calibration->has_embedded_broker = calibrator->servers.has_embedded_broker;
    calibration->is_sqlite =
        !calibrator->servers.table_is_theirs || calibrator->servers.table.database[0] == '/';
    snprintf(calibration->servers, sizeof calibration->servers, "%s", calibrator->servers.versions);
    describe_machine(calibration);
    calibration->beside = rates_beside(&calibrator->options->rates);
    return measure_nodes(calibrator, calibration->beside) &&
                   measure_servers(calibrator, &calibration->beside)
               ? LAB_DONE
               : LAB_TROUBLE;
}

static void bring_down(struct calibrator *calibrator)
{
    crowd_end(calibrator);
    if (calibrator->crew != NULL)
        crew_close(calibrator->crew);
    if (calibrator->loop.base != NULL)
        loop_close(&calibrator->loop);
    servers_down(&calibrator->servers);
    for (unsigned i = 0; i < calibrator->spent_max; i++)
        free(calibrator->spent[i]);
}

enum lab_end calibrate_with(const struct lab_options *options, struct calibration *calibration,
                            const struct calibrate_ear *ear, struct message *trouble)
{
    struct calibrator *calibrator = calloc(1, sizeof *calibrator);
    struct story story;
    enum lab_end end;
    int awake;

    memset(calibration, 0, sizeof *calibration);
    if (calibrator == NULL || !load_scenario(&story, options, trouble)) {
        if (calibrator == NULL)
            message_say(trouble, "the system refused memory", "система не дала памяти");
        free(calibrator);
        return LAB_TROUBLE;
    }
    calibrator->options = options;
    calibrator->scenario = &story.variants[0];
    calibrator->calibration = calibration;
    calibrator->ear = ear;
    calibrator->trouble = trouble;
    calibrate_step(calibrator, "starting servers and nodes", "запуск серверов и узлов");
    awake = timely_keep_awake();
    end = bring_up(calibrator);
    if (end == LAB_DONE)
        end = measure(calibrator);
    bring_down(calibrator);
    timely_let_sleep(awake);
    story_close(&story);
    free(calibrator);
    return end;
}

enum lab_end calibrate(const struct lab_options *options, struct calibration *calibration,
                       struct message *trouble)
{
    return calibrate_with(options, calibration, NULL, trouble);
}
