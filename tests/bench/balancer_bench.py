#!/usr/bin/env python3
"""balancer_bench.py — What a balancer adds to a request: ours, nginx and HAProxy, side by side.

One backend (sim-node custom whose one step takes no time) is asked directly and through each of the
three, each a single process with kept connections to it; bench_open_loop asks them in turn, a
quarter of a second each, on 64 connections, at 1,000, 2,000 and 3,000 requests a second:

    bench_open_loop --> backend                 the direct way
                    --> sim-node balancer --> backend
                    --> nginx             --> backend
                    --> haproxy           --> backend

"Added" is a round's p50 (or p99) less the direct one's of the same round, so what the machine did
meanwhile is in both; of the rounds the median counts, with the least and the most beside it. Our
balancer runs with `work: 0s`: by default it also emulates 30 us of processor time, which is the
model's and not the proxy's. A round whose asker was late (p99 of the lag over 2 ms) is said.

    ninja -C BUILD sim sim-node bench_open_loop
    python3 tests/bench/balancer_bench.py BUILD [ROUNDS [SECONDS]]
"""

import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RATES = (1000, 2000, 3000)
CONNECTIONS = 64
WAYS = ("direct", "sim", "nginx", "haproxy")

SCENARIO = """
version: 1
name: balancer-bench
duration: 10s
load: [{rate: 10/s}]
services: {web: {replicas: 1, in_flight: 10k, steps: [{compute: 0s}]}}
balancer: {policy: least_connections, timeout: 5s, work: 0s}
"""

NGINX = """
worker_processes 1;
daemon off;
pid FOLDER/nginx.pid;
error_log FOLDER/nginx.log;
events { worker_connections 4096; }
http {
    access_log off;
    keepalive_requests 100000000;
    client_body_temp_path FOLDER/body;
    proxy_temp_path FOLDER/proxy;
    fastcgi_temp_path FOLDER/fastcgi;
    uwsgi_temp_path FOLDER/uwsgi;
    scgi_temp_path FOLDER/scgi;
    upstream web { server 127.0.0.1:BACKEND; keepalive 128; keepalive_requests 100000000; }
    server {
        listen 127.0.0.1:PORT;
        location / {
            proxy_pass http://web;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }
    }
}
"""

HAPROXY = """
global
    nbthread 1
    maxconn 4096
defaults
    mode http
    timeout client 60s
    timeout server 60s
    timeout connect 5s
    http-reuse always
frontend front
    bind 127.0.0.1:PORT
    default_backend web
backend web
    server web0 127.0.0.1:BACKEND
"""


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def wait_for(port):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"nobody listens on port {port}")


def start(words):
    return subprocess.Popen([str(word) for word in words], stdout=subprocess.DEVNULL)


def start_all(build, folder, ports):
    def config(name, text):
        for mark, value in (("FOLDER", folder), ("BACKEND", ports["direct"]),
                            ("PORT", ports.get(name.split(".")[0]))):
            text = text.replace(mark, str(value))
        (folder / name).write_text(text, encoding="utf-8")
        return folder / name

    scenario = config("bench.yaml", SCENARIO)
    node = [build / "sim", "node", scenario]
    front = f"127.0.0.1:{ports['sim']}"
    yield start([*node, "web/balancer", "--listen", front])
    wait_for(ports["sim"])
    yield start([*node, "web", "--listen", f"127.0.0.1:{ports['direct']}", "--front", front])
    wait_for(ports["direct"])
    yield start(["nginx", "-c", config("nginx.conf", NGINX), "-e", folder / "nginx.log"])
    yield start(["haproxy", "-f", config("haproxy.cfg", HAPROXY)])
    wait_for(ports["nginx"])
    wait_for(ports["haproxy"])


def one_round(build, ports, rate, seconds, turn):
    """{way: (p50, p99)} in us, and whether the asker was late. Each round begins with another."""
    order = WAYS[turn % 4:] + WAYS[:turn % 4]
    words = [build / "tests/bench/bench_open_loop", rate, seconds, CONNECTIONS]
    words += [ports[way] for way in order]
    out = subprocess.run([str(word) for word in words], capture_output=True, text=True,
                         check=True, timeout=60 + 8 * seconds).stdout
    found, is_late = {}, False
    for way, line in zip(order, out.splitlines()):
        _, _, errors, p50, p99, _, _, lag_p99 = line.split()
        if int(errors) > 0:
            sys.exit(f"{way}: {errors} requests failed at {rate}/s")
        found[way] = (float(p50), float(p99))
        is_late |= float(lag_p99) > 2000
    return found, is_late


def show(rate, rounds, late):
    print(f"\n{rate}/s, {len(rounds)} rounds, in {late} of them the asker was late; us")
    print(f"  {'':8} {'p50':>7} {'added p50':>10} {'(min … max)':>18} {'added p99':>10}"
          f" {'(min … max)':>20}")
    added = {}
    for way in WAYS:
        line = f"  {way:8} {statistics.median(r[way][0] for r in rounds):7.0f}"
        for i in (0, 1):
            more = [r[way][i] - r["direct"][i] for r in rounds]
            added[way, i] = statistics.median(more)
            if way != "direct":
                spread = f"({min(more):.0f} … {max(more):.0f})"
                line += f" {added[way, i]:10.0f} {spread:>{18 + 2 * i}}"
        print(line)
    for other in ("nginx", "haproxy"):
        each = [(r["sim"][0] - r["direct"][0]) / (r[other][0] - r["direct"][0]) for r in rounds
                if r[other][0] > r["direct"][0]]
        print(f"  sim / {other}: added p50 {added['sim', 0] / added[other, 0]:.2f}"
              f" (by round {min(each):.2f} … {max(each):.2f})", flush=True)
    return all(added["sim", 0] <= added[other, 0] for other in ("nginx", "haproxy"))


def main():
    build = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ["BUILD_DIR"])
    rounds_max = int(sys.argv[2]) if len(sys.argv) > 2 else 9
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 3
    for program in ("nginx", "haproxy"):
        if shutil.which(program) is None:
            sys.exit(f"{program} is missing: apt install {program}")
    ports = dict(zip(WAYS, free_ports(4)))
    processes = []
    with tempfile.TemporaryDirectory(prefix="simb-") as name:
        try:
            for process in start_all(build, Path(name), ports):
                processes.append(process)
            print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
            results = {rate: [] for rate in RATES}
            late = dict.fromkeys(RATES, 0)
            for turn in range(rounds_max):
                for rate in RATES:
                    found, is_late = one_round(build, ports, rate, seconds, turn)
                    results[rate].append(found)
                    late[rate] += is_late
            is_no_worse = all([show(rate, results[rate], late[rate]) for rate in RATES])
        finally:
            for process in processes:
                process.send_signal(signal.SIGTERM)
            for process in processes:
                process.wait(timeout=30)
    print("\nour added p50 is " + ("no worse than both at every rate" if is_no_worse else
                                   "worse than one of them at some rate"))
    return 0 if is_no_worse else 1


if __name__ == "__main__":
    sys.exit(main())
