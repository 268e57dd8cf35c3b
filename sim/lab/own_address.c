/* own_address.c — By which address do others reach a node that listens on all of them?
 *
 * The one from which it would reach them: a datagram socket that is connected to the balancer has
 * that address as its own, and nothing is sent. A container cannot know it beforehand, and with
 * two networks would have to guess. */
#define _GNU_SOURCE
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "services/live/http/http_stream.h"
#include "sim/lab/servers.h"

static bool is_any(const struct address *address)
{
    return strcmp(address->host, "0.0.0.0") == 0 || strcmp(address->host, "::") == 0;
}

/* The host of our end of the way to them. */
static bool read_way(const struct http_place_on_net *them, char host[64])
{
    struct sockaddr_storage ours;
    socklen_t length = sizeof ours;
    int fd = socket(them->address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool is_read;

    if (fd < 0)
        return false;
    is_read = connect(fd, (const struct sockaddr *)&them->address, them->length) == 0 &&
              getsockname(fd, (struct sockaddr *)&ours, &length) == 0 &&
              getnameinfo((struct sockaddr *)&ours, length, host, 64, NULL, 0, NI_NUMERICHOST) == 0;
    close(fd);
    return is_read;
}

bool servers_own_address(const struct address *listen, const struct address *front,
                         struct address *own)
{
    struct http_place_on_net them;
    char why[160];

    *own = *listen;
    if (!is_any(listen) || front->host[0] == '\0')
        return true;
    return address_resolve(front, &them, why) && read_way(&them, own->host);
}
