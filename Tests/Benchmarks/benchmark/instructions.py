"""Instructions in user space a query, by callgrind: what no noise can move."""
import re
import subprocess

from lab import machine

from . import servers
from .queries import MIXES, generate
from .registry import ORIGIN, SOA, Registry, query, questions, write_questions

SECONDS = 3
# Names of services whose providers say in which part of the network they are: one provider, those of a part, all for a part without any.
NEW_MIXES = ["one", "pin", "prefer"]


def run(tools, mixes=MIXES + NEW_MIXES):
    sizes = [10] * 1000 + [200] * 10
    print("instructions in user space a query, of the threads that answer")
    with machine.folder() as where, machine.zookeeper(where) as zookeeper:
        for mix in mixes:
            registry = Registry.of(sizes, ["east", "west"] if mix in NEW_MIXES else [])
            registry.load(zookeeper.address)
            print(f"  {mix:8} {count(tools, where, zookeeper.address, registry, mix):6.0f}", flush=True)


def count(tools, where, zookeeper, registry, mix):
    file, profile = where / f"{mix}.questions", where / f"{mix}.callgrind"
    write_questions(file, questions(registry, mix))
    valgrind = ["valgrind", "--tool=callgrind", "--instr-atstart=no", "--separate-threads=yes", f"--callgrind-out-file={profile}"]
    # Valgrind does not read the debug information of newer compilers.
    subprocess.run(["strip", "--strip-debug", "-o", where / "zoodns", tools / "zoodns"], check=True)
    with servers.zoodns(where, where, zookeeper, "--log-level", "error", "--reconcile", "1h", prefix=valgrind) as server:
        machine.wait_for("the zone", lambda: server.check() or machine.answers(server.port, query(ORIGIN, SOA)), 300)
        generate(tools, server.port, file, 0.5)
        control(server, "on")
        printed = generate(tools, server.port, file, SECONDS)
        control(server, "off")
    threads = [file.read_text() for file in where.glob(f"{profile.name}-*")]
    workers = [text for text in threads if "UDPWorker" in text]
    return sum(int(re.search(r"^totals: (\d+)", text, re.M)[1]) for text in workers) / printed["answered"]


def control(server, state):
    subprocess.run(["callgrind_control", "-i", state, str(server.process.pid)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
