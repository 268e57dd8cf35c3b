"""The program from outside: exit codes, pipes, hostile files, interruption, memory, determinism."""
import json
import os
import re
import resource
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import unittest

SIM = os.environ.get("SIM")
if SIM is None:
    print("SIM is not set: nothing to try")
    sys.exit(77)
SANITIZED = b"__asan_init" in open(SIM, "rb").read()

STATION = """version: 1
name: station
duration: %s
network: {latency: 0s}
load: [{verb: call, rate: 900/s}]
services: {web: {kind: custom, steps: [{compute: {dist: exponential, mean: 1ms}}]}}
"""


def sim(*words, **options):
    env = {**os.environ, "LANG": "C", "SIM_LANG": "", **options.pop("env", {})}
    return subprocess.run([SIM, *words], capture_output=True, text=True, env=env, **options)


class File:
    def __init__(self, text):
        self.text = text if isinstance(text, bytes) else text.encode()

    def __enter__(self):
        self.file = tempfile.NamedTemporaryFile(suffix=".yaml")
        self.file.write(self.text)
        self.file.flush()
        return self.file.name

    def __exit__(self, *_):
        self.file.close()


class ExitCodes(unittest.TestCase):
    def test_a_run_as_expected_is_0(self):
        with File(STATION % "5s") as path:
            self.assertEqual(sim("run", path).returncode, 0)

    def test_a_threshold_that_fails_is_99(self):
        with File(STATION % "5s" + "thresholds: [latency.p99 < 1us]\n") as path:
            self.assertEqual(sim("run", path).returncode, 99)

    def test_a_threshold_that_is_expected_to_fail_is_0(self):
        text = STATION % "5s" + ("thresholds: [latency.p99 < 1us]\n"
                                 "variants: {slow: {expect: fail}}\n")
        with File(text) as path:
            self.assertEqual(sim("run", path).returncode, 0)

    def test_no_file_no_command_no_option_and_no_variant_are_2(self):
        with File(STATION % "5s") as path:
            for words in (["run"], ["fly"], ["run", path, "--fast"], ["run", "no.yaml"],
                          ["run", path, "--variant", "none"], ["run", path, "--seeds", "0"],
                          ["run", path, "--set", "services.web.cores=many"],
                          ["run", path, "--quiet=no"], ["run", path, "--json="],
                          ["run", path, "--seed", " -1"], []):
                self.assertEqual(sim(*words).returncode, 2, words)

    def test_a_limit_is_4_and_says_which(self):
        with File(STATION % "50s" + "limits: {events: 1000}\n") as path:
            done = sim("run", path, "--json")
            self.assertEqual(done.returncode, 4)
            self.assertIn("events", done.stdout)

    def test_more_seeds_than_their_results_have_room_for_are_4_at_once(self):
        with File(STATION % "1h") as path:
            done = sim("run", path, "--seeds", "10000", "--set", "limits.memory=64MiB")
            self.assertEqual(done.returncode, 4)
            self.assertIn("limits.memory 64 MiB", done.stderr)


class Output(unittest.TestCase):
    def test_results_go_to_stdout_and_nothing_else(self):
        with File(STATION % "5s") as path:
            done = sim("run", path, "--json")
            self.assertEqual(json.loads(done.stdout)["scenario"], "station")
            self.assertEqual(done.stderr, "")

    def test_quiet_says_nothing(self):
        with File(STATION % "5s") as path:
            done = sim("run", path, "-q")
            self.assertEqual(done.stdout + done.stderr, "")

    def test_a_pipe_gets_no_colour_and_no_animation(self):
        with File(STATION % "5s") as path:
            self.assertNotIn("\033", sim("run", path).stdout)

    def test_russian_is_spoken_on_request(self):
        with File(STATION % "5s") as path:
            by_word = sim("run", path, "--lang", "ru").stdout
            by_env = sim("run", path, env={"SIM_LANG": "ru"}).stdout
            strip = lambda text: text[:text.rfind("\n\n")]  # The last lines hold the wall clock.
            self.assertIn("Повторить", by_word)
            self.assertEqual(strip(by_word), strip(by_env))

    def test_json_goes_to_a_file_beside_the_report(self):
        with File(STATION % "5s") as path, tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "out.json")
            done = sim("run", path, "--json=" + out)
            self.assertIn("Repeat", done.stdout)
            with open(out) as file:
                self.assertEqual(json.load(file)["seed"], 42)

    def test_the_repeat_line_repeats_the_run(self):
        with File(STATION % "5s") as path:
            done = sim("run", path, "--seed", "7", "--set", "services.web.cores=2")
            line = [l for l in done.stdout.splitlines() if "Repeat" in l][-1]
            words = line.split(": ", 1)[1].split()[1:]
            again = sim(*words, "--json"), sim("run", path, "--seed", "7", "--set",
                                               "services.web.cores=2", "--json")
            prints = [json.loads(d.stdout)["variants"][0]["fingerprint"] for d in again]
            self.assertEqual(prints[0], prints[1])

    def test_the_repeat_line_can_be_pasted_whatever_the_words_hold(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "it's $HOME.yaml")
            with open(path, "w") as file:
                file.write(STATION % "1s")
            done = sim("run", path, "--set", "x-note=don't")
            line = [l for l in done.stdout.splitlines() if "Repeat" in l][-1]
            words = shlex.split(line.split(": ", 1)[1])
            self.assertIn(path, words)
            self.assertIn("x-note=don't", words)

    def test_a_path_that_cannot_be_written_is_found_before_the_run(self):
        with File(STATION % "1s") as path:
            done = sim("run", path, "--json=/no/such/folder/out.json")
            self.assertEqual(done.returncode, 1)
            self.assertIn("/no/such/folder", done.stderr)
            self.assertEqual(done.stdout, "")

    def test_a_json_file_that_cannot_be_written_does_not_take_the_report_along(self):
        with File(STATION % "1s") as path:
            done = sim("run", path, "--json=/dev/full")
            self.assertEqual(done.returncode, 1)
            self.assertIn("Repeat", done.stdout)

    def test_a_full_disk_is_an_error_and_not_a_success(self):
        with File(STATION % "5s") as path:
            with open("/dev/full", "w") as full:
                code = subprocess.run([SIM, "run", path, "--json"], stdout=full,
                                      stderr=subprocess.DEVNULL).returncode
            self.assertEqual(code, 1)

    def test_an_unknown_word_is_told_what_there_is(self):
        done = sim("lst")
        self.assertIn("did you mean list?", done.stderr)
        self.assertIn("commands: run check list", done.stderr)
        done = sim("help", "nonsense")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("sim help keys", done.stderr)
        self.assertIn("services", sim("help", "keys").stdout)

    def test_help_may_be_asked_behind_a_command(self):
        self.assertEqual(sim("run", "--help").stdout, sim("help", "run").stdout)
        self.assertEqual(sim("check", "-h", "--lang", "ru").stdout,
                         sim("help", "check", "--lang", "ru").stdout)

    def test_a_list_fits_a_terminal(self):
        lines = sim("list", cwd=os.environ.get("SOURCE_DIR", ".")).stdout.splitlines()
        self.assertLessEqual(max(map(len, lines)), 80)

    def test_every_command_has_help_in_both_languages(self):
        for command in ("run", "check", "list", "help", "schema", "version"):
            for lang in ("en", "ru"):
                self.assertEqual(sim("help", command, "--lang", lang).returncode, 0)

    def test_schema_is_json(self):
        self.assertIn("properties", json.loads(sim("schema").stdout))

    def test_the_folder_that_is_named_comes_before_the_one_at_hand(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "mine.yaml"), "w") as file:
                file.write(STATION % "1s")
            done = sim("list", cwd=os.environ.get("SOURCE_DIR", "."),
                       env={"SIM_SCENARIOS": folder})
            self.assertIn("mine.yaml", done.stdout)

    def test_list_finds_the_scenarios(self):
        done = sim("list", cwd=os.environ.get("SOURCE_DIR", "."))
        self.assertIn("spike.yaml", done.stdout)
        self.assertIn("likes.yaml", done.stdout)


class Determinism(unittest.TestCase):
    def prints(self, *words, **options):
        done = sim("run", "scenarios/spike.yaml", "--variant", "queue", "--variant", "cache",
                   "--json", *words, **options)
        return [(v["fingerprint"], v["events"], v["latency_ms"])
                for v in json.loads(done.stdout)["variants"]]

    def test_threads_do_not_change_the_bits(self):
        self.assertEqual(self.prints("--threads", "1"), self.prints("--threads", "5"))

    def test_a_processor_without_fma_gives_the_same_bits(self):
        plain = self.prints()
        masked = self.prints(env={"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA"})
        self.assertEqual(plain, masked)


class Hostile(unittest.TestCase):
    FILES = {
        "deep": b"a: " + b"[" * 200000,
        "aliases": b"a: &a [x]\nb: [*a, *a]\n",
        "large": b"# " + b"x" * 10_000_000,
        "nul": b"version: 1\nname: a\0b\n",
        "not utf-8": b"version: 1\nname: \xff\xfe\n",
        "twice": b"version: 1\nversion: 1\n",
        "huge number": b"version: 1\nname: a\nduration: 1e999s\n",
        "negative": b"version: 1\nname: a\nduration: -5s\n",
        "overflow": b"version: 1\nname: a\nduration: 99999999999999999999999s\n",
        "empty": b"",
        "list": b"- a\n- b\n",
        "binary": bytes(range(256)) * 100,
    }

    def test_hostile_files_are_refused_with_a_place(self):
        def few_megabytes():
            if not SANITIZED:  # The sanitizer itself reserves terabytes of address space.
                resource.setrlimit(resource.RLIMIT_AS, (64 << 20, 64 << 20))
        for name, text in self.FILES.items():
            with File(text) as path:
                done = sim("check", path, preexec_fn=few_megabytes)
                self.assertEqual(done.returncode, 2, (name, done.stderr))
                self.assertRegex(done.stderr, r"(?m)^\S+:\d+:\d+: error: ", name)
                self.assertLess(len(done.stderr), 20000, name)

    def test_a_folder_and_a_device_are_no_scenarios(self):
        for path in ("/tmp", "/dev/zero", "/dev/stdin/x"):
            self.assertEqual(sim("check", path, stdin=subprocess.DEVNULL).returncode, 2, path)


class LittleMemory(unittest.TestCase):
    def code(self, path, address_space):
        limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (address_space, address_space))
        return sim("run", path, "-q", "--threads", "1", preexec_fn=limit).returncode

    def test_an_address_space_that_runs_out_anywhere_is_an_error_and_no_crash(self):
        if SANITIZED:
            self.skipTest("the sanitizer itself reserves terabytes of address space")
        loads = ", ".join(["{verb: call, rate: 9/s}"] * 16)  # A pool for each.
        with File((STATION % "1s").replace("{verb: call, rate: 900/s}", loads)) as path:
            enough = 1 << 34
            while self.code(path, enough) != 0:
                enough *= 2
            codes = {self.code(path, enough * part // 100) for part in range(50, 101)}
            self.assertLessEqual(codes, {0, 1})


def ticks_of(pid):
    """Processor time of all its threads, in hundredths of a second."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def wait_until_it_runs(process):
    """It listens to SIGINT and has computed for a fifth of a second since; or it is over."""
    bit, since = 1 << (signal.SIGINT - 1), None
    while process.poll() is None and (since is None or ticks_of(process.pid) < since + 20):
        with open(f"/proc/{process.pid}/status") as status:
            caught = int(re.search(r"SigCgt:\t(\w+)", status.read())[1], 16)
        if since is None and caught & bit:
            since = ticks_of(process.pid)
        time.sleep(0.01)


class LongRuns(unittest.TestCase):
    def test_an_interruption_reports_what_there_is_and_is_130(self):
        with File(STATION % "1h") as path:
            process = subprocess.Popen([SIM, "run", path, "--json", "--seeds", "50"],
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            wait_until_it_runs(process)
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate()
            self.assertEqual(process.returncode, 130)
            self.assertGreater(json.loads(out)["variants"][0]["events"], 0)

    def test_memory_does_not_grow_with_requests_served(self):
        if SANITIZED:
            self.skipTest("a sanitizer keeps what is given back")
        def peak_kib(duration):
            with File(STATION % duration) as path:
                script = ("import resource, subprocess, sys; subprocess.run(sys.argv[1:]); "
                          "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
                out = subprocess.run([sys.executable, "-c", script, SIM, "run", path, "-q"],
                                     capture_output=True, text=True).stdout
            return int(out)
        self.assertLess(peak_kib("3000s"), peak_kib("30s") + 1024)


if __name__ == "__main__":
    program = unittest.main(exit=False, verbosity=0)
    ran = program.result.testsRun
    bad = len(program.result.failures) + len(program.result.errors)
    print(f"{ran - bad} passed, {bad} failed")
    sys.exit(1 if bad else 0)
