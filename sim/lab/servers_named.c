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
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "services/live/loop/loop.h"
#include "services/live/store/store_address.h"
#include "sim/lab/servers.h"

/* ---- On this machine? ------------------------------------------------------------------------ */

/* Whether libpq might hear of a host elsewhere: among the parameters, which may be written in '%'
 * or come from a service's file; behind an '@' that it finds beyond the '?'; from PGHOST, where the
 * URL names none. */
static bool may_be_elsewhere(const char *rest, bool has_host)
{
    const char *parameters = strchr(rest, '?');

    if (!has_host && (getenv("PGHOST") != NULL || getenv("PGHOSTADDR") != NULL))
        return true;
    return parameters != NULL &&
           (strpbrk(parameters, "%@") != NULL || strstr(parameters, "host") != NULL ||
            strstr(parameters, "service=") != NULL);
}

/* The host of postgres://[user[:password]@]host[:port]/…; "" is a local socket. */
static bool url_is_loopback(const char *url)
{
    struct address address = {.port = 1};
    const char *from = strstr(url, "://");
    const char *at;
    size_t length;

    if (from == NULL)
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
    if (may_be_elsewhere(from, length > 0))
        return false;
    if (length == 0 || strncmp(from, "%2F", 3) == 0 || strncmp(from, "%2f", 3) == 0)
        return true;
    if (from[0] == '[') { /* IPv6. */
        from++;
        length -= length > 1 ? 2 : 1;
    }
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
static const char *remote_one(const struct lab_servers *where)
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

/* The option whose text no node can be told. */
static const char *long_one(const struct lab_servers *where)
{
    const struct {
        const char *text, *option;
    } all[] = {{where->redis, "--redis"},
               {where->memcached, "--memcached"},
               {where->kafka, "--kafka"},
               {where->rabbitmq, "--rabbitmq"},
               {where->db, "--db"}};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (servers_has_text(all[i].text) && strlen(all[i].text) >= SETTINGS_TEXT_MAX)
            return all[i].option;
    return NULL;
}

bool servers_are_named_well(const struct lab_servers *where, struct message *trouble)
{
    const char *too_long = long_one(where), *remote = remote_one(where);

    if (too_long != NULL)
        return message_say(trouble, "%s is longer than %d bytes", "%s: текст длиннее %d байт",
                           too_long, SETTINGS_TEXT_MAX - 1);
    if (remote != NULL)
        return message_say(
            trouble, "%.200s is not on this machine; --allow-remote says that it is meant",
            "%.200s — не на этой машине; если так и задумано, добавьте --allow-remote", remote);
    return true;
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
