/* rabbit_lab.c — What the lab asks of RabbitMQ before, during and after a run: blocking.
 *
 * Each question has a connection of its own. Queues are durable. What is to be acknowledged by all
 * is a quorum queue, anything else a classic one; so is all of the embedded server's, where a
 * quorum would be one, and be slow to hand out what was with a consumer when the server was
 * killed. */
#include <stdio.h>
#include <string.h>

#include "services/live/rabbit/rabbit_lab.h"
#include "services/live/rabbit/rabbit_inside.h"

enum { ANSWER_MS = 10000, LAB_CHANNEL = 1 };

static const uint64_t lab_session_ns = UINT64_C(60000000000);

/* ---- One question ---------------------------------------------------------------------------- */

static amqp_connection_state_t ask(const char *where, int timeout_ms, char why[static 160])
{
    amqp_connection_state_t state =
        rabbit_connect(where, lab_session_ns, timeout_ms, NULL, NULL, why);

    if (state == NULL)
        return NULL;
    amqp_channel_open(state, LAB_CHANNEL);
    if (rabbit_is_good(amqp_get_rpc_reply(state), why))
        return state;
    amqp_destroy_connection(state);
    return NULL;
}

static void hang_up(amqp_connection_state_t state)
{
    amqp_connection_close(state, AMQP_REPLY_SUCCESS);
    amqp_destroy_connection(state);
}

/* ---- Is it there? ---------------------------------------------------------------------------- */

static void read_version(amqp_connection_state_t state, char version[static 32])
{
    const amqp_table_t *says = amqp_get_server_properties(state);

    strcpy(version, "of unknown version");
    for (int i = 0; i < says->num_entries; i++) {
        amqp_bytes_t key = says->entries[i].key, value = says->entries[i].value.value.bytes;

        if (key.len == 7 && memcmp(key.bytes, "version", 7) == 0 &&
            says->entries[i].value.kind == AMQP_FIELD_KIND_UTF8)
            snprintf(version, 32, "%.*s", value.len < 31 ? (int)value.len : 31,
                     (const char *)value.bytes);
    }
}

bool rabbit_probe(const char *where, int timeout_ms, char version[static 32], char why[static 160])
{
    amqp_connection_state_t state = ask(where, timeout_ms, why);

    if (state == NULL)
        return false;
    read_version(state, version);
    hang_up(state);
    return true;
}

/* ---- Queues ---------------------------------------------------------------------------------- */

static bool declare(amqp_connection_state_t state, const struct queue_settings *settings,
                    const char *name, char why[static 160])
{
    bool is_quorum = settings->acks == -1 && !settings->is_embedded;
    amqp_table_entry_t entries[] = {
        {.key = amqp_cstring_bytes("x-queue-type"),
         .value = {.kind = AMQP_FIELD_KIND_UTF8,
                   .value.bytes = amqp_cstring_bytes(is_quorum ? "quorum" : "classic")}},
        {.key = amqp_cstring_bytes("x-single-active-consumer"),
         .value = {.kind = AMQP_FIELD_KIND_BOOLEAN, .value.boolean = settings->single_active}}};
    amqp_table_t arguments = {.num_entries = 2, .entries = entries};

    amqp_queue_declare(state, LAB_CHANNEL, amqp_cstring_bytes(name), 0, 1, 0, 0, arguments);
    return rabbit_is_good(amqp_get_rpc_reply(state), why);
}

bool rabbit_make_queues(const struct queue_settings *settings, const char *run,
                        char why[static 160])
{
    amqp_connection_state_t state = ask(settings->brokers, ANSWER_MS, why);
    bool is_good = state != NULL;

    for (unsigned topic = TOPIC_LIKES; topic < TOPIC_KINDS && is_good; topic++) {
        char name[TOPIC_NAME_MAX];

        topic_name(name, run, topic);
        is_good = declare(state, settings, name, why);
    }
    if (state != NULL)
        hang_up(state);
    return is_good;
}

/* To delete what is not there is no error. */
bool rabbit_drop_queues(const char *where, const char *run, char why[static 160])
{
    amqp_connection_state_t state = ask(where, ANSWER_MS, why);
    bool is_good = state != NULL;

    for (unsigned topic = TOPIC_LIKES; topic < TOPIC_KINDS && is_good; topic++) {
        char name[TOPIC_NAME_MAX];

        topic_name(name, run, topic);
        amqp_queue_delete(state, LAB_CHANNEL, amqp_cstring_bytes(name), 0, 0);
        is_good = rabbit_is_good(amqp_get_rpc_reply(state), why);
    }
    if (state != NULL)
        hang_up(state);
    return is_good;
}

bool rabbit_read_ready(const struct queue_settings *settings, const char *run,
                       enum schema_topic topic, uint64_t *ready, char why[static 160])
{
    amqp_connection_state_t state = ask(settings->brokers, ANSWER_MS, why);
    const amqp_queue_declare_ok_t *answer;
    char name[TOPIC_NAME_MAX];
    bool is_good = false;

    if (state == NULL)
        return false;
    topic_name(name, run, topic);
    answer = amqp_queue_declare(state, LAB_CHANNEL, amqp_cstring_bytes(name), 1, 1, 0, 0,
                                amqp_empty_table);
    is_good = rabbit_is_good(amqp_get_rpc_reply(state), why) && answer != NULL;
    if (is_good)
        *ready = answer->message_count;
    hang_up(state);
    return is_good;
}
