#!/usr/bin/env python3
"""test_live_cli.py — `sim run --live` as its user finds it: real processes, the same report, nothing
left behind.

  - the people are those of the virtual world: the same seed offers the same requests;
  - the document is the published one, the invariants hold, an acknowledged like is there once;
  - Ctrl-C leaves a partial report, or nothing before there was anything to report; kill -9 of sim leaves no process and no folder;
  - a server that is not there, or not on this machine, is said with the cure and an exit code,
    in English or in Russian.

Nothing here depends on how fast the machine is.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIM = os.environ["SIM"]
SOURCE = Path(os.environ["SOURCE_DIR"])

LIKES = """
version: 1
name: likes-live
duration: 5s
drain: 60s
load:
  - {verb: like, rate: 150/s, keys: {dist: zipf, s: 1.2, n: 100}, people: 5k}
  - {verb: count, rate: 50/s, keys: {dist: zipf, s: 1.2, n: 100}, people: 5k}
services:
  likes: {replicas: 2, design: batched, ack: queue}
  batcher: {topic: likes, replicas: 2, batch: 200, linger: 50ms}
balancer: {policy: least_connections, timeout: 10s}
thresholds: [requests.lost < 50%]
"""

ORDERS = """
version: 1
name: orders-live
duration: 5s
drain: 60s
load:
  - {verb: order, rate: 60/s, keys: {dist: zipf, s: 1.1, n: 100}, zones: 4,
     amount: {dist: lognormal, mean: 900.00 RUB, cv: 0.5}}
  - {verb: menu, rate: 60/s, keys: {dist: zipf, s: 1.1, n: 100}}
  - {verb: track, rate: 30/s}
services:
  delivery: {replicas: 2, orders: queued, menu: {cache: true, ttl: 2s, single_flight: true}}
  batcher: {topic: orders, replicas: 2, batch: 100, linger: 100ms}
balancer: {policy: round_robin, timeout: 10s}
thresholds: [requests.lost < 50%]
"""

CUSTOM = """
version: 1
name: custom-live
duration: 4s
load: [{rate: 80/s}]
services: {server: {replicas: 2, steps: [{compute: {dist: exponential, mean: 2ms}}]}}
balancer: {policy: two_choices, timeout: 10s}
"""

failures = []


def expect(is_so, what):
    if not is_so:
        failures.append(what)
        print(f"FAILED: {what}", flush=True)


def sim(*words, **options):
    return subprocess.run([SIM, *words], capture_output=True, text=True, timeout=240, **options)


def write(folder, name, text):
    path = Path(folder) / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def folders():
    """Ours alone: others may be running sim as well."""
    return {p.name for p in Path(os.environ["TMPDIR"]).glob("sim-??????")}


def children_of(pid):
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True)
    return [int(word) for word in found.stdout.split()]


def is_alive(pid):
    """Not gone, and not a zombie that waits for somebody to read its end."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def keeps_cores_awake(pid):
    return any(os.readlink(link) == "/dev/cpu_dma_latency"
               for link in Path(f"/proc/{pid}/fd").iterdir())


def wait_until(holds, seconds):
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.05)
    return holds()


def judge_document(text, name):
    import jsonschema

    schema = json.loads((SOURCE / "sim/report/result.schema.json").read_text(encoding="utf-8"))
    document = json.loads(text)
    jsonschema.validate(document, schema)
    expect(document["engine"] == "live", f"{name}: the engine is live")
    variant = document["variants"][0]
    requests = variant["requests"]
    expect(variant["invariants"]["violated"] == 0, f"{name}: {variant['invariants']}")
    expect(requests["offered"] == requests["ok"] + requests["late"] + requests["in_flight"] +
           sum(requests["failed"].values()), f"{name}: the accounts balance: {requests}")
    return variant


def the_same_people_ask(folder):
    for name, text in (("likes", LIKES), ("orders", ORDERS), ("custom", CUSTOM)):
        path = write(folder, f"{name}.yaml", text)
        live = sim("run", path, "--live", "--json", "-q")
        expect(live.returncode == 0, f"{name}: exit code {live.returncode}: {live.stderr}")
        if live.returncode != 0:
            continue
        measured = judge_document(live.stdout, name)
        simulated = json.loads(sim("run", path, "--json").stdout)["variants"][0]
        expect(measured["requests"]["offered"] == simulated["requests"]["offered"],
               f"{name}: offered {measured['requests']['offered']} live and "
               f"{simulated['requests']['offered']} in virtual time")
        if name == "likes":
            expect(measured["likes"] is not None and measured["likes"]["lost"] == 0 and
                   measured["likes"]["acknowledged"] > 100, f"likes: {measured['likes']}")
        if name == "orders":
            expect(measured["money"]["revenue"] > 0, f"orders: {measured['money']}")
        station = measured["services"][next(iter(simulated["services"]))]
        expect(station["utilization"] > 0, f"{name}: its utilisation was measured: {station}")


def start_long(folder):
    path = write(folder, "long.yaml", LIKES.replace("duration: 5s", "duration: 60s"))
    before = folders()
    process = subprocess.Popen([SIM, "run", path, "--live", "--json"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    # Two likes, two batchers, a balancer, Redis, the broker, and the one who cleans up.
    expect(wait_until(lambda: len(children_of(process.pid)) >= 8, 60), "all children have started")
    expect("asked" in process.stderr.readline(), "it tells how it goes, ten seconds after it began")
    return process, before


def an_interruption_leaves_a_partial_report(folder):
    process, before = start_long(folder)
    expect(keeps_cores_awake(process.pid) == os.access("/dev/cpu_dma_latency", os.W_OK),
           "cores are kept awake where that is allowed")
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=90)
    expect(process.returncode == 130, f"Ctrl-C: exit code {process.returncode}")
    document = json.loads(out)
    expect(document["variants"][0]["end"] == "interrupted", "the report says that it is partial")
    expect(document["variants"][0]["requests"]["offered"] > 0, "and has what there was")
    expect(wait_until(lambda: folders() <= before, 20), f"folders stay: {folders() - before}")


def an_interrupted_start_ends_at_once(folder):
    """While servers and nodes start and consumers join there is nothing to report yet."""
    path = write(folder, "start.yaml", LIKES)
    before = folders()
    for children in (1, 3, 8):  # The one who cleans up; servers; nodes, whose consumers now join.
        process = subprocess.Popen([SIM, "run", path, "--live", "--json"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        expect(wait_until(lambda: len(children_of(process.pid)) >= children, 60),
               f"{children} children have started")
        born = children_of(process.pid)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
        expect(process.returncode == 130, f"start, {children}: exit code {process.returncode}")
        expect(out == "", f"start, {children}: a report about nothing: {out[:100]}")
        expect(not any(is_alive(pid) for pid in born), f"start, {children}: children live on")
        expect(folders() <= before, f"start, {children}: folders stay: {folders() - before}")


def what_is_the_users_stays_theirs(folder):
    import sqlite3

    path = write(folder, "likes.yaml", LIKES)
    theirs = Path(folder) / "theirs.db"
    base = sqlite3.connect(theirs)
    base.execute("CREATE TABLE t (a)")
    base.close()
    run = sim("run", path, "--live", "-q", "--allow-remote", "--db", str(theirs))
    expect(run.returncode == 5 and "already" in run.stderr, f"{run.returncode} {run.stderr}")
    expect(theirs.exists(), "a database that was there before is there afterwards")
    run = sim("run", path, "--live", "--run", "theirs")
    expect(run.returncode == 2 and "--attach" in run.stderr, f"{run.returncode} {run.stderr}")
    for name in ("a*", "a b", "../x", "a" * 24):
        run = sim("run", path, "--live", "--attach", "127.0.0.1:1", "--run", name)
        expect(run.returncode == 1 and "letters, digits" in run.stderr,
               f"{name}: {run.returncode} {run.stderr}")


def a_password_is_not_repeated(folder):
    path = write(folder, "likes.yaml", LIKES)
    for url, shown in (
            ("postgres://me:s3cret@127.0.0.1/x", "postgres://me@127.0.0.1/x"),
            ("postgres://me:s3/c@ret@127.0.0.1/x", "postgres://me@127.0.0.1/x"),
            ("postgres://me@[::1]:5/x?a=b&password=s3cret&c=d", "postgres://me@[::1]:5/x?a=b&c=d"),
            ("postgres://127.0.0.1/x?%70assword=s3cret", "postgres://127.0.0.1/x"),
            ("postgres://127.0.0.1:5432/x", "postgres://127.0.0.1:5432/x")):
        run = sim("run", path, "--set", "duration=1s", "--db", url, "--json")
        repeat = json.loads(run.stdout)["repeat"]
        expect("s3" not in run.stdout and "ret@" not in run.stdout, f"{url}: {repeat}")
        expect(repeat.replace("'", "").endswith(f"--db {shown}"), f"{url}: {repeat}")


def nor_is_rabbitmqs(folder):
    path = write(folder, "likes.yaml", LIKES)
    run = sim("run", path, "--set", "duration=1s", "--rabbitmq", "me:s3cret@127.0.0.1:1", "--json")
    repeat = json.loads(run.stdout)["repeat"].replace("'", "")
    expect(repeat.endswith("--rabbitmq me@127.0.0.1:1"), repeat)


def a_fault_that_never_ends_leaves_a_report(folder):
    for kind, target in (("crash", "store"), ("pause", "store"), ("crash", "table"),
                         ("crash", "queue")):
        text = LIKES.replace("drain: 60s", "drain: 1s")
        path = write(folder, "fault.yaml",
                     text + f"faults: [{{at: 4500ms, kind: {kind}, target: {target}}}]\n")
        run = sim("run", path, "--live", "--json", "-q")
        expect(run.returncode in (0, 99), f"{kind} {target}: {run.returncode} {run.stderr}")
        expect(run.stdout != "" and
               json.loads(run.stdout)["variants"][0]["requests"]["ok"] > 0,
               f"{kind} {target}: there is a report")


def faults_that_overlap_are_one(folder):
    """Each short one ends, at 3 s, inside a long one: what it struck stays away until that ends,
    at 5.25 s, and is back then. Series are looked at at full seconds: nothing long ends on one."""
    for kind, target in (("pause", "table"), ("crash", "store"), ("crash", "likes/0")):
        path = write(folder, "overlap.yaml", LIKES.replace("duration: 5s", "duration: 15s") +
                     f"faults: [{{at: 1250ms, for: 4s, kind: {kind}, target: {target}}},\n"
                     f"  {{at: 2s, for: 1s, kind: {kind}, target: {target}}}]\n")
        run = sim("run", path, "--live", "--json", "-q")
        expect(run.returncode in (0, 99), f"{kind} {target}: {run.returncode} {run.stderr}")
        if run.stdout == "":
            continue
        variant = json.loads(run.stdout)["variants"][0]
        expect(variant["invariants"]["violated"] == 0, f"{kind} {target}: {variant['invariants']}")
        expect(variant["queue"]["lag_end"] == 0, f"{kind} {target}: the log is worked off")
        series = variant["series"]
        if target == "table":  # 150 likes a second that nobody can write, for 3.75 s.
            expect(0 < series["lag"][2] <= series["lag"][3] <= series["lag"][4] > 450,
                   f"the table is held to the end: {series['lag']}")
        if target == "likes/0":
            expect(series["replicas"][3] < series["replicas"][0] and
                   series["replicas"][0] in series["replicas"][5:],
                   f"the replica is away to the end: {series['replicas']}")


def a_log_has_so_many_partitions(folder):
    path = write(folder, "likes.yaml", LIKES)
    run = sim("run", path, "--live", "--set", "queue.partitions=100")
    expect(run.returncode == 1 and "at most 64 partitions" in run.stderr,
           f"100 partitions: {run.returncode} {run.stderr}")


def a_log_that_nobody_reads_holds_nobody_up(folder):
    """There is no table then whose offsets would tell that it is drained: 300 s would pass."""
    path = write(folder, "put.yaml", "version: 1\nduration: 2s\ndrain: 300s\n"
                 "load: [{rate: 50/s}]\nservices: {web: {steps: [{put: {}}]}}\n")
    with tempfile.TemporaryDirectory() as here:
        run = sim("run", path, "--live", "-q", "--json", cwd=here)
        expect(os.listdir(here) == [], f"left where it was started: {os.listdir(here)}")
    expect(run.returncode == 0, f"put alone: {run.returncode} {run.stderr}")


def a_closed_standard_input_disturbs_nobody(folder):
    """The first file that is opened would take its place, and a child's log be lost in it."""
    path = write(folder, "likes.yaml", LIKES)
    run = subprocess.run(["sh", "-c", 'exec "$0" run "$1" --live --set duration=2s -q --json <&- 2>&-',
                          SIM, path], stdout=subprocess.PIPE, text=True, check=False, timeout=120)
    expect(run.returncode in (0, 99) and run.stdout != "", f"<&- 2>&-: {run.returncode}")


def a_killed_sim_leaves_nothing(folder):
    process, before = start_long(folder)
    children = children_of(process.pid)
    expect(len(folders() - before) >= 1, "there is a folder while it runs")
    process.kill()
    process.communicate(timeout=60)
    expect(wait_until(lambda: not any(is_alive(pid) for pid in children), 30),
           f"children live on: {[pid for pid in children if is_alive(pid)]}")
    expect(wait_until(lambda: folders() <= before, 30), f"folders stay: {folders() - before}")


def what_is_missing_is_said(folder):
    path = write(folder, "likes.yaml", LIKES)
    cases = [
        (("--redis", "127.0.0.1:1"), 5, "127.0.0.1:1"),
        (("--kafka", "127.0.0.1:1"), 5, "127.0.0.1:1"),
        (("--db", "postgres://127.0.0.1:1/sim?connect_timeout=2"), 5, "database"),
        (("--redis", "192.0.2.1:6379"), 1, "--allow-remote"),
        (("--db", "postgres://192.0.2.1/sim"), 1, "--allow-remote"),
        (("--db", "postgres://127.0.0.1:1,192.0.2.1:2/sim"), 1, "--allow-remote"),
        (("--seeds", "3"), 2, "one seed"),
    ]
    for words, code, said in cases:
        run = sim("run", path, "--live", *words)
        expect(run.returncode == code, f"{words}: exit code {run.returncode}, {run.stderr}")
        expect(said in run.stderr, f"{words}: {run.stderr!r} does not say {said!r}")
    bare = {**os.environ, "PATH": "/nowhere"}
    run = sim("run", path, "--live", env=bare)
    expect(run.returncode == 5 and "apt install redis-server" in run.stderr,
           f"without redis-server: {run.returncode} {run.stderr}")


def what_is_wrong_is_said_in_both_languages(folder):
    path = write(folder, "likes.yaml", LIKES)
    theirs = write(folder, "theirs.db", "")
    uses = "--redis, --kafka, --rabbitmq, --db"
    cases = [
        (("--redis", "127.0.0.1:1"), "Redis at 127.0.0.1:1 does not answer: Connection refused",
         "Redis по адресу 127.0.0.1:1 не отвечает: Connection refused"),
        (("--redis", "192.0.2.1:1"),
         "192.0.2.1:1 is not on this machine; --allow-remote says that it is meant",
         "192.0.2.1:1 — не на этой машине; если так и задумано, добавьте --allow-remote"),
        (("--attach", "127.0.0.1:1"),
         f"this variant uses Redis Kafka PostgreSQL; say where its nodes find them: {uses}",
         f"этот вариант использует Redis Kafka PostgreSQL; укажите, где их найдут узлы: {uses}"),
        (("--allow-remote", "--db", theirs),
         f"the tables cannot be made: {theirs} is there already; remove it first",
         f"не удалось создать таблицы: {theirs} уже есть; сначала удалите"),
    ]
    for words, *sentences in cases:
        for lang, said in zip(("en", "ru"), sentences):
            run = sim("run", path, "--live", "--lang", lang, *words)
            expect(run.stderr == f"sim run --live: {said}\n", f"{lang}, {words}: {run.stderr!r}")
    run = sim("prepare", path, "--lang", "ru")
    expect(run.returncode == 2 and "sim prepare: этот вариант использует Redis" in run.stderr,
           f"prepare: {run.returncode} {run.stderr!r}")


def that_nobody_is_there_is_said_in_both_languages(folder):
    """Side by side: each waits for half a minute."""
    path = write(folder, "custom.yaml", CUSTOM)
    said = {
        "en": "nobody answers for server at 127.0.0.1:1; are its balancer and a replica up, and of "
              "this variant?",
        "ru": "server по адресу 127.0.0.1:1 не отвечает: запущены ли его балансировщик и реплика "
              "и тот ли это вариант?"}
    asked = {lang: subprocess.Popen([SIM, "run", path, "--live", "--attach", "127.0.0.1:1",
                                     "--lang", lang], stderr=subprocess.PIPE, text=True)
             for lang in said}
    for lang, process in asked.items():
        _, wrong = process.communicate(timeout=120)
        expect(process.returncode == 5, f"{lang}, nobody there: exit code {process.returncode}")
        expect(wrong == f"sim run --live: {said[lang]}\n", f"{lang}: {wrong!r}")


def main():
    with tempfile.TemporaryDirectory(prefix="t-", dir="/tmp") as place:
        os.environ["TMPDIR"] = place
        return try_all()


def try_all():
    before = folders()
    with tempfile.TemporaryDirectory() as folder:
        the_same_people_ask(folder)
        an_interrupted_start_ends_at_once(folder)
        an_interruption_leaves_a_partial_report(folder)
        what_is_the_users_stays_theirs(folder)
        a_password_is_not_repeated(folder)
        nor_is_rabbitmqs(folder)
        a_fault_that_never_ends_leaves_a_report(folder)
        faults_that_overlap_are_one(folder)
        a_log_has_so_many_partitions(folder)
        a_log_that_nobody_reads_holds_nobody_up(folder)
        a_closed_standard_input_disturbs_nobody(folder)
        a_killed_sim_leaves_nothing(folder)
        what_is_missing_is_said(folder)
        what_is_wrong_is_said_in_both_languages(folder)
        that_nobody_is_there_is_said_in_both_languages(folder)
    expect(wait_until(lambda: folders() <= before, 20), f"folders stay: {folders() - before}")
    print(f"{len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
