#!/usr/bin/env bash
# kafka.sh — One real Kafka (KRaft, broker and controller in one process) on 127.0.0.1, for tests.
#
#   kafka.sh start DIR [PORT]   makes DIR, starts the broker there, waits until it answers, and
#                               prints "127.0.0.1:PORT"; PORT 0 or none: a free one
#   kafka.sh crash DIR          kills it at once; what it has written stays
#   kafka.sh restart DIR        starts it again, at the same address, and waits until it answers
#   kafka.sh stop DIR           ends it and removes DIR
#
# DIR must be new: everything that Kafka keeps is in it, its log in DIR/log. The jars are fetched
# once, by Maven, into ${XDG_CACHE_HOME:-~/.cache}/sim/kafka-VERSION, 46 MB. Where Java, Maven or
# its repository is not to be had, it exits with 77 and a loud reason: a test counts as skipped.
#
# The JVM gets half a gigabyte and the simplest collector. Rebalances start at once and sessions
# may be short, as a test wants them; all else is Kafka's default.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
version=$(grep -A1 'kafka_2.13' "$here/pom.xml" | sed -n 's/.*<version>\(.*\)<.*/\1/p')
cache=${XDG_CACHE_HOME:-$HOME/.cache}/sim/kafka-$version
start_limit_s=90

missing() {
    printf '\n*** SKIPPED: no real Kafka: %s ***\n\n' "$1" >&2
    exit 77
}

fail() {
    echo "kafka.sh: $1" >&2
    exit 1
}

fetch() {
    [ -e "$cache/whole" ] && return
    command -v mvn > /dev/null || missing 'mvn is not installed (apt install maven)'
    mkdir -p "$(dirname "$cache")"
    fresh=$(mktemp -d "$cache.XXXXXX")
    if ! mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies -DincludeScope=runtime \
        -DoutputDirectory="$fresh" > "$fresh/maven.log" 2>&1; then
        tail -5 "$fresh/maven.log" >&2
        rm -rf "$fresh"
        missing 'Maven could not fetch its jars (is there a network?)'
    fi
    touch "$fresh/whole"
    # Somebody else may have been faster: then theirs is as good.
    mv -T "$fresh" "$cache" 2> /dev/null || rm -rf "$fresh"
    [ -e "$cache/whole" ] || fail "$cache is there and not whole; remove it"
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

write_properties() { # DIR PORT CONTROLLER_PORT
    cat > "$1/server.properties" << END
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$3
listeners=PLAINTEXT://127.0.0.1:$2,CONTROLLER://127.0.0.1:$3
advertised.listeners=PLAINTEXT://127.0.0.1:$2
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=$1/data
num.partitions=4
default.replication.factor=1
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
log.cleaner.enable=false
auto.create.topics.enable=false
END
    cat > "$1/log4j.properties" << END
log4j.rootLogger=WARN, stdout
log4j.appender.stdout=org.apache.log4j.ConsoleAppender
log4j.appender.stdout.layout=org.apache.log4j.PatternLayout
log4j.appender.stdout.layout.ConversionPattern=%d %p %c{1}: %m%n
log4j.logger.kafka.server.KafkaRaftServer=INFO
END
}

run_java() { # DIR HEAP_MB CLASS ARGUMENT…
    local dir=$1 heap=$2
    shift 2
    exec java "-Xmx${heap}m" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
        "-Dlog4j.configuration=file:$dir/log4j.properties" -cp "$cache/*" "$@"
}

wait_for() { # DIR PID PORT
    local end=$((SECONDS + start_limit_s))
    until grep -q 'Kafka Server started' "$1/log" && (: < "/dev/tcp/127.0.0.1/$3") 2> /dev/null; do
        if ! kill -0 "$2" 2> /dev/null || [ "$SECONDS" -ge "$end" ]; then
            tail -20 "$1/log" >&2
            kill -KILL "$2" 2> /dev/null || true
            fail "Kafka did not start; its log: $1/log"
        fi
        sleep 0.1
    done
}

start() { # DIR PORT
    local dir=$1 port=$2
    command -v java > /dev/null || missing 'java is not installed (apt install default-jre-headless)'
    command -v python3 > /dev/null || missing 'python3 is not installed'
    fetch
    mkdir -p "$(dirname "$dir")"
    mkdir "$dir" || fail "$dir must be new"
    dir=$(cd "$dir" && pwd)
    [ "$port" = 0 ] && port=$(free_port)
    write_properties "$dir" "$port" "$(free_port)"
    (run_java "$dir" 128 kafka.tools.StorageTool format -t c2ltLXRlc3Qta2Fma2Etcg \
        -c "$dir/server.properties") > "$dir/format.log" 2>&1 || {
        cat "$dir/format.log" >&2
        fail 'its storage could not be formatted'
    }
    launch "$dir" "$port"
    echo "127.0.0.1:$port"
}

launch() { # DIR PORT
    # exec inside: the background job's pid is the JVM's.
    run_java "$1" 512 kafka.Kafka "$1/server.properties" < /dev/null > "$1/log" 2>&1 &
    echo $! > "$1/pid"
    echo "$2" > "$1/port"
    wait_for "$1" "$(cat "$1/pid")" "$2"
}

pid_in() { # DIR
    [ -f "$1/pid" ] || fail "no Kafka of ours in $1"
    cat "$1/pid"
}

wait_for_end() { # PID: ten seconds
    for _ in $(seq 100); do
        kill -0 "$1" 2> /dev/null || return 0
        sleep 0.1
    done
    return 1
}

crash() { # DIR
    local pid
    pid=$(pid_in "$1")
    kill -KILL "$pid" 2> /dev/null || true
    wait_for_end "$pid" || fail "process $pid does not die"
}

restart() { # DIR
    kill -0 "$(pid_in "$1")" 2> /dev/null && fail "it runs"
    mv "$1/log" "$1/log.before"
    launch "$1" "$(cat "$1/port")"
}

stop() { # DIR
    local pid
    pid=$(pid_in "$1")
    kill "$pid" 2> /dev/null || true
    wait_for_end "$pid" || kill -KILL "$pid" 2> /dev/null || true
    rm -rf "$1"
}

case "${1:-} $#" in
    'start 2') start "$2" 0 ;;
    'start 3') start "$2" "$3" ;;
    'crash 2') crash "$2" ;;
    'restart 2') restart "$2" ;;
    'stop 2') stop "$2" ;;
    *)
        echo 'usage: kafka.sh start DIR [PORT] | crash DIR | restart DIR | stop DIR' >&2
        exit 2
        ;;
esac
