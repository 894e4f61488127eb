"""NSD, Knot, BIND and Unbound have zoodns's zone by transfer, while it changes, restarts and is read slowly."""
import contextlib
import json
import socket
import struct
import time

import dns.message

from benchmark.registry import ORIGIN, ROOT, Registry

from .catalogue import drill
from .followers import Counter, Followers, Lag, lines, records, serial
from .scale import changer, memory

COUNTER = f"{ROOT}/counter/one"
LARGEST_LAG = 2.0  # seconds after the last change
SLOW = 10_000  # octets a second
SLOW_SECONDS = 20
SLOW_CLIENTS = 200


def stage(scene, services, providers=10):
    """ZooKeeper with a registry, and the secondaries that are to follow."""
    zookeeper = scene.zookeeper(heap="1g")
    scene.connect(zookeeper.address)
    Registry.of([providers] * services).load(zookeeper.address)
    count(scene, 1000)
    return zookeeper


def count(scene, number):
    """Sets the port of the provider that is watched."""
    document = json.dumps({"host": "10.255.255.1", "port": number}).encode()
    scene.client.ensure_path(COUNTER)
    scene.client.set(COUNTER, document)


def follow(scene, services, rate, seconds, draws=2000, largest_lag=LARGEST_LAG):
    """All secondaries follow so many changes a second, and are equal in the end."""
    zookeeper = stage(scene, services)
    followers = Followers(scene)
    followers.serve(zookeeper.address)
    scene.wait_for("the zone", scene.is_ready)
    followers.start()
    took = followers.await_equal("at the start")
    scene.say(f"all secondaries have the zone after {took or 0:.1f} s")
    followers.compare("at the start", draws=200)
    before = followers.transfers("AXFR")
    with Lag(followers) as lag:
        with changer(scene, zookeeper, range(0, services), rate) as made:
            started, first = time.monotonic(), made()
            time.sleep(seconds)
            scene.say(f"{(made() - first) / (time.monotonic() - started):.0f} changes a second")
        followers.await_equal("after the last change", 30)
        time.sleep(0.5)
    behind = {each.kind: lag.last(each.kind) for each in followers.secondaries}
    scene.say(f"{len(lag.versions)} serials seen; seconds behind the last: " + ", ".join(f"{kind} {taken or -1:.2f}" for kind, taken in behind.items()))
    followers.report(lag)
    after = followers.transfers("AXFR")
    for kind, taken in behind.items():
        scene.check(taken is not None and taken < largest_lag, f"{kind} had the last version after {taken} s")
        # NSD's own pace, where NOTIFYs come faster than it applies what it gets.
        scene.check(kind == "nsd" or after[kind] == before[kind], f"{kind} had to transfer the zone whole, {after[kind] - before[kind]} times")
    for each in followers.secondaries:
        scene.check(each.kind == "nsd" or not each.faults(), f"{each.kind}: {each.faults()[:2]}")
    followers.compare("in the end", draws)


@drill(short=True)
def secondaries(scene):
    """NSD, Knot, BIND and Unbound follow 50 services that change 50 times a second."""
    follow(scene, 50, 50, 4, draws=200)


@drill
def thousand_services_transferred(scene):
    """NSD, Knot, BIND and Unbound follow 1,000 services with 10 providers each that change 100 times a second, for a minute."""
    follow(scene, 1000, 100, 60)


@drill
def hundred_thousand_transferred(scene):
    """The same with 100,000 providers, of which all secondaries and zoodns have two cores together."""
    follow(scene, 10_000, 100, 30, largest_lag=10)


@drill
def restarts_transferred(scene):
    """zoodns restarts, also without ZooKeeper, and with a clock that is a minute behind: all secondaries follow again, none goes back."""
    clock = scene.where / "clock"
    clock.write_text("+0\n")
    environment = [f"LD_PRELOAD={scene.tools / 'clock.so'}", f"CLOCK_FILE={clock}"]
    zookeeper = stage(scene, 50)
    followers = Followers(scene)
    state = ["--state", scene.where / "state"]

    def serve(*options):
        followers.serve(zookeeper.address, *options, prefix=["env", *environment])

    serve(*state)
    scene.wait_for("the zone", scene.is_ready)
    followers.start()
    followers.await_equal("at the start")
    number = 1000
    with Counter(followers) as counter:
        for what, options, offset, is_away in (
                ("restarted", state, 0, False), ("restarted while ZooKeeper is away", state, 0, True),
                ("restarted without its state", [], 0, False), ("restarted without its state while ZooKeeper is away", [], 0, True),
                ("restarted with its clock a minute behind", state, -60, False),
                ("restarted with its clock another minute behind, while ZooKeeper is away", state, -120, True)):
            for _ in range(5):
                number += 1
                count(scene, number)
                time.sleep(0.3)
            followers.await_equal(f"before it is {what}")
            scene.end_server()
            # Of which no secondary hears.
            number += 1
            count(scene, number)
            clock.write_text(f"{offset:+d}\n")
            if is_away:
                zookeeper.kill()
            serve(*options)
            if is_away:
                time.sleep(5)
                for each in followers.secondaries:
                    scene.check(serial(each.port) is not None, f"{what}: {each.kind} has no zone any more")
                zookeeper.start().await_mode()
            scene.wait_for("the zone", scene.is_ready)
            took = scene.wait_for(f"{what}: the change is everywhere", lambda: has(counter, followers, number), 180)
            scene.say(f"{what}: the change is everywhere {took or -1:.1f} s after the zone")
            followers.await_equal(what)
            followers.compare(what, draws=100)
    scene.check(not counter.back, f"content went back: {counter.back[:3]}")
    scene.say(f"looks without an answer: {dict(counter.silent)}")
    followers.report()


def has(counter, followers, number):
    return all(counter.highest[each.kind] == number for each in followers.secondaries)


@drill
def two_servers_transferred(scene):
    """Two zoodns of one tree, by turns away: secondaries that change from one to the other never have a wrong zone."""
    zookeeper = stage(scene, 50)
    followers = Followers(scene, servers=2)
    servers = [followers.serve(zookeeper.address, number=number) for number in range(2)]
    for port in followers.ports:
        scene.wait_for("the zone", lambda: serial(port))
    followers.start()
    followers.await_equal("at the start")
    number = 1000
    with Counter(followers) as counter:
        for turn in range(6):
            away = turn % 2
            with changer(scene, zookeeper, range(turn * 8, turn * 8 + 8), 50):
                time.sleep(2)
                scene.server = servers[away]
                scene.end_server()
                time.sleep(2)
            number += 1
            count(scene, number)
            scene.server = servers[1 - away]
            if scene.wait_for(f"turn {turn}: the change is everywhere", lambda: has(counter, followers, number), 90) is None:
                followers.say_logs()
            # Serials differ, and so does ns.dns, from server to server.
            compare_with(scene, followers, 1 - away, f"turn {turn}, with one of them")
            servers[away] = followers.serve(zookeeper.address, number=away)
            scene.wait_for("the zone", lambda: serial(followers.ports[away]))
            shared = serial(followers.ports[0]) == serial(followers.ports[1])
            scene.check(not shared, "both servers have one serial")
            followers.await_equal(f"turn {turn}, with both")
            compare_with(scene, followers, away, f"turn {turn}, with both")
    scene.say(f"steps back, of one server behind the other: {len(counter.back)}")
    followers.report()
    for server in servers:
        scene.server, scene.has_ended = server, False
        scene.end_server()


def compare_with(scene, followers, number, what):
    """Every secondary has what one of the servers has, except for the SOA."""
    ports = followers.ports
    followers.ports = [ports[number]]
    followers.compare(what, draws=50, unlike={"SOA"})
    followers.ports = ports


class SlowClient:
    """Asks for the zone and reads SLOW octets a second."""

    def __init__(self, port, source):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        # As little as there can be in between.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.bind((source, 0))
        self.socket.connect(("127.0.0.1", port))
        query = dns.message.make_query(ORIGIN, "AXFR").to_wire()
        self.socket.sendall(struct.pack("!H", len(query)) + query)
        self.octets, self.is_over = b"", False

    def read(self, count):
        """Reads what is there, up to so many octets; waits for the first."""
        with contextlib.suppress(ConnectionError, TimeoutError):
            more = self.socket.recv(count)
            self.octets += more
            self.is_over = not more

    def messages(self):
        """What has arrived whole."""
        place = 0
        while len(self.octets) - place >= 2:
            length = struct.unpack_from("!H", self.octets, place)[0]
            if len(self.octets) - place - 2 < length:
                return
            yield dns.message.from_wire(self.octets[place + 2:place + 2 + length], xfr=True)
            place += 2 + length

    @property
    def is_whole(self):
        """Whether the SOA has come a second time, as octets: parsing each time would be slow."""
        return len(self.octets) > 20_000 and self.octets.endswith(self.soa)

    @property
    def soa(self):
        """The data of the first record, the SOA, from its serial on."""
        message = next(self.messages())
        record = message.answer[0][0]
        return struct.pack("!5I", record.serial, record.refresh, record.retry, record.expire, record.minimum)


@drill
def slow_transfers(scene):
    """A zone that changes is read at 10 KB/s, then 200 times at once: each is consistent, queries and changes are unharmed."""
    zookeeper = stage(scene, 1000)
    scene.fill()
    followers = Followers(scene)
    scene.truth.window = 5
    followers.serve(zookeeper.address)
    scene.wait_for("the zone", scene.is_ready)
    scene.probe(500)
    scene.settle()
    whole = records(followers.ports[0])
    slow = SlowClient(followers.ports[0], "127.0.4.1")
    slow.read(4096)
    before = memory(scene)
    with changer(scene, zookeeper, range(0, 500), 100):
        began = time.monotonic()
        while time.monotonic() - began < SLOW_SECONDS:
            slow.read(SLOW // 10)
            time.sleep(0.1)
        # The rest at full speed.
        slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        slow.socket.settimeout(5)
        while not slow.is_over and not slow.is_whole:
            slow.read(65536)
        scene.check(serial(followers.ports[0]) != next(slow.messages()).answer[0][0].serial, "the zone has not changed meanwhile")
    found = [line for message in slow.messages() for rrset in message.answer for line in rrset.to_text().splitlines()]
    arrived = lines("\n".join(found), ())
    scene.say(f"{len(slow.octets)} octets arrived, {len(arrived)} records, at {SLOW} octets a second for {SLOW_SECONDS} s")
    scene.check(arrived == whole, f"the zone that arrived is another one: {sorted(arrived ^ whole)[:3]}")
    slow.socket.close()
    many(scene, zookeeper, followers, before)
    scene.settle("the last of 200 is gone: every answer is right")
    after = scene.wait_for("memory is back", lambda: memory(scene) < 1.5 * before + 50, 60)
    scene.say(f"{memory(scene):.0f} MB after {after or -1:.0f} s, {before:.0f} MB at first")
    scene.stop_probing()
    scene.check(scene.prober.verdicts["wrong"] + scene.prober.verdicts["none"] == 0, "queries were harmed")


def many(scene, zookeeper, followers, before):
    """200 slow transfers at once, while the zone changes."""
    clients = [SlowClient(followers.ports[0], f"127.0.5.{number % 250 + 1}") for number in range(SLOW_CLIENTS)]
    for client in clients:
        client.socket.setblocking(False)
    most, began = 0, time.monotonic()
    with changer(scene, zookeeper, range(500, 1000), 100) as made:
        first = made()
        while time.monotonic() - began < SLOW_SECONDS:
            for client in clients:
                with contextlib.suppress(BlockingIOError):
                    client.read(SLOW)
            most = max(most, memory(scene))
            time.sleep(1)
        rate = (made() - first) / (time.monotonic() - began)
    codes = [next(client.messages()).rcode() if len(client.octets) > 20 else None for client in clients]
    scene.say(f"of {SLOW_CLIENTS} at once {codes.count(0)} are served, {codes.count(2)} have SERVFAIL, {codes.count(None)} nothing yet; "
              f"{most:.0f} MB at most, {before:.0f} MB before; {rate:.0f} changes a second")
    scene.check(codes.count(0) > 0, "not one was served")
    scene.check(most < 3 * before + 100, f"memory grew to {most:.0f} MB")
    for client in clients:
        client.socket.close()
