#!/usr/bin/env bash
# test_symbols.sh — What the compiled code asks of the outside, held to a short list.
#
# A service reads no clock, rolls no die, opens no file and takes no memory, so libservices.a may
# leave nothing undefined but what gcc and clang emit by themselves to copy and compare bytes, what
# libbase.a and libport.a give, and the hooks of sanitizers, coverage and the stack protector.
#
# Below it, the archives of the event path are held to a second rule: none calls the functions of
# libm whose last bit differs between processors and libraries (services/base/number.h has ours).
# Those that IEEE 754 rounds exactly (sqrt, floor, fma …) are free.
#
# Before the archives are judged, an object that calls malloc and log is compiled and must be
# caught. Runs on BUILD_DIR; exit 77, a skip, where nothing has been built yet.
set -euo pipefail

build=${BUILD_DIR:-build/dev}
nm=${NM:-nm}
allowed='^(memcpy|memmove|memset|memcmp)$'
hooks='^(__(asan|ubsan|tsan|sanitizer|gcov|llvm|stack_chk)_.*|__mem(cpy|move|set)_chk)$|^_GLOBAL_OFF'
inexact='^(a?(sin|cos|tan)h?|atan2|cbrt|erfc?|exp(2|m1)?|hypot|[lt]gamma|log(2|10|1p)?|pow)[fl]?$'

# undefined FILE...: the symbols that these leave to others, one per line.
undefined() {
    "$nm" -u "$@" | awk '$1 == "U" || $1 == "w" { print $2 }' | sed 's/@.*//' | sort -u
}

# defined FILE...: the symbols that these give to others.
defined() {
    "$nm" -g --defined-only "$@" | awk 'NF == 3 { print $3 }' | sort -u
}

# strangers GIVEN FILE...: what FILE... asks for, less the lists above and what is in GIVEN.
strangers() {
    local given=$1
    shift
    undefined "$@" | awk -v allowed="$allowed" -v hooks="$hooks" '$0 !~ allowed && $0 !~ hooks' |
        comm -23 - "$given"
}

places=()
for archive in "$build"/lib{base,port,services}.a; do
    if [ -f "$archive" ]; then
        places+=("$archive")
    fi
done
if [ ! -f "$build/libservices.a" ]; then
    echo "skipped: $build/libservices.a has not been built"
    exit 77
fi

scratch=$(mktemp -d)
trap 'rm -r "$scratch"' EXIT
export LC_ALL=C
defined "${places[@]}" >"$scratch/given"

cat >"$scratch/wrong.c" <<'C'
#include <math.h>
#include <stdlib.h>
double *wrong(double x);
double *wrong(double x)
{
    double *taken = malloc(sizeof(double));
    *taken = log(x);
    return taken;
}
C
"${CC:-cc}" -c -o "$scratch/wrong.o" "$scratch/wrong.c"
if [ "$(strangers "$scratch/given" "$scratch/wrong.o" | tr '\n' ' ')" != "log malloc " ] ||
    ! undefined "$scratch/wrong.o" | grep -Eq "$inexact"; then
    echo "an object that calls malloc and log was not caught: this test proves nothing"
    exit 1
fi

wrong=0
strangers "$scratch/given" "$build/libservices.a" >"$scratch/strangers"
while read -r symbol; do
    echo "libservices.a asks for $symbol, in:"
    "$nm" -A -u "$build/libservices.a" | awk -v symbol="$symbol" '$NF == symbol { print "  " $1 }'
    wrong=1
done <"$scratch/strangers"

for archive in "$build"/lib{base,services,engine,load,world}.a; do
    [ -f "$archive" ] || continue
    undefined "$archive" | awk -v inexact="$inexact" '$0 ~ inexact' >"$scratch/inexact"
    while read -r symbol; do
        echo "$(basename "$archive") calls $symbol of libm, whose bits differ between machines"
        wrong=1
    done <"$scratch/inexact"
done
exit "$wrong"
