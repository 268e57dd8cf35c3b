"""stack.py — compose.yaml without a container engine: its command lines, run on this machine.

Every word of a command and of its environment is taken from compose/compose.yaml. Changed are only
the places: a host's name and port become 127.0.0.1 and a port that is free, a volume becomes a
folder under /tmp. What a container adds (limits, users, read-only file systems, its network) is not
tried here.

    with Stack("spike", "queue") as stack:
        stack.start_servers()
        stack.must("prepare")
        balancer = stack.start("balancer"); stack.wait_healthy(balancer)
"""

import ctypes
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(os.environ.get("SOURCE_DIR") or Path(__file__).resolve().parents[2])
COMPOSE = ROOT / "compose"
LIMIT_S = 120


class Missing(Exception):
    """Something that a server needs is not installed: the test skips what wants it."""


def read_compose(environment=None):
    """The services, with ${NAME:-default} replaced as Compose does."""
    environment = environment or {}

    def replace(match):
        return environment.get(match.group(1)) or match.group(2) or ""

    text = (COMPOSE / "compose.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(re.sub(r"\$\{(\w+)(?::-([^}]*))?\}", replace, text))


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def is_open(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def wait_for(what, is_so, limit_s=LIMIT_S):
    end = time.monotonic() + limit_s
    while not is_so():
        if time.monotonic() > end:
            raise AssertionError(f"not within {limit_s} s: {what}")
        time.sleep(0.05)


def program(*names):
    """The first of these that is there: on the PATH, or in PostgreSQL's folders."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for name in names:
        for folder in folders:
            if (folder / name).is_file():
                return str(folder / name)
        if shutil.which(name):
            return shutil.which(name)
    raise Missing(f"{' or '.join(names)} is not installed")


def other_user():
    """PostgreSQL refuses to be root; the same words as in tests/lib/postgres.h."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Missing("PostgreSQL refuses to run as root, and there is nobody else to be")


def die_with_parent(user=None):
    def before():
        if user is not None:
            os.setgroups([])
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    return before


class Process:
    def __init__(self, name, argv, port, folder, environment=None, user=None):
        self.name, self.port = name, port
        self.log = folder / f"{name}.log"
        with self.log.open("ab") as log:
            self.popen = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                          env=environment, cwd=folder if user else ROOT,
                                          preexec_fn=die_with_parent(user))

    def is_running(self):
        return self.popen.poll() is None

    def stop(self, how=signal.SIGTERM):
        if self.is_running():
            self.popen.send_signal(how)
        try:
            return self.popen.wait(30)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            return self.popen.wait()


class Stack:
    def __init__(self, scenario, variant, **more):
        self.variables = {"SIM_SCENARIO": scenario, "SIM_VARIANT": variant, **more}
        self.services = read_compose(self.variables)["services"]
        self.ports = {name: free_port() for name in ("redis", "kafka", "postgres", "balancer")}
        self.sim = os.environ.get("SIM") or shutil.which("sim")
        self.processes, self.started = [], 0

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="simlab-", dir="/tmp"))
        self.folder.chmod(0o755)
        return self

    def __exit__(self, *trouble):
        if trouble[0] is not None:
            for process in self.processes:
                text = process.log.read_text(errors="replace")[-1500:]
                print(f"--- {process.name}\n{text}", file=sys.stderr)
        for process in reversed(self.processes):
            process.stop(signal.SIGINT if process.name == "postgres" else signal.SIGTERM)
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- Places --------------------------------------------------------------------------------

    def placed(self, word, own_port=None):
        """A word of compose.yaml, at home on this machine."""
        if own_port is not None:
            word = word.replace("0.0.0.0:8080", f"127.0.0.1:{own_port}")
        for name, port in self.ports.items():
            word = re.sub(rf"\b{name}:\d+", f"127.0.0.1:{port}", word)
        return word

    def environment(self, service):
        given = self.services[service].get("environment", {})
        return {**os.environ, **{name: self.placed(text) for name, text in given.items()}}

    def argv(self, service, own_port=None, more=()):
        words = [self.placed(word, own_port) for word in self.services[service]["command"]]
        return [self.sim, *words, *more]

    # ---- Nodes and the driver ------------------------------------------------------------------

    def start(self, service):
        port = self.ports.get(service) or free_port()
        self.started += 1
        process = Process(f"{service}-{self.started}", self.argv(service, port), port, self.folder,
                          self.environment(service))
        self.processes.append(process)
        return process

    def wait_healthy(self, process):
        """By the health check of its container."""
        def is_healthy():
            assert process.is_running(), f"{process.name} ended: {process.log.read_text()}"
            return subprocess.run([COMPOSE / "healthy.sh", str(process.port)],
                                  capture_output=True).returncode == 0
        wait_for(f"{process.name} is healthy", is_healthy)

    def run(self, service, *more):
        """A command that ends by itself: its exit code, standard output and standard error."""
        done = subprocess.run(self.argv(service, free_port(), more), env=self.environment(service),
                              capture_output=True, text=True, timeout=280, cwd=ROOT)
        return done.returncode, done.stdout, done.stderr

    def must(self, service, *more):
        code, out, err = self.run(service, *more)
        assert code == 0, f"{service}: exit code {code}\n{out}{err}"
        return out

    # ---- Servers -------------------------------------------------------------------------------

    def add(self, name, argv, **more):
        process = Process(name, argv, self.ports[name], self.folder, **more)
        self.processes.append(process)
        return process

    def start_redis(self):
        words = list(self.services["redis"]["command"])
        words[0] = program("redis-server")
        words[words.index("6379")] = str(self.ports["redis"])
        self.add("redis", [*words, "--bind", "127.0.0.1", "--dir", str(self.folder)])
        check = list(self.services["redis"]["healthcheck"]["test"][1:])
        check[check.index("6379")] = str(self.ports["redis"])
        wait_for("Redis answers",
                 lambda: subprocess.run(check, capture_output=True).returncode == 0)

    def start_postgres(self):
        user, data, given = other_user(), self.folder / "pg", self.services["postgres"]
        settings, port = given["environment"], str(self.ports["postgres"])
        password = self.folder / "password"
        password.write_text(settings["POSTGRES_PASSWORD"] + "\n")
        data.mkdir()
        if user:
            os.chown(data, user.pw_uid, user.pw_gid)
        subprocess.run([program("initdb"), "-D", data, "-U", settings["POSTGRES_USER"], "--no-sync",
                        "-A", "scram-sha-256", f"--pwfile={password}", "-E", "UTF8"], check=True,
                       capture_output=True, cwd=data, preexec_fn=die_with_parent(user))
        words = given["command"]
        self.add("postgres", [program(words[0]), *words[1:], "-D", str(data), "-p", port,
                              "-c", "listen_addresses=127.0.0.1", "-c",
                              f"unix_socket_directories={data}"], user=user)
        check = list(given["healthcheck"]["test"][1:])
        check[0], check[check.index("5432")] = program("pg_isready"), port
        wait_for("PostgreSQL answers",
                 lambda: subprocess.run(check, capture_output=True).returncode == 0)
        url = f"postgres://sim:{settings['POSTGRES_PASSWORD']}@127.0.0.1:{port}/postgres"
        subprocess.run([program("psql"), "-q", url, "-c",
                        f"CREATE DATABASE {settings['POSTGRES_DB']}"], check=True)

    def sql(self, text):
        url = f"postgres://sim:sim@127.0.0.1:{self.ports['postgres']}/sim"
        return subprocess.run([program("psql"), "-qAt", url, "-c", text], check=True, text=True,
                              capture_output=True).stdout.strip()

    def redis(self, *words):
        return subprocess.run([program("redis-cli"), "-p", str(self.ports["redis"]), *words],
                              check=True, text=True, capture_output=True).stdout.strip()

    def kafka_jars(self):
        """As tests/kafka/kafka.sh keeps them; it fetches them when it starts a broker."""
        version = re.search(r"kafka_2\.13</artifactId>\s*<version>([^<]*)",
                            (ROOT / "tests/kafka/pom.xml").read_text()).group(1)
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        jars = cache / "sim" / f"kafka-{version}"
        if not (jars / "whole").exists():
            script, folder = str(ROOT / "tests/kafka/kafka.sh"), str(self.folder / "first")
            if subprocess.run(["bash", script, "start", folder],
                              stdout=subprocess.DEVNULL).returncode:
                raise Missing("no real Kafka here (tests/kafka/kafka.sh says why)")
            subprocess.run(["bash", script, "stop", folder], check=True)
        return jars

    def start_kafka(self):
        """Our server.properties and start.sh's two steps, on the jars that the tests have."""
        port, controller, data = self.ports["kafka"], free_port(), self.folder / "kafka"
        java = [program("java"), "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx512m",
                "-Dlog4j.rootLogger=WARN", "-cp", f"{self.kafka_jars()}/*"]
        text = (COMPOSE / "kafka/server.properties").read_text()
        for there, here in (("0.0.0.0:9092", f"127.0.0.1:{port}"), ("localhost:9093",
                            f"127.0.0.1:{controller}"), ("kafka:9092", f"127.0.0.1:{port}"),
                            ("/var/lib/kafka/data/log", str(data))):
            assert there in text, f"server.properties has no {there}"
            text = text.replace(there, here)
        properties = self.folder / "server.properties"
        properties.write_text(text)
        format_words = re.search(r"format (.*) --config", (COMPOSE / "kafka/start.sh").read_text())
        for _ in range(2):  # A container is started again on its volume.
            subprocess.run([*java, "kafka.tools.StorageTool", "format",
                            *format_words.group(1).split(), "--config", str(properties)],
                           check=True, capture_output=True)
        kafka = self.add("kafka", [*java, "kafka.Kafka", str(properties)])
        wait_for("Kafka answers", lambda: is_open(port) or not kafka.is_running())
        assert kafka.is_running(), "Kafka ended"

    def start_servers(self, *names):
        for name in names or ("redis", "postgres", "kafka"):
            getattr(self, f"start_{name}")()
