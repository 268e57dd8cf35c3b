#!/usr/bin/env bash
# bootstrap.sh — From a fresh machine to a `sim` on the PATH, or to a tested tree.
#
# It may be run again at any time: what is there is left alone, and when nothing is missing no
# package manager is asked and the network is not touched. What a build needs is one table below;
# each line says how to see that the thing is there, and what it is called by apt, dnf and brew.
# Only the apt branch is tried by us; the others follow the same table.
#
# Messages go to stderr. `test` ends with one plain line on stdout: N passed, N failed.
set -euo pipefail
cd "$(dirname "$0")"

cmake_min=3.25

# kind  what to look for   apt                 dnf                 brew (- : comes with the system)
build_needs='
command cmake              cmake               cmake               cmake
command ninja              ninja-build         ninja-build         ninja
command cc                 gcc                 gcc                 -
header  stdio.h            libc6-dev           glibc-devel         -
command pkg-config         pkg-config          pkgconf-pkg-config  pkg-config
command git                git                 git                 git
library yaml-0.1           libyaml-dev         libyaml-devel       libyaml
library jansson            libjansson-dev      jansson-devel       jansson
library libcrypto          libssl-dev          openssl-devel       openssl@3
library libevent           libevent-dev        libevent-devel      libevent
library hiredis            libhiredis-dev      hiredis-devel       hiredis
library rdkafka            librdkafka-dev      librdkafka-devel    librdkafka
library sqlite3            libsqlite3-dev      sqlite-devel        sqlite
library libpq              libpq-dev           libpq-devel         libpq
command redis-server       redis-server        redis               redis
'
# The HTML report inlines a chart library that npm brings. Without npm all else is built, and
# `sim run --html` says so.
build_wants='
command npm                npm                 nodejs-npm          node
command node               nodejs              nodejs              node
'
test_needs='
library cmocka             libcmocka-dev       libcmocka-devel     cmocka
command clang              clang               clang               llvm
command clang-format       clang-format        clang-tools-extra   clang-format
command python3            python3             python3             python
python  jsonschema         python3-jsonschema  python3-jsonschema  -
command jq                 jq                  jq                  jq
python  yaml               python3-yaml        python3-pyyaml      -
'
# Real servers and tools that some tests hold sim against: without one they are skipped, and say so.
test_wants='
server  postgres           postgresql-15       postgresql-server   postgresql@15
command psql               postgresql-client   postgresql          postgresql@15
command java               default-jre-headless java-17-openjdk-headless openjdk@17
command mvn                maven               maven               maven
command kcat               kcat                kcat                kcat
command promtool           prometheus          golang-github-prometheus prometheus
command chromium           chromium            chromium            chromium
'

say() {
    printf 'bootstrap: %s\n' "$*" >&2
}

die() {
    say "$@"
    exit 1
}

usage() {
    cat <<'TEXT'
usage: ./bootstrap.sh [install | test | help]

  install  (or nothing) install the packages that a build needs and that are missing, build the
           fast preset, and put `sim` on the PATH: in /usr/local/bin as root or with sudo, else in
           ~/.local/bin
  test     the same for what the tests need; then build the dev preset (ASan and UBSan) and the
           fast preset, and run every test: theory and stories in fast, all others in dev
  help     this text
TEXT
}

# ---- Packages -----------------------------------------------------------------------------------

# Prints apt, dnf or brew, or nothing.
find_manager() {
    local pair
    for pair in apt-get:apt dnf:dnf brew:brew; do
        if command -v "${pair%%:*}" >/dev/null; then
            echo "${pair#*:}"
            return
        fi
    done
}

# has_need KIND NAME: whether it is there, whoever installed it.
has_need() {
    case $1 in
    command) command -v "$2" >/dev/null ;;
    header) cc -E -include "$2" -x c /dev/null >/dev/null 2>&1 ;;
    library) pkg-config --exists "$2" 2>/dev/null ;;
    server) command -v "$2" >/dev/null || compgen -G "/usr/lib/postgresql/*/bin/$2" >/dev/null ;;
    python) python3 -c "import $2" 2>/dev/null || /usr/bin/python3 -c "import $2" 2>/dev/null ;;
    esac
}

# missing COLUMN NEEDS: that column of every line of NEEDS that is not there.
missing() {
    local kind name apt dnf brew
    while read -r kind name apt dnf brew; do
        if [ -n "$kind" ] && ! has_need "$kind" "$name"; then
            case $1 in
            apt) echo "$apt" ;;
            dnf) echo "$dnf" ;;
            brew) echo "$brew" ;;
            name) echo "$name" ;;
            esac
        fi
    done <<<"$2" | grep -vx -e - | sort -u || true
}

# Runs its arguments as root, or fails where we have no way to.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif can_be_root; then
        sudo "$@"
    else
        return 1
    fi
}

# Root already, or sudo that needs no password, or one that has a terminal to ask on.
can_be_root() {
    [ "$(id -u)" -eq 0 ] && return 0
    command -v sudo >/dev/null || return 1
    sudo -n true 2>/dev/null || [ -t 0 ]
}

install_apt() {
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -y -o DPkg::Lock::Timeout=120)

    as_root "${apt[@]}" update ||
        say "apt-get update failed; trying with the package lists that are here"
    if as_root "${apt[@]}" install --no-install-recommends "$@"; then
        return
    fi
    if [ -n "$(dpkg --audit 2>/dev/null)" ]; then
        die "an earlier installation was cut off. Mend it, then run this again:" \
            "dpkg --configure -a && apt-get -f install"
    elif ! apt-get check >/dev/null 2>&1; then
        die "packages that are installed depend on others that are not. Mend it, then run this" \
            "again: apt-get -f install"
    fi
    die "apt-get could not install: $*. Its own words are above. Often the network or a source in" \
        "/etc/apt is at fault; \`apt-get update\` must work first"
}

# need NEEDS: everything in NEEDS is there afterwards, or we have stopped and said why.
need() {
    local manager packages left
    manager=$(find_manager)
    read -r -a packages <<<"$(missing "${manager:-name}" "$1" | tr '\n' ' ')"
    if [ ${#packages[@]} -gt 0 ]; then
        [ -n "$manager" ] ||
            die "neither apt, dnf nor brew is here; please install: ${packages[*]}"
        say "installing with $manager: ${packages[*]}"
        [ "$manager" = brew ] || can_be_root ||
            die "that wants root, and sudo is not to be had. As root: $manager install" \
                "${packages[*]}"
        case $manager in
        apt) install_apt "${packages[@]}" ;;
        dnf) as_root dnf install -y "${packages[@]}" || die "dnf failed; its own words are above" ;;
        brew) brew install "${packages[@]}" || die "brew failed; its own words are above" ;;
        esac
    fi
    hash -r
    left=$(missing name "$1" | tr '\n' ' ')
    if [ -n "$left" ] && [ "$manager" = brew ]; then
        die "still missing: $left(a compiler comes with \`xcode-select --install\`, a module of" \
            "Python with \`pip3 install jsonschema pyyaml\`)"
    fi
    [ -z "$left" ] || die "still missing, though $manager has run: $left"
    check_cmake
}

# want NEEDS CONSEQUENCE: the same, but what cannot be had is said and done without.
want() {
    if [ -n "$(missing name "$1")" ] && ! (need "$1"); then
        say "going on without: $(missing name "$1" | tr '\n' ' ')($2)"
    fi
}

check_cmake() {
    local have
    have=$(cmake --version | sed -n '1s/[^0-9]*\([0-9]*\.[0-9]*\).*/\1/p')
    if [ "$(printf '%s\n' "$cmake_min" "$have" | sort -V | head -n 1)" != "$cmake_min" ]; then
        die "cmake is $have and must be $cmake_min or newer: \`pip install cmake\`," \
            "or https://cmake.org/download"
    fi
}

# ---- Building and installing --------------------------------------------------------------------

# build PRESET [cmake option...]
build() {
    local preset=$1
    shift
    say "building the $preset preset in build/$preset"
    if ! cmake --preset "$preset" "$@" >&2; then
        say "if build/$preset comes from another machine or place, remove it and try again"
        return 1
    fi
    cmake --build --preset "$preset" >&2
}

install_sim() {
    local prefix
    if can_be_root && as_root cmake --install build/fast --prefix /usr/local >&2; then
        prefix=/usr/local
    else
        prefix=$HOME/.local
        say "/usr/local is not ours to write to; installing to $prefix"
        cmake --install build/fast --prefix "$prefix" >&2
    fi

    hash -r
    case $(command -v sim || true) in
    "$prefix/bin/sim") say "done: sim is $prefix/bin/sim. Try: sim run scenarios/spike.yaml" ;;
    '')
        say "done: sim is $prefix/bin/sim, but that folder is not on your PATH. Add it with:"
        say "  export PATH=\"$prefix/bin:\$PATH\""
        ;;
    *) say "done: sim is $prefix/bin/sim, but \`sim\` finds $(command -v sim) first on your PATH" ;;
    esac
}

# ---- Testing ------------------------------------------------------------------------------------

passed=0
failed=0
skipped=0

# count_in FILE PATTERN: how many lines match; none is no error.
count_in() {
    grep -c "$2" "$1" || true
}

# run_tests PRESET: adds to the three counts. A test that could not start has failed.
run_tests() {
    local results=build/$1/tests.xml all bad idle
    rm -f "$results"
    say "testing the $1 preset"
    ctest --preset "$1" -j2 --output-on-failure --no-tests=error \
        --output-junit "$PWD/$results" || true
    if [ ! -f "$results" ]; then
        say "ctest left no results for the $1 preset: counted as one failure"
        failed=$((failed + 1))
        return
    fi
    all=$(count_in "$results" '^	<testcase ')
    idle=$(count_in "$results" '^		<skipped message="SKIP_RETURN_CODE=')
    bad=$((all - idle - $(count_in "$results" '^	<testcase .* status="run"')))
    passed=$((passed + all - idle - bad))
    failed=$((failed + bad))
    skipped=$((skipped + idle))
}

# test_preset PRESET: a preset that does not build is one failure, and the other one still runs.
test_preset() {
    if build "$1"; then
        run_tests "$1"
    else
        say "the $1 preset does not build: counted as one failure"
        failed=$((failed + 1))
    fi
}

test_all() {
    local closing
    need "$build_needs$test_needs"
    want "$build_wants" "\`sim run --html\` will not work, its tests are skipped"
    want "$test_wants" "tests that want it are skipped"
    test_preset dev
    test_preset fast
    closing="$passed passed, $failed failed"
    [ "$skipped" -eq 0 ] || closing+=", $skipped skipped"
    printf '%s\n' "$closing"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}

# brew keeps its OpenSSL out of the way of the system's.
if command -v brew >/dev/null; then
    PKG_CONFIG_PATH="$(brew --prefix)/opt/openssl@3/lib/pkgconfig:${PKG_CONFIG_PATH:-}"
    export PKG_CONFIG_PATH
fi

case ${1:-install} in
install)
    need "$build_needs"
    want "$build_wants" "\`sim run --html\` will not work"
    build fast -DSIM_TESTS=none -DSIM_BENCH=OFF || die "the build failed; the reason is above"
    install_sim
    ;;
test) test_all ;;
help | -h | --help) usage ;;
*)
    usage >&2
    exit 2
    ;;
esac
