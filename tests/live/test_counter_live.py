#!/usr/bin/env python3
"""test_counter_live.py — A counter on real threads: what must hold whatever the machine does.

Three seconds of scenarios/counter.yaml per design, on real processes. Nothing is said about time:
the figures that are looked at are counts. Without a lock updates may get lost, and on a machine
that is busy enough they may not; with any cure none is.
"""

import json
import os
import subprocess
import sys

ADDS = 1000  # Of one like: so few that the copies of `copied` are made before the drain is over.
DESIGNS = ["unlocked", "locked", "atomic", "sharded", "copied"]


def run(design):
    command = [os.environ["SIM"], "run", "scenarios/counter.yaml", "--live", "--json",
               "--variant", design, "--set", "duration=3s", "--set", "load.0.rate=30/s",
               "--set", f"services.counter.memory.adds={ADDS}", "--set", "load.0.timeout=20s", "--set", "load.1.timeout=20s"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode not in (0, 99):
        print(f"{design}: exit code {done.returncode}\n{done.stderr[-2000:]}")
        return None
    return json.loads(done.stdout)["variants"][0]


def judge(design, variant):
    """What does not hold, as sentences."""
    counter, wrong = variant["counter"], []
    if variant["invariants"]["violated"] > 0:
        wrong.append(f"invariants broken: {variant['invariants']['breaks']}")
    if counter["attempted"] == 0:
        wrong.append("nothing was added")
    if counter["attempted"] % ADDS != 0:
        wrong.append(f"a burst was not finished: {counter['attempted']} added")
    if counter["attempted"] != counter["shown"] + counter["lost"]:
        wrong.append("added is not shown + lost")
    if design != "unlocked" and counter["lost"] != 0:
        wrong.append(f"{counter['lost']} lost")
    if design == "copied" and counter["allocations"] != counter["attempted"] + counter["retries"]:
        wrong.append("copies made are not increments and retries")
    return wrong


def main():
    failed = False
    for design in DESIGNS:
        variant = run(design)
        wrong = ["it did not run"] if variant is None else judge(design, variant)
        if not wrong:
            counter = variant["counter"]
            print(f"{design}: {counter['attempted']} added, {counter['lost']} lost, "
                  f"{counter['lock_waits']} times held, {counter['retries']} retries")
        for sentence in wrong:
            print(f"{design}: {sentence}")
        failed = failed or bool(wrong)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
