/* store_lab.c — The blocking side of the store: what the lab asks before and after a run.
 *
 * Keys are walked by SCAN and never by KEYS, which would stop the server for everybody. SCAN may
 * show a key twice, so counters are collected, sorted and made unique before they are read. A run's
 * keys alone are touched: the server may be the user's own. */
#include "services/live/store/store_inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include <hiredis/hiredis.h>

#include "services/port/schema.h"

enum { WHY_BYTES = 160, PATTERN_BYTES = 64, PAGE = 1000 };
static const struct timeval patience = {.tv_sec = 5};

/* ---- A connection and a question ------------------------------------------------------------- */

static bool explain(char *why, const char *reason)
{
    snprintf(why, WHY_BYTES, "%s", reason);
    return false;
}

static bool explain_context(char *why, const redisContext *context)
{
    if (context == NULL)
        return explain(why, "no memory");
    if (strstr(context->errstr, "temporarily unavailable") != NULL)
        return explain(why, "no answer within 5 s");
    return explain(why, context->errstr);
}

static redisContext *connect_to(const char *server, char *why)
{
    struct store_address address;
    redisContext *context;

    if (!store_address_read(&address, server, why, WHY_BYTES))
        return NULL;
    context = address.is_path ? redisConnectUnixWithTimeout(address.text, patience)
                              : redisConnectWithTimeout(address.text, address.port, patience);
    if (context != NULL && context->err == 0 && redisSetTimeout(context, patience) == REDIS_OK)
        return context;
    explain_context(why, context);
    if (context != NULL)
        redisFree(context);
    return NULL;
}

/* An answer of that type, or NULL and why. */
static redisReply *ask(redisContext *context, int argc, const char **argv, int type, char *why)
{
    redisReply *reply = redisCommandArgv(context, argc, argv, NULL);

    if (reply == NULL) {
        explain_context(why, context);
        return NULL;
    }
    if (reply->type == type)
        return reply;
    explain(why, reply->type == REDIS_REPLY_ERROR ? reply->str : "an answer of another kind");
    freeReplyObject(reply);
    return NULL;
}

/* ---- INFO ------------------------------------------------------------------------------------ */

static redisReply *ask_info(const char *server, char *why)
{
    const char *argv[] = {"INFO"};
    redisContext *context = connect_to(server, why);
    redisReply *reply;

    if (context == NULL)
        return NULL;
    reply = ask(context, 1, argv, REDIS_REPLY_STRING, why);
    redisFree(context);
    return reply;
}

/* Behind "name:" at the beginning of a line, or "". */
static const char *field(const char *info, const char *name)
{
    size_t length = strlen(name);

    for (const char *line = info; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, length) == 0 && line[length] == ':')
            return line + length + 1;
    }
    return "";
}

static uint64_t number(const char *info, const char *name)
{
    return strtoull(field(info, name), NULL, 10);
}

/* INFO gives seconds with six decimals. */
static uint64_t microseconds(const char *info, const char *name)
{
    return (uint64_t)(strtod(field(info, name), NULL) * 1e6 + 0.5);
}

bool store_probe(const char *server, char version[static 32], char why[static 160])
{
    redisReply *info = ask_info(server, why);
    const char *text;

    if (info == NULL)
        return false;
    text = field(info->str, "redis_version");
    snprintf(version, 32, "%.*s", (int)strcspn(text, "\r\n"), text);
    freeReplyObject(info);
    return version[0] != '\0' || explain(why, "it does not say that it is Redis");
}

bool store_read_info(const char *server, struct store_info *info, char why[static 160])
{
    redisReply *reply = ask_info(server, why);

    if (reply == NULL)
        return false;
    info->commands = number(reply->str, "total_commands_processed");
    info->used_memory_peak = number(reply->str, "used_memory_peak");
    info->evicted = number(reply->str, "evicted_keys");
    info->expired = number(reply->str, "expired_keys");
    info->cpu_us =
        microseconds(reply->str, "used_cpu_sys") + microseconds(reply->str, "used_cpu_user");
    freeReplyObject(reply);
    return true;
}

/* ---- SCAN ------------------------------------------------------------------------------------ */

struct walk {
    redisContext *context;
    bool (*page)(struct walk *walk, const redisReply *keys); /* False: why says what is wrong. */
    char *why;
    uint64_t *posts; /* Of the counters that were seen. */
    size_t posts_length, posts_max;
};

static bool is_page(const redisReply *reply)
{
    return reply->elements == 2 && reply->element[0]->type == REDIS_REPLY_STRING &&
           reply->element[1]->type == REDIS_REPLY_ARRAY;
}

static bool scan(struct walk *walk, const char *pattern)
{
    char cursor[24] = "0";

    do {
        const char *argv[] = {"SCAN", cursor, "MATCH", pattern, "COUNT", "1000"};
        redisReply *reply = ask(walk->context, 6, argv, REDIS_REPLY_ARRAY, walk->why);
        bool is_well;

        if (reply == NULL)
            return false;
        is_well = is_page(reply) || explain(walk->why, "an answer to SCAN of another kind");
        if (is_well) {
            snprintf(cursor, sizeof cursor, "%s", reply->element[0]->str);
            is_well = reply->element[1]->elements == 0 || walk->page(walk, reply->element[1]);
        }
        freeReplyObject(reply);
        if (!is_well)
            return false;
    } while (strcmp(cursor, "0") != 0);
    return true;
}

static bool begin_walk(struct walk *walk, const char *server, const char *run, char *why)
{
    walk->why = why;
    if (!store_run_is_sound(run))
        return explain(why, "a run's name is of letters, digits, '-' and '_', at most 23");
    walk->context = connect_to(server, why);
    return walk->context != NULL;
}

static bool unlink_page(struct walk *walk, const redisReply *keys)
{
    const char **argv = malloc((keys->elements + 1) * sizeof *argv);
    redisReply *reply;

    if (argv == NULL)
        return explain(walk->why, "no memory");
    argv[0] = "UNLINK";
    for (size_t i = 0; i < keys->elements; i++)
        argv[i + 1] = keys->element[i]->str;
    reply = ask(walk->context, (int)keys->elements + 1, argv, REDIS_REPLY_INTEGER, walk->why);
    free(argv);
    freeReplyObject(reply);
    return reply != NULL;
}

bool store_forget(const char *server, const char *run, char why[static 160])
{
    struct walk walk = {.page = unlink_page};
    char pattern[PATTERN_BYTES];
    bool is_done;

    if (!begin_walk(&walk, server, run, why))
        return false;
    snprintf(pattern, sizeof pattern, "sim:%s:*", run);
    is_done = scan(&walk, pattern);
    redisFree(walk.context);
    return is_done;
}

/* ---- The counters of a run ------------------------------------------------------------------- */

static bool collect_page(struct walk *walk, const redisReply *keys)
{
    if (walk->posts_length + keys->elements > walk->posts_max) {
        size_t max = 2 * (walk->posts_max + keys->elements);
        uint64_t *posts = realloc(walk->posts, max * sizeof *posts);

        if (posts == NULL)
            return explain(walk->why, "no memory");
        walk->posts = posts;
        walk->posts_max = max;
    }
    for (size_t i = 0; i < keys->elements; i++) {
        const char *id = strrchr(keys->element[i]->str, ':');

        if (id != NULL)
            walk->posts[walk->posts_length++] = strtoull(id + 1, NULL, 10);
    }
    return true;
}

static int compare_posts(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

    return (a > b) - (a < b);
}

static void sort_and_unite(struct walk *walk)
{
    size_t kept = 0;

    if (walk->posts_length > 0)
        qsort(walk->posts, walk->posts_length, sizeof *walk->posts, compare_posts);
    for (size_t i = 0; i < walk->posts_length; i++)
        if (kept == 0 || walk->posts[kept - 1] != walk->posts[i])
            walk->posts[kept++] = walk->posts[i];
    walk->posts_length = kept;
}

/* NULL and why, or the values of `length` counters in an array. */
static redisReply *read_values(struct walk *walk, const char *run, const uint64_t *posts,
                               size_t length)
{
    const char *argv[PAGE + 1] = {"MGET"};
    char keys[PAGE][STORE_KEY_BYTES]; /* 64 KB of stack. */

    for (size_t i = 0; i < length; i++) {
        snprintf(keys[i], sizeof keys[i], "sim:%s:%d:%" PRIu64, run, SPACE_COUNT, posts[i]);
        argv[i + 1] = keys[i];
    }
    return ask(walk->context, (int)length + 1, argv, REDIS_REPLY_ARRAY, walk->why);
}

struct visitor {
    bool (*each)(void *context, uint64_t post, int64_t value);
    void *context;
    bool has_enough;
};

/* False: why. */
static bool show_page(struct walk *walk, const char *run, const uint64_t *posts, size_t length,
                      struct visitor *visitor)
{
    redisReply *reply = read_values(walk, run, posts, length);

    if (reply == NULL)
        return false;
    for (size_t i = 0; i < length && i < reply->elements && !visitor->has_enough; i++) {
        const redisReply *element = reply->element[i];
        int64_t value;

        if (element->type == REDIS_REPLY_STRING && store_number_read(element->str, &value))
            visitor->has_enough = !visitor->each(visitor->context, posts[i], value);
    }
    freeReplyObject(reply);
    return true;
}

bool store_each_count(const char *server, const char *run,
                      bool (*each)(void *context, uint64_t post, int64_t value), void *context,
                      char why[static 160])
{
    struct walk walk = {.page = collect_page};
    struct visitor visitor = {.each = each, .context = context};
    char pattern[PATTERN_BYTES];
    bool is_well;

    if (!begin_walk(&walk, server, run, why))
        return false;
    snprintf(pattern, sizeof pattern, "sim:%s:%d:*", run, SPACE_COUNT);
    is_well = scan(&walk, pattern);
    sort_and_unite(&walk);
    for (size_t i = 0; is_well && !visitor.has_enough && i < walk.posts_length; i += PAGE) {
        size_t left = walk.posts_length - i;

        is_well = show_page(&walk, run, walk.posts + i, left < PAGE ? left : PAGE, &visitor);
    }
    free(walk.posts);
    redisFree(walk.context);
    return is_well;
}
