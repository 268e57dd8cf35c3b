#!/usr/bin/env python3
"""test_own_servers.py — Whole scenarios on servers of the user's: real Kafka, PostgreSQL, Redis.

The embedded broker replicates nothing and SQLite has one writer; people's own servers are others.
The lab is given three real ones (--redis, --kafka, --db, and once by SIM_REDIS and its sisters), runs
likes and orders on them with replicas killed on the way, and must keep what it acknowledged there
too. Afterwards the servers are as they were: no key, no topic, no schema of the run is left, and
what was there before still is. Skipped, loudly, where one of them is not to be had.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "compose"))
from stack import Missing, Stack, program  # noqa: E402

SIM = os.environ["SIM"]

LIKES = """
version: 1
name: likes-own
duration: 12s
drain: 120s
load:
  - {verb: like, rate: 100/s, keys: {dist: zipf, s: 1.2, n: 50}, people: 3k, timeout: 9s,
     retry: {attempts: 3, backoff: 100ms}}
  - {verb: count, rate: 40/s, keys: {dist: zipf, s: 1.2, n: 50}, people: 3k, timeout: 9s}
services:
  likes: {replicas: 2, design: batched, ack: queue}
  batcher: {topic: likes, replicas: 2, batch: 200, linger: 50ms}
queue: {partitions: 6, session: 6s}
balancer: {policy: two_choices, timeout: 8s, attempts: 2}
thresholds: [likes.lost < 1]
faults:
  - {at: 3s, for: 500ms, kind: crash, target: batcher/0}
  - {at: 5s, for: 500ms, kind: crash, target: likes/1}
  - {at: 7s, for: 500ms, kind: crash, target: batcher/1}
"""

ORDERS = """
version: 1
name: orders-own
duration: 8s
drain: 120s
load:
  - {verb: order, rate: 50/s, keys: {dist: zipf, s: 1.1, n: 50}, zones: 4, timeout: 9s,
     amount: {dist: lognormal, mean: 900.00 RUB, cv: 0.5}}
  - {verb: menu, rate: 50/s, keys: {dist: zipf, s: 1.1, n: 50}, timeout: 9s}
services:
  delivery: {replicas: 2, orders: queued, menu: {cache: true, ttl: 2s}}
  batcher: {topic: orders, replicas: 2, batch: 100, linger: 50ms}
queue: {partitions: 6, session: 6s}
balancer: {policy: round_robin, timeout: 8s}
thresholds: [requests.lost < 50%]
faults:
  - {at: 3s, for: 500ms, kind: crash, target: batcher/1}
"""


def topics(stack):
    kcat = subprocess.run([program("kcat"), "-L", "-J", "-b", f"127.0.0.1:{stack.ports['kafka']}"],
                          check=True, capture_output=True, text=True, timeout=60)
    return {t["topic"] for t in json.loads(kcat.stdout)["topics"] if t["topic"].startswith("sim-")}


def live(stack, text, by_environment):
    places = {"redis": f"127.0.0.1:{stack.ports['redis']}",
              "kafka": f"127.0.0.1:{stack.ports['kafka']}",
              "db": f"postgres://sim:sim@127.0.0.1:{stack.ports['postgres']}/sim"}
    words = [] if by_environment else [w for k, v in places.items() for w in (f"--{k}", v)]
    environment = {**os.environ, **{f"SIM_{k.upper()}": v for k, v in places.items()
                                    if by_environment}}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "own.yaml"
        path.write_text(text, encoding="utf-8")
        done = subprocess.run([SIM, "run", str(path), "--live", "--json", *words], text=True,
                              capture_output=True, timeout=300, env=environment)
    assert done.returncode == 0, f"exit code {done.returncode}: {done.stderr[-900:]}"
    assert "PostgreSQL" in done.stderr and "Kafka" in done.stderr, done.stderr
    assert "embedded" not in done.stderr, done.stderr
    variant = json.loads(done.stdout)["variants"][0]
    print({k: variant[k] for k in ("name", "requests", "likes", "invariants")}, flush=True)
    assert variant["invariants"]["violated"] == 0, variant["invariants"]
    assert variant["requests"]["in_flight"] == 0, variant["requests"]
    assert variant["requests"]["ok"] > variant["requests"]["offered"] / 2, variant["requests"]
    return variant


def nothing_is_left(stack):
    assert stack.redis("KEYS", "sim:*") == "", stack.redis("KEYS", "sim:*")
    assert stack.redis("GET", "theirs") == "kept"
    assert stack.sql("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'sim%'") == ""
    assert stack.sql("SELECT count(*) FROM theirs") == "1"
    assert topics(stack) == set(), topics(stack)


def main():
    with Stack("spike", "queue") as stack:
        stack.start_servers("redis", "postgres", "kafka")
        stack.redis("SET", "theirs", "kept")
        stack.sql("CREATE TABLE theirs(n int); INSERT INTO theirs VALUES (1)")
        likes = live(stack, LIKES, by_environment=False)
        assert likes["likes"]["lost"] == 0 and likes["likes"]["acknowledged"] > 100, likes["likes"]
        nothing_is_left(stack)
        orders = live(stack, ORDERS, by_environment=True)
        assert orders["money"]["revenue"] > 0, orders["money"]
        nothing_is_left(stack)


if __name__ == "__main__":
    try:
        main()
    except Missing as missing:
        print(f"\n*** SKIPPED: {missing} ***\n", file=sys.stderr)
        sys.exit(77)
