/* roster.c — Reading /backends/{replica}?…, strictly: what is not understood is 400. */
#define _GNU_SOURCE
#include "services/live/node/roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/balancer/balancer.h"
#include "services/live/node/door_live.h"

static const char prefix[] = "/backends/";
enum { PREFIX_LENGTH = sizeof prefix - 1, VALUE_MAX = 64 };

/* Every byte of what was sent is looked at, wherever the first difference is. */
static bool is_same(struct span sent, const char *wanted)
{
    size_t length = strlen(wanted);
    unsigned difference = sent.length != length;

    for (size_t i = 0; i < sent.length; i++)
        difference |= (unsigned char)(sent.bytes[i] ^ wanted[length > 0 ? i % length : 0]);
    return difference == 0;
}

static bool is_allowed(const struct roster *roster, const struct http_request *request)
{
    struct span sent = http_header(request, "Authorization");
    static const char scheme[] = "Bearer ";

    if (roster->token[0] == '\0')
        return true;
    if (sent.bytes == NULL || sent.length < sizeof scheme - 1 ||
        memcmp(sent.bytes, scheme, sizeof scheme - 1) != 0)
        return false;
    return is_same((struct span){sent.bytes + sizeof scheme - 1, sent.length - (sizeof scheme - 1)},
                   roster->token);
}

/* Decimal digits alone, at most max. */
static bool read_number(const char *text, size_t length, uint32_t max, uint32_t *number)
{
    uint64_t value = 0;

    if (length == 0 || length > 9)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(text[i] - '0');
    }
    *number = (uint32_t)value;
    return value <= max;
}

/* The value of a parameter as sent; NULL bytes: it is not there. */
static struct span parameter(struct span query, const char *name)
{
    size_t name_length = strlen(name), from = 0;

    while (from < query.length) {
        const char *text = query.bytes + from;
        const char *end = memchr(text, '&', query.length - from);
        size_t length = end != NULL ? (size_t)(end - text) : query.length - from;

        if (length > name_length && memcmp(text, name, name_length) == 0 &&
            text[name_length] == '=')
            return (struct span){text + name_length + 1, length - name_length - 1};
        from += length + 1;
    }
    return (struct span){NULL, 0};
}

/* False: it is not there, too long, or has a byte that no host, port or weight has. */
static bool read_parameter(struct span query, const char *name, char value[static VALUE_MAX])
{
    struct span sent = parameter(query, name);

    if (sent.bytes == NULL || sent.length == 0 || sent.length >= VALUE_MAX)
        return false;
    memcpy(value, sent.bytes, sent.length);
    value[sent.length] = '\0';
    return strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                         "0123456789.:-_+") == sent.length;
}

static bool read_weight(struct span query, double *weight)
{
    char value[VALUE_MAX], *end;

    *weight = 1;
    if (parameter(query, "weight").bytes == NULL)
        return true;
    if (!read_parameter(query, "weight", value))
        return false;
    *weight = strtod(value, &end);
    return *end == '\0' && *weight > 0 && *weight <= 1e6;
}

static bool read_address(struct span query, struct address *address)
{
    char host[VALUE_MAX], port[VALUE_MAX];
    uint32_t number;

    if (!read_parameter(query, "host", host) || !read_parameter(query, "port", port) ||
        !read_number(port, strlen(port), UINT16_MAX, &number) || number == 0)
        return false;
    *address = (struct address){.port = (uint16_t)number};
    snprintf(address->host, sizeof address->host, "%s", host);
    return true;
}

static void tell(struct http_request *request, uint32_t replica)
{
    char json[32];
    int length = snprintf(json, sizeof json, "{\"replica\":%u}", replica);

    http_reply(request, 200, "application/json", (struct span){json, (size_t)length}, 0);
}

static void join(struct roster *roster, struct http_request *request, uint32_t replica)
{
    struct address address;
    double weight;

    if (!read_address(request->query, &address)) {
        door_reply_error(request, 400, "wanted: ?host=HOST&port=PORT");
        return;
    }
    if (!read_weight(request->query, &weight)) {
        door_reply_error(request, 400, "weight is a number above 0");
        return;
    }
    if (!peer_live_set(roster->peer, replica, &address)) {
        door_reply_error(request, 400, "the name of that host means nothing here");
        return;
    }
    balancer_join(roster->balancer, replica, weight);
    tell(request, replica);
}

bool roster_handle(struct roster *roster, struct http_request *request)
{
    struct span path = request->path;
    uint32_t replica;

    if (path.length < PREFIX_LENGTH || memcmp(path.bytes, prefix, PREFIX_LENGTH) != 0)
        return false;
    if (!is_allowed(roster, request)) {
        door_reply_error(request, 401, "wanted: Authorization: Bearer TOKEN");
    } else if (!read_number(path.bytes + PREFIX_LENGTH, path.length - PREFIX_LENGTH, UINT32_MAX,
                            &replica) ||
               replica >= roster->replicas_max) {
        door_reply_error(request, 404, "no such replica");
    } else if (request->method == HTTP_PUT) {
        join(roster, request, replica);
    } else if (request->method == HTTP_DELETE) {
        balancer_leave(roster->balancer, replica);
        tell(request, replica);
    } else {
        door_reply_error(request, 405, "PUT joins, DELETE leaves");
    }
    return true;
}
