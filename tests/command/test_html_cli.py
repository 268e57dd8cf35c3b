"""sim run --html from outside: where the page goes, what is left when it cannot, what it allows itself."""
import base64
import hashlib
import os
import re
import resource
import signal
import stat
import subprocess
import sys
import tempfile
import unittest

SIM = os.environ.get("SIM")
if not SIM:
    print("SIM is not set: nothing to try")
    sys.exit(77)

STATION = """version: 1
name: station
duration: %s
load: [{verb: call, rate: 50/s}]
services: {web: {steps: [{compute: 1ms}]}}
"""


def sim(*words, **options):
    env = {**os.environ, "LANG": "C", "SIM_LANG": ""}
    return subprocess.run([SIM, *words], capture_output=True, text=True, env=env, **options)


class Folder(unittest.TestCase):
    """A scenario and room for a page."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.scenario = self.write("station.yaml", STATION % "5s")
        self.page = self.path("page.html")

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def read(self, name="page.html"):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def left(self):
        return sorted(os.listdir(self.folder.name))


def has_charts():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "station.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(STATION % "1s")
        return sim("run", path, "-q", "--html", os.path.join(folder, "x.html")).returncode != 2


HAS_CHARTS = has_charts()


@unittest.skipUnless(HAS_CHARTS, "this build has no chart library")
class Written(Folder):
    def test_the_page_stands_beside_the_report_and_the_document(self):
        done = sim("run", self.scenario, "--html", self.page, f"--json={self.path('page.json')}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Repeat:", done.stdout)
        self.assertTrue(self.read().startswith("<!doctype html>\n<html lang=\"en\">"))
        self.assertTrue(self.read().endswith("</html>\n"))
        self.assertEqual(self.left(), ["page.html", "page.json", "station.yaml"])

    def test_quiet_writes_it_too_and_says_nothing(self):
        done = sim("run", self.scenario, f"--html={self.page}", "-q")
        self.assertEqual(done.stdout + done.stderr, "")
        self.assertIn("</html>", self.read())

    def test_the_language_is_the_commands_and_both_are_in_it(self):
        sim("run", self.scenario, "--html", self.page, "-q", "--lang", "ru")
        self.assertIn('<html lang="ru">', self.read())
        for words in ("Answers", "Ответы", "Over time", "Во времени"):
            self.assertIn(words, self.read())

    def test_many_seeds_have_their_intervals_in_it(self):
        sim("run", self.scenario, "--html", self.page, "-q", "--seeds", "3")
        self.assertIn("±", self.read())

    def test_an_older_page_is_replaced_through_its_link_with_its_mode(self):
        os.chmod(self.write("page.html", "old"), 0o640)
        os.symlink("page.html", self.path("link.html"))
        sim("run", self.scenario, "--html", self.path("link.html"), "-q")
        self.assertTrue(os.path.islink(self.path("link.html")))
        self.assertIn("</html>", self.read())
        self.assertEqual(stat.S_IMODE(os.stat(self.page).st_mode), 0o640)

    def test_a_new_page_has_the_mode_that_new_files_have(self):
        sim("run", self.scenario, "--html", self.page, "-q", umask=0o027)
        self.assertEqual(stat.S_IMODE(os.stat(self.page).st_mode), 0o640)

    def test_the_policy_names_the_hashes_of_what_is_in_it_and_nothing_else(self):
        sim("run", self.scenario, "--html", self.page, "-q")
        page = self.read()
        named = []
        for tag in ("script", "style"):
            text = re.search(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL).group(1)
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            named.append(f"{tag}-src 'sha256-{digest}'")
        policy = re.search('Content-Security-Policy" content="([^"]*)"', page).group(1)
        self.assertEqual(policy, f"default-src 'none'; {named[0]}; {named[1]}; "
                                 "base-uri 'none'; form-action 'none'")
        self.assertIsNone(re.search(r"\son\w+=|\sstyle=|<link|<iframe|@import|url\((?!#)", page))

    def test_the_librarys_licence_is_in_it(self):
        sim("run", self.scenario, "--html", self.page, "-q")
        self.assertIn("Permission is hereby granted", self.read())


@unittest.skipUnless(HAS_CHARTS, "this build has no chart library")
class NotWritten(Folder):
    def refused(self, path, code=1):
        """Before the run: of an hour, which would take seconds, and with no report."""
        self.write("station.yaml", STATION % "1h")
        done = sim("run", self.scenario, "--html", path)
        self.assertEqual(done.returncode, code)
        self.assertEqual(done.stdout, "")
        return done.stderr

    def test_a_folder_that_is_not_there_is_found_before_the_run(self):
        path = self.path("nowhere/page.html")
        self.assertIn(path, self.refused(path))

    def test_a_folder_or_a_device_is_no_place_for_it(self):
        self.assertIn("is no file", self.refused(self.folder.name))
        self.assertIn("is no file", self.refused("/dev/null"))

    def test_the_help_names_it_in_both_languages(self):
        self.assertIn("--html FILE", sim("help", "run").stdout)
        self.assertIn("--html ФАЙЛ", sim("help", "run", "--lang", "ru").stdout)

    def test_no_name_is_a_slip_of_the_command_line(self):
        for words in (["--html"], ["--html="], ["--html=-"]):
            self.assertEqual(sim("run", self.scenario, *words).returncode, 2, words)

    def test_a_full_disk_leaves_the_older_page_and_nothing_else(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))

        self.write("page.html", "old")
        done = sim("run", self.scenario, "--html", self.page, preexec_fn=limit)
        self.assertEqual(done.returncode, 1)
        self.assertIn(self.page, done.stderr)
        self.assertIn("Repeat:", done.stdout)
        self.assertEqual(self.read(), "old")
        self.assertEqual(self.left(), ["page.html", "station.yaml"])


@unittest.skipIf(HAS_CHARTS, "this build has its chart library")
class NoCharts(Folder):
    def test_a_build_without_the_library_says_so_before_the_run(self):
        for lang, words in (("en", "Install npm"), ("ru", "Поставьте npm")):
            done = sim("run", self.scenario, "--html", self.page, "--lang", lang)
            self.assertEqual(done.returncode, 2)
            self.assertIn(words, done.stderr)
            self.assertEqual(done.stdout, "")
        self.assertEqual(self.left(), ["station.yaml"])


if __name__ == "__main__":
    program = unittest.main(exit=False, verbosity=0)
    ran = program.result.testsRun
    bad = len(program.result.failures) + len(program.result.errors)
    print(f"{ran - bad} passed, {bad} failed")
    sys.exit(1 if bad else 0)
