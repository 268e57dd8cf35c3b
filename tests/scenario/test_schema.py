#!/usr/bin/env python3
"""test_schema.py — The JSON Schema that `sim schema` prints, held to the scenarios and to sim itself.

The schema is valid; every file under scenarios/ and config/ passes it; files with one slip of shape
each do not. The schema and the binder come from one table, so what the schema refuses here, sim
must refuse as well, and what sim accepts the schema must accept.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

SKIPPED = 77
try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"SKIPPED: {missing}")
    sys.exit(SKIPPED)

LEAST = "services: {server: {steps: [{compute: 1ms}]}}\nload: [{rate: 100/s}]\n"
RIGHT = [
    LEAST,
    LEAST + "x-note: {anything: [1]}\nbalancer: round_robin\n",
    LEAST + "title: {en: Hello, ru: Привет}\nquestion: Why?\n",
    LEAST + "variants: {a: , b: {load: {0: {rate: 5/s}}, expect: pass, title: B}}\n",
    "services: {s: {autoscale: no, runtime: {threads: 4}, steps: [{compute: {dist: empirical, "
    "points: [[1ms, 9], [20ms, 1]]}}, {put: {}}]}}\n"
    "load: [{rate: [{rate: 1/s}, {at: 5s, rate: 1.5k/s, ramp: 1s}], people: 10k}]\n",
    LEAST + "thresholds: [latency.p99 < 300ms, money.profit >= -10.50 RUB]\n",
    LEAST + "prices: {commission: 0%, core_hour: 4 RUB}\nstore: {memory: 0B, persistent: yes}\n",
]
RIGHT += [LEAST.replace("100/s", f"1{thousands}/{time}")
          for thousands in ("", "k", "M") for time in "smhd"]
WRONG = [
    LEAST + "servcies: {}\n",
    LEAST + "duration: 300\n",
    LEAST + "network: {loss: 0.25}\n",
    LEAST + "prices: {core_hour: 4}\n",
    LEAST + "balancer: {policy: fastest}\n",
    LEAST + "variants: {a: {seed: 7}}\n",
    LEAST + "thresholds: [latency.p99]\n",
    LEAST + "version: 2\n",
    LEAST + "faults: [{kind: explode, target: store}]\n",
    "services: {s: {steps: [{computes: 1ms}]}}\nload: [{rate: 1/s}]\n",
    "services: {s: {steps: [{compute: {dist: bell, mean: 1ms}}]}}\nload: [{rate: 1/s}]\n",
]


def as_json(text):
    """What an editor holds to the schema: in JSON every key is a string, `0:` as well."""
    return json.loads(json.dumps(yaml.safe_load(text)))


def sim_accepts(sim, text):
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        return subprocess.run([sim, "check", file.name], capture_output=True,
                              check=False).returncode == 0


def main():
    sim = os.environ.get("SIM", "")
    root = Path(os.environ.get("SOURCE_DIR", Path(__file__).resolve().parents[2]))
    if not sim or not Path(sim).exists():
        print("SKIPPED: the program is not built yet")
        return SKIPPED
    printed = subprocess.run([sim, "schema"], capture_output=True, check=True).stdout
    schema = json.loads(printed)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    findings, seen = [], 0
    for folder in ("scenarios", "config"):
        for path in sorted((root / folder).glob("*.yaml")):
            seen += 1
            for error in validator.iter_errors(as_json(path.read_text(encoding="utf-8"))):
                findings.append(f"{path.name}: {error.json_path}: {error.message}")
    for text in RIGHT:
        findings += [f"refused: {error.message} in\n{text}"
                     for error in validator.iter_errors(as_json(text))]
        if not sim_accepts(sim, text):
            findings.append(f"sim refuses what it should read:\n{text}")
    for text in WRONG:
        if validator.is_valid(as_json(text)):
            findings.append(f"the schema lets pass:\n{text}")
        if sim_accepts(sim, text):
            findings.append(f"sim lets pass:\n{text}")
    print("\n".join(findings + [f"{seen} shipped files, {len(findings)} findings"]))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
