#!/usr/bin/env python3
"""test_json_schema.py — What `sim run --json` prints is what result.schema.json promises.

Runs a small scenario of its own making through the program in SIM, once with one seed and once with
three, and validates both documents. That the schema can refuse is shown first: a document with a
key too many, one too few, and one with a number for a text must not pass. Skipped, with exit code
77, where there is no program yet or no jsonschema.
"""

import copy
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(os.environ.get("SOURCE_DIR", Path(__file__).resolve().parents[2]))
SCHEMA = ROOT / "sim" / "report" / "result.schema.json"
EXIT_CODES_OF_A_REPORT = {0, 99}

SCENARIO = """\
version: 1
name: schema
seed: 7
duration: 4s
load:
  - {verb: call, to: door, arrivals: poisson, rate: 50/s}
services:
  door: {kind: custom, replicas: 1, steps: [{compute: {dist: constant, mean: 10ms}}]}
thresholds: [latency.p99 < 10s, requests.failed < 1%]
variants:
  one: {expect: pass}
  two: {expect: pass, services: {door: {replicas: 2}}}
"""


def skip(why):
    print(f"SKIPPED: {why}")
    sys.exit(77)


def document_of(sim, scenario, *options):
    done = subprocess.run([sim, "run", str(scenario), "--json", *options], capture_output=True,
                          text=True, timeout=120, check=False)
    if done.returncode not in EXIT_CODES_OF_A_REPORT:
        sys.exit(f"sim run {scenario} {' '.join(options)}: exit code {done.returncode}\n"
                 f"{done.stderr}")
    return json.loads(done.stdout, parse_constant=lambda name: sys.exit(f"{name} is not JSON"))


def spoilt(document):
    """The same document, broken in ways that the schema must notice."""
    extra = copy.deepcopy(document)
    extra["variants"][0]["requests"]["surprise"] = 1
    yield "a key too many", extra
    fewer = copy.deepcopy(document)
    del fewer["variants"][0]["money"]["lost"]
    yield "a key too few", fewer
    wrong = copy.deepcopy(document)
    wrong["variants"][0]["bottleneck"]["why"] = 5
    yield "a number for a text", wrong


def main():
    sim = os.environ.get("SIM", "")
    if not sim or not os.access(sim, os.X_OK):
        skip("SIM names no program")
    try:
        import jsonschema
    except ImportError:
        skip("python3-jsonschema is not installed")
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)

    with tempfile.TemporaryDirectory() as folder:
        scenario = Path(folder) / "schema.yaml"
        scenario.write_text(SCENARIO, encoding="utf-8")
        one = document_of(sim, scenario)
        three = document_of(sim, scenario, "--seeds", "3")

    for name, document in (("one seed", one), ("three seeds", three)):
        for trouble in validator.iter_errors(document):
            sys.exit(f"{name}: {trouble.json_path}: {trouble.message}")
    for name, document in spoilt(one):
        if validator.is_valid(document):
            sys.exit(f"the schema lets through {name}")
    assert three["variants"][0]["ci"], "three seeds, and no intervals"


if __name__ == "__main__":
    main()
