"""Seconds from start to a whole registry: zoodns beside a reader that only fetches, and what a provider weighs in memory."""
import json
import statistics
import subprocess
import time

from lab import machine

from . import servers
from .registry import FORMS, ORIGIN, SOA, Registry, query


def run(tools, sizes, rounds, format):
    form = FORMS[format]
    print(f"seconds from the program's start to the whole registry; {rounds} rounds; median (least–greatest)")
    with machine.folder() as where, machine.zookeeper(where, memory="2g") as zookeeper:
        empty = measure(tools, where, Registry.of([]), form, zookeeper, 1)[2]
        print(f"  {'providers':>10} {'zoodns':>22} {'reader':>22} {'zoodns ÷ reader':>22} {'octets a provider':>18}", flush=True)
        for size in sizes:
            registry = Registry.of([10] * (size // 10))
            ours, theirs, memory = measure(tools, where, registry, form, zookeeper, rounds)
            ratios = [our / their for our, their in zip(ours, theirs)]
            print(f"  {size:10} {spread(ours):>22} {spread(theirs):>22} {spread(ratios):>22} {(memory - empty) / size:18.0f}", flush=True)


def measure(tools, where, registry, form, zookeeper, rounds):
    registry.load(zookeeper.address, form)
    ours, theirs, memory = [], [], 0
    for _ in range(rounds):
        start = time.monotonic()
        with servers.zoodns(tools, where, zookeeper.address, "--log-level", "error", *form.options, core=None) as server:
            machine.wait_for("the zone", lambda: machine.answers(server.port, query(ORIGIN, SOA)), 300)
            ours.append(time.monotonic() - start)
            memory = server.memory()
        start = time.monotonic()
        read = json.loads(subprocess.run([tools / "reader", zookeeper.address, form.root, *filter(None, [form.tail])], stdout=subprocess.PIPE, check=True).stdout)
        theirs.append(time.monotonic() - start)
        if read["providers"] != registry.provider_count:
            raise SystemExit(f"the reader found {read}")
    return ours, theirs, memory


def spread(values):
    return f"{statistics.median(values):.2f} ({min(values):.2f}–{max(values):.2f})"
