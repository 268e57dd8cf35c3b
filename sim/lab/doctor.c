/* doctor.c — One look at each thing that a live run stands on. */
#define _GNU_SOURCE
#include "sim/lab/doctor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "services/live/memcached/memcached_live.h"
#include "services/live/queue/queue_live.h"
#include "services/live/rabbit/rabbit_lab.h"
#include "services/live/store/store_live.h"
#include "services/live/table/database.h"
#include "services/live/versions.h"
#include "sim/lab/timely.h"
#include "sim/lab/calibrate_inside.h"
#include "sim/lab/process.h"
#include "sim/lab/servers_rabbitmq.h"

enum { FILES_WANTED = 4096, CORES_WANTED = 2, REDIS_LEAST = 6, SLEEPS = 200, VERSION_MS = 5000 };

static const double late_us = 2000; /* As the driver's send lag: beyond it a run is void. */

struct round {
    struct doctor_finding *findings;
    unsigned length;
    const char *lang;
};

/* One that is well until something is found to be wrong. */
static struct doctor_finding *add(struct round *round, const char *en, const char *ru)
{
    struct doctor_finding *finding = &round->findings[round->length++];

    check(round->length <= DOCTOR_FINDINGS_MAX);
    *finding = (struct doctor_finding){
        .name = {en, ru}, .state = DOCTOR_OK, .found = message_in(round->lang), .cure = {"", ""}};
    return finding;
}

static bool is_named(const char *server)
{
    return server != NULL && server[0] != '\0';
}

/* ---- Programs -------------------------------------------------------------------------------- */

static void look_at_node(struct round *round)
{
    struct doctor_finding *finding = add(round, "sim-node", "sim-node");

    if (servers_find_program("sim-node", finding->found.text, sizeof finding->found.text))
        return;
    finding->state = DOCTOR_MISSING;
    message_say(&finding->found, "neither beside sim nor on the PATH",
                "нет ни рядом с sim, ни в PATH");
    finding->cure = (struct text){"./bootstrap.sh builds it beside sim",
                                  "./bootstrap.sh соберёт её рядом с sim"};
}

/* "Redis server v=7.0.15 sha=… " -> "7.0.15" */
static bool read_redis_version(struct message *found)
{
    const char *const argv[] = {"redis-server", "--version", NULL};
    struct process process;
    char line[256];
    const char *at;
    bool is_read;

    if (!process_start(&process, "redis-server", argv, "/dev/null"))
        return message_say(found, "%s", "%s", strerror(errno));
    is_read = process_wait_line(&process, VERSION_MS, line, sizeof line, found);
    process_kill(&process);
    at = is_read ? strstr(line, "v=") : NULL;
    if (at == NULL)
        return message_say(found, "it does not say its version", "не называет своей версии");
    snprintf(found->text, sizeof found->text, "%.*s", (int)strcspn(at + 2, " "), at + 2);
    return true;
}

static void look_at_redis(struct round *round, const struct lab_servers *servers)
{
    static const struct text install = {
        "apt install redis-server; dnf install redis; brew install redis; or --redis HOST:PORT",
        "apt install redis-server; dnf install redis; brew install redis; или --redis HOST:PORT"};
    struct doctor_finding *finding = add(round, "redis-server", "redis-server");

    if (read_redis_version(&finding->found) && strtol(finding->found.text, NULL, 10) >= REDIS_LEAST)
        return;
    finding->state = is_named(servers->redis) ? DOCTOR_POOR : DOCTOR_MISSING;
    finding->cure = install;
}

/* "memcached 1.6.18" */
static bool read_memcached_version(struct message *found)
{
    const char *const argv[] = {"memcached", "-V", NULL};
    struct process process;
    char line[256] = "";
    bool is_read;

    if (!process_start(&process, "memcached", argv, "/dev/null"))
        return message_say(found, "%s", "%s", strerror(errno));
    is_read = process_wait_line(&process, VERSION_MS, line, sizeof line, found);
    process_kill(&process);
    if (is_read && strncmp(line, "memcached ", 10) == 0)
        snprintf(found->text, sizeof found->text, "%.60s", line + 10);
    else
        message_say(found, "it does not say its version", "не называет своей версии");
    return is_read;
}

/* Few scenarios want it. */
static void look_at_memcached(struct round *round)
{
    struct doctor_finding *finding = add(round, "memcached", "memcached");

    if (read_memcached_version(&finding->found))
        return;
    finding->state = DOCTOR_POOR;
    finding->cure = (struct text){
        "for store.kind: memcached: apt install memcached; dnf install memcached; brew install "
        "memcached; or --memcached HOST:PORT",
        "для store.kind: memcached: apt install memcached; dnf install memcached; brew install "
        "memcached; или --memcached HOST:PORT"};
}

static void look_at_libraries(struct round *round)
{
    struct library libraries[LIBRARIES];

    library_versions(libraries);
    for (unsigned i = 0; i < LIBRARIES; i++) {
        const char *name = libraries[i].name;
        struct doctor_finding *finding = add(round, name, name);

        message_say(&finding->found, "%s", "%s", libraries[i].version);
    }
}

/* ---- The user's servers ---------------------------------------------------------------------- */

static void look_at_store(struct round *round, const char *server)
{
    struct doctor_finding *finding = add(round, "Redis", "Redis");
    char version[32], why[160] = "";

    if (store_probe(server, version, why)) {
        message_say(&finding->found, "%s: %s", "%s: %s", server, version);
        return;
    }
    finding->state = DOCTOR_MISSING;
    message_say(&finding->found, "%.60s: %s", "%.60s: %s", server, why);
    finding->cure = (struct text){"start it, or leave --redis and SIM_REDIS away",
                                  "запустите его или уберите --redis и SIM_REDIS"};
}

static void look_at_memcached_server(struct round *round, const char *server)
{
    struct doctor_finding *finding = add(round, "memcached server", "сервер memcached");
    char version[32], why[160] = "";

    if (memcached_probe(server, version, why)) {
        message_say(&finding->found, "%s: %s", "%s: %s", server, version);
        return;
    }
    finding->state = DOCTOR_MISSING;
    message_say(&finding->found, "%.60s: %s", "%.60s: %s", server, why);
    finding->cure = (struct text){"start it, or leave --memcached and SIM_MEMCACHED away",
                                  "запустите его или уберите --memcached и SIM_MEMCACHED"};
}

static void look_at_queue(struct round *round, const char *brokers)
{
    struct doctor_finding *finding = add(round, "Kafka", "Kafka");
    char why[160] = "";
    unsigned brokers_max = 0;

    if (queue_probe(brokers, VERSION_MS, &brokers_max, why)) {
        message_say(&finding->found, "%.120s: %u brokers", "%.120s: брокеров %u", brokers,
                    brokers_max);
        return;
    }
    finding->state = DOCTOR_MISSING;
    message_say(&finding->found, "%.60s: %s", "%.60s: %s", brokers, why);
    finding->cure = (struct text){"start it, or leave --kafka and SIM_KAFKA away",
                                  "запустите его или уберите --kafka и SIM_KAFKA"};
}

/* Wanted only where a scenario says so: its absence makes no machine poor. The address is not
 * repeated: it may hold a password. */
static void look_at_rabbit(struct round *round, const char *where)
{
    struct doctor_finding *finding = add(round, "RabbitMQ", "RabbitMQ");
    char version[32], why[160] = "";

    if (!is_named(where)) {
        if (!rabbit_server_find(finding->found.text, sizeof finding->found.text))
            message_say(&finding->found, "not installed; for queue.kind: rabbitmq alone",
                        "не установлен; нужен только для queue.kind: rabbitmq");
    } else if (rabbit_probe(where, VERSION_MS, version, why)) {
        message_say(&finding->found, "%s", "%s", version);
    } else {
        finding->state = DOCTOR_MISSING;
        message_say(&finding->found, "%s", "%s", why);
        finding->cure = (struct text){"start it, or leave --rabbitmq and SIM_RABBITMQ away",
                                      "запустите его или уберите --rabbitmq и SIM_RABBITMQ"};
    }
}

/* The address is not repeated: it may hold a password. */
static void look_at_database(struct round *round, const char *database)
{
    struct doctor_finding *finding = add(round, "database", "база данных");
    char version[64], why[160] = "";

    if (database_probe(database, version, why)) {
        message_say(&finding->found, "%s", "%s", version);
        return;
    }
    finding->state = DOCTOR_MISSING;
    message_say(&finding->found, "%s", "%s", why);
    finding->cure = (struct text){"start it, or leave --db and SIM_DB away",
                                  "запустите её или уберите --db и SIM_DB"};
}

/* ---- The machine ----------------------------------------------------------------------------- */

static void look_at_files(struct round *round)
{
    struct doctor_finding *finding = add(round, "open files", "открытые файлы");
    struct rlimit limit = {0, 0};

    (void)getrlimit(RLIMIT_NOFILE, &limit);
    message_say(&finding->found, "%llu, up to %llu", "%llu, можно до %llu",
                (unsigned long long)limit.rlim_cur, (unsigned long long)limit.rlim_max);
    if (limit.rlim_max >= FILES_WANTED) /* The lab takes what it may have. */
        return;
    finding->state = DOCTOR_POOR;
    finding->cure = (struct text){"4096 are wanted: ulimit -Hn 4096, or limits.conf",
                                  "нужно 4096: ulimit -Hn 4096 или limits.conf"};
}

static void look_at_cores(struct round *round)
{
    struct doctor_finding *finding = add(round, "cores", "ядра");
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    message_say(&finding->found, "%ld", "%ld", cores);
    if (cores >= CORES_WANTED)
        return;
    finding->state = DOCTOR_POOR;
    finding->cure = (struct text){"two are wanted; with one, stay below a few hundred requests/s",
                                  "нужно два; на одном — не больше нескольких сотен запросов/с"};
}

static void look_at_idle_cores(struct round *round)
{
    struct doctor_finding *finding = add(round, "idle cores", "сон ядер");
    int awake = timely_keep_awake();

    if (awake >= 0) {
        message_say(&finding->found, "kept awake during a run", "во время прогона не засыпают");
        timely_let_sleep(awake);
        return;
    }
    message_say(&finding->found, "/dev/cpu_dma_latency: %s", "/dev/cpu_dma_latency: %s",
                strerror(errno));
    finding->state = DOCTOR_POOR;
    finding->cure = (struct text){
        "they fall asleep, and in a virtual machine wake late: run as root, or "
        "sudo chmod o+w /dev/cpu_dma_latency (until the next boot)",
        "они засыпают, а в виртуальной машине просыпаются поздно: запускайте от root или "
        "sudo chmod o+w /dev/cpu_dma_latency (до перезагрузки)"};
}

static void look_at_priority(struct round *round)
{
    struct doctor_finding *finding = add(round, "priority", "приоритет");

    if (timely_go_first()) {
        message_say(&finding->found, "the driver goes first", "генератор нагрузки идёт первым");
        timely_line_up();
        return;
    }
    message_say(&finding->found, "SCHED_FIFO: %s", "SCHED_FIFO: %s", strerror(errno));
    finding->state = DOCTOR_POOR;
    finding->cure =
        (struct text){"the driver waits for a core like all others: run as root, or ulimit -r 1 "
                      "(limits.conf: rtprio)",
                      "генератор нагрузки ждёт ядра наравне со всеми: запускайте от root или "
                      "ulimit -r 1 (limits.conf: rtprio)"};
}

struct sleeper {      /* Sleeps of 1 ms, one after the other. */
    struct call call; /* First. */
    struct loop *loop;
    struct timer *timer;
    uint64_t begun_ns;
    double took_us[SLEEPS];
    unsigned slept;
};

static void sleep_once(struct sleeper *sleeper)
{
    sleeper->begun_ns = loop_now_ns(sleeper->loop);
    timer_sleep(sleeper->timer, &sleeper->call, 1000000);
}

static void woken(struct call *call)
{
    struct sleeper *sleeper = (struct sleeper *)call;
    uint64_t slept_ns = loop_now_ns(sleeper->loop) - sleeper->begun_ns;

    sleeper->took_us[sleeper->slept++] = (double)slept_ns * 1e-3 - 1000;
    if (sleeper->slept < SLEEPS)
        sleep_once(sleeper);
    else
        loop_stop(sleeper->loop);
}

static struct calibrated measure_sleeps(void)
{
    struct node_stats *stats = calloc(1, sizeof *stats);
    struct loop loop;
    struct timer_live timer;
    struct sleeper sleeper = {.call = {.done = woken}, .loop = &loop, .timer = &timer.port};

    if (stats == NULL || !loop_open(&loop, 0)) {
        free(stats);
        return (struct calibrated){0};
    }
    timer_live_open(&timer, &loop, stats);
    sleep_once(&sleeper);
    (void)loop_run(&loop, 0);
    timer_live_close(&timer);
    loop_close(&loop);
    free(stats);
    return calibrated_of(sleeper.took_us, sleeper.slept);
}

static void look_at_timers(struct round *round)
{
    struct doctor_finding *finding = add(round, "timers", "таймеры");
    struct calibrated late = measure_sleeps();

    message_say(&finding->found, "late by %.0f us (p50), %.0f us (p99)",
                "опаздывают на %.0f мкс (p50), %.0f мкс (p99)", late.p50, late.p99);
    if (late.n > 0 && late.p99 <= late_us)
        return;
    finding->state = DOCTOR_POOR;
    finding->cure =
        (struct text){"over 2 ms a run is void: stop what else runs on this machine",
                      "больше 2 мс — прогон недействителен: остановите всё лишнее на этой машине"};
}

unsigned doctor_look(const struct lab_servers *servers, const char *lang,
                     struct doctor_finding findings[static DOCTOR_FINDINGS_MAX])
{
    struct round round = {.findings = findings, .lang = lang};

    look_at_node(&round);
    look_at_redis(&round, servers);
    look_at_memcached(&round);
    look_at_libraries(&round);
    if (is_named(servers->redis))
        look_at_store(&round, servers->redis);
    if (is_named(servers->memcached))
        look_at_memcached_server(&round, servers->memcached);
    if (is_named(servers->kafka))
        look_at_queue(&round, servers->kafka);
    look_at_rabbit(&round, servers->rabbitmq);
    if (is_named(servers->db))
        look_at_database(&round, servers->db);
    look_at_files(&round);
    look_at_cores(&round);
    look_at_idle_cores(&round);
    look_at_priority(&round);
    look_at_timers(&round);
    return round.length;
}
