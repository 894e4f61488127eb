"""Names outside the zones, asked of a real unbound: directly, and through zoodns."""
import contextlib
import socket
import statistics
import subprocess
import time

from lab import machine

from . import servers
from .queries import spread
from .registry import query

NAMES = [f"h{number}.example.test" for number in range(1, 301)]
CONFIGURATION = """server:
  interface: 127.0.0.1@PORT
  num-threads: 1
  username: ""
  chroot: ""
  pidfile: ""
  use-syslog: no
  do-daemonize: no
  do-not-query-localhost: no
  local-zone: "example.test." static
"""
WAITING = 100


def run(tools, rounds, seconds):
    with contextlib.ExitStack() as stack:
        where = stack.enter_context(machine.folder())
        port = machine.free_port()
        records = "".join(f'  local-data: "{name}. A 192.0.2.{number % 250 + 1}"\n' for number, name in enumerate(NAMES))
        (where / "unbound.conf").write_text(CONFIGURATION.replace("PORT", str(port)) + records)
        command = ["taskset", "-c", str(machine.CLIENT_CORE), "unbound", "-c", where / "unbound.conf"]
        other = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        stack.callback(lambda: (other.kill(), other.wait()))
        machine.wait_for("unbound", lambda: machine.answers(port, query(NAMES[0], 1)))
        options = ["--log-level", "error", "--forward", f"127.0.0.1:{port}"]
        server = stack.enter_context(servers.zoodns(tools, where, "127.0.0.1:1", *options))
        machine.wait_for("forwarding", lambda: server.check() or machine.answers(server.port, query(NAMES[0], 1)))
        directs, forwarded, rates, costs = [], [], [], []
        for _ in range(rounds):
            directs.append(round_trip(port, seconds))
            forwarded.append(round_trip(server.port, seconds))
            rate, cost = load(server, seconds)
            rates.append(rate)
            costs.append(cost)
    added = [through - direct for through, direct in zip(forwarded, directs)]
    print(f"{rounds} rounds of {seconds} s; median (least-greatest)")
    print(f"  round trip, direct, ms          {spread(directs, 1e3, 3)}")
    print(f"  round trip, through zoodns, ms  {spread(forwarded, 1e3, 3)}")
    print(f"  added, ms                       {spread(added, 1e3, 3)}")
    print(f"  answers a second, {WAITING} waiting   {spread(rates, digits=0)}")
    print(f"  CPU us an answer                {spread(costs, 1e6)}")


def connected(port):
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.settimeout(5)
    client.connect(("127.0.0.1", port))
    return client


def messages():
    return [query(name, 1) for name in NAMES]


def round_trip(port, seconds):
    """The median of one question after another, in seconds."""
    times, end, asked = [], time.perf_counter() + seconds, messages()
    with connected(port) as client:
        while (begun := time.perf_counter()) < end:
            client.send(asked[len(times) % len(asked)])
            client.recv(4096)
            times.append(time.perf_counter() - begun)
    return statistics.median(times)


def load(server, seconds):
    """Answers a second with many questions waiting, and the processor time of each."""
    asked, answered, cpu, begun = messages(), 0, server.cpu()[0], time.perf_counter()
    with connected(server.port) as client:
        for index in range(WAITING):
            client.send(asked[index % len(asked)])
        while time.perf_counter() < begun + seconds:
            client.recv(4096)
            answered += 1
            client.send(asked[(WAITING + answered) % len(asked)])
    return answered / (time.perf_counter() - begun), (server.cpu()[0] - cpu) / answered
