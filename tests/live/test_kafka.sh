#!/usr/bin/env bash
# test_kafka.sh — The suites of the queue once more, against a real Kafka.
#
# The embedded broker replicates nothing, drops duplicates never, and shares partitions out in its
# own time: what holds there must hold where people work. Kafka comes from tests/kafka/kafka.sh;
# where it cannot be had this test is skipped, with exit code 77.
set -uo pipefail
cd "${SOURCE_DIR:-$(dirname "$0")/../..}"

folder=$(mktemp -d /tmp/simt-XXXXXX)
cleanup() {
    [ -f "$folder/k/pid" ] && bash tests/kafka/kafka.sh stop "$folder/k"
    rm -rf "$folder"
}
trap cleanup EXIT

SIM_TEST_KAFKA=$(bash tests/kafka/kafka.sh start "$folder/k") || exit $?
export SIM_TEST_KAFKA SIM_TEST_KAFKA_DIR=$folder/k

failures=0
for suite in live/test_queue_live live/test_queue_live_group port/test_queue_port; do
    echo "=== $suite on Kafka at $SIM_TEST_KAFKA ==="
    "${BUILD_DIR:?is set by ctest}/tests/$suite" || failures=$((failures + 1))
done
[ "$failures" -eq 0 ]
