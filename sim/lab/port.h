/* port.h — A port for each node, kept from before it is started until the run is over.
 *
 * sim chooses the ports, since nodes are told where the others are before these run, and a node
 * that was killed comes back to the same one. Meanwhile the port is held by a socket that is bound
 * and never listens: another run finds it taken, and our node, which sets SO_REUSEADDR, does not
 * (Linux: two sockets may be bound to one address if both allow it and neither listens). */
#ifndef SIM_LAB_PORT_H
#define SIM_LAB_PORT_H

#include <stdint.h>

/* The first free one of 127.0.0.1 from *at on, which moves behind it; any number will do to begin
 * with. The socket that holds it, to be closed by the caller; below 0: there is none, see errno. */
int port_hold(uint32_t *at, uint16_t *port);

#endif
