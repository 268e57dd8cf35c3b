#!/usr/bin/env python3
"""test_money_live.py — What a live run earns is what its asks say, to the last kopeck.

Who is in which tier, who is a member, how far it is, what is clicked and how the fee stood follow
from the asks alone, and both worlds are asked the same. So where nothing is lost, money on real
processes is money in virtual time, in every account: the fee under a surge, what is paid by the
month, and servers, which are rented for longer than the run.

Nothing here depends on how fast the machine is: nobody loses patience, and no line is ever full.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

SIM = os.environ["SIM"]

SCENARIO = """
version: 1
name: money-live
duration: 4s
drain: 60s
load:
  - verb: menu
    rate: 60/s
    keys: {dist: zipf, s: 1.1, n: 500}
    people: 2k
  - verb: order
    rate: [{at: 0s, rate: 20/s}, {at: 2s, rate: 60/s}]
    keys: {dist: zipf, s: 1.1, n: 500}
    people: 2k
    amount: {dist: lognormal, mean: 900.00 RUB, cv: 0.5}
services:
  delivery: {replicas: 2, line: priority, queue: 10k, work: {write: 1ms, read: 1ms},
             timeouts: {table: 60s}}
balancer: {policy: round_robin, timeout: 60s}
prices:
  tiers: [{name: basic, share: 60%, commission: 15%, subscription: 900.00 RUB},
          {name: top, share: 40%, commission: 30%, subscription: 2900.00 RUB}]
  distance: {mean: 3km, spread: 50%}
  delivery_km: 13.00 RUB
  courier_km: 17.00 RUB
  surge: {from: 25/s, step: 10%, max: 200%, couriers: 40%, window: 1s}
  ads: {cpm: 400.00 RUB, cpc: 12.00 RUB, clicks: 5%}
  premium: {share: 20%, month: 199.00 RUB, order: 49.00 RUB, priority: 2, analytics_share: 10%,
            analytics: 1500.00 RUB}
  support: 150.00 RUB
  rented: 1h
variants:
  whole: {}
  fixed_fee: {prices: {surge: {from: 0/s}}}
"""


def run(path, *words):
    done = subprocess.run([SIM, "run", path, "--seed", "7", "--json", *words],
                          capture_output=True, text=True, timeout=240)
    if done.returncode != 0:
        sys.exit(f"sim {' '.join(words)}: exit {done.returncode}\n{done.stderr}")
    return {variant["name"]: variant for variant in json.loads(done.stdout)["variants"]}


def main():
    with tempfile.TemporaryDirectory(prefix="sim-money-") as folder:
        path = Path(folder) / "money.yaml"
        path.write_text(SCENARIO, encoding="utf-8")
        virtual = run(str(path))
        live = run(str(path), "--live", "--variant", "whole")
    wrong = []
    measured, expected = live["whole"], virtual["whole"]
    if measured["requests"]["ok"] != measured["requests"]["offered"]:
        wrong.append(f"something was lost: {measured['requests']}")
    if measured["invariants"]["violated"] != 0:
        wrong.append(f"invariants: {measured['invariants']}")
    for account, amount in expected["money"].items():
        if measured["money"][account] != amount:
            wrong.append(f"{account}: {measured['money'][account]} live, {amount} expected")
    streams = ["commission", "delivery_fee", "subscription", "ads", "premium"]
    for stream in streams:
        if expected["money"][stream] <= 0:
            wrong.append(f"{stream} earned nothing: this test proves nothing of it")
    if expected["money"]["delivery_fee"] <= virtual["fixed_fee"]["money"]["delivery_fee"]:
        wrong.append("the fee never rose: this test proves nothing of it")
    if sum(expected["money"][stream] for stream in streams) != expected["money"]["revenue"]:
        wrong.append("revenue is not the sum of its streams")
    for line in wrong:
        print(f"FAILED: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
