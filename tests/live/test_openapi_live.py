#!/usr/bin/env python3
"""test_openapi_live.py — What services/live/http/openapi.yaml promises, asked of running nodes.

A scenario with a service of each kind runs live. Every operation of the document is asked of the
service that its tag names, and of a balancer: as the document's own examples have it, with each
required thing missing, with numbers that are none, with methods that the path does not have, and of
services that do not know it, and with numbers at the ends of their ranges and beyond, after which
every node must still be there. Each answer must have a status that the document has for the
operation, and a body of that status's media type and schema. In the end every status that is
documented by itself has been met, or stands in UNREACHED with the reason.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import jsonschema
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parent))
from test_hostile_http import children_of, listens_on, wait_until  # noqa: E402
from test_openapi import expand, operations_of, resolve  # noqa: E402

SIM = os.environ["SIM"]
ROOT = Path(os.environ.get("SOURCE_DIR", Path(__file__).resolve().parents[2]))
TOKEN = "a token of this test"
REPLICA_MAX = 1023

SCENARIO = """
version: 1
name: openapi
duration: 60s
load:
  - {verb: like, rate: 2/s, to: likes}
  - {verb: menu, rate: 2/s, to: delivery}
  - {verb: call, rate: 2/s, to: custom}
  - {verb: call, rate: 2/s, to: gateway, auth: people}
services:
  likes: {replicas: 1, design: indexed, ack: table}
  delivery: {replicas: 1, orders: sync}
  custom: {replicas: 1, steps: [{store: set}, {store: add}, {table: write}]}
  gateway: {replicas: 1, to: custom, auth: {kind: jwt_denylist, algorithm: eddsa}}
balancer: {policy: round_robin, timeout: 10s}
"""

UNREACHED = [("/healthz", "get", "default", "only while a node starts or drains"),
             ("/refresh", "post", "404", "only where nothing is signed")]

failures = []
met = set()


def expect(is_so, what):
    if not is_so:
        failures.append(what)
        print(f"FAILED: {what}", flush=True)


def fetch(port, method, target, headers, body):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{target}", data=body, method=method,
                                     headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers.get_content_type(), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get_content_type(), error.read()


# ---- One answer against the document ---------------------------------------------------------

def judge(document, path, method, answer, what):
    status, kind, body = answer
    responses = document["paths"][path][method]["responses"]
    key = str(status) if str(status) in responses else "default"
    place = f"{method.upper()} {path} ({what}): {status}"
    if key not in responses:
        expect(False, f"{place} is not documented")
        return
    met.add((path, method, key))
    content = resolve(document, responses[key]).get("content", {})
    if not content:
        return
    expect(kind in content, f"{place} is {kind}")
    if kind == "application/json":
        validator = jsonschema.Draft4Validator(expand(document, content[kind]["schema"]))
        try:
            for error in validator.iter_errors(json.loads(body)):
                expect(False, f"{place}: {body[:100]!r}: {error.message}")
        except ValueError:
            expect(False, f"{place}: {body[:100]!r} is not JSON")


# ---- What is asked ---------------------------------------------------------------------------

def parameters_of(document, path, method):
    item = document["paths"][path]
    return [resolve(document, entry)
            for entry in item.get("parameters", []) + item[method].get("parameters", [])]


def written(path, parameters, values):
    """Target and headers, from {parameter's name: value}."""
    query, headers = [], {}
    for entry in parameters:
        value = values.get(entry["name"])
        if value is None:
            continue
        if entry["in"] == "path":
            path = path.replace("{%s}" % entry["name"], str(value))
        elif entry["in"] == "query":
            query.append(f"{entry['name']}={value}")
        else:
            headers[entry["name"]] = str(value)
    return path + ("?" + "&".join(query) if query else ""), headers


def good_values(parameters):
    known = {"host": "127.0.0.1", "port": 1, "replica": REPLICA_MAX, "weight": 1.5,
             "X-Deadline-Us": 20000000, "X-Bytes": 4000}
    return {entry["name"]: known.get(entry["name"], 7) for entry in parameters}


def body_of(document, path, method):
    content = document["paths"][path][method].get("requestBody", {}).get("content", {})
    return content["application/json"]["example"] if content else None


def requests_of(document, path, method):
    """(what, target, headers, body as an object, statuses that it may have)."""
    parameters, body = parameters_of(document, path, method), body_of(document, path, method)
    values = good_values(parameters)
    required = {entry["name"]: entry for entry in parameters if entry.get("required")}

    yield "everything", *written(path, parameters, values), body, {200, 404}
    yield ("only what is required", *written(path, parameters, {n: values[n] for n in required}),
           body, {200, 404})
    for name, entry in required.items():
        if entry["in"] != "path":
            less = {n: v for n, v in values.items() if n != name}
            yield f"without {name}", *written(path, parameters, less), body, {400, 404}
    for entry in parameters:
        if entry["schema"].get("type") == "integer" or "$ref" in entry["schema"]:
            bad = {**values, entry["name"]: "x1"}
            yield f"{entry['name']} is x1", *written(path, parameters, bad), body, {400, 404}
    if body is not None:
        target, headers = written(path, parameters, values)
        schema = expand(document, document["paths"][path][method]["requestBody"]["content"]
                        ["application/json"]["schema"])
        for name in schema.get("required", []):
            yield (f"a body without {name}", target, headers,
                   {n: v for n, v in body.items() if n != name}, {400})
        for name in schema["properties"]:
            yield f"{name} is a word", target, headers, {**body, name: "x1"}, {400}


def edges_of(schema):
    """Numbers at the ends of a range, just beyond them, and where 32 bits end."""
    least, most = schema.get("minimum", 0), schema.get("maximum", 2**64 - 1)
    return [least, most, least - 1, most + 1, 1, 2**31, 2**32 - 1, 2**32, 2**32 + 1, 2**56 + 1,
            2**63, 2**64 - 1]


def is_number(schema):
    return schema.get("type") == "integer"


def edge_requests_of(document, path, method, dice):
    """Each number alone, and many at once."""
    parameters, body = parameters_of(document, path, method), body_of(document, path, method)
    values = good_values(parameters)
    edges = {entry["name"]: edges_of(expand(document, entry["schema"]))
             for entry in parameters if is_number(expand(document, entry["schema"]))}
    fields = {}
    if body is not None:
        schema = expand(document, document["paths"][path][method]["requestBody"]["content"]
                        ["application/json"]["schema"])
        fields = {name: edges_of(entry) for name, entry in schema["properties"].items()
                  if is_number(entry)}

    for name, numbers in edges.items():
        for number in numbers:
            yield *written(path, parameters, {**values, name: number}), body
    for name, numbers in fields.items():
        for number in numbers:
            yield *written(path, parameters, values), {**body, name: number}
    for _ in range(20 if edges or fields else 0):
        strange = {name: dice.choice(numbers) for name, numbers in edges.items()}
        filled = {name: dice.choice(numbers) for name, numbers in fields.items()}
        yield (*written(path, parameters, {**values, **strange}),
               None if body is None else {**body, **filled})


# ---- Who is asked ----------------------------------------------------------------------------

def ask_operation(document, port, path, method, token):
    for what, target, headers, body, statuses in requests_of(document, path, method):
        if token:
            headers = {**headers, "Authorization": f"Bearer {token}"}
        data = None if body is None else json.dumps(body).encode()
        answer = fetch(port, method.upper(), target, headers, data)
        judge(document, path, method, answer, what)
        expect(answer[0] in statuses, f"{method.upper()} {target} ({what}): {answer[0]} {answer[2]}")


def ask_strangers(document, port, tag):
    """Operations of other services (a custom one takes all but a gateway's), and methods that a
    path does not have."""
    for path, method, item in operations_of(document):
        parameters = parameters_of(document, path, method)
        target, headers = written(path, parameters, good_values(parameters))
        body = body_of(document, path, method)
        data = None if body is None else json.dumps(body).encode()
        owner = item[method]["tags"][0]
        if owner not in (tag, "operation") and (tag != "custom" or owner == "gateway"):
            answer = fetch(port, method.upper(), target, headers, data)
            judge(document, path, method, answer, f"of {tag}")
            expect(answer[0] == 404, f"{method.upper()} {target} of {tag}: {answer[0]} {answer[2]}")
        known = {"GET", "POST", "PUT", "DELETE", "PATCH"}
        for other in sorted(known - {name.upper() for name in item}):
            status = fetch(port, other, target, headers, None)[0]
            expect(status in (404, 405), f"{other} {target} of {tag}: {status}")


def ask_gateway(document, port):
    """What the document promises of tokens: granted, renewed, taken back, and refused without."""
    def post(path, token, body=b"{}"):
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        answer = fetch(port, "POST", path, headers, body)
        judge(document, path, "post", answer, f"token {token}")
        return answer[0], json.loads(answer[2])

    ask_operation(document, port, "/login", "post", None)
    grant = post("/login", None, b'{"user": 7}')[1]
    again = post("/refresh", grant["refresh_token"])[1]
    expect(again["refresh_token"] == grant["refresh_token"], "the session goes on")
    call = "/call/{key}"
    for token, status in ((grant["access_token"], 200), (again["access_token"], 200),
                          (grant["refresh_token"], 401), ("x", 401), (None, 401)):
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        answer = fetch(port, "POST", "/call/7", headers, b"{}")
        judge(document, call, "post", answer, f"token {token}")
        expect(answer[0] == status, f"a call with {token}: {answer[0]}")
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/posts/1/likes?user=7", timeout=30)
    except urllib.error.HTTPError as error:
        expect(error.headers["WWW-Authenticate"] == "Bearer", "a 401 says what it wants")
    expect(post("/logout", grant["refresh_token"]) == (200, {"revoked": True}), "it ends")
    expect(post("/logout", grant["refresh_token"])[0] == 200, "and ends once")
    for path, token in (("/refresh", grant["refresh_token"]), ("/refresh", None), ("/logout", None),
                        ("/logout", grant["access_token"])):
        expect(post(path, token)[0] == 401, f"{path} with {token}")


def ask_edges(document, port, tag):
    """Whatever number it is told, a node answers as documented, and is still there."""
    dice = random.Random(tag)
    asked = 0
    for path, method, item in operations_of(document):
        owner = item[method]["tags"][0]
        if owner != tag and (tag != "custom" or owner in ("gateway", "operation", "balancer")):
            continue
        for target, headers, body in edge_requests_of(document, path, method, dice):
            data = None if body is None else json.dumps(body).encode()
            try:
                answer = fetch(port, method.upper(), target, headers, data)
            except OSError as error:
                expect(False, f"{method.upper()} {target} {headers} {body} of {tag}: {error}")
                return
            judge(document, path, method, answer, f"edges, of {tag}")
            asked += 1
    expect(fetch(port, "GET", "/healthz", {}, None)[0] == 200, f"{tag} is still there")
    print(f"{asked} asks with numbers at their edges, of {tag}")


def ask_node(document, port, tag):
    for path, method, item in operations_of(document):
        if item[method]["tags"][0] == tag or path in ("/healthz", "/metrics"):
            ask_operation(document, port, path, method, None)
    if tag == "delivery":
        judge(document, "/orders/{order}", "get", fetch(port, "GET", "/orders/999999", {}, None),
              "an order that nobody has placed")
    ask_strangers(document, port, tag)
    ask_edges(document, port, tag)


def find_nodes(sim):
    """(kind, port) of each."""
    def nodes():
        return [(words.split()[1], listens_on(pid)[0][1]) for pid, words in children_of(sim.pid)
                if "sim-node" in words and listens_on(pid)]

    wait_until(lambda: len(nodes()) >= 8, 60)
    return nodes()


def ask_run(document, folder, more=""):
    path = Path(folder) / "openapi.yaml"
    path.write_text(SCENARIO + more, encoding="utf-8")
    sim = subprocess.Popen([SIM, "run", str(path), "--live", "--json", "-q"],
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        nodes = find_nodes(sim)
        kinds = {kind for kind, _ in nodes}
        expect({"likes", "delivery", "custom", "gateway"} <= kinds, f"a node of each kind is there: {nodes}")
        for kind, port in nodes:
            if more:
                if kind == "custom":
                    ask_edges(document, port, kind)
            elif kind in ("likes", "delivery", "custom"):
                ask_node(document, port, kind)
            elif kind == "gateway":
                ask_gateway(document, port)
    finally:
        sim.terminate()
        sim.communicate(timeout=60)


def start_balancer(folder, token, listen):
    path = Path(folder) / "openapi.yaml"
    return subprocess.Popen([SIM, "node", str(path), "custom/balancer", "--listen", listen],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env={**os.environ, "SIM_TOKEN": token})


def ask_balancer(document, folder):
    """By hand, with a token of ours: who has it may change who is behind it, nobody else."""
    balancer = start_balancer(folder, TOKEN, "127.0.0.1:0")
    try:
        expect(balancer.stdout.readline() == "ready\n", "a balancer starts")
        port = listens_on(balancer.pid)[0][1]
        for method in ("put", "delete"):
            for token in (None, "another token", TOKEN + "x", TOKEN[:-1]):
                headers = {"Authorization": f"Bearer {token}"} if token else {}
                answer = fetch(port, method.upper(), "/backends/3?host=127.0.0.1&port=1", headers,
                               None)
                judge(document, "/backends/{replica}", method, answer, f"token {token}")
                expect(answer[0] == 401, f"{method} with token {token}: {answer[0]}")
            ask_operation(document, port, "/backends/{replica}", method, TOKEN)
        for path in ("/healthz", "/metrics"):
            ask_operation(document, port, path, "get", None)
        for path, method, item in operations_of(document):  # Nobody is behind it any more: 502.
            parameters, body = parameters_of(document, path, method), body_of(document, path, method)
            target, headers = written(path, parameters, good_values(parameters))
            if item[method]["tags"][0] != "operation":
                judge(document, path, method, fetch(port, method.upper(), target, headers,
                      None if body is None else json.dumps(body).encode()), "nobody behind")
    finally:
        balancer.terminate()
        balancer.communicate(timeout=60)
    bold = start_balancer(folder, "", "0.0.0.0:0")
    said = bold.communicate(timeout=60)[1]
    expect(bold.returncode == 1 and "token" in said, f"beyond loopback without a token: {said}")


def main():
    document = yaml.safe_load((ROOT / "services/live/http/openapi.yaml").read_text("utf-8"))
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="simo-") as folder:
        ask_run(document, folder)
        ask_balancer(document, folder)
        if shutil.which("memcached"):
            ask_run(document, folder, "store: {kind: memcached}\n")
        else:
            print("no memcached here: its values are not tried")
    for path, method, status, why in UNREACHED:
        print(f"not asked for: {method.upper()} {path} {status}: {why}")
    wanted = {(path, method, status) for path, method, item in operations_of(document)
              for status in item[method]["responses"]}
    for missed in sorted(wanted - met - {one[:3] for one in UNREACHED}):
        expect(False, f"never met: {missed}")
    print(f"{len(met)} of {len(wanted)} answers met in {time.monotonic() - begin:.1f} s, "
          f"{len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
