"""Cost of a query with settings that every query may meet, beside zoodns without: a query log, dnstap, what shows them; guards, forwarding."""
import contextlib
import socket
import subprocess
import threading

from lab import machine
from lab.machine import Program

from . import servers
from .queries import LOW_RATE, measure, spread
from .registry import ORIGIN, SOA, Registry, query, questions, write_questions

RECORDED = {
    "without": [],
    "log 1 in 100": ["--query-log", "FOLDER/log", "--query-log-sample", "100"],
    "log of errors": ["--query-log", "FOLDER/log", "--query-log-class", "error"],
    "log": ["--query-log", "FOLDER/log"],
    "dnstap": ["--dnstap", "FOLDER/tap"],
    "all": ["--query-log", "FOLDER/log", "--dnstap", "FOLDER/tap", "--admin", "FOLDER/admin"],
}
# The generator's address is a loopback one, which has no limit: what is counted is that the limit is looked for.
GUARDED = {
    "without": [],
    "no cookies": ["--cookies", "off"],
    "rate limit": ["--rrl", "30000"],
    "allowed": ["--allow", "127.0.0.0/8", "--allow", "10.0.0.0/8", "--allow", "192.168.0.0/16"],
    "forwarding": ["--forward", "127.0.0.1:1"],
}


def run(tools, rounds, seconds, mixes, kinds):
    registry = Registry.of([10] * 1000 + [200] * 10)
    scraped = "; all: scraped once a second" if "all" in kinds else ""
    print(f"{rounds} rounds of {seconds} s; median (least-greatest){scraped}")
    with contextlib.ExitStack() as stack:
        where, others = stack.enter_context(machine.folder()), {}
        zookeeper = stack.enter_context(machine.zookeeper(where))
        registry.load(zookeeper.address)
        for kind, options in kinds.items():
            others[kind] = stack.enter_context(started(stack, tools, where, zookeeper.address, kind.replace(" ", "-"), options))
        if "all" in kinds:
            stack.enter_context(scraping(others["all"].place / "admin"))
        for mix in mixes:
            print(f"  mix {mix}", flush=True)
            file = where / f"{mix}.questions"
            write_questions(file, questions(registry, mix))
            for load, rate in [("saturated", 0), (f"at {LOW_RATE} queries a second", LOW_RATE)]:
                compare(tools, others, file, rounds, seconds, load, rate)


def started(stack, tools, where, zookeeper, name, options):
    """A server with its receiver, if it has one."""
    place = where / name
    place.mkdir()
    if "--dnstap" in options:
        command = ["taskset", "-c", str(machine.CLIENT_CORE), "fstrm_capture", "-t", "protobuf:dnstap.Dnstap", "-u", place / "tap", "-w", "/dev/null"]
        receiver = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        stack.callback(lambda: (receiver.kill(), receiver.wait()))
        machine.wait_for("the receiver", (place / "tap").exists)
    options = [option.replace("FOLDER", str(place)) for option in options]
    server = servers.zoodns(tools, place, zookeeper, "--log-level", "error", *options)
    server.place = place
    machine.wait_for("the zone", lambda: server.check() or machine.answers(server.port, query(ORIGIN, SOA)))
    return server


@contextlib.contextmanager
def scraping(path):
    """Asks for the metrics each second."""
    end = threading.Event()

    def scrape():
        while not end.wait(1):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(path))
                client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                while client.recv(65536):
                    pass

    thread = threading.Thread(target=scrape)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


def compare(tools, others, file, rounds, seconds, load, rate):
    samples, written = {kind: [] for kind in others}, {kind: [0, 0] for kind in others}
    for _ in range(rounds):
        for kind, server in others.items():
            log = server.place / "log"
            if log.exists():
                log.write_bytes(b"")
            samples[kind].append(measure(tools, server, file, seconds, rate))
            if kind in ("log", "all"):
                written[kind][0] += log.read_bytes().count(b"\n")
                written[kind][1] += round((samples[kind][-1].rate * seconds))
    print(f"    {load}")
    print(f"      {'settings':14} {'queries/s':>26} {'CPU us a query':>22} {'with / without':>22}" + ("  lines written of queries answered" if "log" in others else ""))
    base = [sample.cost for sample in samples["without"]]
    for kind, rows in samples.items():
        lines = f"{min(written[kind][0] / written[kind][1], 1):.0%}" if written[kind][1] else ""
        print(
            f"      {kind:14} {spread([row.rate for row in rows], digits=0):>26} {spread([row.cost for row in rows], 1e6):>22} "
            f"{spread([row.cost / least for row, least in zip(rows, base)]):>22}  {lines}", flush=True)
