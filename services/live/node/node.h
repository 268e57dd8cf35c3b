/* node.h — One live service in a process of its own: the whole life of `sim-node KIND`.
 *
 *     settings -> ports -> service -> listen -> register -> "ready\n" … SIGTERM -> drain -> exit
 *
 * Draining, in this order, so that nothing is lost: health checks hear "not well"; the balancer is
 * told (DELETE) and what it had sent until then is served; new connections are refused; who is
 * inside is answered, for ten seconds at most; the consumer group is left; the last page goes to
 * the board. A second SIGTERM changes nothing. */
#ifndef SERVICES_LIVE_NODE_NODE_H
#define SERVICES_LIVE_NODE_NODE_H

/* Reads settings from standard input and lives. Its exit code: 0 drained, 1 trouble, which it has
 * told on standard error. */
int node_main(const char *kind);

#endif
