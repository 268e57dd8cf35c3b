#!/usr/bin/env python3
"""terminal_svg.py — A picture of what a command prints on a terminal, colours and all.

    tests/lib/terminal_svg.py OUT.svg COMMAND [ARG ...]

The command runs on a pseudo-terminal of 100 columns, so it prints what a person would see; the
README's picture is made so. Understood are plain text, new lines, and the SGR sequences for bold,
faint and the eight colours; anything else on the wire is an error, not a guess.
"""

import html
import os
import pty
import re
import struct
import subprocess
import sys

COLUMNS, FONT, LINE = 100, 14, 18
CHARACTER = FONT * 0.6021
COLOURS = {30: "#6b7280", 31: "#f87171", 32: "#4ade80", 33: "#facc15", 34: "#60a5fa",
           35: "#e879f9", 36: "#22d3ee", 37: "#e5e7eb", 90: "#9ca3af"}


def terminal_output(command):
    """What the command prints when its standard output is a terminal."""
    import fcntl
    import termios
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    process = subprocess.Popen(command, stdout=theirs, stderr=subprocess.DEVNULL,
                               env={**os.environ, "TERM": "xterm", "NO_COLOR": ""})
    os.close(theirs)
    chunks = []
    while True:
        try:
            chunk = os.read(ours, 65536)
        except OSError:
            break
        if not chunk:
            break
        chunks.append(chunk)
    process.wait()
    return b"".join(chunks).decode().replace("\r\n", "\n").rstrip("\n")


def spans(line, style):
    """(text, style) pieces of a line; style is carried on to the next line."""
    for piece in re.split(r"(\033\[[0-9;]*m)", line):
        match = re.fullmatch(r"\033\[([0-9;]*)m", piece)
        if not match:
            if piece:
                yield piece, dict(style)
            continue
        for code in map(int, (match.group(1) or "0").split(";")):
            if code == 0:
                style.clear()
            elif code in (1, 2):
                style["weight" if code == 1 else "faint"] = True
            elif code == 22:
                style.pop("weight", None), style.pop("faint", None)
            elif code == 39:
                style.pop("fill", None)
            else:
                style["fill"] = COLOURS[code]


def svg(text, title):
    lines = text.split("\n")
    width, height = COLUMNS * CHARACTER + 32, len(lines) * LINE + 52
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" '
           f'viewBox="0 0 {width:.0f} {height}" font-family="DejaVu Sans Mono, Menlo, Consolas, '
           f'monospace" font-size="{FONT}">',
           f'<title>{html.escape(title)}</title>',
           f'<rect width="{width:.0f}" height="{height}" rx="8" fill="#111827"/>',
           f'<text x="16" y="26" fill="#9ca3af" xml:space="preserve">$ {html.escape(title)}</text>']
    style = {}
    for number, line in enumerate(lines):
        column = 0
        for piece, how in spans(line, style):
            if "\033" in piece:
                raise SystemExit(f"not understood: {piece!r}")
            if piece.strip():
                weight = ' font-weight="bold"' if how.get("weight") else ""
                faint = ' opacity="0.65"' if how.get("faint") else ""
                out.append(f'<text x="{16 + column * CHARACTER:.1f}" y="{52 + number * LINE}" '
                           f'fill="{how.get("fill", "#e5e7eb")}"{weight}{faint} '
                           f'textLength="{len(piece) * CHARACTER:.1f}" xml:space="preserve">'
                           f'{html.escape(piece)}</text>')
            column += len(piece)
    return "\n".join(out + ["</svg>"]) + "\n"


def main():
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    command = sys.argv[2:]
    title = " ".join([os.path.basename(command[0]), *command[1:]])
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        file.write(svg(terminal_output(command), title))


if __name__ == "__main__":
    main()
