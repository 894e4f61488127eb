"""Cost of a query: zoodns, NSD, Knot and the floor in turn on the same zone."""
import collections
import json
import statistics
import subprocess

from lab import machine

from . import servers
from .registry import ORIGIN, SOA, Registry, query, questions, write_dnsperf, write_questions

MIXES = ["a", "srv", "nx", "mixed"]
LOW_RATE = 20_000
# Queries under way on each of the generator's eight sockets.
WINDOW = 64

# Queries a second, seconds of processor time a query, the share of it in user space, octets and records of each section of an answer.
Sample = collections.namedtuple("Sample", "rate cost user octets records")


def generate(tools, port, file, seconds, rate=0, blind=False):
    """Runs the generator; what it printed. A wrong answer ends the benchmark."""
    command = ["taskset", "-c", str(machine.CLIENT_CORE), tools / "generator", str(port), file, str(seconds), str(rate), str(WINDOW)]
    result = subprocess.run(command + ["blind"] * blind, stdout=subprocess.PIPE)
    printed = json.loads(result.stdout)
    if printed["wrong"]:
        raise SystemExit(f"wrong answers: {printed}")
    return printed


def measure(tools, server, file, seconds, rate=0):
    """One sample of one server, after a moment to get warm."""
    is_floor = server.name == "floor"
    generate(tools, server.port, file, 0.2, rate, is_floor)
    before = server.cpu()
    printed = generate(tools, server.port, file, seconds, rate, is_floor)
    after = server.cpu()
    count = printed["answered"]
    return Sample(printed["in_time"] / printed["seconds"], *cost(before, after, count), printed["octets"], printed["records"])


def cost(before, after, count):
    """Seconds of processor time a query, and the share in user space."""
    user, system = after[1] - before[1], after[2] - before[2]
    return (after[0] - before[0]) / count, user / max(user + system, 1)


def measure_dnsperf(server, file, seconds):
    """The same with dnsperf, which checks nothing and costs more than a server: the server is not saturated."""
    before = server.cpu()
    command = ["taskset", "-c", str(machine.CLIENT_CORE), "dnsperf", "-s", "127.0.0.1", "-p", str(server.port), "-d", file, "-l", str(seconds)]
    text = subprocess.run(command + ["-c", "8", "-q", "500", "-e"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    after = server.cpu()
    count = next(int(line.split()[2]) for line in text.splitlines() if line.strip().startswith("Queries completed"))
    return Sample(count / seconds, *cost(before, after, count), 0, None)


def spread(values, scale=1.0, digits=2):
    """Median, least and greatest."""
    values = [value * scale for value in values]
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def show(load, samples, memory):
    """One table: a row a server."""
    print(f"    {load}")
    print(f"      {'server':8} {'queries/s':>24} {'CPU µs a query':>20} {'in user space':>14} {'memory MB':>10}  {'octets, records an answer':26} zoodns ÷ it")
    ours = [sample.cost for sample in samples["zoodns"]]
    for name, rows in samples.items():
        ratios = "" if name == "zoodns" else spread([our / row.cost for our, row in zip(ours, rows)])
        shape = f"{rows[0].octets:.0f}, {'+'.join(f'{number:g}' for number in rows[0].records)}" if rows[0].records else ""
        print(
            f"      {name:8} {spread([row.rate for row in rows], digits=0):>24} {spread([row.cost for row in rows], 1e6):>20} "
            f"{statistics.median(row.user for row in rows):>14.0%} {memory[name] / 1e6:10.1f}  {shape:26} {ratios}", flush=True)


def run(tools, rounds, seconds, mixes):
    """The tables for some mixes."""
    registry = Registry.of([10] * 1000 + [200] * 10)
    with machine.folder() as where, machine.zookeeper(where) as zookeeper:
        registry.load(zookeeper.address)
        zone = servers.master_file(tools, where, zookeeper.address)
        print(f"{len(registry.services)} services, {registry.provider_count} providers; {rounds} rounds of {seconds} s; median (least–greatest)")
        with servers.zoodns(tools, where, zookeeper.address, "--log-level", "error") as ours, servers.knot(where, zone) as knot:
            machine.wait_for("the zone", lambda: machine.answers(ours.port, query(ORIGIN, SOA)))
            for mix in mixes:
                print(f"  mix {mix}", flush=True)
                compare(tools, where, registry, zone, mix, [ours, knot], rounds, seconds)


def compare(tools, where, registry, zone, mix, others, rounds, seconds):
    file, dnsperf_file = where / f"{mix}.questions", where / f"{mix}.dnsperf"
    write_questions(file, questions(registry, mix))
    write_dnsperf(dnsperf_file, registry, mix)
    octets = round(generate(tools, others[0].port, file, 0.2)["octets"])
    # NSD either adds both the authority section and the targets' addresses or neither: with SRV alone it has to add them.
    with servers.nsd(where, zone, minimal=mix != "srv") as nsd, servers.floor(tools, where, octets) as floor:
        all_servers = [others[0], nsd, others[1], floor]
        loads = {
            "saturated": lambda server: measure(tools, server, file, seconds),
            f"at {LOW_RATE} queries a second": lambda server: measure(tools, server, file, seconds, LOW_RATE),
            "dnsperf (does not saturate, checks nothing)": lambda server: measure_dnsperf(server, dnsperf_file, seconds),
        }
        for load, sample in loads.items():
            measured = all_servers[:3] if load.startswith("dnsperf") else all_servers
            samples = {server.name: [] for server in measured}
            for _ in range(rounds):
                for server in measured:
                    samples[server.name].append(sample(server))
            show(load, samples, {server.name: server.memory() for server in measured})
