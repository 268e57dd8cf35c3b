#!/usr/bin/env python3
"""test_compose.py — What the lab promises of its files, read from the files.

Of compose.yaml: every port on 127.0.0.1, limits, read-only, no root, no capabilities, health checks
and gates, no engine's socket, images pinned. Of the image: the lists of packages are those that
bootstrap.sh and the linker name. Of Prometheus and Grafana: promtool takes the configuration and
every expression, and every metric named is one that a node writes. The plugin `docker compose`
reads compose.yaml as well, where it is installed (its binary may also be named by DOCKER_COMPOSE).
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

from stack import COMPOSE, ROOT, read_compose

WANTED = {"redis", "kafka", "postgres", "balancer", "likes", "delivery", "batcher", "prometheus",
          "grafana", "sim"}
ENDS_BY_ITSELF = {"prepare", "sim"}
skipped = []


def skip(what):
    print(f"\n*** SKIPPED: {what} ***\n", file=sys.stderr, flush=True)
    skipped.append(what)


def every_service_is_kept_small_and_harmless():
    for name, service in read_compose()["services"].items():
        for port in service.get("ports", []):
            assert re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port), f"{name}: port {port}"
        assert service.get("network_mode") is None and not service.get("privileged"), name
        assert re.fullmatch(r"\d+[mg]", str(service["mem_limit"])), name
        assert service["pids_limit"] > 0 and service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        user, group = service["user"].split(":")
        assert int(user) > 0 and int(group) > 0, f"{name} is root"
        assert re.fullmatch(r"[\w./-]+:\d+\.\d+(\.\d+)?[\w.-]*|[\w./-]+:v\d+\.\d+\.\d+",
                            service["image"]), f"{name}: {service['image']} is not pinned"
    assert "docker.sock" not in (COMPOSE / "compose.yaml").read_text()


def every_service_waits_until_what_it_needs_is_well():
    services = read_compose()["services"]
    assert WANTED <= set(services), WANTED - set(services)
    for name, service in services.items():
        if name not in ENDS_BY_ITSELF:
            assert service["healthcheck"]["test"][0] == "CMD", f"{name} has no health check"
        for other, how in service.get("depends_on", {}).items():
            wanted = ("service_completed_successfully" if other in ENDS_BY_ITSELF
                      else "service_healthy")
            assert how["condition"] == wanted, f"{name} waits for {other}: {how}"
    assert set(services["prepare"]["depends_on"]) == {"redis", "kafka", "postgres"}
    for name in ("balancer", "delivery", "likes", "batcher"):
        assert "prepare" in services[name]["depends_on"], name
        assert "container_name" not in services[name], f"{name} could not be scaled"
    for name in ("prometheus", "grafana"):
        assert services[name]["profiles"] == ["observe"], name


def the_variables_choose_the_experiment():
    services = read_compose({"SIM_SCENARIO": "likes", "SIM_VARIANT": "batched"})["services"]
    for name in ("prepare", "balancer", "delivery", "likes", "batcher", "sim"):
        command = services[name]["command"]
        assert "likes" in command and command[command.index("--variant") + 1] == "batched", name


def compose_itself_reads_it():
    plugin = os.environ.get("DOCKER_COMPOSE")
    command = [plugin] if plugin else ["docker", "compose"]
    if shutil.which(command[0]) is None or subprocess.run([*command, "version"],
                                                          capture_output=True).returncode != 0:
        skip("docker compose is not installed here: `docker compose config` was not asked")
        return
    done = subprocess.run([*command, "--profile", "observe", "--profile", "drive", "config",
                           "--format", "json"], cwd=COMPOSE, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    services = json.loads(done.stdout)["services"]
    assert WANTED <= set(services)
    for name, service in services.items():
        assert all(port["host_ip"] == "127.0.0.1" for port in service.get("ports", [])), name
        assert int(service["mem_limit"]) > 0 and service["read_only"], name


# ---- The image -----------------------------------------------------------------------------------


def packages_of_stage(stage):
    """The words behind `apt-get install` in the nth stage of the Dockerfile."""
    text = (COMPOSE / "Dockerfile").read_text().split("\nFROM ")[stage].replace("\\\n", " ")
    words = re.search(r"apt-get install -y --no-install-recommends ([^&]*)", text).group(1).split()
    return set(words)


def the_image_is_built_of_what_bootstrap_names():
    table = (ROOT / "bootstrap.sh").read_text().split("build_needs='")[1].split("'")[0]
    named = {line.split()[2] for line in table.strip().splitlines()}
    assert packages_of_stage(1) == named - {"git", "redis-server"}, packages_of_stage(1) ^ named


def the_image_has_the_libraries_that_the_programs_need():
    sim = os.environ.get("SIM")
    if not sim or shutil.which("dpkg") is None or shutil.which("objdump") is None:
        skip("the libraries of the image: not on Debian, or no program was built")
        return
    if "12" not in re.findall(r'VERSION_ID="(\d+)"', open("/etc/os-release").read()):
        skip("the libraries of the image: this is not Debian 12")
        return
    needed = set()
    for path in (sim, os.environ.get("SIM_NODE") or os.path.join(os.path.dirname(sim), "sim-node")):
        headers = subprocess.run(["objdump", "-p", path], capture_output=True, text=True).stdout
        needed |= set(re.findall(r"NEEDED\s+(\S+)", headers))
    needed -= {n for n in needed if re.match(r"lib(c|m|asan|ubsan|tsan|gcc_s)\.|ld-linux", n)}
    listed = packages_of_stage(2)
    for library in sorted(needed):
        owner = subprocess.run(["dpkg", "-S", f"*/{library}"], capture_output=True,
                               text=True).stdout
        packages = {line.split(":")[0] for line in owner.splitlines()}
        assert packages & listed, f"{library} is of {packages}, the image has {sorted(listed)}"


def the_context_has_what_the_image_copies():
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines()
               if line.startswith("!")}
    for words in re.findall(r"^COPY (?!--from)(.*)$", (COMPOSE / "Dockerfile").read_text(), re.M):
        source = [word for word in words.split() if not word.startswith("--")][0]
        assert source in allowed and (ROOT / source).exists(), source


# ---- Watching ------------------------------------------------------------------------------------


def promtool(*words):
    if shutil.which("promtool") is None:
        skip(f"promtool is not installed: {words[1]} was not checked")
        return
    done = subprocess.run(["promtool", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def expressions():
    dashboard = json.loads((COMPOSE / "grafana/dashboards/sim.json").read_text())
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


def prometheus_takes_its_configuration():
    path = COMPOSE / "prometheus/prometheus.yml"
    promtool("check", "config", str(path))
    jobs = {job["job_name"] for job in yaml.safe_load(path.read_text())["scrape_configs"]}
    assert jobs == {"balancer", "delivery", "likes", "batcher"}
    for expression in expressions():
        assert set(re.findall(r'job="(\w+)"', expression)) <= jobs, expression


def every_expression_of_the_dashboard_is_promql():
    rules = [{"record": f"panel:{i}", "expr": expr} for i, expr in enumerate(expressions())]
    assert len(rules) > 20
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}, file)
        file.flush()
        promtool("check", "rules", file.name)


def every_metric_of_the_dashboard_is_written_by_a_node():
    source = (ROOT / "services/live/node/metrics.c").read_text()
    for expression in expressions():
        for metric in re.findall(r"\b(?:sim|process)_\w+", expression):
            assert f'"{re.sub("_bucket$", "", metric)}"' in source, f"nobody writes {metric}"


def grafana_finds_its_dashboard_and_its_source():
    provisioning = COMPOSE / "grafana/provisioning"
    source = yaml.safe_load((provisioning / "datasources/prometheus.yaml").read_text())
    provider = yaml.safe_load((provisioning / "dashboards/sim.yaml").read_text())
    mounts = read_compose()["services"]["grafana"]["volumes"]
    uid = source["datasources"][0]["uid"]
    dashboard = json.loads((COMPOSE / "grafana/dashboards/sim.json").read_text())
    assert {panel["datasource"]["uid"] for panel in dashboard["panels"]} == {uid}
    path = provider["providers"][0]["options"]["path"]
    assert f"./grafana/dashboards:{path}:ro" in mounts


def main():
    for test in (every_service_is_kept_small_and_harmless,
                 every_service_waits_until_what_it_needs_is_well,
                 the_variables_choose_the_experiment,
                 compose_itself_reads_it,
                 the_image_is_built_of_what_bootstrap_names,
                 the_image_has_the_libraries_that_the_programs_need,
                 the_context_has_what_the_image_copies,
                 prometheus_takes_its_configuration,
                 every_expression_of_the_dashboard_is_promql,
                 every_metric_of_the_dashboard_is_written_by_a_node,
                 grafana_finds_its_dashboard_and_its_source):
        test()
        print(f"ok: {test.__name__}", flush=True)
    # What is skipped has said so; the rest has been tested, so the test as a whole counts.
    sys.exit(0)


if __name__ == "__main__":
    main()
