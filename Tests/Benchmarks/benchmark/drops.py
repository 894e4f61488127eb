"""Queries without an answer at four fifths of the rate that saturates, while services change all the time; how long the worker stood still."""
import json
import threading
import time

from kazoo.client import KazooClient

from lab import machine

from . import gaps, servers
from .queries import generate
from .registry import ORIGIN, ROOT, SOA, Registry, query, questions, write_questions


def run(tools, seconds, changes):
    with machine.folder() as where, machine.zookeeper(where) as zookeeper:
        registry = Registry.of([10] * 1000)
        registry.load(zookeeper.address)
        file = where / "questions"
        write_questions(file, questions(registry, "mixed"))
        with servers.zoodns(tools, where, zookeeper.address, "--log-level", "error", prefix=gaps.prefix(tools, where)) as server:
            machine.wait_for("the zone", lambda: machine.answers(server.port, query(ORIGIN, SOA)))
            over, made = threading.Event(), []
            changer = threading.Thread(target=change, args=(zookeeper.address, changes, over, made))
            changer.start()
            # With the changes: ZooKeeper and who makes them take their share of the cores.
            full = generate(tools, server.port, file, 5)
            rate = 0.8 * full["in_time"] / full["seconds"]
            before = len(made)
            printed = generate(tools, server.port, file, seconds, rate)
            count = len(made) - before
            over.set()
            changer.join()
            print(f"mixed questions at {rate:.0f} a second for {seconds} s, {count / seconds:.0f} changes a second:")
            print(f"  sent {printed['sent']}, without an answer {printed['lost']}, not sent for want of room {printed['behind']}")
        for worker in gaps.of(where):
            print(f"  {gaps.text(worker)}")


def change(zookeeper, rate, over, made):
    """Has providers of services of their own come and go."""
    client = KazooClient(zookeeper)
    client.start()
    start = time.monotonic()
    while not over.is_set():
        path = f"{ROOT}/changing-{len(made) // 2 % 50}/provider"
        if len(made) % 2 == 0:
            client.create(path, json.dumps({"host": "10.0.0.1", "port": 80}).encode(), makepath=True)
        else:
            client.delete(path)
        made.append(path)
        over.wait(max(0, start + len(made) / rate - time.monotonic()))
    client.stop()
    client.close()
