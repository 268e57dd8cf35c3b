/* memcached_lab.c — The blocking side of memcached: what the lab asks before and after a run. */
#include "services/live/memcached/memcached_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libmemcached/memcached.h>

#include "services/port/schema.h"

enum { WHY_BYTES = 160 };

static memcached_st *connect_to(const char *server, char *why)
{
    struct store_address address;

    return store_address_read(&address, server, why, WHY_BYTES)
               ? memcached_words_connect(&address, why, WHY_BYTES)
               : NULL;
}

/* ---- stats ----------------------------------------------------------------------------------- */

struct reading {
    struct memcached_info info;
    char version[32];
};

/* "12.345678" seconds. */
static uint64_t microseconds(const char *text)
{
    return (uint64_t)(strtod(text, NULL) * 1e6 + 0.5);
}

static bool is(const char *name, const char *key, size_t key_length)
{
    return strlen(name) == key_length && memcmp(name, key, key_length) == 0;
}

/* The text of a value ends with a zero that is not counted in value_length; it is copied to be
 * sure. */
static memcached_return_t read_one(const memcached_instance_st *server, const char *key,
                                   size_t key_length, const char *value, size_t value_length,
                                   void *context)
{
    struct reading *reading = context;
    struct memcached_info *info = &reading->info;
    const struct {
        const char *name;
        uint64_t *to;
    } sums[] = {{"cmd_get", &info->commands},
                {"cmd_set", &info->commands},
                {"cmd_touch", &info->commands},
                {"incr_hits", &info->commands},
                {"incr_misses", &info->commands},
                {"decr_hits", &info->commands},
                {"decr_misses", &info->commands},
                {"delete_hits", &info->commands},
                {"delete_misses", &info->commands},
                {"evictions", &info->evicted},
                {"reclaimed", &info->expired},
                {"crawler_reclaimed", &info->expired},
                {"bytes", &info->bytes},
                {"total_malloced", &info->pages_bytes}};
    char text[32];

    (void)server;
    snprintf(text, sizeof text, "%.*s", (int)value_length, value);
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
        if (is(sums[i].name, key, key_length))
            *sums[i].to += strtoull(text, NULL, 10);
    if (is("rusage_user", key, key_length) || is("rusage_system", key, key_length))
        info->cpu_us += microseconds(text);
    if (is("threads", key, key_length))
        info->threads = (uint32_t)strtoul(text, NULL, 10);
    if (is("version", key, key_length))
        memcpy(reading->version, text, sizeof reading->version);
    return MEMCACHED_SUCCESS;
}

static bool read_stats(memcached_st *handle, const char *about, struct reading *reading, char *why)
{
    if (memcached_success(memcached_stat_execute(handle, about, read_one, reading)))
        return true;
    memcached_explain(handle, why, WHY_BYTES);
    return false;
}

static bool read_all(const char *server, struct reading *reading, char *why)
{
    memcached_st *handle = connect_to(server, why);
    bool is_read;

    *reading = (struct reading){{0}, ""};
    if (handle == NULL)
        return false;
    is_read = read_stats(handle, NULL, reading, why) && read_stats(handle, "slabs", reading, why);
    memcached_free(handle);
    return is_read;
}

bool memcached_probe(const char *server, char version[static 32], char why[static 160])
{
    struct reading reading;

    if (!read_all(server, &reading, why))
        return false;
    memcpy(version, reading.version, sizeof reading.version);
    if (version[0] != '\0')
        return true;
    snprintf(why, WHY_BYTES, "it does not say its version");
    return false;
}

bool memcached_read_info(const char *server, struct memcached_info *info, char why[static 160])
{
    struct reading reading;

    if (!read_all(server, &reading, why))
        return false;
    *info = reading.info;
    return true;
}

/* ---- Counters -------------------------------------------------------------------------------- */

struct memcached_reader {
    struct memcached_words words;
};

struct memcached_reader *memcached_reader_open(const char *server, const char *run,
                                               char why[static 160])
{
    struct memcached_reader *reader = calloc(1, sizeof *reader);

    if (reader == NULL || !store_run_is_sound(run)) {
        snprintf(why, WHY_BYTES, reader == NULL ? "no memory" : "no name of a run");
        free(reader);
        return NULL;
    }
    snprintf(reader->words.run, sizeof reader->words.run, "%s", run);
    reader->words.handle = connect_to(server, why);
    if (reader->words.handle != NULL)
        return reader;
    free(reader);
    return NULL;
}

void memcached_reader_close(struct memcached_reader *reader)
{
    memcached_free(reader->words.handle);
    free(reader);
}

enum call_outcome memcached_reader_count(struct memcached_reader *reader, uint64_t post,
                                         int64_t *value)
{
    const uint64_t key = (uint64_t)SPACE_COUNT << 56 | (post & 0x00ffffffffffffff);
    enum call_outcome outcome;

    (void)memcached_words_ask(&reader->words, &(struct store_asked){.verb = STORE_GET, .key = key},
                              NULL, &outcome, value);
    return outcome;
}
