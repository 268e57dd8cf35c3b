"""sim theory: the estimate by line and by figure, in both languages; what it says to bad input."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

SIM = os.environ.get("SIM")
if SIM is None:
    print("SIM is not set: nothing to try")
    sys.exit(77)

STATION = """version: 1
name: station
title: {en: "One station", ru: "Одна станция"}
duration: 30s
network: {latency: 1ms}
load: [{verb: call, rate: [{at: 0s, rate: 240/s}, {at: 10s, rate: 1.5k/s}, {at: 20s, rate: 240/s}]}]
services:
  web: {kind: custom, cores: 2, queue: 100, steps: [{compute: {dist: exponential, mean: 2ms}}]}
variants: {slow: {}, fast: {services: {web: {speed: 4}}}}
"""


def theory(*words, **options):
    env = {**os.environ, "LANG": "C", "SIM_LANG": "", "COLUMNS": "160"}
    return subprocess.run([SIM, *words], capture_output=True, text=True, env=env, **options)


class Theory(unittest.TestCase):
    def setUp(self):
        self.file = tempfile.NamedTemporaryFile(suffix=".yaml")
        self.file.write(STATION.encode())
        self.file.flush()
        self.path = self.file.name

    def tearDown(self):
        self.file.close()

    def lines(self, what, *words):
        done = theory("theory", self.path, "--json", "--variant", "slow", *words)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        phases = json.loads(done.stdout)["variants"][0]["phases"]
        return [line for phase in phases for line in phase["lines"] if line["what"] == what]

    def test_a_line_shows_its_formula_with_the_numbers_put_in(self):
        page = theory("theory", self.path).stdout.replace("\u00a0", " ")
        self.assertIn("ρ = λ E[S] / c = 240/s × 2 ms / 2 = 0.24", page)
        self.assertIn("1 − 1/ρ = 1 − 1/1.5 = 33.3%", page)
        self.assertIn("20 s – 30 s: 240/s", page)

    def test_the_same_in_russian(self):
        page = theory("theory", self.path, "--lang", "ru").stdout.replace("\u00a0", " ")
        self.assertIn("Одна станция: оценка у доски", page)
        self.assertIn("ρ = λ E[S] / c = 240/с × 2 мс / 2 = 0,24", page)
        self.assertIn("потеряно", page)
        self.assertNotIn("utilisation", page)

    def test_json_has_numbers_with_their_units_and_the_whole_run(self):
        done = theory("theory", self.path, "--json")
        document = json.loads(done.stdout)
        self.assertEqual((document["engine"], document["scenario"]), ("theory", "station"))
        self.assertEqual([v["name"] for v in document["variants"]], ["slow", "fast"])
        slow, fast = document["variants"]
        self.assertGreater(slow["lost"], 0.2)
        self.assertEqual(fast["lost"], 0)
        self.assertGreater(slow["latency_ms"]["p99"], slow["latency_ms"]["p50"])
        self.assertLess(fast["latency_ms"]["p99"], 20)
        self.assertAlmostEqual(fast["services"]["web"]["utilization"], 0.165, places=6)
        line = self.lines("utilization")[1]
        self.assertEqual((line["value"], line["unit"], line["component"]), (1.5, "ratio", "web"))

    def test_the_time_to_drain_is_the_backlog_over_what_is_left_of_the_capacity(self):
        drain = self.lines("drain", "--set", "services.web.queue=1M",
                           "--set", "services.web.in_flight=1M")
        self.assertEqual([round(line["value"]) for line in drain], [round(5000 / 760 * 1000)])

    def test_no_more_are_in_the_system_than_there_are_places(self):
        inside = self.lines("in_system")[1]
        self.assertIn("L = λ W = 1,000/s × ", inside["formula"])
        self.assertLess(inside["value"], 103)  # A hundred wait, two are served, some hops less.

    def test_a_service_may_be_asked_with_every_verb(self):
        verbs = ("call", "like", "unlike", "count", "menu", "order", "track")
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write("version: 1\nname: verbs\nduration: 5s\nload:\n" + "".join(
                f"  - {{verb: {verb}, to: app, rate: 10/s}}\n" for verb in verbs))
            file.write("services: {app: {steps: [{compute: 1ms}]}}\n")
            file.flush()
            done = theory("theory", file.name)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("track", done.stdout)

    def test_an_override_changes_the_numbers(self):
        self.assertEqual(self.lines("utilization", "--set", "services.web.cores=4")[0]["value"],
                         0.12)

    def test_what_is_not_estimable_is_null_and_says_why(self):
        done = theory("theory", self.path, "--json", "--set", "network.loss=1%")
        slow = json.loads(done.stdout)["variants"][0]
        self.assertIsNone(slow["latency_ms"]["p99"])
        self.assertIn("lost messages", slow["not_estimable"][0])
        page = theory("theory", self.path, "--set", "network.loss=1%", "--lang", "ru").stdout
        self.assertIn("не оценить", page)

    def test_bad_words_and_files_are_2_and_say_what_there_is(self):
        for words in ([], [self.path, self.path], [self.path, "--seeds", "3"], ["no.yaml"],
                      [self.path, "--set"], [self.path, "--set", "cores"], [self.path, "--variant"],
                      [self.path, "--set", "services.web.cores=many"], [self.path, "--json=x"]):
            done = theory("theory", *words)
            self.assertEqual((done.returncode, done.stdout), (2, ""), words)
            self.assertNotEqual(done.stderr, "", words)
        done = theory("theory", self.path, "--variant", "none")
        self.assertEqual(done.returncode, 2)
        self.assertIn("there are: slow fast", done.stderr)
        done = theory("theory", self.path, "--variant", "none", "--lang", "ru")
        self.assertIn("нет такого варианта", done.stderr)

    def test_help_has_examples_in_both_languages(self):
        self.assertIn("sim theory scenarios/spike.yaml", theory("help", "theory").stdout)
        self.assertIn("оценка у доски", theory("help", "theory", "--lang", "ru").stdout)
        self.assertEqual(theory("theory", "--help").stdout, theory("help", "theory").stdout)

    def test_every_shipped_scenario_has_an_estimate(self):
        root = os.environ.get("SOURCE_DIR", ".")
        folder = os.path.join(root, "scenarios")
        for name in sorted(os.listdir(folder)):
            if not name.endswith(".yaml"):
                continue
            for lang in ("en", "ru"):
                done = theory("theory", os.path.join(folder, name), "--lang", lang)
                self.assertEqual((done.returncode, done.stderr), (0, ""), name)
                self.assertLessEqual(max(map(len, done.stdout.splitlines())), 160, name)

    def test_a_full_disk_is_an_error(self):
        with open("/dev/full", "w") as full:
            code = subprocess.run([SIM, "theory", self.path], stdout=full,
                                  stderr=subprocess.DEVNULL).returncode
        self.assertEqual(code, 1)


if __name__ == "__main__":
    program = unittest.main(exit=False, verbosity=0)
    ran = program.result.testsRun
    bad = len(program.result.failures) + len(program.result.errors)
    print(f"{ran - bad} passed, {bad} failed")
    sys.exit(1 if bad else 0)
