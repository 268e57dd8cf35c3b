/* memcached_words.c — One command, in libmemcached's words, and its answer as an outcome.
 *
 *   get          get key
 *   set          set key 9223372036854775850, or set key 42:xxxxx
 *   set_new      add, of the same
 *   add          incr key delta, or decr key delta
 *   expire       touch key seconds, or delete key
 *   add_if_new   add key:member, or delete key:member; then incr, decr; then add of the counter
 *
 * The text protocol: its incr leaves an absent key absent, as the port wants it. Whatever is not a
 * plain answer leaves the connection in doubt, and it is not used again. */
#include "services/live/memcached/memcached_inside.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libmemcached/memcached.h>

enum { NUMBER_BYTES = 20, SILENCE_MAX_MS = 5000 };

static const uint64_t second_ns = 1000000000, bias = UINT64_C(1) << 63;
static const uint64_t relative_max_s = 60 * 60 * 24 * 30; /* Beyond it is a date. */

/* ---- Connecting ------------------------------------------------------------------------------ */

static memcached_return_t add_server(memcached_st *handle, const struct store_address *address)
{
    return address->is_path ? memcached_server_add_unix_socket(handle, address->text)
                            : memcached_server_add(handle, address->text, (in_port_t)address->port);
}

/* Its own messages name addresses in memory and lines of its source. */
void memcached_explain(const struct memcached_st *handle, char *why, size_t why_max)
{
    memcached_return_t end = memcached_last_error(handle);
    int number = memcached_last_error_errno(handle);

    if (why == NULL)
        return;
    if (end == MEMCACHED_TIMEOUT)
        snprintf(why, why_max, "no answer within 5 s");
    else if (end == MEMCACHED_CONNECTION_FAILURE && number == 0)
        snprintf(why, why_max, "connection refused");
    else
        snprintf(why, why_max, "%s",
                 number != 0 ? strerror(number) : memcached_strerror(handle, end));
}

struct memcached_st *memcached_words_connect(const struct store_address *address, char *why,
                                             size_t why_max)
{
    memcached_st *handle = memcached_create(NULL);
    memcached_return_t end;

    if (handle == NULL) {
        if (why != NULL)
            snprintf(why, why_max, "no memory");
        return NULL;
    }
    memcached_behavior_set(handle, MEMCACHED_BEHAVIOR_TCP_NODELAY, 1);
    memcached_behavior_set(handle, MEMCACHED_BEHAVIOR_POLL_TIMEOUT, SILENCE_MAX_MS);
    memcached_behavior_set(handle, MEMCACHED_BEHAVIOR_CONNECT_TIMEOUT, SILENCE_MAX_MS);
    end = add_server(handle, address);
    if (end == MEMCACHED_SUCCESS)
        end = memcached_version(handle);
    if (end == MEMCACHED_SUCCESS)
        return handle;
    memcached_explain(handle, why, why_max);
    memcached_free(handle);
    return NULL;
}

/* ---- Words ----------------------------------------------------------------------------------- */

struct key {
    char text[MEMCACHED_KEY_BYTES];
    size_t length;
};

static struct key key_of(const struct memcached_words *words, uint64_t key)
{
    struct key made;

    made.length = (size_t)snprintf(made.text, sizeof made.text, "sim:%s:%u:%" PRIu64, words->run,
                                   (unsigned)(key >> 56), key & 0x00ffffffffffffff);
    return made;
}

static struct key member_of(const struct memcached_words *words, uint64_t set, uint64_t member)
{
    struct key made = key_of(words, set);

    made.length += (size_t)snprintf(made.text + made.length, sizeof made.text - made.length,
                                    ":%" PRIu64, member);
    return made;
}

static time_t seconds_of(uint64_t ttl_ns)
{
    uint64_t seconds = ttl_ns / second_ns + (ttl_ns % second_ns > 0) + 1;

    if (ttl_ns == 0)
        return 0;
    if (seconds > relative_max_s)
        seconds += (uint64_t)time(NULL);
    return seconds > INT32_MAX ? 0 : (time_t)seconds; /* A date that far off is for ever. */
}

static time_t life_of(const struct memcached_words *words, uint64_t ttl_ns)
{
    return seconds_of(ttl_ns == 0 ? words->keep_ns : ttl_ns);
}

static size_t make_value(struct memcached_words *words, int64_t value, uint32_t bytes)
{
    size_t size = (size_t)(bytes > NUMBER_BYTES ? bytes : NUMBER_BYTES) + 1;
    size_t length;

    if (words->text_size < size) {
        words->text = realloc(words->text, size);
        check(words->text != NULL);
        words->text_size = size;
    }
    if (bytes <= NUMBER_BYTES)
        return (size_t)snprintf(words->text, words->text_size, "%" PRIu64, (uint64_t)value + bias);
    length = (size_t)snprintf(words->text, words->text_size, "%" PRId64 ":", value);
    if (length < bytes)
        memset(words->text + length, 'x', bytes - length);
    return length < bytes ? bytes : length;
}

/* decr leaves blanks behind a number that has become shorter. */
static bool read_value(const char *text, int64_t *value)
{
    char *end;
    uint64_t number;

    errno = 0;
    if (strchr(text, ':') != NULL) {
        *value = strtoll(text, &end, 10);
        return end != text && *end == ':' && errno == 0;
    }
    number = strtoull(text, &end, 10);
    *value = (int64_t)(number - bias);
    return end != text && errno == 0 && strspn(end, " ") == strlen(end);
}

/* ---- Answers --------------------------------------------------------------------------------- */

/* False: not a plain answer. */
static bool outcome_of(memcached_return_t end, enum call_outcome *outcome)
{
    bool is_absent =
        end == MEMCACHED_NOTFOUND || end == MEMCACHED_NOTSTORED || end == MEMCACHED_DATA_EXISTS;
    bool is_refusal = end == MEMCACHED_E2BIG || end == MEMCACHED_CLIENT_ERROR ||
                      end == MEMCACHED_SERVER_MEMORY_ALLOCATION_FAILURE;

    *outcome = memcached_success(end) ? CALL_OK : is_absent ? CALL_ABSENT : CALL_FAILED;
    return *outcome != CALL_FAILED || is_refusal;
}

static bool get(struct memcached_words *words, struct key key, enum call_outcome *outcome,
                int64_t *value)
{
    size_t length;
    uint32_t flags;
    memcached_return_t end;
    char *text = memcached_get(words->handle, key.text, key.length, &length, &flags, &end);
    bool is_plain = outcome_of(end, outcome);

    if (*outcome == CALL_OK && (text == NULL || !read_value(text, value)))
        *outcome = CALL_FAILED;
    free(text);
    return is_plain;
}

static bool set(struct memcached_words *words, const struct store_asked *asked,
                enum call_outcome *outcome, int64_t *value)
{
    struct key key = key_of(words, asked->key);
    size_t length = make_value(words, asked->value, asked->bytes);

    *value = asked->value;
    return outcome_of((asked->verb == STORE_SET ? memcached_set : memcached_add)(
                          words->handle, key.text, key.length, words->text, length,
                          life_of(words, asked->ttl_ns), 0),
                      outcome);
}

static bool move(struct memcached_words *words, struct key key, int64_t delta,
                 enum call_outcome *outcome, int64_t *value)
{
    uint64_t size = delta < 0 ? -(uint64_t)delta : (uint64_t)delta, sum = bias;
    memcached_return_t end = (delta < 0 ? memcached_decrement_by_key : memcached_increment_by_key)(
        words->handle, key.text, key.length, key.text, key.length, size, &sum);

    *value = (int64_t)(sum - bias);
    return outcome_of(end, outcome);
}

static bool expire(struct memcached_words *words, const struct store_asked *asked,
                   enum call_outcome *outcome)
{
    struct key key = key_of(words, asked->key);
    memcached_return_t end =
        asked->ttl_ns == 0
            ? memcached_delete(words->handle, key.text, key.length, 0)
            : memcached_touch(words->handle, key.text, key.length, seconds_of(asked->ttl_ns));

    return outcome_of(end, outcome);
}

/* ---- The steps of add_if_new ----------------------------------------------------------------- */

static bool begin(struct memcached_words *words, struct key key, int64_t number,
                  enum call_outcome *outcome, int64_t *value)
{
    size_t length = make_value(words, number, 0);

    *value = number;
    return outcome_of(memcached_add(words->handle, key.text, key.length, words->text, length,
                                    life_of(words, 0), 0),
                      outcome);
}

static bool enter_or_leave(struct memcached_words *words, const struct store_asked *asked,
                           enum call_outcome *outcome)
{
    struct key key = member_of(words, asked->key, asked->member);
    memcached_return_t end =
        asked->value > 0
            ? memcached_add(words->handle, key.text, key.length, "1", 1, life_of(words, 0), 0)
            : memcached_delete(words->handle, key.text, key.length, 0);

    return outcome_of(end, outcome);
}

static bool step(struct memcached_words *words, const struct store_asked *asked,
                 const struct two_steps *steps, enum call_outcome *outcome, int64_t *value)
{
    switch (steps->step) {
    case TWO_STEPS_MEMBER:
        return enter_or_leave(words, asked, outcome);
    case TWO_STEPS_MOVE:
        return move(words, key_of(words, asked->counter), asked->value, outcome, value);
    case TWO_STEPS_BEGIN:
        return begin(words, key_of(words, asked->counter), asked->value, outcome, value);
    case TWO_STEPS_ENDED:
        break;
    }
    check(steps->step != TWO_STEPS_ENDED);
    return false;
}

static bool ask(struct memcached_words *words, const struct store_asked *asked,
                const struct two_steps *steps, enum call_outcome *outcome, int64_t *value)
{
    switch (asked->verb) {
    case STORE_GET:
        return get(words, key_of(words, asked->key), outcome, value);
    case STORE_SET:
    case STORE_SET_NEW:
        return set(words, asked, outcome, value);
    case STORE_ADD:
        return move(words, key_of(words, asked->key), asked->value, outcome, value);
    case STORE_EXPIRE:
        return expire(words, asked, outcome);
    case STORE_ADD_IF_NEW:
        return step(words, asked, steps, outcome, value);
    }
    return false;
}

bool memcached_words_ask(struct memcached_words *words, const struct store_asked *asked,
                         const struct two_steps *steps, enum call_outcome *outcome, int64_t *value)
{
    bool is_plain;

    *value = 0;
    is_plain = ask(words, asked, steps, outcome, value);
    if (*outcome != CALL_OK)
        *value = 0;
    return is_plain;
}
