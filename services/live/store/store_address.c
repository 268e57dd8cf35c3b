/* store_address.c — Where a Redis or a memcached is, in one word.
 *
 * hiredis cuts a path that is too long for sun_path and then connects to another file or to none;
 * so the length is looked at here. A run goes into keys and into SCAN's patterns, so it has no
 * character that means something there. */
#include "services/live/store/store_address.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static bool refuse(int number, const char *reason, char *why, size_t why_max)
{
    if (why != NULL)
        snprintf(why, why_max, "%s", reason);
    errno = number;
    return false;
}

static bool port_is_sound(const char *text, int *port)
{
    char *end;
    long number = strtol(text, &end, 10);

    *port = (int)number;
    return *text >= '0' && *text <= '9' && *end == '\0' && number > 0 && number < 65536;
}

bool store_address_read(struct store_address *address, const char *server, char *why,
                        size_t why_max)
{
    const struct sockaddr_un *unix_address = NULL;
    const char *colon = strrchr(server, ':');
    size_t length;

    address->is_path = server[0] == '/';
    address->port = 0;
    if (address->is_path) {
        if (strlen(server) >= sizeof unix_address->sun_path)
            return refuse(ENAMETOOLONG, "the socket's path is longer than 107 bytes", why, why_max);
        snprintf(address->text, sizeof address->text, "%s", server);
        return true;
    }
    if (colon == NULL || !port_is_sound(colon + 1, &address->port))
        return refuse(EINVAL, "neither HOST:PORT nor /path", why, why_max);
    length = (size_t)(colon - server);
    if (length > 2 && server[0] == '[' && server[length - 1] == ']') {
        server++;
        length -= 2;
    }
    if (length == 0)
        return refuse(EINVAL, "neither HOST:PORT nor /path", why, why_max);
    if (length >= sizeof address->text)
        return refuse(ENAMETOOLONG, "the host's name is too long", why, why_max);
    snprintf(address->text, sizeof address->text, "%.*s", (int)length, server);
    return true;
}

bool store_run_is_sound(const char *run)
{
    size_t length = strspn(run, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                "0123456789-_");

    if (length == 0 || run[length] != '\0')
        return refuse(EINVAL, "", NULL, 0);
    if (length >= STORE_RUN_BYTES)
        return refuse(ENAMETOOLONG, "", NULL, 0);
    return true;
}
