#!/usr/bin/env python3
"""test_nothing_lost_rabbit.py — The promises of test_nothing_lost.py, with RabbitMQ for a queue.

  kills    consumers and replicas die by kill -9, some consumers between SQL's commit and the
           acknowledgement: what they had comes again, and changes nothing
  server   rabbitmq-server dies by kill -9 and comes back with what it had confirmed, and is stopped
  orders   orders through the queue, while the delivery service and its consumers die

Skipped, loudly, where rabbitmq-server is not installed.
"""

import os
import random
import shutil
import sys

import test_nothing_lost as lost

PLACES = ["/usr/lib/rabbitmq/bin", "/opt/homebrew/opt/rabbitmq/sbin",
          "/usr/local/opt/rabbitmq/sbin", *os.environ.get("PATH", "").split(":")]
QUEUE = "queue: {kind: rabbitmq, session: 6s}\n"


def stories(dice):
    head = lambda name, faults, duration: lost.HEAD.format(name=name, duration=duration,
                                                           faults="\n".join(faults)) + QUEUE
    likes = lost.LIKES.format(design="batched", ack="queue")
    yield "kills", head("kills", lost.kills(dice, 20, lost.replicas("likes", "batcher"), 13), 15) \
        + likes, ["--plant", "between-commits"]
    yield "server", head("server", [lost.fault(3, 1, "crash", "queue"),
                                    lost.fault(11, 2, "pause", "queue")], 15) + likes, []
    yield "orders", head("orders", lost.kills(dice, 10, lost.replicas("delivery", "batcher"), 8),
                         10) + lost.ORDERS.format(orders="queued") + lost.WORKERS, []


def main():
    if not any(shutil.which("rabbitmq-server", path=place) for place in PLACES if place):
        print("\n*** SKIPPED: RabbitMQ did not run: no rabbitmq-server: "
              "apt install rabbitmq-server ***\n", file=sys.stderr)
        return 77
    print(f"SIM_TEST_SEED={lost.SEED}", flush=True)
    lost.DEATHS.update({"kills": (12, 10), "server": (0, 0), "orders": (5, 0)})
    wanted = sys.argv[1:]
    todo = [s for s in stories(random.Random(lost.SEED)) if not wanted or s[0] in wanted]
    findings = []
    for story in todo:
        name, done = lost.run(story)
        findings += lost.judge(name, done)
        if "RabbitMQ" not in done.stderr:
            findings.append(f"{name}: it did not run on RabbitMQ: {done.stderr[-300:]}")
    print("\n".join(findings + [f"{len(todo)} stories, {len(findings)} findings"]))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
