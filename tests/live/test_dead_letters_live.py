#!/usr/bin/env python3
"""test_dead_letters_live.py — Orders that SQL refuses for good, on real processes.

Which orders are poison follows from the seed alone, and both worlds are asked the same; so where
nobody loses patience, virtual time says how many there are:

  - queued, each of them was accepted and is a dead letter, once, on Kafka and on RabbitMQ; all
    others are rows, though they stood in batches with them: the audit walks the charges, and none
    may be missing, be there twice or be of a poison order;
  - written before the answer, each of them is an error that its customer heard of;
  - either way it earns nothing, and what it would have brought is lost by an error.

Where RabbitMQ is not installed its part is left out, loudly. Nothing here depends on how fast the
machine is.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SIM = os.environ["SIM"]
SOURCE = Path(os.environ["SOURCE_DIR"])
PLACES = ["/usr/lib/rabbitmq/bin", "/opt/homebrew/opt/rabbitmq/sbin",
          "/usr/local/opt/rabbitmq/sbin", *os.environ.get("PATH", "").split(":")]

SCENARIO = """
version: 1
name: dead-letters-live
duration: 4s
drain: 60s
load:
  - {verb: order, rate: 60/s, poison: 5%, people: 2k, zones: 8,
     amount: {dist: lognormal, mean: 900.00 RUB, cv: 0.5}}
services:
  delivery: {replicas: 2, orders: queued, queue: 10k, timeouts: {table: 60s, queue: 60s}}
  batcher: {topic: orders, batch: 20, linger: 100ms, attempts: 2,
            timeouts: {table: 60s, queue: 60s}}
balancer: {policy: round_robin, timeout: 60s}
queue: {partitions: 4}
variants:
  queued: {}
  rabbitmq: {queue: {kind: rabbitmq}}
  sync: {services: {delivery: {orders: sync}}}
"""

failures = []


def expect(is_so, what):
    if not is_so:
        failures.append(what)
        print(f"FAILED: {what}", flush=True)


def run(path, *words):
    import jsonschema

    done = subprocess.run([SIM, "run", path, "--seed", "3", "--json", "-q", *words],
                          capture_output=True, text=True, timeout=240)
    if done.returncode != 0:
        sys.exit(f"sim {' '.join(words)}: exit {done.returncode}\n{done.stderr}")
    document = json.loads(done.stdout)
    jsonschema.validate(document, json.loads((SOURCE / "sim/report/result.schema.json").read_text()))
    return {variant["name"]: variant for variant in document["variants"]}


def judge(name, measured, expected, poison):
    requests, money = measured["requests"], measured["money"]
    errors = poison if name == "sync" else 0

    expect(measured["invariants"]["violated"] == 0, f"{name}: {measured['invariants']}")
    expect(requests["offered"] == expected["requests"]["offered"], f"{name}: asked the same")
    expect(requests["ok"] == requests["offered"] - errors and requests["failed"]["error"] == errors,
           f"{name}: who was told what: {requests}, {poison} poison")
    expect(measured["queue"]["dead"] == poison - errors,
           f"{name}: {measured['queue']['dead']} dead letters of {poison} poison orders")
    for account in ("revenue", "lost"):
        expect(money[account] == expected["money"][account],
               f"{name}: {account} {money[account]} live, {expected['money'][account]} expected")


def main():
    for name in ("SIM_REDIS", "SIM_MEMCACHED", "SIM_KAFKA", "SIM_RABBITMQ", "SIM_DB"):
        os.environ.pop(name, None)
    chosen = ["queued", "sync"]
    if any(shutil.which("rabbitmq-server", path=place) for place in PLACES if place):
        chosen.append("rabbitmq")
    else:
        print("\n*** LEFT OUT: dead letters on RabbitMQ: no rabbitmq-server: "
              "apt install rabbitmq-server ***\n", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="sim-dead-") as folder:
        path = Path(folder) / "dead.yaml"
        path.write_text(SCENARIO, encoding="utf-8")
        virtual = run(str(path))
        live = run(str(path), "--live", *(word for name in chosen for word in ("--variant", name)))
    poison = virtual["sync"]["requests"]["failed"]["error"]
    expect(poison > 3, f"poison orders: {poison}")
    for name in chosen:
        judge(name, virtual[name], virtual[name], poison)
        judge(name, live[name], virtual[name], poison)
    print(f"{poison} poison orders, {', '.join(chosen)}, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
