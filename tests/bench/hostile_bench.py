#!/usr/bin/env python3
"""hostile_bench.py — What hostile clients cost the well-behaved ones of a balancer.

Two live runs stand side by side: ours, whose well-behaved clients are timed, and a decoy. Slices of
a few seconds follow each other in turn, in each round in another order:

    calm     nobody means it ill
    decoy    the hostile clients of tests/live/test_hostile_http.py attack the decoy
    ours     the same clients attack ours

The attackers and what they attack share two cores with the timed ones. What that alone costs is
decoy against calm: any neighbour would cost it. What the attack does to our event loop is ours
against decoy. Quoted are medians over the rounds of each slice's p50 and p99, and of the ratios
within a round.

    hostile_bench.py BUILD [ROUNDS [SECONDS]]
"""

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BUILD = Path(sys.argv[1])
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 9
SLICE_S = float(sys.argv[3]) if len(sys.argv) > 3 else 4
os.environ.setdefault("SIM", str(BUILD / "sim"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "live"))
import test_hostile_http as hostile  # pylint: disable=wrong-import-position

KINDS = ("calm", "decoy", "ours")
GOODS = 4
hostile.PACE_S = 0.02  # Each asks one after the other: a slow answer must not make it late for long.
# The shipped spike's horizontal design, as a work to be timed: five milliseconds of an exponential.
SERVICE = os.environ.get("SIM_HOSTILE_WORK", "{dist: exponential, mean: 5ms}")
SCENARIO = hostile.SCENARIO.replace("compute: 1ms", f"compute: {SERVICE}")


def run(folder, name, seconds):
    path = Path(folder) / f"{name}.yaml"
    path.write_text(SCENARIO.replace("duration: 10m", f"duration: {seconds}s"), encoding="utf-8")
    return subprocess.Popen([os.environ["SIM"], "run", str(path), "--live", "-q"],
                            stdout=subprocess.DEVNULL)


def front_of(sim):
    front, _ = hostile.find_nodes(sim)
    return hostile.listens_on(front)[0][1]


def slice_of(kind, attackers):
    """(begin, end) of the time in which the attack was at its full strength."""
    if kind != "calm":
        attackers[kind].send((SLICE_S + 1, SLICE_S + 1))
        time.sleep(0.5)
    begin = time.monotonic()
    time.sleep(SLICE_S)
    end = time.monotonic()
    if kind != "calm":
        attackers[kind].recv()
        time.sleep(1)
    return begin, end


def measure(ports):
    goods = [hostile.child(hostile.good_process, ports["ours"]) for _ in range(GOODS)]
    for _, pipe in goods:
        pipe.recv()
    children = {kind: hostile.child(hostile.hostile_process, ports[kind]) for kind in KINDS[1:]}
    attackers = {kind: pipe for kind, (_, pipe) in children.items()}
    marks = []
    for _ in range(ROUNDS):
        order = random.sample(KINDS, len(KINDS))
        marks.append({kind: slice_of(kind, attackers) for kind in order})
    samples, wrong = [], []
    for _, pipe in goods:
        pipe.send("stop")
    for _, pipe in goods:
        timed, found = pipe.recv()
        samples += timed
        wrong += found
    for pipe in attackers.values():
        pipe.send(None)
    for process, _ in (*goods, *children.values()):
        process.join()
    return samples, wrong, marks


def report(samples, wrong, marks):
    def in_slice(span):
        return [s * 1e3 for meant, s in samples if span[0] <= meant < span[1]]

    print(f"{len(samples)} requests, {len(wrong)} wrong, {len(marks)} rounds of {SLICE_S:.0f} s")
    for share, name in ((0.5, "p50"), (0.95, "p95"), (0.99, "p99")):
        by = {kind: [hostile.quantile(in_slice(mark[kind]), share) for mark in marks]
              for kind in KINDS}
        line = ", ".join(f"{kind} {statistics.median(by[kind]):.2f}" for kind in KINDS)
        ratio = statistics.median(o / d for o, d in zip(by["ours"], by["decoy"]))
        cost = statistics.median(o / c for o, c in zip(by["ours"], by["calm"]))
        print(f"{name} ms: {line}; ours/decoy {ratio:.2f}, ours/calm {cost:.2f}")


def main():
    seconds = int(ROUNDS * 3 * (SLICE_S + 3.5)) + 20
    with tempfile.TemporaryDirectory(prefix="simh-") as folder:
        sims = {kind: run(folder, kind, seconds) for kind in KINDS[1:]}
        try:
            report(*measure({kind: front_of(sim) for kind, sim in sims.items()}))
        finally:
            for sim in sims.values():
                sim.terminate()
                sim.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
