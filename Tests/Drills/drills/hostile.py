"""A client that may create znodes does so to hurt."""
import contextlib
import socket
import statistics
import sys
import time

import dns.exception
import dns.message
import dns.query

from lab import machine
from benchmark.registry import ORIGIN

from .catalogue import drill
from .scene import HOLD_DOWN

SEEN = 2.0  # seconds within which 99 of 100 changes of good services are answered with, 95 in a short run
MEMORY = 600e6  # octets
LOG = 100_000  # octets a second: some thirty kinds of lines, twenty a second of each
QUERIES = 1000  # a second


@drill(short=True)
def hostile_registrant(scene):
    """Znodes of every kind that may hurt, at full speed, beside good services: these stay right and change in time; --minutes says how long."""
    zookeeper = scene.zookeeper(heap="1g")
    scene.connect(zookeeper.address, timeout=60)
    scene.fill()
    # What vanishes while another client's providers vanish by the thousand is held.
    scene.truth.window, scene.truth.marked_window = 10.0, 10.0 + 4 * HOLD_DOWN
    silent = scene.stack.enter_context(contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)))
    silent.bind(("127.0.0.1", 0))
    acts = max(2, round(scene.minutes / 10))
    times, memory, octets, made = [], [], 0, 0
    for act in range(acts):
        options = "--host-resolver", f"127.0.0.1:{silent.getsockname()[1]}"
        scene.serve(zookeeper.address, *options, name=f"zoodns-{act}")
        took = scene.wait_for("the zone", scene.is_ready, 60)
        scene.probe(QUERIES)
        scene.settle(f"started in {took:.1f} s beside what stands: every answer is right")
        command = [sys.executable, "-B", "-m", "drills.registrant", zookeeper.address, act]
        began = time.monotonic()
        with machine.Program(f"registrant-{act}", command, scene.where) as registrant:
            while time.monotonic() - began < scene.minutes * 60 / acts:
                registrant.check()
                times.append(add_and_see(scene))
                memory.append(scene.server.memory())
            made += int((registrant.output.read_text().split("\n") or ["0"])[-2] or 0)
        octets = max(octets, len(scene.log()) / (time.monotonic() - began))
        scene.end_act()
    # In half a minute there are fewer than a hundred changes: one in a hundred would be the slowest of all.
    percent = 99 if len(times) >= 500 else 95
    slowest = sorted(times)[len(times) * percent // 100]
    scene.say(
        f"{made} hostile operations; {len(times)} good changes seen after {statistics.median(times):.3f} s (median), "
        f"{slowest:.2f} s ({percent} of 100), {max(times):.2f} s (all); memory at most {max(memory) / 1e6:.0f} MB; "
        f"log {octets / 1000:.1f} kB a second at most; restarted {acts - 1} times")
    scene.check(slowest <= SEEN, f"{percent} of 100 changes are seen within {slowest:.1f} s, not {SEEN} s")
    scene.check(max(memory) <= MEMORY, f"memory grew to {max(memory) / 1e6:.0f} MB")
    scene.check(octets <= LOG, f"the log grows by {octets / 1000:.0f} kB a second")


def add_and_see(scene):
    """Adds a provider to a service, in the place of another one once there are some; the seconds until it is answered with."""
    service, address = f"changing-{scene.changes % 5}", scene.fresh_address()
    if len(scene.truth.current(service) or ()) >= 3:
        scene.remove(service)
    scene.add(service, address)
    start = time.monotonic()
    while time.monotonic() - start < 30:
        with contextlib.suppress(dns.exception.Timeout):
            answer = dns.query.udp(dns.message.make_query(f"{service}.{ORIGIN}", "A"), "127.0.0.1", 1, scene.server.port)
            if any(record.address == address for rrset in answer.answer for record in rrset):
                break
        time.sleep(0.002)
    took = time.monotonic() - start
    time.sleep(max(0, 0.05 - took))
    return took
