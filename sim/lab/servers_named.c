/* servers_named.c — What a user has named: is a server on this machine, and is a run's name one?
 *
 * Without --allow-remote everything named must be on loopback. What cannot be read for certain
 * counts as remote: a URL with several hosts, or with a host among its parameters.
 *
 * A run's name becomes a part of keys, topics and a schema, in servers that may be shared, and what
 * bears it is dropped in the end. So it has no character that means something there, and one that
 * is made up is nobody else's. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "services/live/loop/loop.h"
#include "services/live/store/store_address.h"
#include "sim/lab/servers.h"

/* ---- On this machine? ------------------------------------------------------------------------ */

/* The host of postgres://[user[:password]@]host[:port]/…; "" is a local socket. A host= behind the
 * '?' could say another: then it counts as remote. */
static bool url_is_loopback(const char *url)
{
    struct address address = {.port = 1};
    const char *from = strstr(url, "://");
    const char *at;
    size_t length;

    if (from == NULL || strstr(url, "host=") != NULL || strstr(url, "hostaddr=") != NULL)
        return false;
    from += 3;
    length = strcspn(from, "/?");
    if (memchr(from, ',', length) != NULL) /* Several hosts: one may be anywhere. */
        return false;
    at = memrchr(from, '@', length);
    if (at != NULL) {
        length -= (size_t)(at + 1 - from);
        from = at + 1;
    }
    length = from[0] == '[' ? strcspn(from, "]") + 1 : strcspn(from, ":/?");
    if (length == 0 || strncmp(from, "%2F", 3) == 0 || strncmp(from, "%2f", 3) == 0)
        return true;
    snprintf(address.host, sizeof address.host, "%.*s", (int)length, from);
    return address_is_loopback(&address);
}

/* "[amqp://][user:password@]host:port[/…]" */
static bool rabbit_is_loopback(const char *where)
{
    const char *from = strstr(where, "://"), *at;
    struct address address;
    char host[SETTINGS_TEXT_MAX];

    from = from == NULL ? where : from + 3;
    at = memrchr(from, '@', strcspn(from, "/?"));
    from = at == NULL ? from : at + 1;
    snprintf(host, sizeof host, "%.*s", (int)strcspn(from, "/?"), from);
    return address_read(&address, host) && address_is_loopback(&address);
}

static bool list_is_loopback(const char *list)
{
    char one[SETTINGS_TEXT_MAX];
    struct address address;

    while (*list != '\0') {
        size_t length = strcspn(list, ",");

        snprintf(one, sizeof one, "%.*s", (int)length, list);
        if (one[0] != '/' && (!address_read(&address, one) || !address_is_loopback(&address)))
            return false;
        list += length + (list[length] == ',');
    }
    return true;
}

/* The first that is neither on this machine nor allowed. */
const char *servers_remote_one(const struct lab_servers *where)
{
    if (where->allows_remote)
        return NULL;
    if (servers_has_text(where->redis) && !list_is_loopback(where->redis))
        return where->redis;
    if (servers_has_text(where->memcached) && !list_is_loopback(where->memcached))
        return where->memcached;
    if (servers_has_text(where->kafka) && !list_is_loopback(where->kafka))
        return where->kafka;
    if (servers_has_text(where->rabbitmq) && !rabbit_is_loopback(where->rabbitmq))
        return "--rabbitmq";
    return servers_has_text(where->db) && !url_is_loopback(where->db) ? "--db" : NULL;
}

/* ---- A run's name ---------------------------------------------------------------------------- */

/* Two machines or containers may share the servers, and in each the pids begin at 1. */
bool servers_name_run(char run[static SERVERS_RUN_MAX], const char *given)
{
    uint32_t chance = 0;

    if (servers_has_text(given)) {
        snprintf(run, SERVERS_RUN_MAX, "%s", given);
        return store_run_is_sound(given);
    }
    if (getrandom(&chance, sizeof chance, GRND_NONBLOCK) < 0)
        chance = (uint32_t)loop_clock_ns();
    snprintf(run, SERVERS_RUN_MAX, "%x-%x-%x", (unsigned)getpid() & 0xfffff, (unsigned)time(NULL),
             (unsigned)chance & 0xffff);
    return true;
}
