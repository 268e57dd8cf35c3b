/* metrics.h — The node's figures as Prometheus reads them: GET /metrics.
 *
 * Text exposition format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats): base units,
 * counters end in _total, every family has its HELP and TYPE, labels take few values. Names begin
 * with sim_, but for process_cpu_seconds_total, which all clients have under that name. Latency is
 * one histogram of 13 bounds, read off the log-linear one, so its bounds are within 1/128. */
#ifndef SERVICES_LIVE_NODE_METRICS_H
#define SERVICES_LIVE_NODE_METRICS_H

#include <stddef.h>

#include "services/live/http/http.h"
#include "services/live/node/stats.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum { METRICS_MAX = 32768 }; /* Bytes of text at most. */

/* name: the node's; kind: its plan's. Returns the length. */
size_t metrics_write(char text[static METRICS_MAX], const struct node_stats *stats,
                     const struct http_server_stats *http, const char *name, const char *kind);

#endif
