"""Large registries: many services, many providers, many changes, many watches."""
import contextlib
import json
import random
import socket
import statistics
import struct
import sys
import threading
import time
import uuid

import dns.exception
import dns.flags
import dns.message
import dns.query

from lab import machine
from benchmark import gaps
from benchmark.queries import generate
from benchmark.registry import ORIGIN, ROOT, Registry, create, questions, write_questions

from .catalogue import drill
from .scene import HOLD_DOWN
from .truth import Provider, Truth
from .wire import Proxy

CHANGES = 1000  # a second
CHURN_SECONDS = 60
MEMORY_SECONDS = 600
LONGEST_GAP = 50_000  # microseconds; a socket's queue lasts some hundred milliseconds
LARGEST_MESSAGE = 65_535  # octets, over TCP
CHANGED = 10  # services that change after an outage
SEEN_AFTER_TURN = 1.0  # seconds
REPAIRED = "registry differed without a watch"


def load(scene, zookeeper, registry, known=100):
    """Puts a registry into ZooKeeper; so many of its services are what the prober asks for."""
    registry.load(zookeeper.address)
    for name in list(registry.services)[:known]:
        with scene.truth.change(name, {Provider(*provider) for provider in registry.services[name]}):
            pass
    scene.say(f"ZooKeeper has {len(registry.services)} services with {registry.provider_count} providers")


def set_out(scene, address, rate=500, prefix=()):
    """zoodns on a large registry, and the prober."""
    began = time.monotonic()
    scene.serve(address, prefix=prefix)
    scene.wait_for("the zone", scene.is_ready, 120)
    scene.say(f"all is read after {time.monotonic() - began:.1f} s; {memory(scene):.1f} MB")
    scene.probe(rate)
    scene.settle()


def memory(scene):
    return scene.server.memory() / 1e6


@contextlib.contextmanager
def changer(scene, zookeeper, services=range(100, 5000), rate=CHANGES):
    """Has services changed by a process of its own; what is given tells how many changes it has made."""
    command = [sys.executable, "-B", "-m", "drills.changer", zookeeper.address, rate, services.start, services.stop]
    with machine.Program("changer", command, scene.where) as program:
        def made():
            lines = program.output.read_text().split("\n")
            return int(lines[-2]) if len(lines) > 1 else 0
        scene.wait_for("the first changes", made)
        yield made
        program.check()


@contextlib.contextmanager
def slow_changes(scene, services, pause=0.05):
    """Has the prober's services lose a provider and gain one, one service after another, with what holds throughout written down."""
    over = threading.Event()

    def change():
        draw = random.Random(1)
        while not over.wait(pause):
            service = draw.choice(services)
            scene.add(service, scene.fresh_address())
            scene.remove(service)

    thread = threading.Thread(target=change, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(30)


@contextlib.contextmanager
def questions_to_all(scene, registry, seconds, rate):
    """Asks for all of a registry's addresses meanwhile: each answer must have the right number of them."""
    file, found = scene.where / "all", []
    write_questions(file, questions(registry, "a", 50_000))

    def ask():
        try:
            found.append(generate(scene.tools, scene.server.port, file, seconds, rate))
        except SystemExit as error:
            found.append(str(error))

    thread = threading.Thread(target=ask)
    thread.start()
    yield
    thread.join()
    printed = found[0]
    scene.say(f"questions for all of it: {printed}")
    if scene.check(isinstance(printed, dict), "answers to questions for all of it were wrong"):
        scene.check(not printed["lost"], f"{printed['lost']} questions for all of it had no answer")


@drill
def ten_thousand_services(scene):
    """10,000 services with 10 providers each, 1,000 changes a second, queries at half the rate that saturates."""
    zookeeper = scene.zookeeper(heap="1g")
    scene.connect(zookeeper.address)
    registry = Registry.of([10] * 10_000)
    load(scene, zookeeper, registry)
    # On two cores that also have ZooKeeper, the changer, the generator and the prober.
    scene.truth.window = 10
    set_out(scene, zookeeper.address, prefix=gaps.prefix(scene.tools, scene.where))
    untouched = Registry(dict(list(registry.services.items())[5000:]))
    file = scene.where / "questions"
    write_questions(file, questions(untouched, "mixed"))
    with changer(scene, zookeeper) as made, slow_changes(scene, scene.truth.names()):
        full = generate(scene.tools, scene.server.port, file, 5)
        rate = full["in_time"] / full["seconds"] / 2
        before, began = made(), time.monotonic()
        printed = generate(scene.tools, scene.server.port, file, CHURN_SECONDS, rate)
        reached = (made() - before) / (time.monotonic() - began)
        scene.say(f"{reached:.0f} changes a second beside {rate:.0f} queries a second: {printed}; {memory(scene):.1f} MB")
        scene.check(printed["lost"] == 0, f"{printed['lost']} of the generator's queries had no answer")
        scene.check(reached > 0.95 * CHANGES, f"the changer reached {reached:.0f} changes a second only")
    converge(scene, range(100, 5000))
    scene.check(REPAIRED not in scene.log(), "zoodns says that watches were lost")
    scene.end_act()
    for worker in gaps.of(scene.where):
        scene.say(gaps.text(worker))
        scene.check(worker["own"] < LONGEST_GAP, f"a worker stood still for {worker['own'] / 1e3:.0f} ms of its own")


def converge(scene, numbers):
    """Whether zoodns comes to what ZooKeeper has for services that others changed."""
    draw = random.Random(2)
    for number in draw.sample(numbers, 100):
        service = f"service-{number:05}"
        with scene.truth.change(service, scene.read(service)):
            pass
    scene.settle("what others have changed is right")


@drill
def memory_flat(scene):
    """The same registry changes 1,000 times a second for ten minutes: no more memory at the end than after the first."""
    zookeeper = scene.zookeeper(heap="1g")
    scene.connect(zookeeper.address)
    load(scene, zookeeper, Registry.of([10] * 10_000))
    # Late is not what this is about.
    scene.truth.window = 10
    set_out(scene, zookeeper.address, rate=200)
    with changer(scene, zookeeper) as made, slow_changes(scene, scene.truth.names()):
        began, before, taken = time.monotonic(), made(), []
        while time.monotonic() - began < MEMORY_SECONDS:
            time.sleep(60)
            taken.append(memory(scene))
            scene.say(f"{taken[-1]:.1f} MB after {made() - before} changes")
        reached = (made() - before) / (time.monotonic() - began)
    scene.say(f"{reached:.0f} changes a second")
    scene.check(reached > 0.95 * CHANGES, f"the changer reached {reached:.0f} changes a second only")
    scene.check(taken[-1] <= 1.1 * taken[0], f"memory grew from {taken[0]:.1f} to {taken[-1]:.1f} MB")
    converge(scene, range(100, 5000))
    scene.check(REPAIRED not in scene.log(), "zoodns says that watches were lost")


# Octets of a message about wide.svc.local before its answers, and those of each answer: pointers to owners, whole targets (RFC 2782).
HEAD = 12 + 16 + 4
RECORD = {"A": 12 + 4, "SRV": 12 + 6 + 37 + 16}


@drill
def five_thousand_providers(scene):
    """One service grows to 5,000 providers: whole answers over TCP up to the limit, truncated ones beyond it and over UDP."""
    zookeeper = scene.zookeeper()
    scene.stage(zookeeper.address)
    # Not of the truth that the prober knows: it asks for what fits UDP.
    wide = Wide(scene)
    for kind, octets in sorted(RECORD.items(), reverse=True):
        most = (LARGEST_MESSAGE - HEAD) // octets
        for count in (most, most + 1):
            wide.grow(count)
            wide.check()
            sent, is_truncated, records = wide.ask(kind, over_tcp=True)
            scene.check(is_truncated == (count > most), f"{count} {kind} over TCP: {sent} octets, truncated: {is_truncated}")
            scene.say(f"{count} {kind} over TCP: {sent} octets, {len(records)} records{', truncated' * is_truncated}")
    wide.grow(5000)
    wide.check()
    wide.shrink(4000)
    took = []
    for _ in range(10):
        took += [wide.replace_one() for _ in range(5)]
        wide.check()
    scene.say(f"a change of 4,000 is answered after {statistics.median(took) * 1000:.0f} ms, at most {max(took) * 1000:.0f} ms")


class Wide:
    """A service with more providers than an answer has room for."""

    def __init__(self, scene):
        self.scene, self.truth = scene, Truth(ORIGIN)
        scene.client.ensure_path(f"{ROOT}/wide")
        with self.truth.change("wide", frozenset()):
            pass

    def grow(self, count):
        """To so many, and waits until they are answered with."""
        self.change(self.truth.current("wide") | {
            Provider(str(uuid.uuid4()), self.scene.fresh_address(), 8080) for _ in range(count - len(self.truth.current("wide")))})

    def shrink(self, count):
        self.change(frozenset(sorted(self.truth.current("wide"), key=lambda each: each.instance)[:count]))

    def replace_one(self):
        """One comes, another goes; the seconds until both is answered."""
        old = self.truth.current("wide")
        return self.change(old - {next(iter(old))} | {Provider(str(uuid.uuid4()), self.scene.fresh_address(), 8080)})

    def change(self, providers):
        old = self.truth.current("wide")
        came, gone = list(providers - old), list(old - providers)
        with self.truth.change("wide", providers):
            for start in range(0, len(came), 500):
                create(self.scene.client, [(f"{ROOT}/wide/{each.instance}", document(each)) for each in came[start:start + 500]])
            for start in range(0, len(gone), 500):
                transaction = self.scene.client.transaction()
                for each in gone[start:start + 500]:
                    transaction.delete(f"{ROOT}/wide/{each.instance}")
                transaction.commit()
        began = time.monotonic()
        self.scene.wait_for("all that came and nothing that went", lambda: self.is_seen(came, gone), 30)
        return time.monotonic() - began

    def is_seen(self, came, gone):
        """Each provider has a name of its own, whatever else there is; what has been seen is not asked for again."""
        for pending, is_there in ((came, True), (gone, False)):
            while pending and bool(self.ask("A", name=f"{pending[-1].instance}.wide")[2]) == is_there:
                pending.pop()
        return not came and not gone

    def ask(self, kind, name="wide", over_tcp=False, payload=None):
        """Octets of the response, whether it is truncated, and its records."""
        message = dns.message.make_query(f"{name}.{ORIGIN}", kind, use_edns=payload is not None, payload=payload or 0)
        octets = exchange(self.scene.server.port, message.to_wire(), over_tcp)
        response = dns.message.from_wire(octets)
        records = {record.to_text().lower() for rrset in response.answer for record in rrset}
        return len(octets), bool(response.flags & dns.flags.TC), records

    def check(self):
        """No answer has anything that is not true, and one that is not truncated has all of it."""
        for kind in ("A", "SRV", "AAAA"):
            _, expected = self.truth.expected("wide", kind, self.truth.current("wide"))
            for options in ({"over_tcp": True}, {}, {"payload": 1232}, {"payload": 4096}, {"payload": 65_535}):
                _, is_truncated, records = self.ask(kind, **options)
                self.scene.check(
                    records <= expected if is_truncated else records == expected,
                    f"{kind} {options}: {len(records)} records, truncated: {is_truncated}, expected {len(expected)}; "
                    f"not there: {sorted(records - expected)[:3]}")


def exchange(port, octets, over_tcp):
    """The octets of the response to a query."""
    if not over_tcp:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(5)
            client.connect(("127.0.0.1", port))
            client.send(octets)
            return client.recv(LARGEST_MESSAGE)
    with socket.create_connection(("127.0.0.1", port), 5) as client:
        client.sendall(struct.pack("!H", len(octets)) + octets)
        stream = client.makefile("rb")
        (length,) = struct.unpack("!H", stream.read(2))
        return stream.read(length)


def document(provider):
    return json.dumps({"host": provider.address, "port": provider.port}).encode()


@drill
def hundred_thousand_providers(scene):
    """100,000 providers are read, ZooKeeper restarts, the session is closed and all is read again, service by service: none is answered half."""
    zookeeper = scene.zookeeper(heap="1g")
    scene.connect(zookeeper.address)
    registry = Registry.of([10] * 10_000)
    load(scene, zookeeper, registry)
    # In a new session a service keeps its old state until it has been read again.
    scene.truth.window = scene.truth.marked_window = 60
    proxy = scene.stack.enter_context(Proxy(zookeeper.address))
    set_out(scene, proxy.address)
    untouched = Registry(dict(list(registry.services.items())[100:]))
    with questions_to_all(scene, untouched, 60, 2000):
        for what, happen in (("ZooKeeper is killed for 2 s", lambda: restart(zookeeper)), ("the session is closed", proxy.close_session)):
            scene.say(what)
            before = scene.log().count("connected to zookeeper")
            proxy.seek(f"{ROOT}/{service}" for service in scene.truth.names()[:CHANGED])
            happen()
            began = time.monotonic()
            scene.wait_for("a connection", lambda: scene.log().count("connected to zookeeper") > before)
            change_seen(scene, began, proxy.asked)
    scene.say(f"{memory(scene):.1f} MB")


def restart(zookeeper):
    zookeeper.kill()
    time.sleep(2)
    zookeeper.start().await_mode()


def change_seen(scene, began, turns=None):
    """Has some services gain a provider and lose one; says when each was seen since the connection could be had. `turns`: when each service's
    providers were first asked for, after which what came must be seen soon."""
    changed, left = scene.truth.names()[:CHANGED], {}
    for service in changed:
        address = scene.fresh_address()
        scene.add(service, address)
        left[service] = address, time.monotonic()
    if turns is not None:
        turns_kept(scene, began, left, turns)
    scene.settle("what came is seen", 120)
    scene.say(f"that is {time.monotonic() - began:.1f} s after ZooKeeper could be had")
    for service in changed:
        scene.remove(service)
    scene.settle(f"what went is seen (hold-down {HOLD_DOWN} s)", 120)


def turns_kept(scene, began, left, turns):
    """Waits until each service is answered with an address that it has gained, which was there at a time; that must be soon after its turn."""
    waits, last = [], 0
    while left and time.monotonic() - began < 120:
        for service, (address, added) in list(left.items()):
            with contextlib.suppress(dns.exception.Timeout):
                answer = dns.query.udp(dns.message.make_query(f"{service}.{ORIGIN}", "A", use_edns=0), "127.0.0.1", 1, scene.server.port)
                if any(record.address == address for rrset in answer.answer for record in rrset):
                    last = time.monotonic()
                    waits.append(last - max(added, turns.get(f"{ROOT}/{service}", added)))
                    del left[service]
    scene.check(not left, f"{len(left)} of the changes were not seen")
    slowest = max(waits, default=0)
    scene.say(f"the last of {len(waits)} changes is seen {last - began:.2f} s after ZooKeeper could be had; {slowest:.2f} s after its turn at most")
    scene.check(slowest <= SEEN_AFTER_TURN, f"a change was seen {slowest:.2f} s after its service's turn, not within {SEEN_AFTER_TURN} s")


def many_watches(scene, count, length):
    """Services with names of some length, each with one provider: ZooKeeper restarts, then the connection is cut while services change."""
    zookeeper = scene.zookeeper(heap="1g")
    scene.connect(zookeeper.address)
    plain = Registry.of([1] * count)
    registry = Registry({name.ljust(length, "x"): providers for name, providers in plain.services.items()})
    load(scene, zookeeper, registry)
    # Until all is read again; then a hold-down.
    scene.truth.window = scene.truth.marked_window = 60
    proxy = scene.stack.enter_context(Proxy(zookeeper.address))
    set_out(scene, proxy.address)
    scene.say(f"the watches of {count} services with names of {length} characters take {count * (15 + length) / 1e6:.2f} MB")
    untouched = Registry(dict(list(registry.services.items())[100:]))
    with questions_to_all(scene, untouched, 60, 2000):
        scene.say("ZooKeeper is killed for 2 s")
        restart(zookeeper)
        change_seen(scene, time.monotonic())
        scene.say("the connection is cut for 2 s while services change")
        proxy.cut()
        time.sleep(1)
        changed = scene.truth.names()[10:20]
        for service in changed:
            scene.add(service, scene.fresh_address())
        time.sleep(1)
        proxy.mend()
        scene.settle("what came while it was cut is seen")
        change_seen(scene, time.monotonic())
    said = [line for line in scene.log().splitlines() if "zookeeper" in line][-12:]
    for line in said:
        scene.say(line)
    scene.say(f"{memory(scene):.1f} MB")


@drill
def thirty_thousand_services(scene):
    """30,000 services are watched, as many as one packet takes, when the connection is lost."""
    many_watches(scene, 30_000, 13)


@drill
def long_names(scene):
    """25,000 services with names of 40 characters are watched, more than ZooKeeper takes in one packet, when the connection is lost."""
    many_watches(scene, 25_000, 40)
