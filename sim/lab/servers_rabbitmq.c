/* servers_rabbitmq.c — What RabbitMQ is told, so that it keeps to its folder and to loopback.
 *
 * It is told by its environment, through env(1), for it takes little by argv. With ALLOW_INPUT its
 * script becomes the Erlang VM instead of watching over one, so that our process is the broker; the
 * script that Debian puts before it on the PATH changes to another user, and is passed by. The
 * broker finds epmd running and starts none. Schedulers do not spin (+sbwt): the machine is
 * small. */
#define _GNU_SOURCE
#include "sim/lab/servers_rabbitmq.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "services/live/loop/loop.h"
#include "services/live/rabbit/rabbit_lab.h"
#include "sim/lab/janitor.h"
#include "sim/lab/port.h"
#include "sim/lab/servers.h"

enum { START_MS = 90000, LOOK_MS = 100, PROBE_MS = 2000, VARIABLES_MAX = 16, VARIABLE_MAX = 360 };
enum { PORT_CLIENTS, PORT_NODES, PORT_NAMES, PORTS };

static const struct text install = {
    "apt install rabbitmq-server; dnf install rabbitmq-server; brew install rabbitmq; or name one: "
    "--rabbitmq HOST:PORT",
    "apt install rabbitmq-server; dnf install rabbitmq-server; brew install rabbitmq; или укажите "
    "свой: --rabbitmq ХОСТ:ПОРТ"};

bool rabbit_server_find(char *path, size_t path_max)
{
    static const char *const places[] = {"/usr/lib/rabbitmq/bin/rabbitmq-server",
                                         "/opt/homebrew/opt/rabbitmq/sbin/rabbitmq-server",
                                         "/usr/local/opt/rabbitmq/sbin/rabbitmq-server"};

    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (access(places[i], X_OK) == 0) {
            snprintf(path, path_max, "%s", places[i]);
            return true;
        }
    return servers_find_program("rabbitmq-server", path, path_max);
}

/* Free now; all are held until all are known, so that they differ. A broker that is killed comes
 * back to them: no connection that goes out meanwhile is given one of these. */
static bool choose_ports(uint16_t ports[static PORTS])
{
    uint32_t at = (uint32_t)(loop_clock_ns() / 1000 * 7919 + (uint64_t)getpid());
    int fds[PORTS];
    bool is_good = true;

    for (int i = 0; i < PORTS; i++) {
        fds[i] = port_hold(&at, &ports[i]);
        is_good = is_good && fds[i] >= 0;
    }
    for (int i = 0; i < PORTS; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    return is_good;
}

static bool start_names(struct rabbit_server *server, struct message *why)
{
    char port[8], log[96];
    const char *argv[] = {"epmd", "-port", port, "-address", "127.0.0.1", NULL};

    snprintf(port, sizeof port, "%u", server->ports[PORT_NAMES]);
    snprintf(log, sizeof log, "%s/epmd.log", server->folder);
    if (process_start(&server->names, "epmd", argv, log))
        return true;
    return message_say(why, "epmd, a part of Erlang, cannot be started: %s. %s",
                       "epmd, часть Erlang, не запускается: %s. %s", strerror(errno),
                       message_word(why, install));
}

struct variables {
    char texts[VARIABLES_MAX][VARIABLE_MAX];
    unsigned length;
};

static void __attribute__((format(printf, 2, 3)))
say(struct variables *variables, const char *format, ...)
{
    va_list words;

    check(variables->length < VARIABLES_MAX);
    va_start(words, format);
    vsnprintf(variables->texts[variables->length++], VARIABLE_MAX, format, words);
    va_end(words);
}

static void say_all(struct variables *variables, const struct rabbit_server *server)
{
    const char *folder = server->folder, *path = getenv("PATH");
    const uint16_t *ports = server->ports;

    if (path != NULL && strlen(path) < VARIABLE_MAX - 8)
        say(variables, "PATH=%s", path);
    say(variables, "HOME=%s", folder);
    say(variables, "RABBITMQ_MNESIA_BASE=%s/mnesia", folder);
    say(variables, "RABBITMQ_LOG_BASE=%s/log", folder);
    say(variables, "RABBITMQ_LOGS=%s/rabbitmq.log", folder);
    say(variables, "RABBITMQ_CONFIG_FILE=%s/rabbitmq", folder);
    say(variables, "RABBITMQ_ENABLED_PLUGINS_FILE=%s/plugins", folder);
    say(variables, "RABBITMQ_CONF_ENV_FILE=/dev/null");
    say(variables, "RABBITMQ_NODENAME=sim@localhost");
    say(variables, "RABBITMQ_NODE_IP_ADDRESS=127.0.0.1");
    say(variables, "RABBITMQ_NODE_PORT=%u", ports[PORT_CLIENTS]);
    say(variables, "RABBITMQ_DIST_PORT=%u", ports[PORT_NODES]);
    say(variables, "ERL_EPMD_PORT=%u", ports[PORT_NAMES]);
    say(variables, "ERL_EPMD_ADDRESS=127.0.0.1");
    say(variables, "RABBITMQ_ALLOW_INPUT=1");
    say(variables, "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-noinput -kernel inet_dist_use_interface "
                   "{127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none");
}

static bool start_broker(struct rabbit_server *server, struct message *why)
{
    const char *argv[VARIABLES_MAX + 4] = {"env", "-i"};
    struct variables variables = {.length = 0};
    char path[512], log[96];
    unsigned length = 2;

    if (!rabbit_server_find(path, sizeof path))
        return message_say(why, "rabbitmq-server is not installed: %s",
                           "rabbitmq-server не установлен: %s", message_word(why, install));
    say_all(&variables, server);
    for (unsigned i = 0; i < variables.length; i++)
        argv[length++] = variables.texts[i];
    argv[length++] = path;
    argv[length] = NULL;
    snprintf(log, sizeof log, "%s/rabbitmq.err", server->folder);
    if (process_start(&server->broker, "rabbitmq-server", argv, log))
        return true;
    return message_say(why, "rabbitmq-server cannot be started: %s. %s",
                       "rabbitmq-server не запускается: %s. %s", strerror(errno),
                       message_word(why, install));
}

bool rabbit_server_start(struct rabbit_server *server, const char *folder, struct message *why)
{
    *server = (struct rabbit_server){.names = {.input = -1, .output = -1},
                                     .broker = {.input = -1, .output = -1}};
    check(strlen(folder) < sizeof server->folder);
    strcpy(server->folder, folder);
    if (!choose_ports(server->ports))
        return message_say(why, "no free ports for RabbitMQ: %s",
                           "нет свободных портов для RabbitMQ: %s", strerror(errno));
    return start_names(server, why) && start_broker(server, why);
}

void rabbit_server_address(const struct rabbit_server *server, char *text, size_t text_max)
{
    snprintf(text, text_max, "127.0.0.1:%u", server->ports[PORT_CLIENTS]);
}

bool rabbit_server_wait(struct rabbit_server *server, const atomic_bool *is_interrupted,
                        char version[static 32], struct message *why)
{
    const struct timespec moment = {.tv_nsec = LOOK_MS * 1000000};
    char address[32], said[160] = "";

    rabbit_server_address(server, address, sizeof address);
    for (int i = 0; i < START_MS / LOOK_MS; i++) {
        if (rabbit_probe(address, PROBE_MS, version, said))
            return true;
        if (is_interrupted != NULL && atomic_load(is_interrupted))
            break;
        if (!process_is_running(&server->broker)) {
            process_tell_end(&server->broker, why);
            return false;
        }
        nanosleep(&moment, NULL);
    }
    return message_say(why, "RabbitMQ at %s does not answer: %s",
                       "RabbitMQ по адресу %s не отвечает: %s", address, said);
}

void rabbit_server_crash(struct rabbit_server *server)
{
    process_kill(&server->broker);
}

bool rabbit_server_restart(struct rabbit_server *server, struct message *why)
{
    return process_is_running(&server->broker) || start_broker(server, why);
}

void rabbit_server_kill(struct rabbit_server *server)
{
    process_kill(&server->broker);
    process_kill(&server->names);
}

/* ---- Of a run -------------------------------------------------------------------------------- */

enum lab_end servers_rabbit_up(struct servers *servers, struct message *trouble)
{
    struct queue_settings *queue = &servers->queue;
    char version[32], text[48], why[160] = "";

    if (servers->has_embedded_broker) {
        if (!rabbit_server_start(&servers->rabbit, servers->folder, trouble) ||
            !rabbit_server_wait(&servers->rabbit, servers->options->is_interrupted, version,
                                trouble))
            return LAB_DEPENDENCY;
        rabbit_server_address(&servers->rabbit, queue->brokers, sizeof queue->brokers);
    } else if (!rabbit_probe(queue->brokers, 10000, version, why)) {
        message_say(trouble, "RabbitMQ does not answer: %s", "RabbitMQ не отвечает: %s", why);
        return LAB_DEPENDENCY;
    }
    snprintf(text, sizeof text, "RabbitMQ %s", version);
    servers_add_version(servers, text);
    if (!servers->has_embedded_broker && !servers->is_lasting)
        janitor_note(&servers->janitor, JANITOR_QUEUES);
    if (rabbit_make_queues(queue, servers->run, why))
        return LAB_DONE;
    message_say(trouble, "the run's queues cannot be made: %s",
                "не удалось создать очереди прогона: %s", why);
    return LAB_DEPENDENCY;
}

bool servers_rabbit_fault(struct servers *servers, enum fault_kind kind, bool begins,
                          struct message *why)
{
    if (kind != FAULT_CRASH) {
        process_signal(&servers->rabbit.broker, begins ? SIGSTOP : SIGCONT);
        return true;
    }
    if (begins) {
        rabbit_server_crash(&servers->rabbit);
        return true;
    }
    return rabbit_server_restart(&servers->rabbit, why);
}
