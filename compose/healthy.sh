#!/usr/bin/env bash
# healthy.sh — Does the node on this port serve? sim-healthy PORT, for a container's health check.
#
# Serving means: it listens, its balancer has taken it, and it does not drain. The image has no
# curl; bash opens the connection itself.
set -euo pipefail

exec 3<>"/dev/tcp/127.0.0.1/$1"
printf 'GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nConnection: close\r\n\r\n' "$1" >&3
grep -q '^sim_node_serving 1$' <&3
