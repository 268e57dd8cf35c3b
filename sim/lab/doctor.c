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
};

static struct doctor_finding *add(struct round *round, const char *name, enum doctor_state state)
{
    struct doctor_finding *finding = &round->findings[round->length++];

    check(round->length <= DOCTOR_FINDINGS_MAX);
    *finding = (struct doctor_finding){.state = state, .cure = {"", ""}};
    snprintf(finding->name, sizeof finding->name, "%s", name);
    return finding;
}

static bool is_named(const char *server)
{
    return server != NULL && server[0] != '\0';
}

/* ---- Programs -------------------------------------------------------------------------------- */

static void look_at_node(struct round *round)
{
    struct doctor_finding *finding = add(round, "sim-node", DOCTOR_OK);

    if (servers_find_program("sim-node", finding->found, sizeof finding->found))
        return;
    finding->state = DOCTOR_MISSING;
    snprintf(finding->found, sizeof finding->found, "neither beside sim nor on the PATH");
    finding->cure = (struct text){"./bootstrap.sh builds it beside sim",
                                  "./bootstrap.sh соберёт её рядом с sim"};
}

/* "Redis server v=7.0.15 sha=… " -> "7.0.15" */
static bool read_redis_version(char *version, size_t version_max)
{
    const char *const argv[] = {"redis-server", "--version", NULL};
    struct process process;
    char line[256], why[400];
    const char *at;
    bool is_read;

    if (!process_start(&process, "redis-server", argv, "/dev/null")) {
        snprintf(version, version_max, "%s", strerror(errno));
        return false;
    }
    is_read = process_wait_line(&process, VERSION_MS, line, sizeof line, why);
    process_kill(&process);
    at = is_read ? strstr(line, "v=") : NULL;
    if (at == NULL) {
        snprintf(version, version_max, "it does not say its version");
        return false;
    }
    snprintf(version, version_max, "%.*s", (int)strcspn(at + 2, " "), at + 2);
    return true;
}

static void look_at_redis(struct round *round, const struct lab_servers *servers)
{
    static const struct text install = {
        "apt install redis-server; dnf install redis; brew install redis; or --redis HOST:PORT",
        "apt install redis-server; dnf install redis; brew install redis; или --redis HOST:PORT"};
    struct doctor_finding *finding = add(round, "redis-server", DOCTOR_OK);

    if (read_redis_version(finding->found, sizeof finding->found) &&
        strtol(finding->found, NULL, 10) >= REDIS_LEAST)
        return;
    finding->state = is_named(servers->redis) ? DOCTOR_POOR : DOCTOR_MISSING;
    finding->cure = install;
}

/* "memcached 1.6.18" */
static bool read_memcached_version(char *version, size_t version_max)
{
    const char *const argv[] = {"memcached", "-V", NULL};
    struct process process;
    char line[256] = "", why[400];
    bool is_read;

    if (!process_start(&process, "memcached", argv, "/dev/null")) {
        snprintf(version, version_max, "%s", strerror(errno));
        return false;
    }
    is_read = process_wait_line(&process, VERSION_MS, line, sizeof line, why);
    process_kill(&process);
    if (is_read && strncmp(line, "memcached ", 10) == 0)
        snprintf(version, version_max, "%.60s", line + 10);
    else
        snprintf(version, version_max, "it does not say its version");
    return is_read;
}

/* Few scenarios want it. */
static void look_at_memcached(struct round *round)
{
    struct doctor_finding *finding = add(round, "memcached", DOCTOR_OK);

    if (read_memcached_version(finding->found, sizeof finding->found))
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
        struct doctor_finding *finding = add(round, libraries[i].name, DOCTOR_OK);

        snprintf(finding->found, sizeof finding->found, "%s", libraries[i].version);
    }
}

/* ---- The user's servers ---------------------------------------------------------------------- */

static void look_at_store(struct round *round, const char *server)
{
    struct doctor_finding *finding = add(round, "Redis", DOCTOR_OK);
    char version[32], why[160] = "";

    if (store_probe(server, version, why)) {
        snprintf(finding->found, sizeof finding->found, "%s: %s", server, version);
        return;
    }
    finding->state = DOCTOR_MISSING;
    snprintf(finding->found, sizeof finding->found, "%.60s: %.130s", server, why);
    finding->cure = (struct text){"start it, or leave --redis and SIM_REDIS away",
                                  "запустите его или уберите --redis и SIM_REDIS"};
}

static void look_at_memcached_server(struct round *round, const char *server)
{
    struct doctor_finding *finding = add(round, "memcached server", DOCTOR_OK);
    char version[32], why[160] = "";

    if (memcached_probe(server, version, why)) {
        snprintf(finding->found, sizeof finding->found, "%s: %s", server, version);
        return;
    }
    finding->state = DOCTOR_MISSING;
    snprintf(finding->found, sizeof finding->found, "%.60s: %.130s", server, why);
    finding->cure = (struct text){"start it, or leave --memcached and SIM_MEMCACHED away",
                                  "запустите его или уберите --memcached и SIM_MEMCACHED"};
}

static void look_at_queue(struct round *round, const char *brokers)
{
    struct doctor_finding *finding = add(round, "Kafka", DOCTOR_OK);
    char why[160] = "";
    unsigned brokers_max = 0;

    if (queue_probe(brokers, VERSION_MS, &brokers_max, why)) {
        snprintf(finding->found, sizeof finding->found, "%.120s: %u brokers", brokers, brokers_max);
        return;
    }
    finding->state = DOCTOR_MISSING;
    snprintf(finding->found, sizeof finding->found, "%.60s: %.130s", brokers, why);
    finding->cure = (struct text){"start it, or leave --kafka and SIM_KAFKA away",
                                  "запустите его или уберите --kafka и SIM_KAFKA"};
}

/* Wanted only where a scenario says so: its absence makes no machine poor. The address is not
 * repeated: it may hold a password. */
static void look_at_rabbit(struct round *round, const char *where)
{
    struct doctor_finding *finding = add(round, "RabbitMQ", DOCTOR_OK);
    char version[32], why[160] = "";

    if (!is_named(where)) {
        if (!rabbit_server_find(finding->found, sizeof finding->found))
            snprintf(finding->found, sizeof finding->found,
                     "not installed; for queue.kind: rabbitmq alone");
    } else if (rabbit_probe(where, VERSION_MS, version, why)) {
        snprintf(finding->found, sizeof finding->found, "%s", version);
    } else {
        finding->state = DOCTOR_MISSING;
        snprintf(finding->found, sizeof finding->found, "%s", why);
        finding->cure = (struct text){"start it, or leave --rabbitmq and SIM_RABBITMQ away",
                                      "запустите его или уберите --rabbitmq и SIM_RABBITMQ"};
    }
}

/* The address is not repeated: it may hold a password. */
static void look_at_database(struct round *round, const char *database)
{
    struct doctor_finding *finding = add(round, "database", DOCTOR_OK);
    char version[64], why[160] = "";

    if (database_probe(database, version, why)) {
        snprintf(finding->found, sizeof finding->found, "%s", version);
        return;
    }
    finding->state = DOCTOR_MISSING;
    snprintf(finding->found, sizeof finding->found, "%s", why);
    finding->cure = (struct text){"start it, or leave --db and SIM_DB away",
                                  "запустите её или уберите --db и SIM_DB"};
}

/* ---- The machine ----------------------------------------------------------------------------- */

static void look_at_files(struct round *round)
{
    struct doctor_finding *finding = add(round, "open files", DOCTOR_OK);
    struct rlimit limit = {0, 0};

    (void)getrlimit(RLIMIT_NOFILE, &limit);
    snprintf(finding->found, sizeof finding->found, "%llu, up to %llu",
             (unsigned long long)limit.rlim_cur, (unsigned long long)limit.rlim_max);
    if (limit.rlim_max >= FILES_WANTED) /* The lab takes what it may have. */
        return;
    finding->state = DOCTOR_POOR;
    finding->cure = (struct text){"4096 are wanted: ulimit -Hn 4096, or limits.conf",
                                  "нужно 4096: ulimit -Hn 4096 или limits.conf"};
}

static void look_at_cores(struct round *round)
{
    struct doctor_finding *finding = add(round, "cores", DOCTOR_OK);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    snprintf(finding->found, sizeof finding->found, "%ld", cores);
    if (cores >= CORES_WANTED)
        return;
    finding->state = DOCTOR_POOR;
    finding->cure = (struct text){"two are wanted; with one, stay below a few hundred requests/s",
                                  "нужно два; на одном — не больше нескольких сотен запросов/с"};
}

static void look_at_idle_cores(struct round *round)
{
    struct doctor_finding *finding = add(round, "idle cores", DOCTOR_OK);
    int awake = timely_keep_awake();

    snprintf(finding->found, sizeof finding->found, "%s%s",
             awake < 0 ? "/dev/cpu_dma_latency: " : "kept awake during a run",
             awake < 0 ? strerror(errno) : "");
    timely_let_sleep(awake);
    if (awake >= 0)
        return;
    finding->state = DOCTOR_POOR;
    finding->cure = (struct text){
        "they fall asleep, and in a virtual machine wake late: run as root, or "
        "sudo chmod o+w /dev/cpu_dma_latency (until the next boot)",
        "они засыпают, а в виртуальной машине просыпаются поздно: запускайте от root или "
        "sudo chmod o+w /dev/cpu_dma_latency (до перезагрузки)"};
}

static void look_at_priority(struct round *round)
{
    struct doctor_finding *finding = add(round, "priority", DOCTOR_OK);
    bool is_first = timely_go_first();

    snprintf(finding->found, sizeof finding->found, "%s%s",
             is_first ? "the driver goes first" : "SCHED_FIFO: ", is_first ? "" : strerror(errno));
    if (is_first) {
        timely_line_up();
        return;
    }
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
    struct doctor_finding *finding = add(round, "timers", DOCTOR_OK);
    struct calibrated late = measure_sleeps();

    snprintf(finding->found, sizeof finding->found, "late by %.0f us (p50), %.0f us (p99)",
             late.p50, late.p99);
    if (late.n > 0 && late.p99 <= late_us)
        return;
    finding->state = DOCTOR_POOR;
    finding->cure =
        (struct text){"over 2 ms a run is void: stop what else runs on this machine",
                      "больше 2 мс — прогон недействителен: остановите всё лишнее на этой машине"};
}

unsigned doctor_look(const struct lab_servers *servers,
                     struct doctor_finding findings[static DOCTOR_FINDINGS_MAX])
{
    struct round round = {findings, 0};

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
