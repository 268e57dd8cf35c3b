/* calibrate_memcached.c — A memcached beside the calibration's Redis, and a call of it.
 *
 * Threads of memcached's own (the LRU's maintainer, the clock) take processor time whether or not
 * anybody asks; what they take in a second of silence is not the commands'. */
#define _GNU_SOURCE
#include <string.h>
#include <time.h>

#include "services/live/memcached/memcached_live.h"
#include "sim/lab/calibrate_inside.h"

static const uint64_t keep_ns = 600000000000u;

struct usage {
    struct memcached_info info;
    uint64_t at_ns;
};

static bool read_usage(struct calibrator *calibrator, const char *server, struct usage *usage)
{
    char why[160] = "";

    usage->at_ns = loop_clock_ns();
    return memcached_read_info(server, &usage->info, why) ||
           message_say(calibrator->trouble, "memcached: %s", "memcached: %s", why);
}

/* Microseconds of processor time per command, between the last two of them. */
static double cost_of(const struct usage at[3])
{
    double idle_us = (double)(at[1].info.cpu_us - at[0].info.cpu_us);
    double idle_share = idle_us / (double)(at[1].at_ns - at[0].at_ns);
    double all_us = (double)(at[2].info.cpu_us - at[1].info.cpu_us);
    double own_us = all_us - idle_share * (double)(at[2].at_ns - at[1].at_ns);
    uint64_t commands = at[2].info.commands - at[1].info.commands;

    return commands > 0 && own_us > 0 ? own_us / (double)commands : 0;
}

static bool measure(struct calibrator *calibrator, const char *server, struct store *store)
{
    struct calibration *to = calibrator->calibration;
    const struct timespec silence = {.tv_sec = 1};
    struct usage at[3];

    if (!read_usage(calibrator, server, &at[0]))
        return false;
    nanosleep(&silence, NULL);
    if (!read_usage(calibrator, server, &at[1]) ||
        !calibrate_gets(calibrator, store, CALIBRATE_SMALL_BYTES, &to->memcached_get) ||
        !read_usage(calibrator, server, &at[2]))
        return false;
    to->memcached_cpu_us = cost_of(at);
    return calibrate_gets(calibrator, store, CALIBRATE_LARGE_BYTES, &to->memcached_get_large);
}

static bool ask(struct calibrator *calibrator, const struct servers *servers)
{
    const struct memcached_settings settings = {
        .server = servers->store.server, .run = servers->run, .connections = 1, .keep_ns = keep_ns};
    struct memcached_live *memcached =
        memcached_live_open(&calibrator->loop, &settings, &calibrator->stats);
    bool is_good;

    if (memcached == NULL)
        return message_say(calibrator->trouble, "memcached: it cannot be asked",
                           "memcached: спросить его не удалось");
    is_good = measure(calibrator, servers->store.server, memcached_live_port(memcached));
    memcached_live_close(memcached);
    return is_good;
}

static bool is_to_be_had(const struct lab_servers *where)
{
    char path[512];

    return (where->memcached != NULL && where->memcached[0] != '\0') ||
           servers_find_program("memcached", path, sizeof path);
}

/* The servers of the calibration with another store in the place of theirs. */
bool calibrate_memcached(struct calibrator *calibrator)
{
    static struct scenario scenario; /* Too large for a stack that others share. */
    struct servers servers = calibrator->servers;
    bool is_good;

    if (!is_to_be_had(&calibrator->options->servers))
        return true;
    calibrate_step(calibrator, "a memcached call", "вызов memcached");
    scenario = *calibrator->scenario;
    scenario.store = (struct store_spec){.kind = STORE_MEMCACHED,
                                         .memory = 64 << 20,
                                         .eviction = EVICTION_LRU,
                                         .threads = 4,
                                         .item_max = 1 << 20,
                                         .growth = 1.25};
    memset(&servers.store_process, 0, sizeof servers.store_process);
    servers_store_note(&servers, &scenario, &calibrator->options->servers);
    is_good = servers_store_up(&servers, calibrator->trouble) == LAB_DONE;
    if (is_good) {
        calibrate_note_version(calibrator, servers.versions);
        is_good = ask(calibrator, &servers);
    }
    process_kill(&servers.store_process);
    return is_good;
}
