"""sim calibrate on real servers: a configuration that scenarios take, with plausible numbers in it.

Ranges are wide: what is held is that each number was measured and means what its key says, not how
fast this machine is today."""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

import yaml

SIM, NODE = os.environ.get("SIM"), os.environ.get("SIM_NODE")
if not SIM or not NODE:
    print("SIM and SIM_NODE are not set: nothing to try")
    sys.exit(77)
if shutil.which("redis-server") is None:
    print("no redis-server: apt install redis-server")
    sys.exit(77)

UNITS = {"ns": 1e-3, "us": 1.0, "ms": 1e3, "s": 1e6}
STORY = """version: 1
name: station
duration: 2s
load: [{verb: call, to: web, rate: 100/s}, {verb: like, to: likes, rate: 250/s}]
services:
  web: {kind: custom, steps: [{store: get}, {table: write}, {put: {}}]}
  likes: {design: cached}
"""


def sim(*words, **options):
    env = {**os.environ, "LANG": "C", "SIM_LANG": ""}
    for name in ("SIM_REDIS", "SIM_MEMCACHED", "SIM_KAFKA", "SIM_DB"):
        env.pop(name, None)
    return subprocess.run([SIM, *words], capture_output=True, text=True, env=env, timeout=250,
                          **options)


def us(text):
    number, unit = re.fullmatch(r"([0-9.]+)(ns|us|ms|s)", text).groups()
    return float(number) * UNITS[unit]


def leftovers():
    return {name for name in os.listdir("/tmp") if name.startswith("sim-calibrate-")}


class Calibrate(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(dir="/tmp", prefix="simt-")
        cls.path = os.path.join(cls.folder.name, "machine.yaml")
        cls.story = os.path.join(cls.folder.name, "story.yaml")
        with open(cls.story, "w") as file:
            file.write(STORY)
        cls.before = leftovers()
        cls.done = sim("calibrate", cls.story, "-o", cls.path)
        if cls.done.returncode != 0:
            raise AssertionError(cls.done.stderr)
        with open(cls.path) as file:
            cls.text = file.read()
        cls.config = yaml.safe_load(cls.text)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def within(self, group, key, least_us, most_us):
        value = us(self.config[group][key])
        self.assertTrue(least_us <= value <= most_us, f"{group}.{key} is {value} us")

    def way(self, group):
        return us(self.config[group]["latency"]) + us(self.config[group]["jitter"])

    def test_progress_is_on_stderr_and_the_file_says_how_it_came_about(self):
        self.assertEqual(self.done.stdout, "")
        self.assertIn("a hop", self.done.stderr)
        self.assertIn("a transaction, at 350 per second", self.text)  # The scenario's rates.
        said = re.sub(r"\n# ", " ", self.text)
        self.assertRegex(said, r"ask the nodes 350 times a second, and these the store 350 times and "
                                r"the log 100 times\.")
        for words in ("machine:", "servers: Redis", "embedded broker", "SQLite", "p50", "n "):
            self.assertIn(words, self.text)

    def test_each_number_is_plausible(self):
        for group, key, least_us, most_us in (
                ("network", "latency", 0, 50000),
                ("network", "per_kib", 0, 1000),
                ("network", "handshake", 0, 50000),
                ("store", "command", 0.1, 5000),
                ("store", "latency", 0, 50000),
                ("store", "per_kib", 0, 5000),
                ("queue", "latency", 0, 100000),
                ("queue", "record", 0, 5000),
                ("queue", "append", 0, 200000),
                ("queue", "rebalance", 1e5, 6e7),
                ("table", "statement", 0.1, 20000),
                ("table", "latency", 0, 50000),
                ("table", "row", 0.05, 20000),
                ("table", "scan_row", 0.002, 50),
                ("table", "commit", 1, 1e6),
                ("memory", "park", 0.01, 100),
                ("memory", "allocate", 0.001, 100),
                ("memory", "per_kib", 0.001, 100)):
            with self.subTest(group=group, key=key):
                self.within(group, key, least_us, most_us)
        self.assertEqual(self.config["table"]["writers"], 1)  # SQLite.
        self.assertFalse(self.config["table"]["group_commit"])
        if os.cpu_count() > 1:
            self.within("memory", "wake", 0.1, 10000)
            self.within("memory", "asleep", 0.1, 10000)

    def test_the_numbers_add_up_to_what_was_measured(self):
        """A transaction of one row, as the virtual world charges it beside the way there and back,
        is the mean said above it of one by processes in turn."""
        measured = float(re.search(r"processes in turn +mean +([0-9.]+) us", self.text).group(1))
        table = {key: us(self.config["table"][key]) for key in ("statement", "row", "commit")}
        charged = table["statement"] + table["row"] + table["commit"]
        self.assertGreaterEqual(charged, measured - 1)  # More where one of them was cut to 0s.
        read = float(re.search(r"row read by its key +mean +([0-9.]+) us", self.text).group(1))
        self.assertAlmostEqual(2 * self.way("table") + table["statement"], read, delta=1)
        get = float(re.search(r"Redis get +mean +([0-9.]+) us", self.text).group(1))
        self.slope(get, "100 gets at once, the last answered", 99, us(self.config["store"]["command"]))
        store = 2 * self.way("store") + us(self.config["store"]["command"])
        self.assertAlmostEqual(store, get, delta=1)
        self.slope(get, r"Redis get of 64 KiB", 64, us(self.config["store"]["per_kib"]))
        small = float(re.search(r"through a balancer, beyond both +mean +([0-9.]+) us", self.text).group(1))
        self.slope(small, "with a body of 64 KiB", 2 * 64, us(self.config["network"]["per_kib"]))
        loop, forked = (float(re.search(series + r" +mean +([0-9.]+) us", self.text).group(1))
                        for series in ("with 1 ms of work, beyond it", "at processes, beyond it"))
        self.assertAlmostEqual(max(0, forked - loop), us(self.config["network"]["handshake"]), delta=0.2)

    def slope(self, small_us, large, kib, per_kib_us):
        """What the larger one of two series took more, per KiB or one more of many: as written, to
        its last digit."""
        large_us = float(re.search(large + r" +mean +([0-9.]+) us", self.text).group(1))
        self.assertAlmostEqual(max(0, large_us - small_us) / kib, per_kib_us, delta=0.06)

    def test_a_way_varies_as_the_series_did_that_it_comes_from(self):
        """Four ways: from p50 to p95 a gamma of shape 4 is 4.08 jitters wide."""
        p50, p95 = map(float, re.search(r"through a balancer.*p50 +([0-9.]+) us, p95 +([0-9.]+) us",
                                        self.text).groups())
        jitter = us(self.config["network"]["jitter"])
        self.assertGreater(jitter, 0)
        if us(self.config["network"]["latency"]) > 0:  # Else all of it is jitter.
            self.assertAlmostEqual(jitter, (p95 - p50) / 4.0816, delta=1)

    def test_memcached_is_measured_apart_where_it_is_installed(self):
        self.assertEqual("memcached" in self.config["store"], shutil.which("memcached") is not None)
        if shutil.which("memcached") is None:
            self.skipTest("no memcached: apt install memcached")
        own = {key: us(value) for key, value in self.config["store"]["memcached"].items()}
        get = float(re.search(r"memcached get +mean +([0-9.]+) us", self.text).group(1))
        self.assertAlmostEqual(2 * (own["latency"] + own["jitter"]) + own["command"], get, delta=1)
        self.assertTrue(0 <= own["command"] <= 5000, own)
        self.slope(get, r"memcached get .*\n# the same of 64 KiB", 64, own["per_kib"])

    def test_rabbitmq_is_measured_apart_where_it_is_installed(self):
        there = shutil.which("rabbitmq-server") or os.path.exists("/usr/lib/rabbitmq/bin/rabbitmq-server")
        self.assertEqual("rabbitmq" in self.config["queue"], bool(there))
        if not there:
            self.skipTest("no rabbitmq-server: apt install rabbitmq-server")
        own = {key: us(value) for key, value in self.config["queue"]["rabbitmq"].items()}
        put = float(re.search(r"confirmed by RabbitMQ +mean +([0-9.]+) us", self.text).group(1))
        charged = 2 * (own["latency"] + own["jitter"]) + own["message"] + own["flush"]
        self.assertAlmostEqual(charged, put, delta=1)
        self.assertTrue(0 <= own["message"] <= 5000, own)
        self.assertEqual(own["replicate"], 0)

    def test_a_scenario_takes_it_and_says_another_digest(self):
        plain = sim("run", self.story, "--json")
        laid = sim("run", self.story, "--json", "--calibration", self.path)
        self.assertEqual((plain.returncode, laid.returncode), (0, 0), laid.stderr)
        digest = lambda done: re.search(r'"scenario_sha256": *"(\w+)"', done.stdout).group(1)
        self.assertNotEqual(digest(plain), digest(laid))
        self.assertIn(self.path, laid.stdout)  # The command that repeats it.

    def test_nothing_is_left_in_tmp(self):
        self.assertEqual(leftovers() - self.before, set())


class Trouble(unittest.TestCase):
    def test_a_server_that_is_not_there_is_5_and_leaves_no_file(self):
        with tempfile.TemporaryDirectory(dir="/tmp", prefix="simt-") as folder:
            path = os.path.join(folder, "machine.yaml")
            done = sim("calibrate", "-o", path, "--redis", "127.0.0.1:1")
            self.assertEqual(done.returncode, 5, done.stderr)
            self.assertIn("Redis", done.stderr)
            self.assertFalse(os.path.exists(path))

    def test_a_server_elsewhere_is_refused_unless_it_is_meant(self):
        done = sim("calibrate", "--redis", "192.0.2.1:6379")
        self.assertEqual(done.returncode, 1)
        self.assertIn("--allow-remote", done.stderr)
        done = sim("calibrate", "--lang", "ru", "--redis", "192.0.2.1:6379")
        self.assertIn("sim calibrate: 192.0.2.1:6379 — не на этой машине", done.stderr)

    def test_a_path_that_cannot_be_written_is_said_before_anything_is_measured(self):
        done = sim("calibrate", "-o", "/nowhere/machine.yaml")
        self.assertEqual(done.returncode, 1)
        self.assertNotIn("…", done.stderr)

    def test_an_unknown_word_is_2(self):
        for words in (["--fast"], ["-o"], ["--redis"], ["spike", "likes"], ["nowhere.yaml"]):
            done = sim("calibrate", *words)
            self.assertEqual(done.returncode, 2, words)
            self.assertNotIn("…", done.stderr)

    def interrupted_at(self, step):
        process = subprocess.Popen([SIM, "calibrate"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True,
                                   env={**os.environ, "LANG": "C", "SIM_LANG": ""})
        for line in process.stderr:
            if step in line:
                break
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        self.assertEqual((process.returncode, out), (130, ""), err)
        self.assertIn("interrupted", err)

    def test_an_interruption_is_130_and_leaves_nothing_behind(self):
        self.interrupted_at("a hop")

    def test_so_is_one_at_the_very_end(self):
        self.interrupted_at("signatures")


if __name__ == "__main__":
    unittest.main()
