"""sim trace and sim run --trace: the waterfall in both languages, its document, and trace events that
hold to what viewers demand of them."""
import collections
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

SIM = os.environ.get("SIM")
if SIM is None:
    print("SIM is not set: nothing to try")
    sys.exit(77)

CHAIN = """version: 1
name: chain
seed: 3
duration: 10s
load: [{verb: call, to: api, rate: 200/s, patience: 1s}]
services:
  api:
    kind: custom
    replicas: 2
    pipeline: {accept: 50us, validate: {dist: exponential, mean: 300us}, serialise: 1ms, send: 30us}
    steps: [{store: get}, {table: read}, {ask: back}, {compute: {dist: exponential, mean: 2ms}}]
  back: {kind: custom, runtime: {threads: 2}, steps: [{table: read}, {compute: 1ms}]}
variants: {slow: {}, fast: {services: {api: {speed: 4}}}}
"""


def sim(*words, columns="110"):
    env = {**os.environ, "LANG": "C", "SIM_LANG": "", "COLUMNS": columns}
    return subprocess.run([SIM, *words], capture_output=True, text=True, env=env, timeout=240)


class Chain(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "chain.yaml")
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(CHAIN)

    def tearDown(self):
        self.folder.cleanup()

    def page(self, *words, **options):
        done = sim("trace", self.path, *words, **options)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.replace("\u00a0", " ")

    def document(self, *words):
        done = sim("trace", self.path, "--json", *words)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout)


class Waterfall(Chain):
    def test_a_line_per_span_indented_below_its_cause_with_start_length_and_bar(self):
        lines = self.page("--request", "700").splitlines()
        self.assertRegex(lines[0], r"^call, request 700 of [\d,]+: [\d.]+ m?s, ok$")
        self.assertIn("scenario chain, variant slow, seed 3", lines[1])
        wanted = [r"^  client +0 ms +[\d.]+ ms  ─+$", r"^    api/balancer +0 ms ", r"^      cpu +.*█",
                  r"^      api/[01] ", r"^        accept .*█", r"^        validate .*█",
                  r"^        handle .*─", r"^          store .*━", r"^          table .*━",
                  r"^          back/balancer ", r"^            back/0 ", r"^          cpu .*█",
                  r"^        serialise .*█", r"^        send .*█"]
        for pattern in wanted:
            while lines and not re.search(pattern, lines[0]):
                lines.pop(0)
            self.assertTrue(lines, f"no line like {pattern}, in that order")

    def test_the_same_in_russian(self):
        page = self.page("--request", "701", "--lang", "ru")
        for word in ("запрос 701 из", "клиент", "приём", "проверка входа", "сериализация", "обработчик",
                     "Куда ушло время:", "ожидание", "Повторить: sim trace"):
            self.assertIn(word, page)
        for word in ("client ", "serialise", "Where"):
            self.assertNotIn(word, page)

    def test_no_line_is_wider_than_the_terminal(self):
        for columns in ("40", "80", "200"):
            for line in self.page(columns=columns).splitlines():
                self.assertLessEqual(len(line), int(columns), line)

    def test_the_slowest_is_meant_where_nothing_is_said_and_the_last_line_repeats_it(self):
        page = self.page()
        self.assertEqual(page, self.page("--request", "slowest"))
        words = page[page.rindex("sim trace"):].split()
        self.assertEqual(sim(*words[1:]).stdout.replace("\u00a0", " "), page)

    def test_a_variant_and_overrides_are_those_of_a_run(self):
        slow, fast = (self.document("--variant", name) for name in ("slow", "fast"))
        self.assertEqual((slow["variant"], fast["variant"]), ("slow", "fast"))
        self.assertGreater(slow["request"]["latency_ms"], fast["request"]["latency_ms"])
        done = sim("run", self.path, "--variant", "slow", "--json")
        self.assertEqual(round(json.loads(done.stdout)["variants"][0]["latency_ms"]["max"], 6),
                         round(slow["request"]["latency_ms"], 6))
        over = self.document("--set", "services.api.pipeline.serialise=5ms")
        self.assertIn("serialise", [share["what"] for share in over["where"]])

    def test_tries_and_why_they_failed_are_seen(self):
        page = self.page("--request", "failed", "--set", "services.back.steps=[{sleep: 2s}]",
                         "--set", "load.0.timeout=100ms",
                         "--set", "load.0.retry={attempts: 2, backoff: 20ms, jitter: none}")
        self.assertIn("api/balancer · timeout", page)
        self.assertIn("back-off", page)
        self.assertIn("try 2 · timeout", page)

    def test_a_hedge_is_seen_beside_what_it_hedges(self):
        text = CHAIN.replace("verb: call, to: api", "verb: menu, to: delivery").replace(
            "services:\n", "balancer: {hedge: {after: 1ms, share: 100%}}\nservices:\n"
            "  delivery: {replicas: 3}\n")
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(text)
        self.assertRegex(self.page("--request", "slowest"), r"delivery/[012] · hedge")


class Stages(Chain):
    def test_a_run_shows_where_requests_spend_their_time_where_there_is_a_pipeline(self):
        page = sim("run", self.path).stdout.replace("\u00a0", " ")
        self.assertIn("Pipeline of api: mean time of a request at each stage", page)
        self.assertRegex(page, r"\n  serialise +[\d.]+ [mµ]?s +[\d.]+")
        self.assertNotIn("Pipeline of back", page)
        self.assertIn("Этапы запроса в api", sim("run", self.path, "--lang", "ru").stdout)

    def test_the_document_has_them_beside_what_is_waited_for(self):
        done = sim("run", self.path, "--variant", "slow", "--json")
        api = json.loads(done.stdout)["variants"][0]["services"]["api"]
        stages = [api["stages_ms"][name] for name in ("accept", "validate", "handle", "serialise",
                                                      "send")]
        self.assertAlmostEqual(sum(stages), api["sojourn_mean_ms"], delta=0.02)
        self.assertIn("table", api["stages_ms"])
        self.assertNotIn("validate_answer", api["stages_ms"])


class Document(Chain):
    def test_children_begin_within_their_parents_and_pieces_add_up(self):
        for number in ("1", "50", "slowest"):
            document = self.document("--request", number)
            spans = {span["id"]: span for span in document["spans"]}
            for span in document["spans"]:
                parent = spans.get(span["parent"])
                if parent is None:
                    self.assertEqual(span["what"], "request")
                    continue
                self.assertGreaterEqual(span["start_ms"], parent["start_ms"] - 1e-9)
                self.assertLessEqual(span["start_ms"] + span["took_ms"],
                                     parent["start_ms"] + parent["took_ms"] + 1e-9)
            self.assertAlmostEqual(sum(share["ms"] for share in document["where"]),
                                   document["request"]["latency_ms"], places=6)

    def test_it_says_which_run_it_is_of(self):
        document = self.document("--seed", "9", "--request", "5")
        self.assertEqual((document["scenario"], document["seed"]), ("chain", 9))
        self.assertEqual(document["request"]["number"], 5)
        self.assertEqual(len(document["scenario_sha256"]), 64)


class Misuse(Chain):
    def refused(self, words, finding):
        done = sim("trace", *words)
        self.assertEqual((done.returncode, done.stdout), (2, ""), words)
        self.assertIn(finding, done.stderr)
        self.assertIn("sim help trace", done.stderr)

    def test_a_request_that_there_is_not_is_said_with_how_many_there_are(self):
        offered = self.document("--request", "1")["request"]["of"]
        self.document("--request", str(offered))
        self.refused([self.path, "--request", str(offered + 1)], f"their number is: {offered}")

    def test_what_is_no_request_is_said_with_what_is(self):
        for word in ("0", "-1", "1.5", "fastest", "", "99999999999999999999"):
            self.refused([self.path, "--request", word], "a number from 1 on, slowest, or failed")

    def test_when_nothing_failed_there_is_the_slowest(self):
        self.refused([self.path, "--request", "failed"], "--request slowest")

    def test_when_nothing_was_in_time_there_is_the_first_that_failed(self):
        self.refused([self.path, "--set", "load.0.patience=1us"], "--request failed")

    def test_words_that_are_no_options_files_or_variants(self):
        self.refused([], "which scenario?")
        self.refused([self.path, "--fast"], "no such option: --fast")
        self.refused([self.path, "--request"], "a value is missing")
        self.refused([self.path, self.path], "one file at a time")
        self.assertEqual(sim("trace", self.path, "--variant", "none").returncode, 2)
        self.assertEqual(sim("trace", "no.yaml").returncode, 2)

    def test_help_has_examples_in_both_languages(self):
        self.assertIn("sim trace pipeline --request slowest", sim("help", "trace").stdout)
        self.assertIn("куда ушло его время", sim("help", "trace", "--lang", "ru").stdout)


class Events(Chain):
    def events(self, *words):
        path = os.path.join(self.folder.name, "out.json")
        done = sim("run", self.path, "--variant", "slow", "-q", "--trace", path, *words)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        with open(path, encoding="utf-8") as file:
            return json.load(file)

    def test_every_event_has_what_the_format_demands(self):
        document = self.events()
        self.assertEqual(document["displayTimeUnit"], "ms")
        names = collections.Counter()
        for event in document["traceEvents"]:
            self.assertIn(event["ph"], "XM")
            self.assertTrue(event["name"])
            self.assertIsInstance(event["pid"], int)
            self.assertIsInstance(event["tid"], int)
            if event["ph"] == "M":
                self.assertIn(event["name"], ("process_name", "process_sort_index", "thread_name"))
                names[event["name"]] += 1
                continue
            self.assertGreaterEqual(event["ts"], 0)
            self.assertGreater(event["dur"], 0)
            self.assertGreater(event["args"]["request"], 0)
        self.assertEqual(names["process_name"], 6)  # Clients, two balancers, three replicas.

    def test_on_a_lane_spans_nest_and_do_not_overlap_otherwise(self):
        lanes = collections.defaultdict(list)
        for event in self.events()["traceEvents"]:
            if event["ph"] == "X":
                begin = round(event["ts"] * 1000)
                end = begin + round(event["dur"] * 1000)
                lanes[event["pid"], event["tid"]].append((begin, -end, event["args"]["request"]))
        self.assertGreater(len(lanes), 6)
        for spans in lanes.values():
            above = []
            for begin, end, request in sorted(spans):
                while above and above[-1][0] <= begin:
                    above.pop()
                if above:
                    self.assertLessEqual(-end, above[-1][0])
                    self.assertEqual(request, above[-1][1])
                above.append((-end, request))

    def test_it_holds_the_first_thousand_and_the_slowest_and_says_so(self):
        document = self.events()
        slowest = self.document("--request", "slowest")["request"]
        numbers = {event["args"]["request"] for event in document["traceEvents"]
                   if event["ph"] == "X"}
        self.assertTrue(set(range(1, 1001)) <= numbers)
        self.assertIn(slowest["number"], numbers)
        self.assertLessEqual(len(numbers), 1010)
        self.assertIn(f"of {slowest['of']}", document["otherData"]["requests"])

    def test_it_changes_nothing_in_the_run(self):
        path = os.path.join(self.folder.name, "out.json")
        words = ["run", self.path, "--variant", "slow", "--json"]
        plain, traced = (json.loads(sim(*words, *more).stdout) for more in ([], ["--trace", path]))
        self.assertEqual(plain["variants"][0]["fingerprint"], traced["variants"][0]["fingerprint"])

    def test_a_trace_is_of_one_variant_and_of_one_run_in_virtual_time(self):
        for words, cure in (([], "--variant"), (["--variant", "slow", "--seeds", "2"], "one run"),
                            (["--variant", "slow", "--live"], "virtual time"),
                            (["--variant", "slow", "--trace="], "--trace")):
            done = sim("run", self.path, "--trace", "/dev/null", *words)
            self.assertEqual(done.returncode, 2, words)
            self.assertIn(cure, done.stderr)

    def test_a_file_that_cannot_be_written_is_found_before_the_run(self):
        done = sim("run", self.path, "--variant", "slow", "--trace", "/no/such/folder/out.json")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("/no/such/folder/out.json", done.stderr)
        done = sim("run", self.path, "--variant", "slow", "-q", "--trace", "/dev/full")
        self.assertEqual(done.returncode, 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
