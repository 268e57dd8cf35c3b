/* port.c — Holds ports for nodes. */
#define _GNU_SOURCE
#include "sim/lab/port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/* Below the range that the kernel gives to outgoing connections (32768 …), so that none of ours
 * takes the port of a node that is down. */
enum { PORT_FIRST = 12000, PORT_LAST = 32000 };

/* Bound while it does not allow to share, so that who holds it already is in the way; after that it
 * allows it. */
static int hold(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

int port_hold(uint32_t *at, uint16_t *port)
{
    int fd = -1;

    for (uint32_t tries = 0; tries < PORT_LAST - PORT_FIRST && fd < 0; tries++) {
        *port = (uint16_t)(PORT_FIRST + *at % (PORT_LAST - PORT_FIRST));
        *at += 1;
        fd = hold(*port);
    }
    return fd;
}
