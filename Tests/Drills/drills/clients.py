"""Clients that send rubbish, do not read, come in thousands, or ask until the last moment."""
import collections
import contextlib
import json
import os
import socket
import struct
import subprocess
import threading
import time

from lab import machine
from benchmark.registry import A, ORIGIN, ROOT, SRV, query

from .catalogue import drill

# Octets that memory may be larger by after something that may cost none: the allocator's and the event loop's own ups and downs.
LEEWAY = 4 << 20


def big_service(scene, providers=150):
    """A service whose SRV answer is longer than any packet; the prober does not ask for it."""
    scene.write(scene.client.ensure_path, f"{ROOT}/big")
    for number in range(providers):
        document = json.dumps({"host": f"10.9.0.{number + 1}", "port": 8080}).encode()
        scene.write(scene.client.create, f"{ROOT}/big/provider-{number}", document)


def descriptors(scene):
    return len(os.listdir(f"/proc/{scene.server.process.pid}/fd"))


class Use:
    """What the server has taken of the machine, to be compared with later."""

    def __init__(self, scene):
        self.scene, self.descriptors, self.memory = scene, descriptors(scene), scene.server.memory()

    def check(self, limit=20):
        """That it comes to have no more than it had then."""
        scene = self.scene
        scene.wait_for(f"descriptors as before, {self.descriptors}", lambda: descriptors(scene) <= self.descriptors, limit)
        scene.wait_for("memory as before", lambda: scene.server.memory() <= self.memory + LEEWAY, limit)
        scene.say(f"memory {self.memory / 2**20:.1f} MiB before, {scene.server.memory() / 2**20:.1f} MiB after; {descriptors(scene)} descriptors")


def flood(scene, transport, packets):
    big, good = scene.where / "big", scene.where / "good"
    big.write_bytes(query(f"big.{ORIGIN}", SRV))
    good.write_bytes(query(f"known-0.{ORIGIN}", A))
    seeds = sorted((machine.ROOT / "Tests/Fuzz/queries").iterdir())
    command = [scene.tools / "flood", scene.server.port, transport, packets, big, good, *seeds]
    result = json.loads(subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, check=True).stdout)
    scene.say(f"{transport}: {result['sent']} packets, {result['sent'] / result['seconds']:.0f} a second, {result['replies']} replies, "
              f"the longest of {result['longest']} octets; {result['good']} good queries in between")
    for what in ("refused", "over", "odd", "wrong", "unanswered"):
        scene.check(result[what] == 0, f"{transport}: {what}: {result[what]}")


def malformed(scene, udp, tcp):
    zookeeper = scene.zookeeper()
    scene.connect(zookeeper.address)
    big_service(scene)
    scene.stage(zookeeper.address)
    # What the first packets of their kind have the server take once and for all.
    flood(scene, "udp", 20_000), flood(scene, "tcp", 20_000)
    use = Use(scene)
    flood(scene, "udp", udp), flood(scene, "tcp", tcp)
    use.check()
    scene.settle()


@drill(short=True)
def malformed_some(scene):
    """300 thousand malformed and mutated packets over UDP and TCP, good queries in between."""
    malformed(scene, 200_000, 100_000)


@drill
def malformed_millions(scene):
    """10 million malformed and mutated packets over UDP and TCP, good queries in between."""
    malformed(scene, 8_500_000, 1_500_000)


class GoodClient(threading.Thread):
    """Asks over TCP, over a connection that lasts, if any, and over new ones in turn; every question must be answered right."""

    def __init__(self, scene, keeps=True):
        super().__init__(daemon=True)
        self.scene, self.over, self.keeps = scene, threading.Event(), keeps
        self.asked, self.failures, self.slowest = 0, collections.Counter(), 0.0

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()
        self.scene.say(f"{self.asked} good queries over TCP, the slowest took {self.slowest:.2f} s")
        self.scene.check(self.asked > 0 and not self.failures, f"good queries over TCP failed: {dict(self.failures)}")

    def run(self):
        lasting = connect(self.scene) if self.keeps else None
        while not self.over.is_set():
            for client in (lasting, None) if lasting else (None,):
                start = time.monotonic()
                self.asked += 1
                try:
                    with contextlib.nullcontext(client) if client else connect(self.scene) as stream:
                        stream.sendall(framed(query(f"known-0.{ORIGIN}", A)))
                        if answer_count(stream) != 3:
                            self.failures["wrong"] += 1
                except OSError as error:
                    self.failures[f"{type(error).__name__} over {'the lasting' if client else 'a new'} connection"] += 1
                    if client:
                        # One failure of it is enough to know.
                        lasting = None
                self.slowest = max(self.slowest, time.monotonic() - start)
            self.over.wait(0.02)
        if lasting:
            lasting.close()


def framed(octets):
    return struct.pack("!H", len(octets)) + octets


def connect(scene, receive_buffer=None):
    client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if receive_buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    client.settimeout(2)
    client.connect(("127.0.0.1", scene.server.port))
    return client


def answer_count(stream):
    """How many records the next response's answer has."""
    (length,) = struct.unpack("!H", receive(stream, 2))
    return struct.unpack("!H", receive(stream, length)[6:8])[0]


def receive(stream, count):
    octets = b""
    while len(octets) < count:
        more = stream.recv(count - len(octets))
        if not more:
            raise ConnectionError("the stream has ended")
        octets += more
    return octets


class Nuisance:
    """A connection that is no good; `tick`, every tenth of a second, does what it does, and is false once it is gone."""

    def __init__(self, scene, number):
        self.number, self.age, self.hurts = number, 0, query(f"big.{ORIGIN}", SRV)
        self.stream = connect(scene, receive_buffer=4096)
        self.stream.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            self.begin()

    def begin(self):
        pass

    def tick(self):
        self.age += 1
        try:
            return self.act() is not False
        except BlockingIOError:
            return True
        except OSError:
            return False


class SlowWriter(Nuisance):
    """An octet a second."""

    def act(self):
        if (self.age + self.number) % 10 == 0:
            self.stream.send(framed(self.hurts)[self.age // 10 % len(self.hurts):][:1])


class SlowReader(Nuisance):
    """Many questions; of the long answers, an octet at a time."""

    def begin(self):
        self.stream.send(framed(self.hurts) * 50)

    def act(self):
        return self.stream.recv(1) != b""


class NeverReader(Nuisance):
    """Questions as long as the server takes them, and no look at what it says."""

    def act(self):
        self.stream.send(framed(self.hurts) * 200)


class HalfClosed(Nuisance):
    """A question and the end; the answer is left lying."""

    def begin(self):
        self.stream.send(framed(self.hurts) * 20)
        self.stream.shutdown(socket.SHUT_WR)

    def act(self):
        return self.age < 150


class Resetter(Nuisance):
    """Questions, and a reset in the middle of the answers."""

    def begin(self):
        self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.stream.send(framed(self.hurts) * 20)

    def act(self):
        return self.age <= self.number % 5


@drill
def tcp_nuisances(scene):
    """2,000 TCP connections that read slowly or not, write slowly, are half-closed or reset; good queries go on being answered."""
    zookeeper = scene.zookeeper()
    scene.connect(zookeeper.address)
    big_service(scene)
    scene.stage(zookeeper.address)
    flood(scene, "tcp", 20_000)
    use = Use(scene)
    kinds = [SlowWriter, SlowReader, NeverReader, HalfClosed, Resetter]
    peak, opened = 0, 0
    with GoodClient(scene):
        crowd, start = [], time.monotonic()
        while time.monotonic() - start < 40:
            began = time.monotonic()
            gone = [each for each in crowd if not each.tick()]
            for each in gone:
                each.stream.close()
            crowd = [each for each in crowd if each not in set(gone)]
            for number in range(min(2000 - len(crowd), 100)):
                crowd.append(kinds[number % len(kinds)](scene, number))
                opened += 1
            peak = max(peak, descriptors(scene))
            time.sleep(max(0, began + 0.1 - time.monotonic()))
        scene.say(f"{opened} connections were opened; the server had {peak} descriptors and {scene.server.memory() / 2**20:.1f} MiB")
        for each in crowd:
            each.stream.close()
        time.sleep(1)
    use.check()
    scene.settle()
