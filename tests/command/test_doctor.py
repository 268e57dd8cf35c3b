"""sim doctor from outside: what is there, what is missing and its cure, in both languages."""
import errno
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

SIM = os.environ.get("SIM")
if not SIM:
    print("SIM is not set: nothing to try")
    sys.exit(77)

STATES = {"ok", "poor", "missing"}


def doctor(*words, **changes):
    env = {**os.environ, "LANG": "C", "SIM_LANG": "", **changes}
    for name in ("SIM_REDIS", "SIM_MEMCACHED", "SIM_KAFKA", "SIM_DB"):
        if name not in changes:
            env.pop(name, None)
    return subprocess.run([SIM, "doctor", *words], capture_output=True, text=True, env=env,
                          timeout=120)


def findings(done):
    return {each["name"]: each for each in json.loads(done.stdout)["findings"]}


def own_words(found):
    """Those of a sentence of ours: not of a path, of a version, or of what the kernel says."""
    for number in errno.errorcode:
        found = found.replace(os.strerror(number), "")
    return re.findall(r"(?<![\w/.-])[A-Za-z]{2,}(?![\w/.-])", found)


def closed_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Doctor(unittest.TestCase):
    def test_each_finding_is_one_line_with_its_state(self):
        lines = doctor().stdout.splitlines()
        names = [line[9:23].strip() for line in lines]
        for name in ("sim-node", "redis-server", "librdkafka", "SQLite", "libpq", "open files",
                     "cores", "idle cores", "priority", "timers"):
            self.assertEqual(names.count(name), 1, lines)
        for line in lines:
            self.assertIn(line.split()[0], STATES)

    def test_what_is_not_ok_says_its_cure_and_what_is_ok_has_none(self):
        for each in findings(doctor("--json", PATH="/nowhere")).values():
            self.assertIn(each["state"], STATES)
            self.assertEqual("cure" in each, each["state"] != "ok", each)
            self.assertTrue(each.get("cure", "some"))

    def test_a_missing_redis_server_is_5_and_names_the_package(self):
        done = doctor("--json", PATH="/nowhere")
        self.assertEqual(done.returncode, 5)
        self.assertFalse(json.loads(done.stdout)["ok"])
        self.assertEqual(findings(done)["redis-server"]["state"], "missing")
        self.assertIn("apt install redis-server", findings(done)["redis-server"]["cure"])

    def test_a_missing_memcached_is_no_hindrance_and_names_the_package(self):
        done = doctor("--json", PATH="/nowhere")
        self.assertEqual(findings(done)["memcached"]["state"], "poor")
        self.assertIn("apt install memcached", findings(done)["memcached"]["cure"])
        self.assertIn("store.kind: memcached", findings(done)["memcached"]["cure"])

    def test_the_exit_code_is_0_exactly_when_nothing_is_missing(self):
        done = doctor("--json")
        is_missing = any(f["state"] == "missing" for f in findings(done).values())
        self.assertEqual(done.returncode, 5 if is_missing else 0)
        self.assertEqual(json.loads(done.stdout)["ok"], not is_missing)

    def test_idle_cores_are_kept_awake_where_that_is_allowed(self):
        found = findings(doctor("--json"))["idle cores"]
        is_allowed = os.access("/dev/cpu_dma_latency", os.W_OK)
        self.assertEqual(found["state"], "ok" if is_allowed else "poor", found)

    def test_servers_that_are_not_named_are_not_looked_for(self):
        self.assertFalse({"Redis", "Kafka", "database"} & set(findings(doctor("--json"))))

    def test_a_named_server_that_does_not_answer_is_missing(self):
        port = closed_port()
        done = doctor("--json", "--redis", f"127.0.0.1:{port}", f"--kafka=127.0.0.1:{port}",
                      "--db", f"postgres://me:secret@127.0.0.1:{port}/lab")
        self.assertEqual(done.returncode, 5)
        for name in ("Redis", "Kafka", "database"):
            self.assertEqual(findings(done)[name]["state"], "missing")
        self.assertNotIn("secret", done.stdout)

    def test_a_rabbitmq_is_missing_only_where_it_is_named(self):
        self.assertEqual(findings(doctor("--json"))["RabbitMQ"]["state"], "ok")
        done = doctor("--json", "--rabbitmq", f"me:secret@127.0.0.1:{closed_port()}")
        self.assertEqual(findings(done)["RabbitMQ"]["state"], "missing")
        self.assertNotIn("secret", done.stdout)

    def test_servers_are_named_by_the_environment_too(self):
        done = doctor("--json", SIM_REDIS=f"127.0.0.1:{closed_port()}")
        self.assertEqual(findings(done)["Redis"]["state"], "missing")

    def test_a_redis_that_answers_says_its_version(self):
        program = shutil.which("redis-server")
        if program is None:
            self.skipTest("no redis-server: apt install redis-server")
        with tempfile.TemporaryDirectory(dir="/tmp", prefix="simt-") as folder:
            path = os.path.join(folder, "r")
            redis = subprocess.Popen([program, "--port", "0", "--unixsocket", path, "--save", "",
                                      "--dir", folder], stdout=subprocess.PIPE, text=True)
            try:
                for line in redis.stdout:
                    if "ready to accept" in line.lower() or "server is now ready" in line.lower():
                        break
                done = doctor("--json", "--redis", path)
            finally:
                redis.kill()
                redis.wait()
                redis.stdout.close()
        self.assertEqual(findings(done)["Redis"]["state"], "ok")
        version = findings(done)["redis-server"]["found"]
        self.assertEqual(findings(done)["Redis"]["found"], f"{path}: {version}")

    def test_a_database_that_answers_says_what_it_is(self):
        with tempfile.TemporaryDirectory(dir="/tmp", prefix="simt-") as folder:
            done = doctor("--json", "--db", os.path.join(folder, "d"))
        self.assertIn("SQLite", findings(done)["database"]["found"])

    def test_russian_is_spoken_on_request_and_keys_stay_english(self):
        done = doctor("--lang", "ru", PATH="/nowhere")
        self.assertTrue(any(line.startswith("нет") and "redis-server" in line
                            for line in done.stdout.splitlines()), done.stdout)
        self.assertIn("state", doctor("--lang", "ru", "--json").stdout)

    def test_what_was_found_is_russian_wherever_it_is_a_sentence(self):
        for changes in ({}, {"PATH": "/nowhere"}):
            english = findings(doctor("--json", **changes))
            russian = findings(doctor("--json", "--lang", "ru", **changes))
            self.assertEqual(list(english), list(russian))
            for name, each in english.items():
                if len(own_words(each["found"])) > 1:
                    self.assertRegex(russian[name]["found"], "[а-яё]", name)
            self.assertRegex(english["open files"]["found"], r"^\d+, up to \d+$")
            self.assertRegex(english["timers"]["found"], r"^late by \d+ us \(p50\), \d+ us \(p99\)$")

    def test_russian_names_stand_in_a_column_as_well(self):
        lines = doctor("--lang", "ru").stdout.splitlines()
        names = [line[8:22].strip() for line in lines]
        for name in ("sim-node", "открытые файлы", "ядра", "сон ядер", "приоритет", "таймеры"):
            self.assertEqual(names.count(name), 1, lines)

    def test_an_unknown_word_is_2(self):
        for words in (["--fast"], ["now"], ["--redis"]):
            self.assertEqual(doctor(*words).returncode, 2, words)


if __name__ == "__main__":
    unittest.main()
