#!/usr/bin/env bash
# start.sh — One Kafka node that is broker and controller (KRaft): start.sh SERVER.PROPERTIES
#
# The image's own start script writes its configuration into the image, which is read-only here; so
# Kafka's programs are called as they are. Storage that is formatted already is left as it is.
set -euo pipefail

bin=/opt/kafka/bin
"$bin/kafka-storage.sh" format --ignore-formatted --cluster-id c2ltLWxhYi1rYWZrYS0wMQ --config "$1"
exec "$bin/kafka-server-start.sh" "$1"
