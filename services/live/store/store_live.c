/* store_live.c — The store port: what is asked, its timer, and how it ends.
 *
 *     submit --> out (with hiredis, and on the wire) --answer--> loop_finish
 *        |        |                       |
 *        |        | its time runs out     | the connection ends
 *        v        v                       v
 *     refused   timeout: the record      failed, or refused when there never was a connection
 *               stays until the answer,
 *               which is dropped
 *
 * How many may be out is the pool's size, so what a Redis that hangs can cost is known. */
#include "services/live/store/store_inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "services/live/node/stats.h"

/* ---- How it ends ----------------------------------------------------------------------------- */

static void tell(struct store_live *store, struct call *call, uint64_t asked_ns,
                 enum call_outcome outcome, int64_t value)
{
    store->stats->store_missed += !call_is_served(outcome);
    if (call == NULL)
        return;
    stats_waited(store->stats, STATS_STORE, loop_now_ns(store->loop) - asked_ns);
    loop_finish(store->loop, call, outcome, value);
}

static void finish(struct store_command *command, enum call_outcome outcome, int64_t value)
{
    struct store_live *store = command->store;
    struct call *call = command->call;
    uint64_t asked_ns = command->asked_ns;
    bool is_given_up = command->is_given_up;

    if (call != NULL)
        loop_alarm_clear(command->alarm);
    command->call = NULL;
    store->out_bytes -= command->bytes;
    pool_give(&store->commands, command);
    if (!is_given_up) /* That was told, and counted. */
        tell(store, call, asked_ns, outcome, value);
}

static void time_out(void *context)
{
    struct store_command *command = context;
    struct call *call = command->call;

    command->call = NULL;
    command->is_given_up = true;
    tell(command->store, call, command->asked_ns, CALL_TIMEOUT, 0);
}

static void count_get(struct node_stats *stats, enum call_outcome outcome)
{
    stats->store_hits += outcome == CALL_OK;
    stats->store_misses += outcome == CALL_ABSENT;
}

/* Somebody has flushed the scripts. Once more with the script itself, unless nobody wants it now;
 * what was asked meanwhile overtakes it. */
static void send_again(struct store_command *command)
{
    struct store_live *store = command->store;
    enum store_script_name name;
    struct store_words words;

    if (!store_verb_has_script(command->asked.verb, &name) || command->is_given_up) {
        finish(command, CALL_FAILED, 0);
        return;
    }
    store->scripts[name].digest[0] = '\0';
    store_words_make(&words, store->run, &command->asked, store->scripts, &store->text);
    store->out_bytes += words.bytes - command->bytes;
    command->bytes = words.bytes;
    if (!store_send(store, command, &words))
        finish(command, CALL_REFUSED, 0);
    else
        store_load_script(store, name);
}

void store_command_answered(struct store_command *command, const struct redisReply *reply)
{
    struct store_live *store = command->store;
    enum call_outcome outcome;
    int64_t value;

    if (store->is_closing)
        return;
    if (reply == NULL) {
        finish(command, store->is_connected ? CALL_FAILED : CALL_REFUSED, 0);
        return;
    }
    if (!store_words_read(&command->asked, reply, &outcome, &value)) {
        send_again(command);
        return;
    }
    if (command->asked.verb == STORE_GET)
        count_get(store->stats, outcome);
    finish(command, outcome, value);
}

/* ---- How it begins --------------------------------------------------------------------------- */

/* A record whose words have gone out, or NULL: it is refused. */
static struct store_command *begin(struct store_live *store, const struct store_asked *asked)
{
    struct store_command *command;
    struct store_words words;

    if (!store_is_admitting(store) || asked->bytes >= STORE_OUT_BYTES_MAX)
        return NULL;
    store_words_make(&words, store->run, asked, store->scripts, &store->text);
    if (store->out_bytes + words.bytes > STORE_OUT_BYTES_MAX)
        return NULL;
    command = pool_take(&store->commands);
    if (command == NULL)
        return NULL;
    command->store = store;
    command->call = NULL;
    command->is_given_up = false;
    command->asked_ns = loop_now_ns(store->loop);
    command->asked = *asked;
    command->bytes = words.bytes;
    if (store_send(store, command, &words)) {
        store->out_bytes += words.bytes;
        return command;
    }
    pool_give(&store->commands, command);
    return NULL;
}

static void submit(struct store *port, struct call *call, const struct store_asked *asked,
                   uint64_t timeout_ns)
{
    struct store_live *store = (struct store_live *)port;
    struct store_command *command = begin(store, asked);

    if (command == NULL) {
        tell(store, call, loop_now_ns(store->loop), CALL_REFUSED, 0);
        return;
    }
    store->stats->store_commands++;
    command->call = call;
    if (call == NULL)
        return;
    if (command->alarm == NULL)
        command->alarm = loop_alarm(store->loop, time_out, command);
    loop_alarm_set(command->alarm, timeout_ns);
}

static const struct store_ops store_live_ops = {.ask = submit};

/* ---- From open to close ---------------------------------------------------------------------- */

struct store_live *store_live_open(struct loop *loop, const char *server, const char *run,
                                   struct node_stats *stats)
{
    struct store_live *store;
    struct store_address address;

    if (!store_address_read(&address, server, NULL, 0) || !store_run_is_sound(run))
        return NULL;
    store = calloc(1, sizeof *store);
    if (store == NULL)
        return NULL;
    if (!arena_open(&store->arena, pool_bytes(sizeof(struct store_command), STORE_OUT_MAX))) {
        free(store);
        errno = ENOMEM;
        return NULL;
    }
    pool_init(&store->commands, &store->arena, sizeof(struct store_command), STORE_OUT_MAX);
    store->port.ops = &store_live_ops;
    store->loop = loop;
    store->stats = stats;
    store->address = address;
    snprintf(store->run, sizeof store->run, "%s", run);
    store_connect(store);
    return store;
}

void store_live_close(struct store_live *store)
{
    store->is_closing = true;
    store_disconnect(store);
    for (uint32_t i = 0; i < store->commands.fresh; i++) {
        unsigned char *record = store->commands.records + i * store->commands.record_size;
        struct event *alarm = ((struct store_command *)(void *)record)->alarm;

        if (alarm != NULL)
            loop_alarm_free(alarm);
    }
    arena_close(&store->arena);
    free(store->text.bytes);
    free(store);
}

struct store *store_live_port(struct store_live *store)
{
    return &store->port;
}
