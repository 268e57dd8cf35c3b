#!/usr/bin/env bash
# test_bits.sh — The same seed gives the same fingerprint, whoever compiled it and wherever it runs.
#
# Builds the program with gcc and clang, at -O0 and -O3, and once with all that this processor
# offers (-march=native: fused multiply-add would be used were it not for -ffp-contract=off); each
# runs the same scenarios, once more with AVX2 and FMA hidden from libc. Only the fingerprints, the
# counts and the latencies are compared, to the last digit; the wall clock is nobody's business.
set -euo pipefail

: "${SOURCE_DIR:=$(pwd)}" "${BUILD_DIR:=$SOURCE_DIR/build/fast}"
cd "$SOURCE_DIR"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

build() { # name compiler flags...
    local name=$1 compiler=$2
    shift 2
    # Word splitting is wanted: the list of files and what pkg-config says.
    # shellcheck disable=SC2046
    "$compiler" -std=c11 -D_GNU_SOURCE= -ffp-contract=off "$@" -w -I. -I"$BUILD_DIR/generated" \
        $(git ls-files 'services/*.c' 'sim/*.c' ':!services/live/main.c') \
        "$BUILD_DIR/generated/html_template.c" \
        $(pkg-config --cflags --libs yaml-0.1 jansson libcrypto libevent libevent_pthreads hiredis \
            libmemcached rdkafka librabbitmq sqlite3 libpq) -lpthread -lm -o "$work/$name"
}

prints() { # program
    {
        "$1" run scenarios/spike.yaml --variant queue --variant autoscale --json
        "$1" run scenarios/likes.yaml --variant batched --variant indexed --json
        "$1" run scenarios/cache_choice.yaml --variant memcached --json
        "$1" run scenarios/queue_choice.yaml --variant rabbitmq --json
        "$1" run scenarios/runtimes.yaml --variant cpu_gil --json
        "$1" run scenarios/auth.yaml --variant jwt_rs256 --json
        "$1" run scenarios/counter.yaml --variant unlocked --set duration=3s --json
    } | jq -c '.variants[] | [.name, .fingerprint, .events, .requests, .latency_ms, .money]'
}

compare() { # name
    prints "$work/$1" >"$work/$1.prints"
    if ! cmp -s "$work/first.prints" "$work/$1.prints"; then
        echo "$1 tells another story:"
        diff "$work/first.prints" "$work/$1.prints" | cut -c1-200
        exit 1
    fi
    echo "$1: the same"
}

build first gcc -O0
prints "$work/first" >"$work/first.prints"
test "$(wc -l <"$work/first.prints")" -eq 9
GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-FMA prints "$work/first" | cmp - "$work/first.prints"
echo "gcc -O0, without AVX2 and FMA: the same"
build gcc-O3 gcc -O3
compare gcc-O3
build gcc-native gcc -O3 -march=native
compare gcc-native
if command -v clang >/dev/null; then
    build clang-O0 clang -O0
    compare clang-O0
    build clang-O3 clang -O3
    compare clang-O3
else
    echo "clang is not here: only gcc was tried"
fi
