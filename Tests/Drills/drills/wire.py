"""What stands between zoodns and ZooKeeper: a proxy that knows ZooKeeper's frames, and a wire that loses packets."""
import contextlib
import ctypes
import fcntl
import heapq
import os
import random
import select
import socket
import struct
import subprocess
import threading
import time

WATCH_EVENT = -1  # the xid of a notification
CLOSE_SESSION = -11


class Proxy:
    """Passes connections on to a ZooKeeper; can swallow watch events, knows the session of the last connection, and when znodes were asked for."""

    def __init__(self, target):
        self.target = target.rpartition(":")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.session = None
        self.swallows = None
        self.swallowed = 0
        self.is_cut = False
        self.sockets = []
        self.sought, self.asked = (), {}

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                with contextlib.suppress(OSError):
                    if self.is_cut:
                        end(client)
                        continue
                    server = socket.create_connection((self.target[0], int(self.target[2])))
                    self.sockets = [client, server]
                    for work in (self.pass_on, self.pass_back):
                        threading.Thread(target=work, args=(client, server), daemon=True).start()
                    continue
                client.close()

    def pass_on(self, client, server):
        with contextlib.suppress(OSError):
            end_of_last = b""
            while octets := client.recv(65536):
                self.note(end_of_last + octets)
                end_of_last = octets[-256:]
                server.sendall(octets)
        end(client, server)

    def seek(self, paths):
        """From now on notes in `asked` when anything below each of these paths was first asked for."""
        self.sought, self.asked = list(paths), {}

    def note(self, octets):
        for path in self.sought:
            if path not in self.asked and f"{path}/".encode() in octets:
                self.asked[path] = time.monotonic()

    def pass_back(self, client, server):
        with contextlib.suppress(OSError, struct.error):
            stream = server.makefile("rb", 1 << 16)
            # The first frame answers the connect request: version, timeout, session id, password.
            frame = read_frame(stream)
            _, _, identifier, length = struct.unpack("!iiqi", frame[:20])
            self.session = identifier, frame[20:20 + length]
            while frame:
                client.sendall(struct.pack("!I", len(frame)) + frame)
                while (frame := read_frame(stream)) and self.is_swallowed(frame):
                    self.swallowed += 1
        end(client, server)

    def is_swallowed(self, frame):
        return self.swallows and struct.unpack("!i", frame[:4])[0] == WATCH_EVENT and self.swallows.encode() in frame

    def cut(self):
        """Ends the last connection and takes no more until `mend`."""
        self.is_cut = True
        end(*self.sockets)

    def mend(self):
        self.is_cut = False

    def close_session(self):
        """Takes the last session over, as ZooKeeper lets any client that knows its password, and closes it."""
        identifier, password = self.session
        with socket.create_connection((self.target[0], int(self.target[2]))) as client:
            request = struct.pack("!iqiqi", 0, 0, 4000, identifier, len(password)) + password + b"\0"
            client.sendall(struct.pack("!I", len(request)) + request)
            stream = client.makefile("rb")
            read_frame(stream)
            client.sendall(struct.pack("!Iii", 8, 1, CLOSE_SESSION))
            read_frame(stream)


def read_frame(stream):
    """The next frame without its length; empty at the end."""
    (length,) = struct.unpack("!I", stream.read(4) or bytes(4))
    return stream.read(length)


def end(*sockets):
    for each in sockets:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()


class Namespace:
    """A network namespace of its own, with wires to this one."""

    def __init__(self):
        self.name = f"zoodns-drill-{os.getpid()}"
        self.inside = ["ip", "netns", "exec", self.name]
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        run("ip", "netns", "add", self.name)
        run(*self.inside, "ip", "link", "set", "lo", "up")
        return self

    def __exit__(self, *_):
        self.stack.close()
        for process in subprocess.run(["ip", "netns", "pids", self.name], capture_output=True, text=True).stdout.split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(process), 9)
        run("ip", "netns", "del", self.name)

    def wire(self, number):
        """A wire with an address at either end, made of two TUN devices."""
        return self.stack.enter_context(Wire(self, number))


class Wire(threading.Thread):
    """Carries packets between two namespaces, or loses them without a word: `cut` names the directions that lead nowhere, `largest` those that
    lead nowhere for packets of more octets."""

    THERE, BACK = 0, 1
    TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
    CLONE_NEWNET = 0x40000000

    def __init__(self, namespace, number):
        super().__init__(daemon=True)
        self.near, self.far = f"10.213.{number}.1", f"10.213.{number}.2"
        self.device = f"drill{os.getpid() % 100000}.{number}"
        self.namespace = namespace
        self.cut = set()
        self.largest = {}
        self.delay = 0.0  # seconds each way
        self.loss = 0.0  # share of all packets
        self.over = False

    def __enter__(self):
        self.ends = [self.open(), self.open_inside()]
        run("ip", "address", "add", self.near, "peer", self.far, "dev", self.device)
        run("ip", "link", "set", self.device, "up")
        run(*self.namespace.inside, "ip", "address", "add", self.far, "peer", self.near, "dev", self.device)
        run(*self.namespace.inside, "ip", "link", "set", self.device, "up")
        self.start()
        return self

    def __exit__(self, *_):
        self.over = True
        self.join()
        for end in self.ends:
            os.close(end)

    def open(self):
        end = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(end, self.TUNSETIFF, struct.pack("16sH14x", self.device.encode(), self.IFF_TUN | self.IFF_NO_PI))
        return end

    def open_inside(self):
        """A thread may be in a namespace of its own; the descriptor it opens there is everybody's."""
        ends = []

        def work():
            with open(f"/var/run/netns/{self.namespace.name}") as namespace:
                if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), self.CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), "setns")
            ends.append(self.open())

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        return ends[0]

    def run(self):
        waiting = []
        while not self.over:
            now = time.monotonic()
            while waiting and waiting[0][0] <= now:
                _, _, end, packet = heapq.heappop(waiting)
                with contextlib.suppress(OSError):
                    os.write(end, packet)
            pause = max(0, min(0.1, waiting[0][0] - now)) if waiting else 0.1
            for end in select.select(self.ends, [], [], pause)[0]:
                direction = self.ends.index(end)
                packet = os.read(end, 65536)
                if len(packet) > self.largest.get(direction, len(packet)):
                    continue
                if direction not in self.cut and random.random() >= self.loss:
                    heapq.heappush(waiting, (time.monotonic() + self.delay, random.random(), self.ends[1 - direction], packet))


def run(*command):
    subprocess.run(command, check=True)
