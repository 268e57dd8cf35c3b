#!/usr/bin/env python3
"""test_sizes.py — Holds every C file to its size, its opening comment and no promises.

  - a file has at most 600 lines, a line at most 100 characters, a function at most 70 lines,
    counted from the line that names it to its closing brace;
  - every .c and .h opens with a comment that starts `name.c — what it is`; a test may open with
    any comment, since its name and its tests' names are sentences already;
  - no line defers work with one of three well-known marks: a debt is described, with its cost.

Functions are found by shape and not by parsing: the house style puts a function's opening brace
alone on a line, in the first column, which nothing else does but an initialiser or a struct in
another style. As in its neighbour, planted faults must be caught first.
"""

import os
import re
import sys
import tempfile
from pathlib import Path

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70
LINE_CHARACTERS_MAX = 100
MARK = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" * 3]) + r")\b")


def is_of_signature(text):
    """Whether a line above a function's brace may be part of what names it."""
    text = text.rstrip()
    return text != "" and not text.startswith("#") and not text.endswith((";", "}", "*/"))


def functions_of(lines):
    """(first line, last line, name) of each function, counted from 1."""
    for brace, text in enumerate(lines):
        if text.rstrip() != "{":
            continue
        first, last = brace, brace
        while first > 0 and is_of_signature(lines[first - 1]):
            first -= 1
        while last + 1 < len(lines) and not lines[last].startswith("}"):
            last += 1
        named = re.search(r"(\w+)\s*\(", " ".join(lines[first:brace]))
        yield first + 1, last + 1, named.group(1) if named else "?"


def opening_is_wrong(name, lines):
    """What is wrong with a file's first line, or None."""
    base = name.rsplit("/", 1)[-1]
    text = lines[0] if lines else ""
    if name.startswith("tests/") and base.endswith(".c"):
        return None if text.startswith("/* ") else "a test opens with a comment: what it is about"
    if re.match(r"/\* " + re.escape(base) + r" (—|--) \S", text):
        return None
    return f"the file opens with `/* {base} — ` and what it is"


def judge_file(name, text):
    lines = text.splitlines()
    findings = []
    wrong = opening_is_wrong(name, lines)
    if wrong is not None:
        findings.append(f"{name}:1: {wrong}")
    if len(lines) > FILE_LINES_MAX:
        findings.append(f"{name}:{len(lines)}: the file has over {FILE_LINES_MAX} lines")
    for number, line in enumerate(lines, start=1):
        if len(line) > LINE_CHARACTERS_MAX:
            findings.append(f"{name}:{number}: the line has {len(line)} characters")
        if MARK.search(line):
            findings.append(f"{name}:{number}: a debt is described, not marked")
    for first, last, function in functions_of(lines):
        if last - first + 1 > FUNCTION_LINES_MAX:
            findings.append(f"{name}:{first}: {function}() has {last - first + 1} lines")
    return findings


def judge_tree(root):
    findings, seen = [], 0
    folders = [root / top for top in ("sim", "services", "tests")]
    for path in sorted(path for folder in folders for path in folder.rglob("*.[ch]")):
        seen += 1
        findings += judge_file(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))
    return findings, seen


def body(lines):
    """A function of so many lines after its signature and braces."""
    return "static int f(int a,\n             int b)\n{\n" + "    a++;\n" * lines + "}\n"


WRONG_TREE = {
    "sim/fine.c": "/* fine.c — Every size at its limit. */\n" + body(66) + "/" * 100 + "\n",
    "sim/function.c": "/* function.c — A function too long. */\n" + body(67),
    "sim/line.c": "/* line.c — A line too long. */\n" + "/" * 101 + "\n",
    "sim/long.c": "/* long.c -- A file too long. */\n" + "\n" * 600,
    "sim/mark.h": "/* mark.h — A promise. */\n/* " + "FIX" + "ME: later. */\n",
    "sim/mute.c": "int x;\n",
    "tests/test_mute.c": "int x;\n",
    "tests/test_prose.c": "/* Whatever is said here will do. */\n",
}
WRONG_LINES = ["sim/function.c:2", "sim/line.c:2", "sim/long.c:601", "sim/mark.h:2", "sim/mute.c:1",
               "tests/test_mute.c:1"]


def wrong_tree_is_caught():
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, text in WRONG_TREE.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        caught = [":".join(finding.split(":")[:2]) for finding in judge_tree(root)[0]]
    if caught != WRONG_LINES:
        print(f"the planted faults are {WRONG_LINES}\nbut what was caught is {caught}")
    return caught == WRONG_LINES


def main():
    root = Path(os.environ.get("SOURCE_DIR", Path(__file__).resolve().parents[2]))
    if not wrong_tree_is_caught():
        return 1
    findings, seen = judge_tree(root)
    print("\n".join(findings + [f"{seen} files read, {len(findings)} findings"]))
    return 1 if findings or seen == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
