#!/usr/bin/env python3
"""fastapi_stages.py — What each stage of a FastAPI request costs on this machine: the numbers of
scenarios/pipeline.yaml.

    python3 -m venv /tmp/fastapi && /tmp/fastapi/bin/pip install fastapi 'uvicorn[standard]' orjson
    /tmp/fastapi/bin/python tests/bench/fastapi_stages.py

Processor time of this thread (of the server process, for uvicorn), medians of 30; so that other work
on the machine matters little. Bodies come in two sizes: what the smaller costs is the stage's own
time, and the difference is what a KiB adds. No test runs it: nothing else here wants these packages.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import orjson
from fastapi import Depends, FastAPI, Header
from fastapi.encoders import jsonable_encoder
from fastapi.responses import Response
from pydantic import BaseModel, TypeAdapter
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

SERVER = """
async def app(scope, receive, send):
    if scope["type"] == "http":
        await receive()
        body = b"x" * int(scope["path"][1:])
        length = str(len(body)).encode()
        await send({"type": "http.response.start", "status": 200,
                    "headers": [(b"content-length", length)]})
        await send({"type": "http.response.body", "body": body})
"""


class Price(BaseModel):
    amount: int
    currency: str


class Dish(BaseModel):
    id: int
    name: str
    text: str
    price: Price
    tags: list[str]
    is_there: bool


class Menu(BaseModel):
    restaurant: int
    dishes: list[Dish]


class Line(BaseModel):
    dish: int
    count: int
    note: str


class Order(BaseModel):
    user: int
    lines: list[Line]


def menu(dishes):
    return {"restaurant": 7, "dishes": [
        {"id": i, "name": f"Dish number {i}", "text": "With what the season has, and bread. " * 3,
         "price": {"amount": 49000 + i, "currency": "RUB"}, "tags": ["hot", "vegan"],
         "is_there": True} for i in range(dishes)]}


def order(lines):
    return {"user": 5, "lines": [{"dish": i, "count": 1, "note": "no onions please"}
                                 for i in range(lines)]}


def dumped(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def cost_us(work):
    times, runs, spent = [], 1, 0
    while spent < 0.02:
        begun = time.thread_time()
        for _ in range(runs):
            work()
        spent, runs = time.thread_time() - begun, 2 * runs
    for _ in range(30):
        begun = time.thread_time()
        for _ in range(runs):
            work()
        times.append((time.thread_time() - begun) / runs * 1e6)
    return statistics.median(times)


def tell(stage, how, make, small, large):
    """make(value): what is to be timed."""
    least, most = cost_us(make(small)), cost_us(make(large))
    kib = (len(dumped(large)) - len(dumped(small))) / 1024
    print(f"{stage:16} {how:34} {least:7.1f} us {(most - least) / kib:7.1f} us per KiB")


def bodies():
    asked, answered = TypeAdapter(Order), TypeAdapter(Menu)
    small, large = menu(2), menu(256)

    def load(value):
        text = dumped(value)
        return lambda: asked.validate_python(json.loads(text))

    def dump(value):
        model = answered.validate_python(value)
        return lambda: answered.dump_json(model)

    tell("validate", "json.loads, Pydantic", load, order(2), order(200))
    tell("validate_answer", "Pydantic", lambda v: lambda: answered.validate_python(v), small, large)
    tell("serialise", "jsonable_encoder, json.dumps",
         lambda v: lambda: dumped(jsonable_encoder(v)), small, large)
    tell("serialise", "Pydantic: dump_json", dump, small, large)
    tell("serialise", "orjson", lambda v: lambda: orjson.dumps(v), small, large)


def call_us(app, path):
    loop = asyncio.new_event_loop()

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_):
        pass

    def call():
        scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
                 "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
                 "scheme": "http", "headers": [(b"authorization", b"Bearer abc")],
                 "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "state": {}}
        loop.run_until_complete(app(scope, receive, send))

    return cost_us(call)


def apps():
    async def raw(_, __, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})

    async def plain(_):
        return PlainTextResponse("ok")

    app = FastAPI()

    async def who(authorization: str = Header()):
        return authorization

    async def session(name: str = Depends(who)):
        return name

    async def connection():
        yield 1

    @app.get("/none")
    async def none():
        return Response(b"ok")

    @app.get("/three")
    async def three(_: str = Depends(session), __: int = Depends(connection)):
        return Response(b"ok")

    paths = Starlette(routes=[Route(f"/a{i}/{{x}}", plain) for i in range(30)])
    harness = call_us(raw, "/")
    print(f"{'route':16} {'Starlette, the 30th of 30 paths':34} "
          f"{call_us(paths, '/a29/1') - harness:7.1f} us")
    print(f"{'dependencies':16} {'a header, one on it, one that yields':34} "
          f"{call_us(app, '/three') - call_us(app, '/none'):7.1f} us")


def spent_s(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def ask(port, size, times):
    for _ in range(100):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            break
        except ConnectionRefusedError:
            await asyncio.sleep(0.1)
    for _ in range(times):
        writer.write(f"GET /{size} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer abc\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(size)
    writer.close()


async def served_us(pid, port, size, times=6000, clients=8):
    await ask(port, size, 200)
    begun = spent_s(pid)
    await asyncio.gather(*[ask(port, size, times // clients) for _ in range(clients)])
    return (spent_s(pid) - begun) / times * 1e6


def server(port=18765):
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "server.py"), "w", encoding="utf-8") as file:
            file.write(SERVER)
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "server:app", "--port", str(port), "--loop", "uvloop",
             "--http", "httptools", "--no-access-log", "--log-level", "error"], cwd=folder)
        try:
            small, large = (statistics.median(asyncio.run(served_us(process.pid, port, size))
                                              for _ in range(5)) for size in (64, 61440))
        finally:
            process.terminate()
            process.wait()
    print(f"{'accept and send':16} {'uvicorn: uvloop, httptools':34} {small:7.1f} us "
          f"{(large - small) / 60:7.1f} us per KiB")


if __name__ == "__main__":
    server()
    apps()
    bodies()
