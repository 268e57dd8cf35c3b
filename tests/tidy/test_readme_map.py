#!/usr/bin/env python3
"""test_readme_map.py — The README's map names what exists, and what exists is on it.

The map is the first fenced block under the README's heading that has the word "map" in it:

    ## The map

    ```
    sim/             the program `sim`
      main.c           reads like the data flow
      engine/          under all of it
    services/        the code under study
      base/  port/     lists, heap, check(); the port headers
    ```

A line starts with one path, or several with two spaces or more between them, relative to the line
that it is indented under; what follows is prose. A path ends in a slash, or has a dot in it, or is
what stands first on its line. Two things are held: every path on the map exists, and every folder
of sim/ and services/ that holds a file is on the map.
"""

import os
import re
import sys
from pathlib import Path

PATH = re.compile(r"^[\w./-]+$")


def map_lines(readme):
    """The lines of the map with their numbers; empty where there is no map."""
    lines, state = [], "before"
    for number, text in enumerate(readme.splitlines(), start=1):
        if state == "before" and re.match(r"^#+ .*\bmap\b", text, re.IGNORECASE):
            state = "heading"
        elif state == "heading" and text.startswith("```"):
            state = "inside"
        elif state == "inside" and text.startswith("```"):
            break
        elif state == "inside":
            lines.append((number, text))
    return lines


def paths_of_line(text):
    """The paths that a line of the map starts with."""
    columns = [column for column in re.split(r"\s{2,}", text.strip()) if column]
    paths = []
    for place, column in enumerate(columns):
        if not PATH.match(column) or (place > 0 and "/" not in column and "." not in column):
            break
        paths.append(column.rstrip("/"))
    return paths


def paths_of_map(lines):
    """(line number, path from the root) of everything on the map."""
    above = []
    for number, text in lines:
        text = re.sub("[│├└─]", " ", text)
        indent = len(text) - len(text.lstrip())
        paths = paths_of_line(text)
        if not paths:
            continue
        while above and above[-1][0] >= indent:
            above.pop()
        parent = above[-1][1] + "/" if above else ""
        above.append((indent, parent + paths[-1]))
        for path in paths:
            yield number, parent + path


def folders_with_files(root):
    for top in ("sim", "services"):
        for folder in sorted(path for path in (root / top).iterdir() if path.is_dir()):
            if any(path.is_file() for path in folder.rglob("*")):
                yield folder.relative_to(root).as_posix()


def judge_map(readme, exists, folders):
    lines = map_lines(readme)
    if not lines:
        return ['README.md:1: no fenced block under a heading with "map" in it']
    named = list(paths_of_map(lines))
    findings = [f"README.md:{number}: the map names {path}, which does not exist"
                for number, path in named if not exists(path)]
    findings += [f"README.md:{lines[0][0]}: the map leaves out {folder}/"
                 for folder in folders if folder not in {path for _, path in named}]
    return findings


WRONG_README = """# sim
## The map
```
sim/             the program
  main.c           the way in
  engine/          under all of it
                   and a line of prose alone
services/        studied
  base/  port/     lists
  ghost/           gone
LICENSE          MIT
```
"""


def wrong_map_is_caught():
    exists = {"sim", "sim/main.c", "sim/engine", "services", "services/base", "services/port",
              "LICENSE"}
    found = judge_map(WRONG_README, exists.__contains__,
                      ["sim/engine", "sim/world", "services/base", "services/port"])
    expected = ["README.md:10: the map names services/ghost, which does not exist",
                "README.md:4: the map leaves out sim/world/"]
    if found != expected or not judge_map("# No chart here\n", exists.__contains__, []):
        print("a wrong map was judged:\n" + "\n".join(found))
        return False
    return True


def main():
    root = Path(os.environ.get("SOURCE_DIR", Path(__file__).resolve().parents[2]))
    if not wrong_map_is_caught():
        return 1
    if not (root / "README.md").is_file():
        print("README.md:1: there is no README.md")
        return 1
    findings = judge_map((root / "README.md").read_text(encoding="utf-8"),
                         lambda path: (root / path).exists(), folders_with_files(root))
    print("\n".join(findings + [f"{len(findings)} findings"]))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
