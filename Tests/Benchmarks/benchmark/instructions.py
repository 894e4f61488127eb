"""Instructions in user space a query, by callgrind: what no noise can move."""
import subprocess

from . import machine, servers
from .queries import MIXES, generate
from .registry import ORIGIN, SOA, Registry, query, questions, write_questions

SECONDS = 3


def run(tools, mixes=MIXES):
    registry = Registry.of([10] * 1000 + [200] * 10)
    print("instructions in user space a query, all of the program's threads")
    with machine.folder() as where, machine.zookeeper(where) as zookeeper:
        registry.load(zookeeper.address)
        for mix in mixes:
            print(f"  {mix:8} {count(tools, where, zookeeper.address, registry, mix):6.0f}", flush=True)


def count(tools, where, zookeeper, registry, mix):
    file, profile = where / f"{mix}.questions", where / f"{mix}.callgrind"
    write_questions(file, questions(registry, mix))
    valgrind = ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={profile}"]
    # Valgrind does not read the debug information of newer compilers.
    subprocess.run(["strip", "--strip-debug", "-o", where / "zoodns", tools / "zoodns"], check=True)
    with servers.zoodns(where, where, zookeeper, "--log-level", "error", "--reconcile", "1h", prefix=valgrind) as server:
        machine.wait_for("the zone", lambda: server.check() or machine.answers(server.port, query(ORIGIN, SOA)), 300)
        generate(tools, server.port, file, 0.5)
        control(server, "on")
        printed = generate(tools, server.port, file, SECONDS)
        control(server, "off")
    total = next(int(line.split()[1]) for line in open(profile) if line.startswith("totals:"))
    return total / printed["answered"]


def control(server, state):
    subprocess.run(["callgrind_control", "-i", state, str(server.process.pid)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
