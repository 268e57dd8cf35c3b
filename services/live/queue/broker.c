/* broker.c — The embedded broker's process: make the cluster, say where it is, obey its input.
 *
 *   settings --> cluster, topics --> "ready BOOTSTRAP" --> "down" | "up" … --> end of input: gone
 *
 * The mock's calls are messages to its own thread, and two of them back to back can lose a wake-up
 * and stall for a second; a millisecond between them does not. To destroy the cluster takes a
 * second as well, so the process just ends.
 *
 * "down" closes listeners and connections of every broker; leaders and coordinators stay where
 * they are, and the log is there when they are "up" again. What is left out: latency and errors by
 * request, which the mock can also do and the virtual world does better. */
#include "services/live/queue/broker.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "services/live/queue/topic_name.h"

enum { BROKERS_MAX = 16, PARTITIONS_MAX = 1024, WHY_MAX = 512 };

static void rest(void)
{
    usleep(1000);
}

static bool read_whole(void *bytes, size_t length)
{
    unsigned char *to = bytes;

    while (length > 0) {
        ssize_t n = read(STDIN_FILENO, to, length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        to += n;
        length -= (size_t)n;
    }
    return true;
}

static bool are_sound(const struct broker_settings *settings)
{
    return settings->brokers > 0 && settings->brokers <= BROKERS_MAX && settings->partitions > 0 &&
           settings->partitions <= PARTITIONS_MAX &&
           memchr(settings->run, '\0', sizeof settings->run) != NULL;
}

/* The cluster lives in the threads of a client, which it is given. */
static rd_kafka_t *make_client(void)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char why[WHY_MAX];
    rd_kafka_t *client;

    rd_kafka_conf_set_log_cb(conf, NULL);
    client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    if (client == NULL)
        fprintf(stderr, "sim-node broker: %s\n", why);
    return client;
}

static bool make_topics(rd_kafka_mock_cluster_t *cluster, const struct broker_settings *settings)
{
    int replicas = settings->brokers < 3 ? (int)settings->brokers : 3;

    for (enum schema_topic topic = TOPIC_LIKES; topic < TOPIC_KINDS; topic++) {
        char name[TOPIC_NAME_MAX];
        rd_kafka_resp_err_t error;

        topic_name(name, settings->run, topic);
        rest();
        error = rd_kafka_mock_topic_create(cluster, name, (int)settings->partitions, replicas);
        if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
            fprintf(stderr, "sim-node broker: topic %s: %s\n", name, rd_kafka_err2str(error));
            return false;
        }
    }
    return true;
}

static void turn(rd_kafka_mock_cluster_t *cluster, uint32_t brokers, bool is_up)
{
    for (int32_t id = 1; id <= (int32_t)brokers; id++) {
        rest();
        if (is_up)
            rd_kafka_mock_broker_set_up(cluster, id);
        else
            rd_kafka_mock_broker_set_down(cluster, id);
    }
}

/* Until the input ends. Bytes are read one by one: an order is rare and short. */
static void obey(rd_kafka_mock_cluster_t *cluster, uint32_t brokers)
{
    char line[16];
    size_t length = 0;
    char byte;

    while (read_whole(&byte, 1)) {
        if (byte != '\n') {
            if (length < sizeof line - 1)
                line[length++] = byte;
            continue;
        }
        line[length] = '\0';
        length = 0;
        if (strcmp(line, "down") == 0)
            turn(cluster, brokers, false);
        else if (strcmp(line, "up") == 0)
            turn(cluster, brokers, true);
        else
            fprintf(stderr, "sim-node broker: no such order: %s\n", line);
    }
}

int broker_main(void)
{
    struct broker_settings settings;
    rd_kafka_mock_cluster_t *cluster;
    rd_kafka_t *client;

    if (!read_whole(&settings, sizeof settings) || !are_sound(&settings)) {
        fprintf(stderr, "sim-node broker: no settings on standard input; sim starts this program, "
                        "not a person\n");
        return 1;
    }
    client = make_client();
    if (client == NULL)
        return 1;
    rest();
    cluster = rd_kafka_mock_cluster_new(client, (int)settings.brokers);
    if (cluster == NULL) {
        fprintf(stderr, "sim-node broker: librdkafka could not make its mock cluster: no free "
                        "port on 127.0.0.1, or no file descriptors left\n");
        return 1;
    }
    if (!make_topics(cluster, &settings))
        return 1;
    rest();
    printf("ready %s\n", rd_kafka_mock_cluster_bootstraps(cluster));
    fflush(stdout);
    obey(cluster, settings.brokers);
    _exit(0);
}
