"""What servers that queries are forwarded to may do, while names of the zone are answered as ever."""
import contextlib
import random
import socket
import threading
import time

from benchmark.registry import query

from .catalogue import drill

NAMES = 100_000  # outside names a minute
LIMIT = 4.8  # seconds until a client has some answer at the latest


class Upstream(threading.Thread):
    """A name server that answers every query with an address, or misbehaves."""

    def __init__(self, loop=None):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.05)
        self.port = self.socket.getsockname()[1]
        self.mode, self.loop, self.asked, self.over = "well", loop, 0, False

    def run(self):
        while not self.over:
            try:
                octets, client = self.socket.recvfrom(4096)
            except (TimeoutError, ConnectionError):
                continue
            self.asked += 1
            for answer in self.answers(octets):
                with contextlib.suppress(OSError):
                    self.socket.sendto(answer, client)

    def answers(self, octets):
        end = octets.index(0, 12) + 5
        good = octets[:2] + b"\x81\x80" + b"\0\1\0\1\0\0\0\0" + octets[12:end] + b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4" + b"\xc0\0\2P"
        if self.mode == "silent":
            return []
        if self.mode == "slow":
            time.sleep(0.3)
        if self.mode == "loop":
            self.socket.sendto(octets, ("127.0.0.1", self.loop()))
            return []
        if self.mode == "lies":
            name = octets[12:end - 5].swapcase() + octets[end - 5:end]
            return [bytes([good[0] ^ 1]) + good[1:], good[:12] + name + good[end:], good[:20], good + b"\0", octets, random.randbytes(60)]
        return [good]


@drill(short=True)
def forward_upstreams(scene):
    """Servers that queries are forwarded to are silent, slow, lie, loop and go, one of three or all, while 100,000 outside names a minute come."""
    upstreams = [Upstream(lambda: scene.server.port) for _ in range(3)]
    for upstream in upstreams:
        upstream.start()
        scene.stack.callback(setattr, upstream, "over", True)
    scene.stage(
        scene.zookeeper().address, *[word for each in upstreams for word in ("--forward", f"127.0.0.1:{each.port}")],
        "--forward-limit", "512")
    hostile = threading.Event()
    flood = threading.Thread(target=ask_much, args=(scene.server.port, hostile), daemon=True)
    for modes in ["well", "silent well well", "slow well well", "lies lies well", "loop well well", "lies", "silent", "loop", "well"]:
        modes = modes.split()
        for upstream, mode in zip(upstreams, modes * 3 if len(modes) == 1 else modes):
            upstream.mode = mode
        is_answered = "well" in modes
        codes = [ask(scene.server.port) for _ in range(3 if is_answered else 1)]
        took = max(seconds for _, seconds in codes)
        scene.say(f"{' '.join(modes):20} {' '.join(str(code) for code, _ in codes)} after {took:.2f} s at most")
        scene.check(took < LIMIT, f"{modes}: a client waits {took:.1f} s")
        if is_answered:
            # A server that has come back is probed first.
            scene.wait_for(f"{modes}: outside names are answered", lambda: ask(scene.server.port)[0] == 0, 40)
        if not flood.is_alive() and not hostile.is_set():
            flood.start()
    hostile.set()
    flood.join()
    scene.stop_probing()


def ask(port, name=None):
    """The RCODE and the seconds that one outside name takes."""
    name = name or f"n{random.getrandbits(64):x}.some-longer-name.example"
    began = time.monotonic()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(LIMIT + 1)
        client.bind(("127.0.0.77", 0))
        client.sendto(query(name, 1), ("127.0.0.1", port))
        try:
            return client.recv(4096)[3] & 15, time.monotonic() - began
        except TimeoutError:
            return None, time.monotonic() - began


def ask_much(port, over):
    """Outside names from many addresses, no two alike, without a look at the answers."""
    clients = []
    for number in range(64):
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        client.bind((f"127.0.1.{number + 1}", 0))
        clients.append(client)
    began, sent = time.monotonic(), 0
    while not over.is_set():
        due = int((time.monotonic() - began) * NAMES / 60)
        for number in range(sent, due):
            with contextlib.suppress(OSError):
                clients[number % 64].sendto(query(f"x{random.getrandbits(64):x}.hostile.example", 1), ("127.0.0.1", port))
        sent = due
        time.sleep(0.005)
    for client in clients:
        client.close()
