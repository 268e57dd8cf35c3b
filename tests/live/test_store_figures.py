#!/usr/bin/env python3
"""test_store_figures.py — What a live run says of its store: of the time that is measured, of all
the store's processes, and nothing where the store could not be asked.

Values are written for 1.5 s, at 300 a second, and live for 20 ms: so `expired` tells which part of
the run was counted. It goes by Redis' own counters, as evictions and the utilisation do."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SIM = os.environ["SIM"]

STORY = """
version: 1
name: values
warmup: {warmup}
duration: 4s
drain: 1s
load: [{{rate: [{{at: 0s, rate: 300/s}}, {{at: 1500ms, rate: 2/s}}], keys: {{dist: uniform, n: 1M}}}}]
services: {{web: {{kind: custom, steps: [{{store: set, ttl: 20ms}}]}}}}
thresholds: [store.utilization < 80%]
faults: [{fault}]
"""
WRITTEN = 350  # At least, of 450 on average.


def run(warmup="0s", fault=""):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "values.yaml"
        path.write_text(STORY.format(warmup=warmup, fault=fault), encoding="utf-8")
        done = subprocess.run([SIM, "run", str(path), "--live", "--json", "-q"], text=True,
                              capture_output=True, timeout=120)
    assert done.stdout, f"{fault}: exit code {done.returncode}: {done.stderr[-900:]}"
    variant = json.loads(done.stdout)["variants"][0]
    print(fault or f"warmup {warmup}", variant["store"], flush=True)
    return done.returncode, variant


def what_was_before_the_warmups_end_is_not_counted():
    _, variant = run(warmup="2s")
    assert variant["store"]["expired"] < 50, variant["store"]
    assert 0 < variant["store"]["utilization"] < 0.5, variant["store"]


def what_a_store_that_crashed_had_counted_stays_counted():
    for fault in ("{at: 2s, for: 200ms, kind: crash, target: store}",
                  "{at: 3s, kind: crash, target: store}"):  # And it stays away.
        code, variant = run(fault=fault)
        assert variant["store"]["expired"] > WRITTEN, (fault, variant["store"])
        assert variant["store"]["utilization"] > 0 and code == 0, (fault, code, variant["store"])


def what_a_store_that_stands_still_has_counted_is_not_known():
    code, variant = run(fault="{at: 3s, kind: pause, target: store}")
    for key in ("expired", "evictions", "utilization", "bytes_max"):
        assert variant["store"][key] is None, (key, variant["store"])
    assert variant["store"]["commands"] > WRITTEN, variant["store"]
    assert variant["thresholds"][0]["value"] is None and code == 99, variant["thresholds"]


def main():
    if shutil.which("redis-server") is None:
        print("no redis-server: apt install redis-server")
        return 77
    what_was_before_the_warmups_end_is_not_counted()
    what_a_store_that_crashed_had_counted_stays_counted()
    what_a_store_that_stands_still_has_counted_is_not_known()
    return 0


if __name__ == "__main__":
    sys.exit(main())
