/* store_connection.c — The one connection to Redis: made, lost, made again.
 *
 *     CONNECTING --accepted--> CONNECTED --broken, or silent for 5 s---+
 *       ^    |                                                         |
 *       |    +--refused, or not there for 5 s----------------+         |
 *       |                                                    v         |
 *       +--the pause (backoff) has passed----------------- WAITING <---+
 *       |                                                    |  ^
 *       +--------- found, LOOKING FOR ITS ADDRESS <--a name--+  |
 *                             +--there is none------------------+
 *
 * A context of hiredis frees itself when its connection ends, after a NULL answer to every command
 * that it held; so the pointer is forgotten in the callback that says so. A connect that fails at
 * once (no such socket) gives a context with an error, which is ours to free. The pause between
 * tries is short again after the first answer, not after the connect: a server that takes
 * connections and drops them is not to be asked twenty times a second.
 *
 * The scripts are the first words on a new connection, so the Redis that was restarted empty knows
 * them again; until their digests have come back, commands carry their script with them. */
#include "services/live/store/store_inside.h"

#include <string.h>

#include <event2/event.h>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>

#include <hiredis/adapters/libevent.h>

#include "services/live/loop/lookup.h"
#include "services/live/node/stats.h"

#if HIREDIS_MAJOR == 0 && HIREDIS_MINOR < 14
#error "hiredis 0.14 or later is needed: apt install libhiredis-dev"
#endif

static const uint64_t backoff_min_ns = 50000000;
static const uint64_t backoff_max_ns = 1000000000;
static const uint64_t silence_max_ns = 5000000000;

/* ---- The end of a connection ----------------------------------------------------------------- */

static void wait_and_retry(struct store_live *store)
{
    store->context = NULL;
    store->is_connected = false;
    store->is_first = false;
    loop_alarm_clear(store->silence);
    loop_alarm_set(store->retry, store->backoff_ns);
    store->backoff_ns *= 2;
    if (store->backoff_ns > backoff_max_ns)
        store->backoff_ns = backoff_max_ns;
}

/* Before that, hiredis has given every command a NULL answer. */
static void on_disconnect(const redisAsyncContext *context, int status)
{
    struct store_live *store = context->data;

    (void)status;
    loop_enter(store->loop);
    if (store->context == context && !store->is_closing)
        wait_and_retry(store);
}

static void drop(struct store_live *store)
{
    redisAsyncContext *context = store->context;

    store->context = NULL; /* on_disconnect is not to take it for a surprise. */
    redisAsyncFree(context);
    wait_and_retry(store);
}

static bool is_due(const struct store_live *store)
{
    return !store->is_connected || store->commands.taken > 0;
}

/* It stands still unless something is due; store_send winds it up again. */
static void look_for_silence(void *context)
{
    struct store_live *store = context;
    uint64_t silent_ns = loop_now_ns(store->loop) - store->heard_ns;

    if (store->context == NULL || !is_due(store))
        return;
    if (silent_ns >= silence_max_ns)
        drop(store);
    else
        loop_alarm_set(store->silence, silence_max_ns - silent_ns);
}

void store_disconnect(struct store_live *store)
{
    if (store->context != NULL)
        redisAsyncFree(store->context);
    store->context = NULL;
    if (store->retry != NULL)
        loop_alarm_free(store->retry);
    if (store->silence != NULL)
        loop_alarm_free(store->silence);
    lookup_forget(store->lookup);
}

/* ---- Its beginning --------------------------------------------------------------------------- */

static void on_connect(const redisAsyncContext *context, int status)
{
    struct store_live *store = context->data;

    loop_enter(store->loop);
    if (status != REDIS_OK) {
        if (store->context == context)
            wait_and_retry(store); /* hiredis refuses the commands that waited, and frees it. */
        return;
    }
    store->is_connected = true;
    store->is_first = false;
    store->heard_ns = loop_now_ns(store->loop);
    store->stats->store_reconnects += store->connections > 0;
    store->connections++;
}

static redisAsyncContext *begin_connect(const struct store_address *address, const char *where)
{
    redisAsyncContext *context =
        address->is_path ? redisAsyncConnectUnix(where) : redisAsyncConnect(where, address->port);

    if (context != NULL && context->err != 0) {
        redisAsyncFree(context);
        return NULL;
    }
    return context;
}

static void connect_to(struct store_live *store, const char *where)
{
    store->context = begin_connect(&store->address, where);
    if (store->context == NULL) {
        wait_and_retry(store);
        return;
    }
    store->context->data = store;
    check(redisLibeventAttach(store->context, store->loop->base) == REDIS_OK);
    redisAsyncSetConnectCallback(store->context, on_connect);
    redisAsyncSetDisconnectCallback(store->context, on_disconnect);
    store->heard_ns = loop_now_ns(store->loop);
    loop_alarm_set(store->silence, silence_max_ns);
    memset(store->scripts, 0, sizeof store->scripts); /* It may be another Redis. */
    for (int name = 0; name < STORE_SCRIPTS; name++)
        store_load_script(store, (enum store_script_name)name);
}

static void looked_up(void *context, const char *number)
{
    struct store_live *store = context;

    store->lookup = NULL;
    if (number == NULL)
        wait_and_retry(store);
    else
        connect_to(store, number);
}

/* A Redis that was started anew may have another address by the same name. */
static void try_again(void *context)
{
    struct store_live *store = context;

    if (store->address.is_path || !lookup_is_needed(store->address.text)) {
        connect_to(store, store->address.text);
        return;
    }
    store->lookup =
        lookup_begin(store->loop, store->address.text, store->lookups++, looked_up, store);
    if (store->lookup == NULL)
        wait_and_retry(store);
}

void store_connect(struct store_live *store)
{
    store->backoff_ns = backoff_min_ns;
    store->is_first = true;
    store->retry = loop_alarm(store->loop, try_again, store);
    store->silence = loop_alarm(store->loop, look_for_silence, store);
    connect_to(store, store->address.text);
}

/* ---- What goes over it ----------------------------------------------------------------------- */

bool store_is_admitting(const struct store_live *store)
{
    return store->context != NULL && (store->is_connected || store->is_first);
}

/* An error may be all that it has to say before it hangs up ("max number of clients reached"). */
static void heard(struct store_live *store, const redisReply *reply)
{
    store->heard_ns = loop_now_ns(store->loop);
    if (reply->type != REDIS_REPLY_ERROR)
        store->backoff_ns = backoff_min_ns;
}

static void on_script(redisAsyncContext *context, void *answer, void *note)
{
    struct store_live *store = context->data;
    struct store_script *script = note;
    const redisReply *reply = answer;

    loop_enter(store->loop);
    if (reply == NULL)
        return;
    heard(store, reply);
    script->is_asked_for = false;
    if (reply->type == REDIS_REPLY_STRING && reply->len == STORE_DIGEST_BYTES - 1)
        memcpy(script->digest, reply->str, STORE_DIGEST_BYTES);
}

void store_load_script(struct store_live *store, enum store_script_name name)
{
    struct store_script *script = &store->scripts[name];
    const char *words[] = {"SCRIPT", "LOAD", store_script_sources[name]};
    const size_t sizes[] = {6, 4, strlen(words[2])};

    script->digest[0] = '\0';
    if (!script->is_asked_for)
        script->is_asked_for =
            redisAsyncCommandArgv(store->context, on_script, script, 3, words, sizes) == REDIS_OK;
}

static void on_answer(redisAsyncContext *context, void *answer, void *note)
{
    struct store_command *command = note;

    (void)context;
    loop_enter(command->store->loop);
    if (answer != NULL)
        heard(command->store, answer);
    store_command_answered(command, answer);
}

bool store_send(struct store_live *store, struct store_command *command,
                const struct store_words *words)
{
    const char **argv = (const char **)(uintptr_t)words->words;

    if (redisAsyncCommandArgv(store->context, on_answer, command, words->length, argv,
                              words->sizes) != REDIS_OK)
        return false;
    if (store->commands.taken == 1) { /* Nothing was due before. */
        store->heard_ns = loop_now_ns(store->loop);
        loop_alarm_set(store->silence, silence_max_ns);
    }
    return true;
}
