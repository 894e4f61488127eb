"""Milliseconds from create() to the first right answer, beside two kazoo clients in the same run: a bare watcher, which knows then that there is a
new name, and one that has also read what the name stands for. Idle, and under as many queries as are answered."""
import contextlib
import itertools
import json
import select
import socket
import struct
import subprocess
import threading
import time
import uuid

from kazoo.client import KazooClient

from lab import machine

from . import servers
from .registry import A, ORIGIN, ROOT, SOA, Registry, query, questions, write_questions


def run(tools, count):
    with machine.folder() as where, machine.zookeeper(where) as zookeeper:
        registry = Registry.of([10] * 1000)
        registry.load(zookeeper.address)
        file = where / "questions"
        write_questions(file, questions(registry, "a"))
        with servers.zoodns(tools, where, zookeeper.address, "--log-level", "error", core=None) as server:
            machine.wait_for("the zone", lambda: machine.answers(server.port, query(ORIGIN, SOA)))
            print(f"milliseconds from create(), {count} times")
            measure("idle", zookeeper.address, server.port, count)
            # The processor is as full with a short queue as with a long one, in which each query waits for milliseconds.
            for window in (2, 64):
                with saturated(tools, server.port, file, window):
                    measure(f"load, {8 * window} queued", zookeeper.address, server.port, count)


@contextlib.contextmanager
def saturated(tools, port, file, window):
    generator = subprocess.Popen([tools / "generator", str(port), file, "3600", "0", str(window)], stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        generator.kill()
        generator.wait()


def measure(load, zookeeper, port, count):
    clients = writer, watcher, reader = [KazooClient(zookeeper) for _ in range(3)]
    for client in clients:
        client.start()
    service = f"propagation-{uuid.uuid4().hex[:8]}"
    writer.ensure_path(f"{ROOT}/{service}")
    seen, known, news = {}, {}, threading.Condition()

    def note(table, children):
        now = time.perf_counter()
        with news:
            for child in children:
                table.setdefault(child, now)
            news.notify_all()

    @watcher.ChildrenWatch(f"{ROOT}/{service}")
    def watch(children):
        note(seen, children)

    @reader.ChildrenWatch(f"{ROOT}/{service}")
    def read(children):
        for child in set(children) - set(known):
            json.loads(reader.get(f"{ROOT}/{service}/{child}")[0])
            note(known, [child])

    resolver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    resolver.connect(("127.0.0.1", port))
    resolver.setblocking(False)
    answered, on_the_way, watched, learnt = [], [], [], []
    for number in range(count):
        instance = str(uuid.uuid4())
        question = query(f"{instance}.{service}.{ORIGIN}", A)
        document = json.dumps({"host": "10.0.0.1", "port": 1 + number}).encode()
        start = time.perf_counter()
        created = writer.create_async(f"{ROOT}/{service}/{instance}", document, ephemeral=True)
        asked_at, answered_at = await_answer(resolver, question, start + 30)
        answered.append(answered_at - start)
        on_the_way.append(answered_at - asked_at)
        created.get()
        with news:
            news.wait_for(lambda: instance in seen and instance in known, 30)
        watched.append(seen[instance] - start)
        learnt.append(known[instance] - start)
        # Of one size all the time, so that each round measures the same.
        writer.delete(f"{ROOT}/{service}/{instance}")
    ours = summary(load, "zoodns answers", answered)
    queued = summary(load, "its query alone", on_the_way)
    theirs = summary(load, "kazoo watcher", watched), summary(load, "kazoo reader", learnt)
    print(f"  {load:16} medians: zoodns ÷ watcher {ours / theirs[0]:.2f}, zoodns ÷ reader {ours / theirs[1]:.2f}, "
          f"without its query ÷ reader {(ours - queued) / theirs[1]:.2f}", flush=True)
    for session in clients:
        session.stop()
        session.close()


def await_answer(resolver, question, deadline):
    """When the query that has the first answer was sent, and when the answer came. Asks all the time without waiting for responses: under load each
    query waits behind the hundreds that the generator has under way."""
    name, poll, sent = question[12:49], select.poll(), [0.0] * 65536
    poll.register(resolver, select.POLLIN)
    for number in itertools.cycle(range(65536)):
        sent[number] = time.perf_counter()
        if sent[number] > deadline:
            break
        with contextlib.suppress(BlockingIOError):
            resolver.send(struct.pack("!H", number) + question[2:])
        poll.poll(0.2)
        with contextlib.suppress(BlockingIOError):
            while True:
                response = resolver.recv(4096)
                # A late one may be about the instance before.
                if response[12:].startswith(name) and struct.unpack("!H", response[6:8])[0] > 0:
                    return sent[struct.unpack("!H", response[:2])[0]], time.perf_counter()
    raise SystemExit("no answer within 30 s")


def summary(load, who, times):
    times = sorted(times)
    median = times[len(times) // 2] * 1e3
    print(f"  {load:16} {who:16} median {median:6.2f}   99th percentile {times[int(len(times) * 0.99)] * 1e3:6.2f}", flush=True)
    return median
