#!/usr/bin/env python3
"""test_nothing_lost.py — Acknowledged means kept, while everything is killed, stopped and cut off.

Each story is a scenario with faults, run live on real Redis, Kafka's protocol and SQL; sim's own
audit then holds what clients were told against what is in the tables: no acknowledged like is
missing, none is there or counted twice, no order is charged twice. Here is asserted that it found
nothing, that it had something to judge (the log was drained), and that the faults did happen.

  kills       50 times kill -9, spread over the likes service, its balancer and the consumers, and
              ten more between the SQL commit and the queue's
  stops       SIGSTOP of a consumer for longer than the group's session, and of a replica
  servers     Redis killed and back empty, the broker down and back, SQL locked
  orders      kills of the delivery service and its consumers, orders through the log
  charges     the same without a log: one transaction per order
  store_only  T0: an answer from Redis alone, and Redis dies: the loss is measured, not claimed away

The instants are drawn from a seed that is printed first; SIM_TEST_SEED repeats it.
"""

import concurrent.futures
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

SIM = os.environ["SIM"]
SEED = int(os.environ.get("SIM_TEST_SEED", str(random.SystemRandom().randrange(1 << 32))))

HEAD = """
version: 1
name: {name}
duration: {duration}s
drain: 180s
balancer: {{policy: two_choices, timeout: 5s, attempts: 2,
           health: {{every: 250ms, timeout: 1s, fall: 2, rise: 1}}}}
thresholds: [likes.lost < 1000000]
faults:
{faults}
"""

LIKES = """
load:
  - {{verb: like, rate: 120/s, keys: {{dist: zipf, s: 1.2, n: 50}}, people: 3k, timeout: 6s,
     retry: {{attempts: 3, backoff: 100ms}}}}
  - {{verb: unlike, rate: 5/s, keys: {{dist: zipf, s: 1.2, n: 50}}, people: 3k, timeout: 6s}}
  - {{verb: count, rate: 40/s, keys: {{dist: zipf, s: 1.2, n: 50}}, people: 3k, timeout: 6s}}
services:
  likes: {{replicas: 3, design: {design}, ack: {ack}}}
  batcher: {{topic: likes, replicas: 3, batch: 100, linger: 50ms}}
"""

ORDERS = """
load:
  - {{verb: order, rate: 60/s, keys: {{dist: zipf, s: 1.1, n: 50}}, zones: 4, timeout: 6s,
     amount: {{dist: lognormal, mean: 900.00 RUB, cv: 0.5}},
     retry: {{attempts: 3, backoff: 100ms}}}}
services:
  delivery: {{replicas: 3, orders: {orders}}}
"""

WORKERS = "  batcher: {topic: orders, replicas: 3, batch: 50, linger: 50ms}\n"


def fault(at, length, kind, target):
    return f"  - {{at: {int(at * 1000)}ms, for: {int(length * 1000)}ms, kind: {kind}, " \
           f"target: {target}}}"


def kills(dice, count, targets, until):
    """So many, at any instant, of any of these; each is back within a second. Who is dead is not
    killed, who is about to live is."""
    drawn = []
    while len(drawn) < count:
        at, length, target = dice.uniform(1, until), dice.uniform(0.05, 0.8), dice.choice(targets)
        if all(target != other or at > end + 0.2 or at + length + 0.2 < begin
               for begin, end, other in drawn):
            drawn.append((at, at + length, target))
    return [fault(begin, end - begin, "crash", target) for begin, end, target in drawn]


def replicas(*names):
    return [f"{name}/{i}" for name in names for i in range(3)]


def stories(dice):
    head = lambda name, faults, duration=20: HEAD.format(name=name, duration=duration,
                                                         faults="\n".join(faults))
    likes = replicas("likes", "batcher")
    yield "kills", head("kills", kills(dice, 60, likes, 38) + kills(dice, 3, ["balancer"], 38), 40) \
        + LIKES.format(design="batched", ack="queue"), ["--plant", "between-commits"]
    yield "stops", head("stops", [fault(3, 9, "pause", "batcher/0"), fault(4, 2, "pause", "likes/1"),
                                  fault(14, 1, "crash", "batcher/1")]) \
        + LIKES.format(design="batched", ack="queue"), []
    yield "servers", head("servers", [fault(3, 1, "crash", "store"), fault(6, 3, "crash", "queue"),
                                      fault(11, 3, "pause", "table"), fault(15, 2, "pause", "store")]) \
        + LIKES.format(design="queued", ack="queue"), []
    yield "orders", head("orders", kills(dice, 15, replicas("delivery", "batcher"), 18)) \
        + ORDERS.format(orders="queued") + WORKERS, []
    yield "charges", head("charges", kills(dice, 15, replicas("delivery"), 18)) \
        + ORDERS.format(orders="sync"), []
    yield "store_only", head("store_only", [fault(5, 1, "crash", "store"),
                                            fault(9, 1, "crash", "likes/0")]) \
        + LIKES.format(design="batched", ack="store"), []


# Of each story: killed by faults, and by the failpoint.
DEATHS = {"kills": (50, 10), "stops": (1, 0), "servers": (0, 0), "orders": (10, 0),
          "charges": (10, 0), "store_only": (1, 0)}


def deaths(done):
    """What sim says of the processes that were killed: by faults, and by the failpoint."""
    said = [re.search(rf"killed by {how}: (\d+)", done.stderr)
            for how in ("faults", "a failpoint")]
    return tuple(int(one.group(1)) if one else 0 for one in said)


def run(story):
    name, text, words = story
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.yaml"
        path.write_text(text, encoding="utf-8")
        done = subprocess.run([SIM, "run", str(path), "--live", "--json", "--seed",
                               str(SEED % 10000), *words], capture_output=True, text=True,
                              timeout=400)
    return name, done


def judge(name, done):
    """Every complaint about one run."""
    if done.returncode not in (0, 3, 99):
        return [f"{name}: exit code {done.returncode}: {done.stderr[-600:]}"]
    variant = json.loads(done.stdout)["variants"][0]
    requests, breaks = variant["requests"], variant["invariants"]
    print(f"{name}: {requests} likes {variant['likes']} breaks {breaks['violated']} "
          f"redelivered {(variant['queue'] or {}).get('redelivered')} deaths {deaths(done)}",
          flush=True)
    found = [f"{name}: {b}" for b in breaks.get("breaks", [])]
    if breaks["violated"] > 0 or done.returncode == 3:
        found.append(f"{name}: {breaks['violated']} invariants violated")
    if any(died < wanted for died, wanted in zip(deaths(done), DEATHS[name])):
        found.append(f"{name}: only {deaths(done)} processes died")
    if re.search(r"^sim: (store|queue|table): ", done.stderr, re.MULTILINE):
        found.append(f"{name}: a server was not struck: {done.stderr[-600:]}")
    if name == "stops" and variant["queue"]["rebalances"] == 0:
        found.append("stops: the group has not noticed that a consumer stood still")
    if requests["ok"] < requests["offered"] / 4:
        found.append(f"{name}: too few were served to prove anything: {requests}")
    if requests["in_flight"] > 0:
        found.append(f"{name}: {requests['in_flight']} still wait for an answer after the drain")
    if name in ("orders", "charges"):
        if variant["money"]["revenue"] <= 0:
            found.append(f"{name}: no order was paid: {variant['money']}")
    elif variant["likes"] is None:
        found.append(f"{name}: the log was not drained: nothing was judged")
    elif name != "store_only" and variant["likes"]["lost"] > 0:
        found.append(f"{name}: {variant['likes']['lost']} acknowledged likes are missing")
    return found


def main():
    print(f"SIM_TEST_SEED={SEED}", flush=True)
    wanted = sys.argv[1:]
    todo = [s for s in stories(random.Random(SEED)) if not wanted or s[0] in wanted]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        findings = [line for name, done in pool.map(run, todo) for line in judge(name, done)]
    print("\n".join(findings + [f"{len(todo)} stories, {len(findings)} findings"]))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
