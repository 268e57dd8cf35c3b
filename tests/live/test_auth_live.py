#!/usr/bin/env python3
"""test_auth_live.py — Who may ask, of real gateways: OpenSSL's signatures, Redis' sessions.

A small version of scenarios/auth.yaml runs live, one variant at a time: logins, refreshes, thieves
and forgers go over real sockets. What is asserted are counts and what never happens, since how fast
this machine is says nothing; nobody gives up in less than a minute. In two of the runs Redis is
killed and comes back empty.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIM = os.environ["SIM"]

SCENARIO = """
version: 1
name: auth-live
duration: 7s
load:
  - {name: people, verb: call, arrivals: closed, users: 20, think: 200ms, timeout: 60s,
     auth: {stolen: 50%, after: {dist: uniform, mean: 2s}, thief_every: 100ms}}
  - {name: forger, verb: call, rate: 20/s, timeout: 60s, auth: forger}
services:
  gateway: {replicas: 2, work: {light: 0s}, timeouts: {store: 60s, ask: 60s}}
  api: {replicas: 1, steps: [{compute: 0s}]}
balancer: {policy: round_robin, timeout: 60s}
variants:
  hs256: {services: {gateway: {auth: {kind: jwt_denylist, algorithm: hs256}}}}
  rs256: {services: {gateway: {auth: {kind: jwt, algorithm: rs256, ttl: 2s}}}}
  eddsa: {services: {gateway: {auth: {kind: jwt, algorithm: eddsa}}}}
  session: {services: {gateway: {auth: session}}}
  session_dies:
    services: {gateway: {auth: session}}
    faults: [{at: 3s, for: 2s, kind: crash, target: store}]
  jwt_lives:
    services: {gateway: {auth: {kind: jwt, algorithm: rs256}}}
    load: {0: {auth: {stolen: 0%}}}
    faults: [{at: 3s, for: 2s, kind: crash, target: store}]
"""

FORMS = ("malformed", "oversized", "alg_none", "alg_confused", "bad_signature")
CLAIMS = ("wrong_audience", "not_yet", "expired")

failures = []


def expect(is_so, what):
    if not is_so:
        failures.append(what)
        print(f"FAILED: {what}", flush=True)


def run(path, variant):
    begin = time.monotonic()
    result = subprocess.run([SIM, "run", path, "--live", "--json", "-q", "--variant", variant],
                            capture_output=True, text=True, timeout=300)
    if result.returncode == 5:
        print(f"skipped: {result.stderr.strip()}")
        sys.exit(77)
    if not result.stdout.strip():
        expect(False, f"{variant}: {result.returncode} {result.stderr}")
        return None
    figures = json.loads(result.stdout)["variants"][0]
    print(f"{variant}: {time.monotonic() - begin:.1f} s, {figures['requests']} {figures['auth']}",
          flush=True)
    expect(figures["invariants"]["violated"] == 0, f"{variant}: {figures['invariants']}")
    expect(figures["auth"]["forged_accepted"] == 0, f"{variant}: a forged token was served")
    return figures


def failed(figures):
    return sum(figures["requests"]["failed"].values())


def a_denylist_turns_a_thief_away_at_the_logout(path):
    auth = run(path, "hs256")["auth"]
    expect(auth["stolen"] > 0 and auth["revoked"] > 0, "somebody was robbed, and logged out")
    expect(auth["accepted_after_revocation"] == 0, "no thief was served after that")
    expect(auth["refused"]["revoked"] >= auth["stolen"], "each of them was told")
    for flaw in FORMS + CLAIMS:
        expect(auth["refused"][flaw] > 0, f"a token was refused for being {flaw}")


def a_signature_alone_lets_a_thief_in_until_it_expires(path):
    for variant, ttl_ms in (("rs256", 2000), ("eddsa", 900000)):
        figures = run(path, variant)
        auth = figures["auth"]
        expect(auth["accepted_after_revocation"] > 0, f"{variant}: thieves were served")
        expect(0 < auth["exposure_max_ms"] <= ttl_ms + 50, f"{variant}: {auth['exposure_max_ms']}")
        expect(failed(figures) == 0, f"{variant}: nobody else was troubled")
        expect((auth["refreshes"] > 0) == (variant == "rs256"), f"{variant}: {auth['refreshes']}")


def a_session_is_looked_up_every_time(path):
    figures = run(path, "session")
    auth = figures["auth"]
    expect(auth["accepted_after_revocation"] == 0, "no thief was served after the logout")
    expect(figures["store"]["commands"] >= figures["requests"]["ok"], "each request asked Redis")
    expect(auth["refused"]["malformed"] > 0, "no forged token is a session")


def sessions_die_with_their_store_and_signatures_do_not(path):
    dead, alive = run(path, "session_dies"), run(path, "jwt_lives")
    expect(dead["requests"]["failed"]["refused"] > 20, "requests were refused meanwhile")
    expect(dead["auth"]["refused"]["revoked"] > 0, "Redis came back empty")
    expect(dead["auth"]["logins"] > 25, "and everybody logged in anew")
    expect(failed(alive) == 0, f"a signature needs no store: {alive['requests']['failed']}")


def start_node(path, variant, token):
    """A gateway by hand: (exit code or None, what it said)."""
    node = subprocess.Popen([SIM, "node", path, "gateway", "--variant", variant, "--listen",
                             "127.0.0.1:0", "--redis", "127.0.0.1:1"],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env={**os.environ, "SIM_TOKEN": token})
    said = node.stdout.readline()
    node.terminate()
    errors = node.communicate(timeout=60)[1]
    return said, node.returncode, errors


def gateways_started_by_hand_share_a_key_or_do_not_start(path):
    said, code, errors = start_node(path, "eddsa", "a secret of this test")
    expect(said == "ready\n", f"a derived key will do: {code} {errors}")
    for variant, token in (("eddsa", ""), ("rs256", "a secret of this test")):
        said, code, errors = start_node(path, variant, token)
        expect(said == "" and code == 2 and "SIM_TOKEN" in errors, f"{variant}: {code} {errors}")


def main():
    with tempfile.TemporaryDirectory(prefix="sima-") as folder:
        path = str(Path(folder) / "auth.yaml")
        Path(path).write_text(SCENARIO, encoding="utf-8")
        a_denylist_turns_a_thief_away_at_the_logout(path)
        a_signature_alone_lets_a_thief_in_until_it_expires(path)
        a_session_is_looked_up_every_time(path)
        sessions_die_with_their_store_and_signatures_do_not(path)
        gateways_started_by_hand_share_a_key_or_do_not_start(path)
    print(f"{len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
