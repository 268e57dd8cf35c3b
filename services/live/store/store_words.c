/* store_words.c — What is asked as the words of a Redis command, and the answer as a number.
 *
 *   get         GET key
 *   set         SET key 42:xxxxx [PX ms]
 *   set_new     SET key 42:xxxxx [PX ms] NX
 *   add         EVALSHA add 1 key delta
 *   expire      PEXPIRE key ms, or UNLINK key
 *   add_if_new  EVALSHA add_if_new 2 set counter member delta
 *
 * A value of up to 20 bytes is its number alone, so that INCRBY can count on it; Redis keeps it as
 * an integer. A longer one has filler behind a ':'. Adding to such a one is possible as in the
 * model, and keeps its size and its time to live.
 *
 * Lua counts in doubles. The sum is made by INCRBY, in 64 bits, and goes back as text where a
 * double would round it. Words have lengths: nothing here is ever a format. */
#include "services/live/store/store_inside.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

enum { NUMBER_BYTES = 20, NS_PER_MS = 1000000, WIRE_BYTES = 32 };

#define LUA_ADD                                                                                    \
    "local function add(key, delta)\n"                                                             \
    "  local old = redis.call('GET', key)\n"                                                       \
    "  local colon = old and string.find(old, ':', 1, true)\n"                                     \
    "  if colon then\n"                                                                            \
    "    redis.call('SET', key, string.sub(old, 1, colon - 1), 'KEEPTTL')\n"                       \
    "  end\n"                                                                                      \
    "  local sum = redis.call('INCRBY', key, delta)\n"                                             \
    "  if colon then\n"                                                                            \
    "    local text = redis.call('GET', key)\n"                                                    \
    "    local filler = string.rep('x', #old - #text - 1)\n"                                       \
    "    redis.call('SET', key, text .. ':' .. filler, 'KEEPTTL')\n"                               \
    "    return text\n"                                                                            \
    "  end\n"                                                                                      \
    "  if sum > -9007199254740992 and sum < 9007199254740992 then return sum end\n"                \
    "  return redis.call('GET', key)\n"                                                            \
    "end\n"

const char *const store_script_sources[STORE_SCRIPTS] = {
    [SCRIPT_ADD] = LUA_ADD "if redis.call('EXISTS', KEYS[1]) == 0 then return false end\n"
                           "return add(KEYS[1], ARGV[1])\n",
    [SCRIPT_ADD_IF_NEW] =
        LUA_ADD "local verb = ARGV[2] == '1' and 'SADD' or 'SREM'\n"
                "if redis.call(verb, KEYS[1], ARGV[1]) == 0 then return false end\n"
                "return add(KEYS[2], ARGV[2])\n",
};

bool store_verb_has_script(enum store_verb verb, enum store_script_name *name)
{
    *name = verb == STORE_ADD ? SCRIPT_ADD : SCRIPT_ADD_IF_NEW;
    return verb == STORE_ADD || verb == STORE_ADD_IF_NEW;
}

/* ---- Words ----------------------------------------------------------------------------------- */

static void put_bytes(struct store_words *words, const char *word, size_t size)
{
    check(words->length < STORE_WORDS_MAX);
    words->words[words->length] = word;
    words->sizes[words->length] = size;
    words->length++;
    words->bytes += size + WIRE_BYTES;
}

static void put(struct store_words *words, const char *word)
{
    put_bytes(words, word, strlen(word));
}

static void put_key(struct store_words *words, int place, const char *run, uint64_t key)
{
    snprintf(words->keys[place], sizeof words->keys[place], "sim:%s:%u:%" PRIu64, run,
             (unsigned)(key >> 56), key & 0x00ffffffffffffff);
    put(words, words->keys[place]);
}

static void put_number(struct store_words *words, int place, int64_t number)
{
    snprintf(words->numbers[place], sizeof words->numbers[place], "%" PRId64, number);
    put(words, words->numbers[place]);
}

static void put_ms(struct store_words *words, uint64_t ns)
{
    put_number(words, 0, (int64_t)(ns / NS_PER_MS + (ns % NS_PER_MS > 0)));
}

static void put_value(struct store_words *words, const struct store_asked *asked,
                      struct store_text *text)
{
    size_t size = asked->bytes > NUMBER_BYTES ? asked->bytes : NUMBER_BYTES;
    size_t length;

    if (text->size < size + 1) {
        text->bytes = realloc(text->bytes, size + 1);
        check(text->bytes != NULL);
        text->size = size + 1;
    }
    length = (size_t)snprintf(text->bytes, text->size, "%" PRId64, asked->value);
    if (asked->bytes > NUMBER_BYTES) {
        text->bytes[length] = ':';
        memset(text->bytes + length + 1, 'x', asked->bytes - length - 1);
        length = asked->bytes;
    }
    put_bytes(words, text->bytes, length);
}

static void put_script(struct store_words *words, enum store_script_name name,
                       const struct store_script *script)
{
    bool is_known = script->digest[0] != '\0';

    put(words, is_known ? "EVALSHA" : "EVAL");
    put(words, is_known ? script->digest : store_script_sources[name]);
}

static void put_expire(struct store_words *words, const char *run, const struct store_asked *asked)
{
    put(words, asked->ttl_ns == 0 ? "UNLINK" : "PEXPIRE");
    put_key(words, 0, run, asked->key);
    if (asked->ttl_ns > 0)
        put_ms(words, asked->ttl_ns);
}

static void put_set(struct store_words *words, const char *run, const struct store_asked *asked,
                    struct store_text *text)
{
    put(words, "SET");
    put_key(words, 0, run, asked->key);
    put_value(words, asked, text);
    if (asked->ttl_ns > 0) {
        put(words, "PX");
        put_ms(words, asked->ttl_ns);
    }
    if (asked->verb == STORE_SET_NEW)
        put(words, "NX");
}

static void put_add_if_new(struct store_words *words, const char *run,
                           const struct store_asked *asked, const struct store_script *scripts)
{
    put_script(words, SCRIPT_ADD_IF_NEW, &scripts[SCRIPT_ADD_IF_NEW]);
    put(words, "2");
    put_key(words, 0, run, asked->key);
    put_key(words, 1, run, asked->counter);
    snprintf(words->numbers[0], sizeof words->numbers[0], "%" PRIu64, asked->member);
    put(words, words->numbers[0]);
    put_number(words, 1, asked->value);
}

void store_words_make(struct store_words *words, const char *run, const struct store_asked *asked,
                      const struct store_script *scripts, struct store_text *text)
{
    words->length = 0;
    words->bytes = WIRE_BYTES;
    switch (asked->verb) {
    case STORE_GET:
        put(words, "GET");
        put_key(words, 0, run, asked->key);
        return;
    case STORE_SET:
    case STORE_SET_NEW:
        put_set(words, run, asked, text);
        return;
    case STORE_ADD:
        put_script(words, SCRIPT_ADD, &scripts[SCRIPT_ADD]);
        put(words, "1");
        put_key(words, 0, run, asked->key);
        put_number(words, 0, asked->value);
        return;
    case STORE_EXPIRE:
        put_expire(words, run, asked);
        return;
    case STORE_ADD_IF_NEW:
        put_add_if_new(words, run, asked, scripts);
        return;
    }
}

/* ---- Answers --------------------------------------------------------------------------------- */

bool store_number_read(const char *text, int64_t *value)
{
    char *end;

    errno = 0;
    *value = strtoll(text, &end, 10);
    return end != text && (*end == '\0' || *end == ':') && errno == 0;
}

static bool is_error(const struct redisReply *reply, const char *name)
{
    return reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, name, strlen(name)) == 0;
}

/* Of a verb and the kinds of answer that it can have; any other is a failure. */
static enum call_outcome number_of(const struct store_asked *asked, const struct redisReply *reply,
                                   int64_t *value)
{
    if (reply->type == REDIS_REPLY_STATUS &&
        (asked->verb == STORE_SET || asked->verb == STORE_SET_NEW)) {
        *value = asked->value;
        return CALL_OK;
    }
    if (asked->verb == STORE_SET)
        return CALL_FAILED;
    if (reply->type == REDIS_REPLY_NIL)
        return CALL_ABSENT;
    if (reply->type == REDIS_REPLY_STRING)
        return store_number_read(reply->str, value) ? CALL_OK : CALL_FAILED;
    if (reply->type != REDIS_REPLY_INTEGER)
        return CALL_FAILED;
    if (asked->verb == STORE_EXPIRE)
        return reply->integer == 0 ? CALL_ABSENT : CALL_OK;
    *value = reply->integer;
    return CALL_OK;
}

bool store_words_read(const struct store_asked *asked, const struct redisReply *reply,
                      enum call_outcome *outcome, int64_t *value)
{
    *value = 0;
    if (is_error(reply, "NOSCRIPT"))
        return false;
    *outcome = is_error(reply, "LOADING") ? CALL_REFUSED : number_of(asked, reply, value);
    if (*outcome != CALL_OK)
        *value = 0;
    return true;
}
