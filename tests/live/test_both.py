"""sim run --both: each measured run between two looks at the machine, and simulated ones with the
numbers of either. What is held does not depend on how fast this machine is or how even."""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

SIM, NODE = os.environ.get("SIM"), os.environ.get("SIM_NODE")
if not SIM or not NODE:
    print("SIM and SIM_NODE are not set: nothing to try")
    sys.exit(77)
if shutil.which("redis-server") is None:
    print("no redis-server: apt install redis-server")
    sys.exit(77)

RUNS, RUNS_BEFORE = 39, 20
LOOK = "measuring this machine"
STORY = """version: 1
name: both
duration: 2s
load: [{verb: call, rate: 60/s}]
services:
  web: {steps: [{store: get}, {compute: {dist: exponential, mean: 2ms}}]}
variants:
  here: {}
  slow_core: {store: {command: 100ms}}
"""
ENV = {**os.environ, "LANG": "C", "SIM_LANG": ""}
for name in ("SIM_REDIS", "SIM_MEMCACHED", "SIM_KAFKA", "SIM_DB"):
    ENV.pop(name, None)


def leftovers():
    return {name for name in os.listdir("/tmp") if name.startswith("sim-calib")}


class Both(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(dir="/tmp", prefix="simt-")
        cls.story = os.path.join(cls.folder.name, "story.yaml")
        with open(cls.story, "w") as file:
            file.write(STORY)
        cls.before = leftovers()
        cls.done = subprocess.run([SIM, "run", cls.story, "--both", "--json"], capture_output=True,
                                  text=True, env=ENV, timeout=400)
        cls.document = json.loads(cls.done.stdout) if cls.done.stdout else None

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_the_exit_code_says_whether_a_goal_was_missed(self):
        goals = self.document["goals"]
        missed = goals["of"] - goals["held"] - goals["by_chance"]
        self.assertEqual(self.done.returncode, 99 if missed else 0, self.done.stderr)

    def test_between_two_variants_that_ask_for_the_same_the_machine_is_looked_at_once(self):
        self.assertEqual(self.done.stderr.count(LOOK), 3, self.done.stderr)

    def test_the_simulated_lies_between_the_least_and_the_most_of_its_runs(self):
        for variant in self.document["variants"]:
            self.assertEqual(variant["simulated_runs"], RUNS)
            for key in ("throughput_rps", "p50_ms", "p95_ms"):
                least, mean, most = (variant[of][key] for of in
                                     ("simulated_least", "simulated", "simulated_most"))
                self.assertTrue(least <= mean * (1 + 1e-9) and mean <= most * (1 + 1e-9), key)
            self.assertLess(variant["simulated_least"]["p95_ms"],
                            variant["simulated_most"]["p95_ms"])

    def test_a_variant_cannot_say_that_this_machine_is_another(self):
        for variant in self.document["variants"]:
            self.assertLess(variant["simulated"]["p50_ms"], 50, variant["name"])

    def test_nothing_is_left_in_tmp(self):
        self.assertEqual(leftovers() - self.before, set())


class Interrupted(unittest.TestCase):
    def test_at_the_second_look_what_there_is_is_told(self):
        with tempfile.TemporaryDirectory(dir="/tmp", prefix="simt-") as folder:
            path = os.path.join(folder, "story.yaml")
            with open(path, "w") as file:
                file.write(STORY)
            process = subprocess.Popen([SIM, "run", path, "--both", "--json", "--variant", "here"],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                       env=ENV)
            looks = 0
            for line in process.stderr:
                looks += LOOK in line
                if looks == 2:
                    break
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 130, err)
        variant = json.loads(out)["variants"][0]
        self.assertEqual(variant["simulated_runs"], RUNS_BEFORE)


if __name__ == "__main__":
    unittest.main()
