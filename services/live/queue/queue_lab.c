/* queue_lab.c — What the lab asks of Kafka before and after a run: blocking, without a loop.
 *
 * Each question has a client of its own, made for it and gone after it. The embedded broker knows
 * no CreateTopics and no DeleteTopics: its topics are there before it says that it is ready, and
 * go with it. What is left out: the consumer group on a real broker stays behind when its topics
 * are deleted, until its offsets expire there. */
#include "services/live/queue/queue_inside.h"

#include <string.h>
#include <unistd.h>

enum { ANSWER_MS = 10000, LEADERS_MS = 15000, LOOK_AGAIN_US = 50000 };

static rd_kafka_t *ask_as(const struct queue_settings *settings, char why[static 160])
{
    static const struct option none[] = {{NULL, NULL}};
    rd_kafka_conf_t *conf = queue_conf(settings, none, why);
    rd_kafka_t *kafka;

    if (conf == NULL)
        return NULL;
    kafka = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, 160);
    if (kafka == NULL)
        rd_kafka_conf_destroy(conf);
    return kafka;
}

/* ---- Is it there? ---------------------------------------------------------------------------- */

bool queue_probe(const char *brokers, int timeout_ms, unsigned *brokers_max, char why[static 160])
{
    struct queue_settings settings = {0};
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t error;
    rd_kafka_t *kafka;

    if (strlen(brokers) >= sizeof settings.brokers) {
        snprintf(why, 160, "the list is longer than %zu bytes", sizeof settings.brokers - 1);
        return false;
    }
    strcpy(settings.brokers, brokers);
    kafka = ask_as(&settings, why);
    if (kafka == NULL)
        return false;
    error = rd_kafka_metadata(kafka, 0, NULL, &metadata, timeout_ms);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        *brokers_max = (unsigned)metadata->broker_cnt;
        rd_kafka_metadata_destroy(metadata);
    } else {
        snprintf(why, 160, "%s", rd_kafka_err2str(error));
    }
    rd_kafka_destroy(kafka);
    return error == RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* ---- Topics ---------------------------------------------------------------------------------- */

struct verdict { /* Of one topic. */
    const char *topic;
    rd_kafka_resp_err_t error;
};

/* The answer to CreateTopics or DeleteTopics. False: with the first error but `harmless`. */
static bool read_verdicts(rd_kafka_queue_t *answers, rd_kafka_resp_err_t harmless,
                          char why[static 160])
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(answers, ANSWER_MS);
    const rd_kafka_topic_result_t **results = NULL;
    struct verdict worst = {"topics", RD_KAFKA_RESP_ERR__TIMED_OUT};
    size_t n = 0;

    if (event != NULL)
        worst.error = rd_kafka_event_error(event);
    if (event != NULL && rd_kafka_event_type(event) == RD_KAFKA_EVENT_CREATETOPICS_RESULT)
        results =
            rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &n);
    else if (event != NULL && rd_kafka_event_type(event) == RD_KAFKA_EVENT_DELETETOPICS_RESULT)
        results =
            rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &n);
    for (size_t i = 0; i < n && worst.error == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
        if (rd_kafka_topic_result_error(results[i]) != RD_KAFKA_RESP_ERR_NO_ERROR &&
            rd_kafka_topic_result_error(results[i]) != harmless)
            worst = (struct verdict){rd_kafka_topic_result_name(results[i]),
                                     rd_kafka_topic_result_error(results[i])};
    if (worst.error != RD_KAFKA_RESP_ERR_NO_ERROR)
        snprintf(why, 160, "%.60s: %.90s", worst.topic, rd_kafka_err2str(worst.error));
    if (event != NULL)
        rd_kafka_event_destroy(event);
    return worst.error == RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* Replicas as the broker's owner likes them: -1. */
static bool create(rd_kafka_t *kafka, const struct queue_settings *settings, const char *run,
                   char why[static 160])
{
    rd_kafka_NewTopic_t *topics[TOPIC_KINDS];
    rd_kafka_queue_t *answers = rd_kafka_queue_new(kafka);
    size_t n = 0;
    bool is_good;

    for (unsigned topic = TOPIC_LIKES; topic < TOPIC_KINDS; topic++) {
        char name[TOPIC_NAME_MAX];

        topic_name(name, run, topic);
        topics[n] = rd_kafka_NewTopic_new(name, (int)settings->partitions, -1, why, 160);
        if (topics[n] == NULL)
            break;
        n++;
    }
    is_good = n == TOPIC_KINDS - TOPIC_LIKES;
    if (is_good) {
        rd_kafka_CreateTopics(kafka, topics, n, NULL, answers);
        is_good = read_verdicts(answers, RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS, why);
    }
    rd_kafka_NewTopic_destroy_array(topics, n);
    rd_kafka_queue_destroy(answers);
    return is_good;
}

static bool has_leaders(rd_kafka_t *kafka, const char *name, uint32_t partitions)
{
    rd_kafka_topic_t *topic = rd_kafka_topic_new(kafka, name, NULL);
    const struct rd_kafka_metadata *metadata;
    bool has = false;

    if (topic == NULL)
        return false;
    if (rd_kafka_metadata(kafka, 0, topic, &metadata, ANSWER_MS) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        has = metadata->topic_cnt == 1 && metadata->topics[0].err == RD_KAFKA_RESP_ERR_NO_ERROR &&
              (uint32_t)metadata->topics[0].partition_cnt >= partitions;
        for (int i = 0; has && i < metadata->topics[0].partition_cnt; i++)
            has = metadata->topics[0].partitions[i].leader >= 0;
        rd_kafka_metadata_destroy(metadata);
    }
    rd_kafka_topic_destroy(topic);
    return has;
}

static bool wait_for_leaders(rd_kafka_t *kafka, const struct queue_settings *settings,
                             const char *run, char why[static 160])
{
    uint64_t end_ns = loop_clock_ns() + (uint64_t)LEADERS_MS * 1000000;

    for (unsigned topic = TOPIC_LIKES; topic < TOPIC_KINDS; topic++) {
        char name[TOPIC_NAME_MAX];

        topic_name(name, run, topic);
        while (!has_leaders(kafka, name, settings->partitions)) {
            if (loop_clock_ns() > end_ns) {
                snprintf(why, 160, "topic %.60s has no leaders for its %u partitions", name,
                         settings->partitions);
                return false;
            }
            usleep(LOOK_AGAIN_US);
        }
    }
    return true;
}

bool queue_make_topics(const struct queue_settings *settings, const char *run, char why[static 160])
{
    rd_kafka_t *kafka = ask_as(settings, why);
    bool is_good;

    if (kafka == NULL)
        return false;
    is_good = (settings->is_embedded || create(kafka, settings, run, why)) &&
              wait_for_leaders(kafka, settings, run, why);
    rd_kafka_destroy(kafka);
    return is_good;
}

bool queue_drop_topics(const struct queue_settings *settings, const char *run, char why[static 160])
{
    rd_kafka_DeleteTopic_t *topics[TOPIC_KINDS];
    rd_kafka_queue_t *answers;
    rd_kafka_t *kafka;
    size_t n = 0;
    bool is_good;

    if (settings->is_embedded)
        return true;
    kafka = ask_as(settings, why);
    if (kafka == NULL)
        return false;
    for (unsigned topic = TOPIC_LIKES; topic < TOPIC_KINDS; topic++) {
        char name[TOPIC_NAME_MAX];

        topic_name(name, run, topic);
        topics[n++] = rd_kafka_DeleteTopic_new(name);
    }
    answers = rd_kafka_queue_new(kafka);
    rd_kafka_DeleteTopics(kafka, topics, n, NULL, answers);
    is_good = read_verdicts(answers, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, why);
    rd_kafka_DeleteTopic_destroy_array(topics, n);
    rd_kafka_queue_destroy(answers);
    rd_kafka_destroy(kafka);
    return is_good;
}

/* ---- Where it ends --------------------------------------------------------------------------- */

bool queue_read_ends(const struct queue_settings *settings, const char *run,
                     enum schema_topic topic, uint64_t *ends, char why[static 160])
{
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_t *kafka = ask_as(settings, why);
    char name[TOPIC_NAME_MAX];

    if (kafka == NULL)
        return false;
    topic_name(name, run, topic);
    for (uint32_t i = 0; i < settings->partitions && error == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
        int64_t begin = 0, end = 0;

        error = rd_kafka_query_watermark_offsets(kafka, name, (int32_t)i, &begin, &end, ANSWER_MS);
        ends[i] = (uint64_t)end;
    }
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        snprintf(why, 160, "the end of %.60s: %.80s", name, rd_kafka_err2str(error));
    rd_kafka_destroy(kafka);
    return error == RD_KAFKA_RESP_ERR_NO_ERROR;
}
