#!/usr/bin/env python3
"""test_includes.py — Holds every #include line to the direction of the arrows.

The layers are folders, and RULES says which folders each may include from; a new folder has no rule
and fails until somebody writes one, here, where a reviewer sees it. Project headers are written
from the repository's root in quotes, all others in angle brackets, so a line is enough to judge:
nothing is preprocessed. Three things are held:

  - a quoted include: it exists, and RULES lets the layer see it;
  - a third-party header: only the layers of THIRD_PARTY may name it;
  - a service's view of libc: only headers without a clock, a file or a heap behind them.

A header that is neither ours, nor libc's, nor in THIRD_PARTY is a stranger and fails too. The tests
themselves may include what they like. Before the tree is judged, a small wrong tree is built and
must be caught, line by line: a lock that cannot close proves nothing.
"""

import os
import re
import sys
import tempfile
from pathlib import Path

EVERYTHING_IN_SIM = ["sim/"]
RULES = {
    "sim/main.c": EVERYTHING_IN_SIM + ["services/base/"],
    "sim/command": EVERYTHING_IN_SIM + ["services/base/"],
    "sim/engine": ["sim/engine/", "services/base/"],
    # ask.h: the verbs that a load may name, and the stages of a visit, are the words that all share.
    "sim/scenario": ["sim/scenario/", "sim/engine/", "services/base/", "services/port/ask.h"],
    "sim/load": ["sim/load/", "sim/scenario/", "sim/engine/", "services/base/", "services/port/"],
    "sim/measure": ["sim/measure/", "sim/engine/", "sim/scenario/scenario.h",
                    "sim/scenario/prices.h", "services/base/", "services/port/ask.h"],
    "sim/theory": ["sim/theory/", "sim/scenario/", "sim/engine/", "services/base/",
                   "services/port/ask.h"],
    "sim/setup": ["sim/setup/", "sim/scenario/", "services/base/", "services/port/",
                  "services/catalog/"],
    "sim/audit": ["sim/audit/", "sim/load/", "sim/measure/", "sim/scenario/", "sim/engine/",
                  "services/base/", "services/port/"],
    "sim/world": ["sim/world/", "sim/engine/", "sim/scenario/", "sim/load/", "sim/measure/",
                  "sim/setup/", "sim/audit/", "services/base/", "services/port/",
                  "services/catalog/", "services/balancer/"],
    # The driver asks over the same wire as the services, and reads what they left behind.
    "sim/lab": ["sim/lab/", "sim/engine/", "sim/scenario/", "sim/load/", "sim/measure/",
                "sim/setup/", "sim/audit/", "services/base/", "services/port/",
                "services/catalog/", "services/live/"],
    "sim/report": ["sim/report/", "sim/theory/", "sim/measure/", "sim/scenario/", "sim/version.h",
                   "services/base/", "services/port/ask.h"],
    "services/base": ["services/base/"],
    "services/port": ["services/port/", "services/base/"],
}
SERVICES = ["autoscaler", "balancer", "batcher", "counter", "custom", "delivery", "gateway", "likes",
            "pipeline"]
for service in SERVICES:
    RULES[f"services/{service}"] = [f"services/{service}/", "services/port/", "services/base/"]
RULES["services/catalog"] = ["services/catalog/", "services/port/", "services/base/"] + [
    f"services/{service}/" for service in SERVICES]
RULES["services/live"] = ["services/live/", "services/catalog/", "services/port/", "services/base/",
                          "services/balancer/"]

THIRD_PARTY = {
    "yaml.h": ["sim/scenario"],
    "jansson.h": ["sim/scenario", "sim/report", "sim/command", "services/live"],
    "openssl/": ["sim/engine", "services/live"],
    "pthread.h": ["sim/engine", "sim/command", "sim/lab", "services/live"],
    "linux/futex.h": ["sim/lab"],
    "malloc.h": ["services/live"],
    "event2/": ["services/live", "sim/lab"],
    "hiredis/": ["services/live"],
    "libmemcached/": ["services/live"],
    "librdkafka/": ["services/live"],
    "amqp.h": ["services/live"],
    "amqp_tcp_socket.h": ["services/live"],
    "sqlite3.h": ["services/live"],
    "libpq-fe.h": ["services/live"],
    "cmocka.h": [],
}

SERVICE_LIBC = {"inttypes.h", "limits.h", "stdbool.h", "stddef.h", "stdint.h", "string.h"}
LIBC = SERVICE_LIBC | {
    "assert.h", "ctype.h", "dirent.h", "errno.h", "fcntl.h", "float.h", "ftw.h", "getopt.h", "langinfo.h",
    "libgen.h", "locale.h", "math.h", "netdb.h", "poll.h", "spawn.h", "sched.h", "setjmp.h", "signal.h", "stdalign.h",
    "stdarg.h", "stdatomic.h", "stdio.h", "stdlib.h", "stdnoreturn.h", "strings.h", "termios.h",
    "time.h", "unistd.h", "wchar.h", "wctype.h",
}
GENERATED = {"sim/version.h"}
INCLUDE = re.compile(r'^\s*#\s*include\b\s*(.*?)\s*(?:/[/*].*)?$')


def layer_of(path):
    """The layer that a file belongs to: itself for sim/main.c, else its first two folders."""
    if path == "sim/main.c":
        return path
    return "/".join(path.split("/")[:2])


def judge_quoted(layer, name, root):
    if name not in GENERATED and not (root / name).is_file():
        return f'"{name}" is no file of this tree; write it from the repository\'s root'
    allowed = RULES[layer]
    if not any(name == entry or (entry.endswith("/") and name.startswith(entry))
               for entry in allowed):
        return f'{layer} may not include "{name}"; it may: {" ".join(allowed)}'
    return None


def judge_angled(layer, name):
    for header, layers in THIRD_PARTY.items():
        if name == header or (header.endswith("/") and name.startswith(header)):
            if layer in layers:
                return None
            return f'{layer} may not include <{name}>; only {" ".join(layers) or "tests"} may'
    if name not in LIBC and not name.startswith(("sys/", "arpa/", "netinet/")):
        return f"<{name}> is a stranger; name it in tests/tidy/test_includes.py with its layers"
    sees_all = layer in ("services/base", "services/live")
    if layer.startswith("services/") and not sees_all and name not in SERVICE_LIBC:
        seen = " ".join(sorted(SERVICE_LIBC))
        return f"{layer} may not include <{name}>; of libc a service sees {seen}"
    return None


def judge_line(layer, text, root):
    """What is wrong with this line, or None."""
    match = INCLUDE.match(text)
    if match is None:
        return None
    if layer not in RULES:
        return f"the layer {layer} has no rule in tests/tidy/test_includes.py"
    operand = match.group(1)
    if len(operand) > 2 and operand[0] == '"' and operand[-1] == '"':
        return judge_quoted(layer, operand[1:-1], root)
    if len(operand) > 2 and operand[0] == "<" and operand[-1] == ">":
        return judge_angled(layer, operand[1:-1])
    return f"#include {operand} hides what it includes"


def judge_tree(root):
    """Every violation, as path:line: finding, and how many lines were read."""
    findings, seen = [], 0
    for path in sorted(p for top in ("sim", "services") for p in (root / top).rglob("*.[ch]")):
        name = path.relative_to(root).as_posix()
        for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            seen += INCLUDE.match(text) is not None
            finding = judge_line(layer_of(name), text, root)
            if finding is not None:
                findings.append(f"{name}:{number}: {finding}")
    return findings, seen


WRONG_TREE = {
    "services/base/check.h": "",
    "services/likes/likes.h": "",
    "services/delivery/delivery.c": '#include "services/likes/likes.h"\n',
    "services/likes/likes.c": '#include "services/likes/likes.h"\n#include <string.h>\n'
                              "#include <time.h>\n",
    "services/base/low.c": '#include "sim/engine/events.h"\n',
    "sim/engine/events.h": '#include "services/base/check.h"\n#include <stdint.h>\n',
    "sim/engine/events.c": '#include "services/likes/likes.h"\n',
    "sim/report/table.c": "#include <yaml.h>\n#include <jansson.h>\n",
    "sim/measure/series.c": '#  include "check.h" /* Not from the root. */\n#include <zlib.h>\n',
    "sim/attic/old.c": "#include <stdio.h>\n",
    "sim/main.c": '#include "sim/engine/events.h"\n#include HEADER\n',
}
WRONG_LINES = ["services/base/low.c:1", "services/delivery/delivery.c:1",
               "services/likes/likes.c:3", "sim/attic/old.c:1", "sim/engine/events.c:1",
               "sim/main.c:2", "sim/measure/series.c:1", "sim/measure/series.c:2",
               "sim/report/table.c:1"]


def wrong_tree_is_caught():
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, text in WRONG_TREE.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        caught = [":".join(finding.split(":")[:2]) for finding in judge_tree(root)[0]]
    if caught != WRONG_LINES:
        print(f"the planted violations are {WRONG_LINES}\nbut what was caught is {caught}")
    return caught == WRONG_LINES


def main():
    root = Path(os.environ.get("SOURCE_DIR", Path(__file__).resolve().parents[2]))
    if not wrong_tree_is_caught():
        return 1
    findings, seen = judge_tree(root)
    print("\n".join(findings + [f"{seen} include lines read, {len(findings)} against the rule"]))
    return 1 if findings or seen == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
