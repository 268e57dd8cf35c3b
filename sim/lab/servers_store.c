/* servers_store.c — The store of one run: a Redis or a memcached, ours or the user's.
 *
 * Ours listens on a unix socket in the run's folder. Keys of a run in the user's Redis are unlinked
 * in the end; memcached cannot list keys, so there everything of a run is given a time to live
 * beyond the run's end. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "services/live/memcached/memcached_live.h"
#include "services/live/store/store_live.h"
#include "sim/lab/janitor.h"
#include "sim/lab/servers.h"

enum { START_MS = 15000 };

static const uint64_t keep_after_ns = UINT64_C(600000000000);

/* ---- What is started ------------------------------------------------------------------------- */

static bool start_redis(struct servers *servers, const char *log)
{
    static const char *const policies[] = {
        [EVICTION_NONE] = "noeviction",
        [EVICTION_LRU] = "allkeys-lru",
        [EVICTION_LFU] = "allkeys-lfu",
    };
    const struct store_spec *spec = servers->store_spec;
    char memory[32];
    const char *argv[] = {"redis-server",
                          "--port",
                          "0",
                          "--unixsocket",
                          servers->store.server,
                          "--save",
                          "",
                          "--daemonize",
                          "no",
                          "--dir",
                          servers->folder,
                          "--maxmemory",
                          memory,
                          "--maxmemory-policy",
                          policies[spec->eviction],
                          "--appendonly",
                          spec->is_persistent ? "yes" : "no",
                          "--appendfsync",
                          "always",
                          NULL};

    snprintf(memory, sizeof memory, "%llu", (unsigned long long)spec->memory);
    return process_start(&servers->store_process, "redis-server", argv, log);
}

/* As the model is: pages do not move between classes. -U: no UDP. */
static bool start_memcached(struct servers *servers, const char *log)
{
    const struct store_spec *spec = servers->store_spec;
    char memory[32], item[32], threads[16], growth[32];
    const char *argv[20] = {"memcached", "-s",    servers->store.server,
                            "-a",        "0700",  "-m",
                            memory,      "-I",    item,
                            "-t",        threads, "-f",
                            growth,      "-o",    "slab_automove=0"};
    int length = 15;

    snprintf(memory, sizeof memory, "%llu", (unsigned long long)(spec->memory >> 20));
    snprintf(item, sizeof item, "%llu", (unsigned long long)spec->item_max);
    snprintf(threads, sizeof threads, "%u", spec->threads);
    snprintf(growth, sizeof growth, "%g", spec->growth);
    if (spec->eviction == EVICTION_NONE)
        argv[length++] = "-M";
    if (geteuid() == 0) { /* It wants to be told; another could not use the run's folder. */
        argv[length++] = "-u";
        argv[length++] = "root";
    }
    return process_start(&servers->store_process, "memcached", argv, log);
}

bool servers_store_start(struct servers *servers)
{
    char log[160];

    snprintf(log, sizeof log, "%s/%s.log", servers->folder,
             servers->store.is_memcached ? "memcached" : "redis");
    return servers->store.is_memcached ? start_memcached(servers, log) : start_redis(servers, log);
}

/* ---- Is it there? ---------------------------------------------------------------------------- */

static bool probe(const struct servers *servers, char version[static 32], char why[static 160])
{
    return servers->store.is_memcached ? memcached_probe(servers->store.server, version, why)
                                       : store_probe(servers->store.server, version, why);
}

static bool has_ended(struct servers *servers, struct message *why)
{
    if (servers->store_process.pid == 0 || process_is_running(&servers->store_process))
        return false;
    process_tell_end(&servers->store_process, why);
    return true;
}

bool servers_store_wait(struct servers *servers, char version[static 32], struct message *why)
{
    const struct timespec moment = {.tv_nsec = 5000000};

    for (int i = 0; i < START_MS / 5; i++) {
        if (probe(servers, version, why->text))
            return true;
        if (has_ended(servers, why))
            return false;
        if (servers->store_is_theirs || lab_is_interrupted(servers->options))
            return false; /* Theirs is there or it is not. */
        nanosleep(&moment, NULL);
    }
    return false;
}

static bool start_in_folder(struct servers *servers, struct message *trouble)
{
    snprintf(servers->store.server, sizeof servers->store.server, "%s/%s.sock", servers->folder,
             servers->store.is_memcached ? "memcached" : "redis");
    if (servers_store_start(servers))
        return true;
    if (servers->store.is_memcached)
        return message_say(
            trouble,
            "memcached cannot be started: %s. Install it (apt install memcached; dnf install "
            "memcached; brew install memcached), or name one: --memcached HOST:PORT",
            "memcached не запускается: %s. Установите его (apt install memcached; dnf install "
            "memcached; brew install memcached) или укажите свой: --memcached ХОСТ:ПОРТ",
            strerror(errno));
    return message_say(
        trouble,
        "redis-server cannot be started: %s. Install it (apt install redis-server; dnf install "
        "redis; brew install redis), or name one: --redis HOST:PORT",
        "redis-server не запускается: %s. Установите его (apt install redis-server; dnf install "
        "redis; brew install redis) или укажите свой: --redis ХОСТ:ПОРТ",
        strerror(errno));
}

enum lab_end servers_store_up(struct servers *servers, struct message *trouble)
{
    const char *name = servers->store.is_memcached ? "memcached" : "Redis";
    struct message why = message_in(servers->options->lang);
    char version[32];

    if (!servers->store_is_theirs && !start_in_folder(servers, trouble))
        return LAB_DEPENDENCY;
    if (!servers_store_wait(servers, version, &why)) {
        message_say(trouble, "%s at %.120s does not answer: %s",
                    "%s по адресу %.120s не отвечает: %s", name, servers->store.server, why.text);
        return LAB_DEPENDENCY;
    }
    if (servers->store_is_theirs && !servers->is_lasting && !servers->store.is_memcached)
        janitor_note(&servers->janitor, JANITOR_KEYS);
    snprintf(servers->versions, sizeof servers->versions, "%s %s", name, version);
    return LAB_DONE;
}

/* ---- Where, and how much --------------------------------------------------------------------- */

void servers_store_note(struct servers *servers, const struct scenario *scenario,
                        const struct lab_servers *where)
{
    const char *theirs;

    servers->store_spec = &scenario->store;
    servers->store.is_memcached = scenario->store.kind == STORE_MEMCACHED;
    servers->store.connections = scenario->store.threads;
    theirs = servers->store.is_memcached ? where->memcached : where->redis;
    servers->store_is_theirs = servers_has_text(theirs);
    if (!servers->store_is_theirs)
        return;
    snprintf(servers->store.server, sizeof servers->store.server, "%s", theirs);
    servers->store.keep_ns = scenario->duration_ns + scenario->drain_ns + keep_after_ns;
}

static bool read_memcached(const char *server, struct store_figures *figures, char why[static 160])
{
    struct memcached_info info;

    if (!memcached_read_info(server, &info, why))
        return false;
    *figures = (struct store_figures){.evicted = info.evicted,
                                      .expired = info.expired,
                                      .cpu_us = info.cpu_us,
                                      .bytes = info.bytes,
                                      .threads = info.threads};
    if (info.pages_bytes > info.bytes)
        figures->wasted = info.pages_bytes - info.bytes;
    return true;
}

static bool ask(const struct servers *servers, struct store_figures *figures)
{
    struct store_info info;
    char why[160];

    if (servers->store.is_memcached)
        return read_memcached(servers->store.server, figures, why);
    if (!store_read_info(servers->store.server, &info, why))
        return false;
    *figures = (struct store_figures){.evicted = info.evicted,
                                      .expired = info.expired,
                                      .cpu_us = info.cpu_us,
                                      .bytes = info.used_memory_peak,
                                      .threads = 1};
    return true;
}

bool servers_store_read(const struct servers *servers, struct store_figures *figures)
{
    const struct store_figures *earlier = &servers->store_earlier;

    if (servers->is_store_stopped || servers->has_lost_counts)
        return false;
    *figures = *earlier;
    if (!servers->store_is_theirs && servers->store_process.pid == 0)
        return true; /* It is down, and counts nothing. */
    if (!ask(servers, figures))
        return false;
    figures->evicted += earlier->evicted;
    figures->expired += earlier->expired;
    figures->cpu_us += earlier->cpu_us;
    if (earlier->bytes > figures->bytes)
        figures->bytes = earlier->bytes;
    return true;
}

/* Its counters begin anew with the next process. */
void servers_store_kill(struct servers *servers)
{
    struct store_figures all;

    if (servers_store_read(servers, &all))
        servers->store_earlier = all;
    else
        servers->has_lost_counts = true;
    servers->is_store_stopped = false;
    process_kill(&servers->store_process);
}
