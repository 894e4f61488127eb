"""Cost of a query with many services, divided by its cost with few."""
import contextlib

from lab import machine

from . import servers
from .queries import MIXES, measure, spread
from .registry import ORIGIN, SOA, Registry, query, questions, write_questions


def run(tools, few, many, rounds, seconds, mixes=MIXES):
    print(f"processor time a query with {many} services ÷ with {few}; {rounds} rounds; median (least–greatest)")
    with contextlib.ExitStack() as stack:
        where = stack.enter_context(machine.folder())
        sides = []
        for count in (few, many):
            folder = where / str(count)
            folder.mkdir()
            zookeeper = stack.enter_context(machine.zookeeper(folder, memory="2g"))
            registry = Registry.of([1] * count)
            registry.load(zookeeper.address)
            server = stack.enter_context(servers.zoodns(tools, folder, zookeeper.address, "--log-level", "error"))
            machine.wait_for("the zone", lambda: machine.answers(server.port, query(ORIGIN, SOA)), 300)
            for mix in mixes:
                write_questions(folder / mix, questions(registry, mix, 100_000))
            sides.append((server, folder))
        for mix in mixes:
            ratios = []
            for _ in range(rounds):
                costs = [measure(tools, server, folder / mix, seconds).cost for server, folder in sides]
                ratios.append(costs[1] / costs[0])
            print(f"  {mix:8} {spread(ratios)}", flush=True)
