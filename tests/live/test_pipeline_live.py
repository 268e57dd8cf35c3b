#!/usr/bin/env python3
"""test_pipeline_live.py — The stages of a pipeline, measured on real processes: the same names as in
virtual time, which add up to the time inside, each at least as long as its work."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

SIM = os.environ["SIM"]
STAGES = {"accept": 1.0, "route": 0.5, "validate": 2.0, "dependencies": 0.5, "handle": 3.0,
          "validate_answer": 1.0, "serialise": 4.0, "send": 0.5}

SCENARIO = """
version: 1
name: pipeline-live
duration: 4s
drain: 60s
load: [{verb: menu, rate: 40/s, bytes: 1KiB}]
services:
  delivery:
    replicas: 2
    menu: {bytes: 4KiB}
    work: {light: 1ms, read: 2ms}
    pipeline:
      accept: 1ms
      route: 500us
      validate: {dist: empirical, points: [[1ms, 1], [1ms, 1]]}
      dependencies: 500us
      validate_answer: 1ms
      serialise: 2ms
      send: 500us
      per_kib: {validate: 1ms, serialise: 500us}
balancer: {policy: round_robin, timeout: 10s}
"""


def service_of(path, *words):
    done = subprocess.run([SIM, "run", path, "--json", *words], capture_output=True, text=True,
                          timeout=240, check=False)
    if done.returncode != 0:
        print(f"{words}: exit code {done.returncode}\n{done.stderr}")
        sys.exit(1)
    return json.loads(done.stdout)["variants"][0]["services"]["delivery"]


def main():
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pipeline.yaml"
        path.write_text(SCENARIO, encoding="utf-8")
        virtual, live = service_of(path), service_of(path, "--live")
    for name, least_ms in STAGES.items():
        for world, service in (("virtual", virtual), ("live", live)):
            took_ms = service["stages_ms"].get(name, 0)
            print(f"{name:16} {world:8} {took_ms:.3f} ms, work {least_ms} ms")
            if took_ms < least_ms * 0.9:  # A mean over visits, of which the last are not done.
                failures.append(f"{world}: {name} took {took_ms} ms for {least_ms} ms of work")
    inside_ms = sum(live["stages_ms"][name] for name in STAGES)
    if abs(inside_ms - live["sojourn_mean_ms"]) > 0.05 * live["sojourn_mean_ms"]:
        failures.append(f"live: stages add up to {inside_ms} ms of {live['sojourn_mean_ms']} ms")
    print("\n".join(failures) or "all stages are there")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
