/* address.c — HOST:PORT, and where on the net that is.
 *
 * A host is a name, four numbers, or an IPv6 address in brackets (kept without them). What looks
 * like an IPv4 address must be one: 127.0.0.256 is a slip, and not a name to be asked for in the
 * DNS. Zones of link-local addresses (%eth0) are left out. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "services/live/http/http_parse.h"
#include "services/live/http/http_stream.h"

static bool is_ipv4(const char *host)
{
    struct in_addr address;

    return inet_pton(AF_INET, host, &address) == 1;
}

static bool is_ipv6(const char *host)
{
    struct in6_addr address;

    return inet_pton(AF_INET6, host, &address) == 1;
}

static bool is_name(const char *host)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

    if (host[0] == '\0' || host[0] == '-' || host[0] == '.' || strstr(host, "..") != NULL)
        return false;
    if (strspn(host, "0123456789.") == strlen(host))
        return is_ipv4(host);
    return strspn(host, letters) == strlen(host);
}

/* Whether it is at most 65535, in at most five digits. */
static bool read_port(struct span text, uint16_t *port)
{
    uint64_t number;

    if (text.length > 5 || !span_read_number(text, &number) || number > UINT16_MAX)
        return false;
    *port = (uint16_t)number;
    return true;
}

bool address_read(struct address *address, const char *text)
{
    const char *colon = strrchr(text, ':');
    bool is_bracketed = text[0] == '[';
    struct span host;

    if (colon == NULL || !read_port((struct span){colon + 1, strlen(colon + 1)}, &address->port))
        return false;
    host = (struct span){text, (size_t)(colon - text)};
    if (is_bracketed) {
        if (host.length < 2 || host.bytes[host.length - 1] != ']')
            return false;
        host = (struct span){host.bytes + 1, host.length - 2};
    }
    if (host.length >= sizeof address->host)
        return false;
    memset(address->host, 0, sizeof address->host);
    memcpy(address->host, host.bytes, host.length);
    return is_bracketed ? is_ipv6(address->host) : is_name(address->host);
}

bool address_is_loopback(const struct address *address)
{
    struct in_addr four;
    struct in6_addr six;

    if (strcasecmp(address->host, "localhost") == 0)
        return true;
    if (inet_pton(AF_INET, address->host, &four) == 1)
        return ntohl(four.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, address->host, &six) != 1)
        return false;
    if (IN6_IS_ADDR_V4MAPPED(&six))
        return six.s6_addr[12] == 127;
    return IN6_IS_ADDR_LOOPBACK(&six);
}

bool address_resolve(const struct address *address, struct http_place_on_net *place,
                     char why[static 160])
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL, *chosen;
    char port[8];
    int trouble;

    if (address->host[0] == '\0') {
        (void)snprintf(why, 160, "the address has no host; write HOST:PORT");
        return false;
    }
    (void)snprintf(port, sizeof port, "%u", address->port);
    trouble = getaddrinfo(address->host, port, &hints, &found);
    if (trouble != 0) {
        (void)snprintf(why, 160, "nobody knows the host \"%s\": %s", address->host,
                       gai_strerror(trouble));
        return false;
    }
    for (chosen = found; chosen != NULL && chosen->ai_family != AF_INET;)
        chosen = chosen->ai_next;
    chosen = chosen == NULL ? found : chosen;
    place->length = chosen->ai_addrlen;
    memcpy(&place->address, chosen->ai_addr, chosen->ai_addrlen);
    freeaddrinfo(found);
    return true;
}
