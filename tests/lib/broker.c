/* broker.c — Starts what sim-node runs as a broker, in a fork of the test. */
#define _GNU_SOURCE
#include "tests/lib/test.h"

#include "tests/lib/broker.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "services/live/queue/broker.h"
#include "services/live/queue/queue_live.h"
#include "tests/lib/server.h"

enum { DESCRIPTORS = 256 };

/* A pipe of another broker's that stayed open here would keep that one alive. */
static void become_broker(int orders, int answers, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(126);
    dup2(orders, STDIN_FILENO);
    dup2(answers, STDOUT_FILENO);
    for (int fd = 3; fd < DESCRIPTORS; fd++)
        close(fd);
    _exit(broker_main());
}

static void read_bootstrap(struct test_broker *broker)
{
    char line[SETTINGS_TEXT_MAX + 6]; /* "ready " and the rest. */
    size_t length = 0;

    while (length < sizeof line - 1 && read(broker->answers, &line[length], 1) == 1 &&
           line[length] != '\n')
        length++;
    line[length] = '\0';
    assert_memory_equal(line, "ready ", 6);
    memcpy(broker->settings.brokers, line + 6, length - 6 + 1);
}

static void start(struct test_broker *broker)
{
    struct broker_settings settings = {.brokers = 3, .partitions = broker->settings.partitions};
    pid_t parent = getpid();
    int orders[2], answers[2];

    snprintf(settings.run, sizeof settings.run, "%s", broker->run);
    assert_int_equal(pipe(orders), 0);
    assert_int_equal(pipe(answers), 0);
    fflush(NULL);
    broker->pid = fork();
    assert_true(broker->pid >= 0);
    if (broker->pid == 0)
        become_broker(orders[0], answers[1], parent);
    close(orders[0]);
    close(answers[1]);
    broker->orders = orders[1];
    broker->answers = answers[0];
    assert_int_equal(write(broker->orders, &settings, sizeof settings), sizeof settings);
    read_bootstrap(broker);
}

void broker_open(struct test_broker *broker, uint32_t partitions)
{
    const char *kafka = getenv("SIM_TEST_KAFKA");
    static unsigned runs;
    char why[160] = "";

    *broker = (struct test_broker){.settings = {.is_embedded = kafka == NULL,
                                                .partitions = partitions,
                                                .linger_ns = 2000000,
                                                .batch = 1000,
                                                .acks = -1,
                                                .session_ns = 6000000000}};
    snprintf(broker->run, sizeof broker->run, "t%d-%u", (int)getpid(), ++runs);
    snprintf(broker->settings.group, sizeof broker->settings.group, "sim-%s-worker", broker->run);
    if (kafka == NULL)
        start(broker);
    else
        snprintf(broker->settings.brokers, sizeof broker->settings.brokers, "%s", kafka);
    if (!queue_make_topics(&broker->settings, broker->run, why))
        fail_msg("%s", why);
}

void broker_close(struct test_broker *broker)
{
    char why[160] = "";
    int status = 0;

    if (!queue_drop_topics(&broker->settings, broker->run, why))
        fail_msg("%s", why);
    if (broker->pid == 0)
        return;
    close(broker->orders);
    close(broker->answers);
    waitpid(broker->pid, &status, 0);
    assert_true(WIFEXITED(status));
}

/* ---- Trouble --------------------------------------------------------------------------------- */

static void order(const struct test_broker *broker, const char *line)
{
    assert_int_equal(write(broker->orders, line, strlen(line)), strlen(line));
}

static const char *folder_of_kafka(void)
{
    const char *folder = getenv("SIM_TEST_KAFKA_DIR");

    if (folder == NULL)
        skip();
    return folder;
}

static void run_kafka(const char *verb)
{
    const char *folder = folder_of_kafka();
    int status = 0;
    pid_t pid;

    fflush(NULL);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        execlp("bash", "bash", "tests/kafka/kafka.sh", verb, folder, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, &status, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

void broker_crash(const struct test_broker *broker)
{
    if (broker->pid > 0)
        order(broker, "down\n");
    else
        run_kafka("crash");
}

void broker_restart(const struct test_broker *broker)
{
    if (broker->pid > 0)
        order(broker, "up\n");
    else
        run_kafka("restart");
}

static pid_t pid_of_kafka(void)
{
    char path[256];
    FILE *file;
    int pid = 0;

    snprintf(path, sizeof path, "%s/pid", folder_of_kafka());
    file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%d", &pid), 1);
    fclose(file);
    return pid;
}

void broker_signal(const struct test_broker *broker, int signal_number)
{
    if (broker->pid > 0)
        server_signal(broker->pid, signal_number);
    else
        assert_int_equal(kill(pid_of_kafka(), signal_number), 0);
}
