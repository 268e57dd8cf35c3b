#!/usr/bin/env python3
"""test_beside_schema.py — What beside_json writes is what beside.schema.json promises.

The documents come from the test program beside this file, which prints one when it is asked to. That
the schema can refuse is shown with documents that are spoilt. Skipped, with exit code 77, where
there is no program yet or no jsonschema.
"""

import copy
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(os.environ.get("SOURCE_DIR", Path(__file__).resolve().parents[2]))
SCHEMA = ROOT / "sim" / "report" / "beside.schema.json"
PROGRAM = Path(os.environ.get("BUILD_DIR", "")) / "tests" / "report" / "test_beside"


def skip(why):
    print(f"SKIPPED: {why}")
    sys.exit(77)


def document_of(*options):
    done = subprocess.run([str(PROGRAM), "--print", *options], capture_output=True, text=True,
                          timeout=60, check=True)
    return json.loads(done.stdout, parse_constant=lambda name: sys.exit(f"{name} is not JSON"))


def spoilt(document):
    extra = copy.deepcopy(document)
    extra["variants"][0]["simulated"]["surprise"] = 1
    yield "a key too many", extra
    fewer = copy.deepcopy(document)
    del fewer["variants"][0]["send_lag_ms"]["p99"]
    yield "a key too few", fewer
    wrong = copy.deepcopy(document)
    wrong["variants"][0]["within"]["utilization"]["server"] = 0.5
    yield "a number for a judgement", wrong


def main():
    if not os.access(PROGRAM, os.X_OK):
        skip(f"there is no {PROGRAM}")
    try:
        import jsonschema
    except ImportError:
        skip("python3-jsonschema is not installed")
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    judged, void = document_of(), document_of("void")

    for name, document in (("judged", judged), ("void", void)):
        for trouble in validator.iter_errors(document):
            sys.exit(f"{name}: {trouble.json_path}: {trouble.message}")
    for name, document in spoilt(judged):
        if validator.is_valid(document):
            sys.exit(f"the schema lets through {name}")
    assert judged["variants"][0]["within"]["p50_ms"] is True, "equal runs, and no goal held"
    assert void["variants"][0]["not_judged"] == "void", "a void run is judged"


if __name__ == "__main__":
    main()
