#!/usr/bin/env python3
"""test_memcached_run.py — `sim run --live` with store.kind: memcached, as its user finds it.

  - in fair weather the number shown is right, and the store says which one it is;
  - memcached killed and started again is empty: no acknowledged like is lost, the number shown is
    off, and that is measured; stopped, it stops nobody;
  - one of the user's own is used, loses nothing that is not ours, and is not flushed; what a run
    has left there has a time to live;
  - what cannot be (nodes of somebody else on it, one that is not there, one far away) is said with
    the cure and an exit code; kill -9 of sim leaves no memcached behind.

Without memcached it is skipped, loudly. Nothing here depends on how fast the machine is.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIM = os.environ["SIM"]
SOURCE = Path(os.environ["SOURCE_DIR"])

STORY = """
version: 1
name: memcached-live
duration: {duration}s
drain: 60s
load:
  - {{verb: like, rate: 120/s, keys: {{dist: zipf, s: 1.2, n: 60}}, people: 5k}}
  - {{verb: count, rate: 20/s, keys: {{dist: zipf, s: 1.2, n: 60}}, people: 5k}}
  - {{verb: menu, rate: 60/s, keys: {{dist: zipf, s: 1, n: 200}}}}
services:
  likes: {{replicas: 2, design: batched, ack: queue, timeouts: {{store: {patience}}}}}
  delivery: {{replicas: 1, menu: {{cache: true}}, timeouts: {{store: {patience}}}}}
  batcher: {{topic: likes, replicas: 1, batch: 200, linger: 50ms}}
balancer: {{policy: least_connections, timeout: 10s}}
store: {{kind: memcached}}
faults: [{faults}]
thresholds: [requests.lost < 50%]
"""

failures = []


def expect(is_so, what):
    if not is_so:
        failures.append(what)
        print(f"FAILED: {what}", flush=True)


def sim(*words, **options):
    return subprocess.run([SIM, *words], capture_output=True, text=True, timeout=240, **options)


def write(folder, duration=3, faults="", patience="20s"):
    path = Path(folder) / "story.yaml"
    text = STORY.format(duration=duration, faults=faults, patience=patience)
    path.write_text(text, encoding="utf-8")
    return str(path)


def run(path, *words):
    import jsonschema

    done = sim("run", path, "--live", "--json", "-q", *words)
    expect(done.returncode == 0, f"exit code {done.returncode}: {done.stderr}")
    if done.returncode != 0:
        return None
    document = json.loads(done.stdout)
    jsonschema.validate(document, json.loads((SOURCE / "sim/report/result.schema.json").read_text()))
    variant = document["variants"][0]
    expect(variant["invariants"]["violated"] == 0, f"invariants: {variant['invariants']}")
    expect(variant["likes"]["lost"] == 0, f"an acknowledged like is lost: {variant['likes']}")
    expect(variant["store"]["kind"] == "memcached", f"which store: {variant['store']}")
    return variant


class Server:
    """One of the user's, on a port of its own."""

    def __init__(self, folder):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.port = listener.getsockname()[1]
        words = ["memcached", "-l", "127.0.0.1", "-p", str(self.port), "-U", "0"]
        if os.geteuid() == 0:
            words += ["-u", "root"]
        self.process = subprocess.Popen(words, cwd=folder)
        end = time.monotonic() + 30
        while time.monotonic() < end and not self.answers():
            time.sleep(0.05)

    def answers(self):
        try:
            return self.ask("version\r\n", "\r\n").startswith("VERSION")
        except OSError:
            return False

    def ask(self, words, end):
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as wire:
            wire.sendall(words.encode())
            text = ""
            while not text.endswith(end):
                more = wire.recv(65536).decode()
                if not more:
                    break
                text += more
        return text

    def keys(self):
        """{key: seconds to live, -1: for ever}"""
        lines = self.ask("lru_crawler metadump all\r\n", "END\r\n").splitlines()
        found = {}
        for line in lines:
            words = dict(word.split("=", 1) for word in line.split() if "=" in word)
            if "key" in words:
                until = int(words["exp"])
                found[words["key"].replace("%3A", ":")] = until if until < 0 else until - time.time()
        return found

    def stop(self):
        self.process.kill()
        self.process.wait()


def fair_weather(folder):
    variant = run(write(folder))
    if variant is not None:
        expect(variant["likes"]["shown_off"] == 0, f"the number shown: {variant['likes']}")
        expect(variant["store"]["hits"] > 0, f"somebody found something: {variant['store']}")


def dies_and_comes_back_empty(folder):
    variant = run(write(folder, 5, "{at: 3s, for: 500ms, kind: crash, target: store}"))
    if variant is not None:
        expect(variant["likes"]["shown_off"] > 0, f"it forgot, and it shows: {variant['likes']}")
        expect(variant["requests"]["ok"] > 0, f"but it stopped nobody: {variant['requests']}")


def stands_still(folder):
    variant = run(write(folder, 4, "{at: 1s, for: 2s, kind: pause, target: store}", "50ms"))
    if variant is not None:
        expect(variant["requests"]["ok"] + variant["requests"]["late"] > 0,
               f"it stopped nobody: {variant['requests']}")


def somebodys_own(folder):
    server = Server(folder)
    try:
        server.ask("set theirs 0 0 4\r\nkept\r\n", "\r\n")
        variant = run(write(folder), "--memcached", f"127.0.0.1:{server.port}")
        expect(variant is None or variant["likes"]["shown_off"] == 0, f"counts: {variant}")
        expect("kept" in server.ask("get theirs\r\n", "END\r\n"), "what was theirs is still there")
        keys = server.keys()
        ours = {key: left for key, left in keys.items() if key.startswith("sim:")}
        expect(len(ours) > 0, f"the run was on it: {list(keys)[:5]}")
        expect(all(0 < left < 1000 for left in ours.values()),
               f"what is ours goes by itself: {sorted(ours.items(), key=lambda one: one[1])[:3]}")
        expect(keys.get("theirs") == -1, f"theirs does not: {keys.get('theirs')}")
    finally:
        server.stop()


def what_cannot_be(folder):
    path = write(folder)
    for words, code, said in (
            (("--memcached", "127.0.0.1:1"), 5, "127.0.0.1:1"),
            (("--memcached", "192.0.2.1:11211"), 1, "--allow-remote"),
            (("--memcached", "127.0.0.1:1", "--kafka", "127.0.0.1:1", "--db", "postgres://127.0.0.1/x",
              "--attach", "127.0.0.1:1"), 1, "cannot forget the keys")):
        done = sim("run", path, "--live", *words)
        expect(done.returncode == code and said in done.stderr,
               f"{words}: {done.returncode} {done.stderr}")
    bare = sim("run", path, "--live", env={**os.environ, "PATH": str(Path(SIM).parent)})
    expect(bare.returncode == 5 and "apt install memcached" in bare.stderr,
           f"without memcached: {bare.returncode} {bare.stderr}")


def descendants(pid):
    found = subprocess.run(["ps", "-o", "pid=,comm=", "--ppid", str(pid)], capture_output=True,
                           text=True)
    return [line.split() for line in found.stdout.splitlines()]


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def killed(folder):
    process = subprocess.Popen([SIM, "run", write(folder, 60), "--live", "-q"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 60
    servers = []
    while not servers and time.monotonic() < end:
        servers = [int(pid) for pid, name in descendants(process.pid) if name == "memcached"]
        time.sleep(0.05)
    expect(len(servers) == 1, f"one memcached of its own: {servers}")
    process.send_signal(signal.SIGKILL)
    process.wait()
    end = time.monotonic() + 30
    while any(is_alive(pid) for pid in servers) and time.monotonic() < end:
        time.sleep(0.05)
    expect(not any(is_alive(pid) for pid in servers), "memcached outlives sim")


def main():
    if shutil.which("memcached") is None:
        print("SKIPPED: memcached is not installed; `./bootstrap.sh test` installs it, or by hand: "
              "apt install memcached")
        return 77
    for name in ("SIM_REDIS", "SIM_MEMCACHED", "SIM_KAFKA", "SIM_DB"):
        os.environ.pop(name, None)
    for part in (fair_weather, dies_and_comes_back_empty, stands_still, somebodys_own,
                 what_cannot_be, killed):
        with tempfile.TemporaryDirectory() as folder:
            print(part.__name__, flush=True)
            part(folder)
    print(f"{len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
