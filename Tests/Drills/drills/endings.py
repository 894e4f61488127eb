"""The server is stopped while clients ask."""
import signal
import socket
import struct
import time

from lab import machine
from benchmark.registry import A, ORIGIN, query

from .catalogue import drill
from .clients import answer_count, connect, framed


def load(scene, seconds):
    """Asks over UDP as fast as is answered, beside everything else."""
    octets = query(f"known-1.{ORIGIN}", A)
    questions = scene.where / "questions"
    questions.write_bytes(struct.pack("!HBH", len(octets), 0, 3) + octets)
    return machine.Program("generator", [scene.tools / "generator", scene.server.port, questions, seconds, 0, 64], scene.where)


class LastQueries:
    """Queries that are all sent before the signal, over sockets and connections of their own."""

    def __init__(self, scene, packets=2000, connections=200, pipelined=20):
        self.scene = scene
        octets = query(f"known-0.{ORIGIN}", A)
        self.clients = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(8)]
        self.sent = [set() for _ in self.clients]
        for client in self.clients:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            client.connect(("127.0.0.1", scene.server.port))
            client.settimeout(2)
        self.streams, self.pipelined = [], pipelined
        for _ in range(connections):
            stream = connect(scene)
            stream.sendall(framed(octets) * pipelined)
            self.streams.append(stream)
        for number in range(packets):
            index = number % len(self.clients)
            self.clients[index].send(struct.pack("!H", number) + octets[2:])
            self.sent[index].add(number)

    def check(self):
        """That all of them are answered, and that connections end after that."""
        silent = 0
        for client, sent in zip(self.clients, self.sent):
            while sent:
                try:
                    sent.discard(struct.unpack("!H", client.recv(4096)[:2])[0])
                except OSError:
                    break
            silent += len(sent)
        unanswered = reset = 0
        for stream in self.streams:
            left = self.pipelined
            try:
                while left and answer_count(stream) == 3:
                    left -= 1
                stream.recv(1)
            except OSError:
                reset += 1
            unanswered += left
        scene = self.scene
        scene.check(silent == 0, f"{silent} packets that were sent before the signal were not answered")
        scene.check(unanswered == 0, f"{unanswered} queries over TCP that were sent before the signal were not answered")
        scene.check(reset == 0, f"{reset} connections were reset")
        for each in self.clients + self.streams:
            each.close()


def stop_under_load(scene, address, is_paused):
    scene.serve(address, name=f"zoodns-{'paused' if is_paused else 'running'}")
    scene.wait_for("the zone", scene.is_ready)
    scene.probe()
    scene.settle()
    process = scene.server.process
    with load(scene, 4):
        time.sleep(2)
        scene.stop_probing()
        # Stopped, it has everything still before it when the signal comes.
        if is_paused:
            process.send_signal(signal.SIGSTOP)
        last = LastQueries(scene)
        signalled = time.monotonic()
        process.send_signal(signal.SIGTERM)
        if is_paused:
            process.send_signal(signal.SIGCONT)
        last.check()
        scene.await_end(signalled)
        scene.say(f"SIGTERM {'with all of it in the queues' if is_paused else 'under load'}: the end after {time.monotonic() - signalled:.2f} s")


@drill(short=True)
def stop_loaded(scene):
    """SIGTERM under full load: what was sent before it is answered, over UDP and TCP, and the end is there within 5 s."""
    zookeeper = scene.zookeeper()
    scene.connect(zookeeper.address)
    scene.fill()
    for is_paused in (False, True, False, True):
        stop_under_load(scene, zookeeper.address, is_paused)
