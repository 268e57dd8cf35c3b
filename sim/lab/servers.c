/* servers.c — What the scenario wants, where it is, and what is started for it. */
#define _GNU_SOURCE
#include "sim/lab/servers.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "services/live/node/stats.h"
#include "services/live/queue/broker.h"
#include "services/live/queue/queue_live.h"
#include "services/live/table/database.h"
#include "sim/lab/janitor.h"
#include "sim/setup/setup.h"

enum { START_MS = 15000, LINE_MS = 1000 };

/* ---- What is wanted -------------------------------------------------------------------------- */

static struct servers_wanted custom_wants(const struct service_spec *spec)
{
    struct servers_wanted wanted = {false};

    for (uint32_t i = 0; i < spec->steps_max; i++) {
        enum step_kind kind = spec->steps[i].kind;

        wanted.store |= kind == STEP_STORE_GET || kind == STEP_STORE_SET || kind == STEP_STORE_ADD;
        wanted.table |= kind == STEP_TABLE_READ || kind == STEP_TABLE_WRITE;
        wanted.queue |= kind == STEP_PUT;
    }
    return wanted;
}

struct servers_wanted servers_wanted_by(const struct service_spec *spec)
{
    bool has_log = spec->design == DESIGN_QUEUED || spec->design == DESIGN_BATCHED;

    switch (spec->kind) {
    case KIND_CUSTOM:
        return custom_wants(spec);
    case KIND_LIKES:
        return (struct servers_wanted){
            .table = true, .store = has_log || spec->design == DESIGN_CACHED, .queue = has_log};
    case KIND_DELIVERY:
        return (struct servers_wanted){
            .table = true, .store = spec->menu_cache, .queue = spec->orders == ORDERS_QUEUED};
    case KIND_BATCHER:
        return (struct servers_wanted){.table = true, .queue = true};
    case KIND_GATEWAY:
        return (struct servers_wanted){.store = spec->auth.kind != AUTH_NONE};
    case KIND_COUNTER: /* Everything is in its own memory. */
        break;
    }
    return (struct servers_wanted){false};
}

struct servers_wanted servers_wanted(const struct scenario *scenario)
{
    struct servers_wanted all = {false};

    for (uint32_t i = 0; i < scenario->services_max; i++) {
        struct servers_wanted one = servers_wanted_by(&scenario->services[i]);

        all.store |= one.store;
        all.queue |= one.queue;
        all.table |= one.table;
    }
    return all;
}

/* ---- Programs -------------------------------------------------------------------------------- */

static bool is_program(const char *path)
{
    return access(path, X_OK) == 0;
}

static bool find_beside_us(const char *name, char *path, size_t path_max)
{
    char own[512];
    ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
    char *slash;

    if (length <= 0)
        return false;
    own[length] = '\0';
    slash = strrchr(own, '/');
    if (slash == NULL)
        return false;
    *slash = '\0';
    return (size_t)snprintf(path, path_max, "%s/%s", own, name) < path_max && is_program(path);
}

bool servers_find_program(const char *name, char *path, size_t path_max)
{
    const char *paths = getenv("PATH");

    if (find_beside_us(name, path, path_max))
        return true;
    while (paths != NULL && *paths != '\0') {
        size_t length = strcspn(paths, ":");

        if (length > 0 &&
            (size_t)snprintf(path, path_max, "%.*s/%s", (int)length, paths, name) < path_max &&
            is_program(path))
            return true;
        paths += length + (paths[length] == ':');
    }
    return false;
}

static void path_in(const struct servers *servers, const char *name, char *path, size_t path_max)
{
    snprintf(path, path_max, "%s/%s", servers->folder, name);
}

/* ---- The broker ------------------------------------------------------------------------------ */

static bool start_broker(struct servers *servers, struct message *trouble)
{
    struct broker_settings settings = {.brokers = 3, .partitions = servers->queue.partitions};
    char path[512], log[160], line[SETTINGS_TEXT_MAX];
    const char *argv[] = {path, "broker", NULL};

    snprintf(settings.run, sizeof settings.run, "%s", servers->run);
    if (!servers_find_program("sim-node", path, sizeof path))
        return message_say(trouble,
                           "sim-node is neither beside sim nor on the PATH: run ./bootstrap.sh",
                           "sim-node нет ни рядом с sim, ни в PATH: запустите ./bootstrap.sh");
    path_in(servers, "broker.log", log, sizeof log);
    if (!process_start(&servers->broker, "broker", argv, log) ||
        write(servers->broker.input, &settings, sizeof settings) != (ssize_t)sizeof settings)
        return message_say(trouble, "the embedded broker cannot be started: %s",
                           "встроенный брокер не запускается: %s", strerror(errno));
    process_wait_word(&servers->broker, START_MS, servers->options->is_interrupted);
    if (!process_wait_line(&servers->broker, LINE_MS, line, sizeof line, trouble))
        return false;
    if (strncmp(line, "ready ", 6) != 0)
        return message_say(trouble, "the embedded broker said: %.200s",
                           "встроенный брокер ответил: %.200s", line);
    snprintf(servers->queue.brokers, sizeof servers->queue.brokers, "%.250s", line + 6);
    return true;
}

void servers_add_version(struct servers *servers, const char *text)
{
    size_t length = strlen(servers->versions);

    snprintf(servers->versions + length, sizeof servers->versions - length, "%s%s",
             length > 0 ? ", " : "", text);
}

static enum lab_end queue_up(struct servers *servers, struct message *trouble)
{
    char why[160], text[120];
    unsigned brokers;

    if (servers->queue.is_rabbit)
        return servers_rabbit_up(servers, trouble);

    if (servers->has_embedded_broker) {
        if (!start_broker(servers, trouble))
            return LAB_TROUBLE;
        servers_add_version(servers,
                            "embedded broker: no replication, no dedup, 5 MiB per partition");
    } else if (!queue_probe(servers->queue.brokers, 10000, &brokers, why)) {
        message_say(trouble, "Kafka at %.120s does not answer: %s",
                    "Kafka по адресу %.120s не отвечает: %s", servers->queue.brokers, why);
        return LAB_DEPENDENCY;
    } else {
        snprintf(text, sizeof text, "Kafka (%u brokers)", brokers);
        servers_add_version(servers, text);
    }
    if (!servers->has_embedded_broker && !servers->is_lasting)
        janitor_note(&servers->janitor, JANITOR_TOPICS);
    if (!queue_make_topics(&servers->queue, servers->run, why)) {
        message_say(trouble, "the run's topics cannot be made: %s",
                    "не удалось создать топики прогона: %s", why);
        return LAB_DEPENDENCY;
    }
    return LAB_DONE;
}

/* ---- SQL ------------------------------------------------------------------------------------- */

/* What we have not made is not dropped. */
static bool is_table_free(const struct servers *servers, struct message *trouble)
{
    const struct table_settings *table = &servers->table;
    char why[160];
    bool is_free;

    if (!database_look(table, &is_free, why))
        return message_say(trouble, "the tables cannot be made: %s",
                           "не удалось создать таблицы: %s", why);
    if (is_free)
        return true;
    if (database_has_one_writer(table->database))
        return message_say(
            trouble, "the tables cannot be made: %.100s is there already; remove it first",
            "не удалось создать таблицы: %.100s уже есть; сначала удалите", table->database);
    return message_say(trouble,
                       "the tables cannot be made: PostgreSQL: the schema %s is there already",
                       "не удалось создать таблицы: PostgreSQL: схема %s уже есть", table->schema);
}

static enum lab_end table_up(struct servers *servers, uint64_t likes_rows, struct message *trouble)
{
    char why[160], version[64];

    if (!servers->table_is_theirs)
        path_in(servers, "sim.db", servers->table.database, sizeof servers->table.database);
    if (!database_probe(servers->table.database, version, why)) {
        message_say(trouble, "the database does not answer: %s", "база данных не отвечает: %s",
                    why);
        return LAB_DEPENDENCY;
    }
    if (servers->table_is_theirs && !servers->is_lasting) {
        if (!is_table_free(servers, trouble))
            return LAB_DEPENDENCY;
        janitor_note(&servers->janitor, JANITOR_TABLES);
    }
    if (!(servers->is_lasting ? database_keep : database_make)(&servers->table, likes_rows, why)) {
        message_say(trouble, "the tables cannot be made: %s", "не удалось создать таблицы: %s",
                    why);
        return LAB_DEPENDENCY;
    }
    servers_add_version(servers, version);
    return LAB_DONE;
}

/* ---- All of them ----------------------------------------------------------------------------- */

/* A schema's name is an identifier. */
static void name_schema(struct servers *servers)
{
    snprintf(servers->table.schema, sizeof servers->table.schema, "sim_%.24s", servers->run);
    for (char *c = servers->table.schema; *c != '\0'; c++)
        if (*c == '-')
            *c = '_';
}

uint32_t servers_connections_each(const struct scenario *scenario)
{
    uint32_t users = 0;

    for (uint32_t i = 0; i < scenario->services_max; i++)
        if (servers_wanted_by(&scenario->services[i]).table)
            users += setup_replicas_max(&scenario->services[i]) *
                     service_processes(&scenario->services[i]);
    return users == 0 || scenario->table.connections < users ? 1
                                                             : scenario->table.connections / users;
}

void servers_overrule(struct scenario *scenario, const struct lab_servers *where)
{
    struct queue_spec *queue = &scenario->queue;

    if (queue->kind == QUEUE_RABBITMQ)
        queue->memory = 0; /* No limit: as good as that, in minutes. */
    else if (!servers_has_text(where->kafka))
        queue->session_ns = (uint64_t)QUEUE_EMBEDDED_SESSION_MS * 1000000;
    scenario->table.connections_each = servers_connections_each(scenario);
}

static int acks_of(const struct queue_spec *spec)
{
    return spec->acks == ACKS_NONE ? 0 : spec->acks == ACKS_LEADER ? 1 : -1;
}

static void note_settings(struct servers *servers, const struct scenario *scenario,
                          const struct lab_servers *where)
{
    const struct queue_spec *queue = &scenario->queue;
    const char *broker;

    broker = queue->kind == QUEUE_RABBITMQ ? where->rabbitmq : where->kafka;
    servers->has_embedded_broker = !servers_has_text(broker);
    servers->table_is_theirs = servers_has_text(where->db);
    servers_store_note(servers, scenario, where);
    if (!servers->has_embedded_broker)
        snprintf(servers->queue.brokers, sizeof servers->queue.brokers, "%s", broker);
    servers->queue.is_rabbit = queue->kind == QUEUE_RABBITMQ;
    servers->queue.prefetch = queue->prefetch;
    servers->queue.single_active = queue->single_active;
    if (servers->table_is_theirs)
        snprintf(servers->table.database, sizeof servers->table.database, "%s", where->db);
    servers->queue.is_embedded = servers->has_embedded_broker;
    servers->queue.partitions = queue->partitions;
    servers->queue.linger_ns = queue->linger_ns;
    servers->queue.batch = queue->batch;
    servers->queue.acks = acks_of(queue);
    servers->queue.session_ns = queue->session_ns;
    if (servers->has_embedded_broker && !servers->queue.is_rabbit)
        servers->queue.session_ns = 0; /* The embedded Kafka knows its own. */
    servers->table.connections = scenario->table.connections;
    servers->table.is_indexed = true;
    for (uint32_t i = 0; i < scenario->services_max; i++)
        if (scenario->services[i].kind == KIND_LIKES &&
            scenario->services[i].design == DESIGN_TABLE)
            servers->table.is_indexed = false;
}

static enum lab_end start_all(struct servers *servers, const struct scenario *scenario,
                              struct message *trouble)
{
    enum lab_end end = servers->wanted.store ? servers_store_up(servers, trouble) : LAB_DONE;

    if (end == LAB_DONE && servers->wanted.queue && !lab_is_interrupted(servers->options))
        end = queue_up(servers, trouble);
    if (end == LAB_DONE && servers->wanted.table && !lab_is_interrupted(servers->options))
        end = table_up(servers, scenario->table.likes_rows, trouble);
    return end;
}

bool servers_note(struct servers *servers, const struct scenario *scenario,
                  const struct lab_options *options, struct message *trouble)
{
    *servers = (struct servers){.wanted = servers_wanted(scenario),
                                .lock = -1,
                                .is_lasting = options->attach != NULL,
                                .options = options};
    if (!servers_are_named_well(&options->servers, trouble))
        return false;
    if (!servers_name_run(servers->run, options->run))
        return message_say(trouble, "a run's name is of letters, digits, '-' and '_', at most 23",
                           "имя прогона — латинские буквы, цифры, «-» и «_», не больше 23 знаков");
    name_schema(servers);
    note_settings(servers, scenario, &options->servers);
    if (servers->wanted.queue && servers->queue.partitions > STATS_PARTITIONS_MAX)
        return message_say(trouble,
                           "live, a topic has at most %d partitions; queue.partitions is %u",
                           "вживую в топике не больше %d партиций, а queue.partitions — %u",
                           STATS_PARTITIONS_MAX, servers->queue.partitions);
    return true;
}

bool servers_can_outlive_a_run(const struct servers *servers, struct message *trouble)
{
    if (!servers->wanted.store || !servers->store.is_memcached)
        return true;
    return message_say(
        trouble,
        "memcached cannot forget the keys of an earlier run, so nodes of yours cannot live on it: "
        "store.kind: redis, or let sim start the nodes",
        "memcached не умеет забыть ключи прошлого прогона, поэтому вашим узлам он не годится: "
        "store.kind: redis, или пусть узлы запускает sim");
}

/* What is embedded begins and ends with a run of ours; nodes of somebody else cannot live on it. */
static bool are_all_theirs(const struct servers *servers, struct message *trouble)
{
    const struct servers_wanted *wanted = &servers->wanted;

    if ((!wanted->store || (servers->store_is_theirs && !servers->store.is_memcached)) &&
        (!wanted->queue || !servers->has_embedded_broker) &&
        (!wanted->table || servers->table_is_theirs))
        return true;
    if (!servers_can_outlive_a_run(servers, trouble))
        return false;
    return message_say(trouble,
                       "this variant uses%s%s%s; say where its nodes find them: --redis, --kafka, "
                       "--rabbitmq, --db",
                       "этот вариант использует%s%s%s; укажите, где их найдут узлы: --redis, "
                       "--kafka, --rabbitmq, --db",
                       wanted->store ? " Redis" : "",
                       !wanted->queue             ? ""
                       : servers->queue.is_rabbit ? " RabbitMQ"
                                                  : " Kafka",
                       wanted->table ? " PostgreSQL" : "");
}

enum lab_end servers_prepare(struct servers *servers, const struct scenario *scenario,
                             struct message *trouble)
{
    servers->is_lasting = true;
    if (!are_all_theirs(servers, trouble))
        return LAB_TROUBLE;
    return start_all(servers, scenario, trouble);
}

/* Where temporary files belong; but a socket's path has 107 bytes, so not where that is deep. */
static void name_folder(struct servers *servers)
{
    const char *place = getenv("TMPDIR");

    if (place == NULL || place[0] != '/' || strlen(place) > sizeof servers->folder - 12)
        place = "/tmp";
    snprintf(servers->folder, sizeof servers->folder, "%s/sim-XXXXXX", place);
}

enum lab_end servers_up(struct servers *servers, const struct scenario *scenario,
                        const struct lab_options *options, struct message *trouble)
{
    if (!servers_note(servers, scenario, options, trouble) ||
        (servers->is_lasting && !are_all_theirs(servers, trouble)))
        return LAB_TROUBLE;
    signal(SIGPIPE, SIG_IGN); /* Of a child that has died meanwhile; a write says so as well. */
    name_folder(servers);
    if (mkdtemp(servers->folder) == NULL) {
        message_say(trouble, "no folder %.100s: %s", "не удалось создать папку %.100s: %s",
                    servers->folder, strerror(errno));
        servers->folder[0] = '\0';
        return LAB_TROUBLE;
    }
    if (!janitor_open(&servers->janitor, servers)) {
        rmdir(servers->folder);
        message_say(trouble, "no process for cleaning up: %s", "нет процесса для уборки: %s",
                    strerror(errno));
        return LAB_TROUBLE;
    }
    return start_all(servers, scenario, trouble);
}

void servers_down(struct servers *servers)
{
    process_kill(&servers->store_process);
    process_kill(&servers->broker);
    rabbit_server_kill(&servers->rabbit);
    if (servers->lock >= 0)
        close(servers->lock);
    servers->lock = -1;
    janitor_close(&servers->janitor);
}

bool servers_have_died(struct servers *servers, struct message *why)
{
    struct process *ours[] = {&servers->store_process, &servers->broker, &servers->rabbit.broker};

    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (ours[i]->pid != 0 && !process_is_running(ours[i])) {
            process_tell_end(ours[i], why);
            return true;
        }
    return false;
}

/* ---- Faults ---------------------------------------------------------------------------------- */

static bool tell_broker(struct servers *servers, const char *order, struct message *why)
{
    if (write(servers->broker.input, order, strlen(order)) == (ssize_t)strlen(order))
        return true;
    return message_say(why, "the embedded broker does not listen: %s",
                       "встроенный брокер не слушает: %s", strerror(errno));
}

static bool stop_or_go(struct process *process, bool begins)
{
    process_signal(process, begins ? SIGSTOP : SIGCONT);
    return true;
}

static bool store_fault(struct servers *servers, enum fault_kind kind, bool begins,
                        struct message *why)
{
    if (kind != FAULT_CRASH) {
        servers->is_store_stopped = begins && servers->store_process.pid != 0;
        return stop_or_go(&servers->store_process, begins);
    }
    if (begins) {
        servers_store_kill(servers);
        return true;
    }
    if (process_is_running(&servers->store_process) || servers_store_start(servers))
        return true;
    return message_say(why, "the store does not start again: %s",
                       "хранилище не запускается снова: %s", strerror(errno));
}

/* Its log is in its memory, so a broker that crashes is one that nobody can reach. */
static bool broker_fault(struct servers *servers, enum fault_kind kind, bool begins,
                         struct message *why)
{
    servers->was_queue_struck = true;
    if (servers->queue.is_rabbit)
        return servers_rabbit_fault(servers, kind, begins, why);
    if (kind != FAULT_CRASH)
        return stop_or_go(&servers->broker, begins);
    servers->is_broker_down = begins;
    return tell_broker(servers, begins ? "down\n" : "up\n", why);
}

/* The turn to write (services/live/table/database.h) is taken and kept: a few tries, for whoever
 * has it gives it back within a commit. */
static int hold_database(const char *path, struct message *why)
{
    const struct timespec moment = {.tv_nsec = 200000};
    char name[SETTINGS_TEXT_MAX + 8];
    int lock;

    snprintf(name, sizeof name, "%s-turn", path);
    lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    for (int i = 0; lock >= 0 && i < 2000; i++) {
        if (flock(lock, LOCK_EX | LOCK_NB) == 0)
            return lock;
        nanosleep(&moment, NULL);
    }
    message_say(why, "the database cannot be held: %s", "базу данных не удержать: %s",
                strerror(errno));
    if (lock >= 0)
        close(lock);
    return -1;
}

static bool table_fault(struct servers *servers, bool begins, struct message *why)
{
    if (begins && servers->lock < 0)
        servers->lock = hold_database(servers->table.database, why);
    if (begins)
        return servers->lock >= 0;
    if (servers->lock >= 0)
        close(servers->lock);
    servers->lock = -1;
    return true;
}

static bool is_theirs(bool is, struct message *why)
{
    if (is)
        message_say(why, "it is not ours to break: only embedded servers are",
                    "сервер не наш: ломать можно только встроенные");
    return is;
}

bool servers_fault(struct servers *servers, const struct fault_spec *fault, bool begins,
                   struct message *why)
{
    if (strcmp(fault->target, "store") == 0)
        return !servers->wanted.store || (!is_theirs(servers->store_is_theirs, why) &&
                                          store_fault(servers, fault->kind, begins, why));
    if (strcmp(fault->target, "queue") == 0)
        return !servers->wanted.queue || (!is_theirs(!servers->has_embedded_broker, why) &&
                                          broker_fault(servers, fault->kind, begins, why));
    return !servers->wanted.table ||
           (!is_theirs(servers->table_is_theirs, why) && table_fault(servers, begins, why));
}

static void heal_rabbit(struct servers *servers)
{
    struct message why = message_in(servers->options->lang);
    char version[32];

    process_signal(&servers->rabbit.broker, SIGCONT);
    if (rabbit_server_restart(&servers->rabbit, &why))
        (void)rabbit_server_wait(&servers->rabbit, NULL, version, &why);
}

/* Right after "up" a new client may still be refused, and would give up at once: so it is waited
 * for. */
static void heal_kafka(struct servers *servers)
{
    struct message why = message_in(servers->options->lang);
    unsigned brokers;

    process_signal(&servers->broker, SIGCONT);
    if (servers->is_broker_down)
        (void)broker_fault(servers, FAULT_CRASH, false, &why);
    (void)queue_probe(servers->queue.brokers, 10000, &brokers, why.text);
}

static void heal_queue(struct servers *servers)
{
    if (servers->was_queue_struck && servers->queue.is_rabbit)
        heal_rabbit(servers);
    else if (servers->was_queue_struck)
        heal_kafka(servers);
}

/* Who reads next says what is wrong. */
void servers_heal(struct servers *servers)
{
    struct message why = message_in(servers->options->lang);
    char version[32];

    heal_queue(servers);
    if (servers->lock >= 0)
        close(servers->lock);
    servers->lock = -1;
    if (!servers->wanted.store || servers->store_is_theirs)
        return;
    process_signal(&servers->store_process, SIGCONT);
    servers->is_store_stopped = false;
    if (process_is_running(&servers->store_process) || servers_store_start(servers))
        servers_store_wait(servers, version, &why);
}
