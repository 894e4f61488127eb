"""Asks a server throughout a drill, and holds each answer against the truth."""
import collections
import contextlib
import dataclasses
import random
import select
import socket
import struct
import threading
import time

import dns.edns
import dns.message
import dns.rcode
import dns.rdatatype

from benchmark.registry import query

from .truth import STALE

KINDS = ("A", "SRV", "AAAA")
PATIENCE = 5.0  # seconds after which a query counts as not answered: those of resolv.conf
SO_RCVBUFFORCE = 33  # which Python has no name for
BURST = 50  # queries at most between two looks for answers


@dataclasses.dataclass(frozen=True)
class Answer:
    code: int
    records: frozenset
    errors: frozenset  # extended DNS errors (RFC 8914)

    def matches(self, expected):
        return (self.code, self.records) == expected

    @staticmethod
    def read(octets):
        """By dnspython, which shares nothing with the server."""
        message = dns.message.from_wire(octets)
        records = frozenset(record.to_text().lower() for rrset in message.answer for record in rrset)
        errors = frozenset(option.code for option in message.options if option.otype == dns.edns.OptionType.EDE)
        if message.flags & dns.flags.TC:
            return Answer(message.rcode(), frozenset(["truncated"]), errors)
        return Answer(message.rcode(), records, errors)


@dataclasses.dataclass
class Question:
    service: str
    kind: str
    octets: bytes
    # When it was last answered right.
    right: float | None = None
    # When it was first asked since then.
    asked: float | None = None


class Prober(threading.Thread):
    """So many queries a second over all services that the truth knows, and as many names that do not exist."""

    def __init__(self, port, truth, rate=2000, absent=20):
        super().__init__(daemon=True)
        self.port, self.truth, self.rate = port, truth, rate
        self.absent = [f"absent-{number}" for number in range(absent)]
        self.sockets = []
        for _ in range(4):
            client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            client.connect(("127.0.0.1", port))
            client.setblocking(False)
            # Room for what comes while a loaded machine does not let this thread run: a drop here would count as the server's.
            with contextlib.suppress(PermissionError):
                client.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
            self.sockets.append(client)
        self.questions = {}
        self.pending = collections.OrderedDict()
        self.memory = {}
        self.sent = 0
        self.verdicts = collections.Counter()
        self.errors = collections.Counter()
        self.samples = []
        self.longest, self.longest_name = 0.0, ""
        self.over = threading.Event()
        self.started = self.ended = time.monotonic()
        self.lock = threading.Lock()

    def run(self):
        draw = random.Random(1)
        began, asked, order, identifiers = time.monotonic(), 0, [], [0] * len(self.sockets)
        while True:
            now = time.monotonic()
            due = int((now - began) * self.rate)
            # Time in which the prober stood still is not made up for: no buffer would take that.
            asked = max(asked, due - BURST)
            while asked < due and not self.over.is_set():
                if not order:
                    order = self.all_questions()
                    draw.shuffle(order)
                index = asked % len(self.sockets)
                identifiers[index] = (identifiers[index] + 1) & 0xFFFF
                self.ask(index, identifiers[index], order.pop())
                asked += 1
            readable, _, _ = select.select(self.sockets, [], [], 0.002)
            for client in readable:
                self.receive(self.sockets.index(client))
            self.give_up(time.monotonic())
            if self.over.is_set() and not self.pending:
                return

    def all_questions(self):
        services = self.truth.names()
        return [self.question(service, kind) for service in services for kind in KINDS] + [
            self.question(service, "A") for service in self.absent]

    def question(self, service, kind):
        key = service, kind
        if key not in self.questions:
            name = f"_{service}._tcp.{self.truth.origin}" if kind == "SRV" else f"{service}.{self.truth.origin}"
            octets = query(name, dns.rdatatype.from_text(kind), edns=True)
            self.questions[key] = Question(service, kind, octets)
        return self.questions[key]

    def ask(self, index, identifier, question):
        now = time.monotonic()
        question.asked = question.asked or now
        try:
            self.sockets[index].send(struct.pack("!H", identifier) + question.octets[2:])
        except OSError:
            return  # Not sent: it cannot be answered.
        self.sent += 1
        self.pending[index, identifier] = question, now

    def receive(self, index):
        while True:
            try:
                octets = self.sockets[index].recv(65535)
            except BlockingIOError:
                return
            except OSError:
                continue  # No server listened: it counts when its time is up.
            question, sent = self.pending.pop((index, struct.unpack("!H", octets[:2])[0]), (None, 0))
            if question:
                self.judge(question, octets, sent, time.monotonic())

    def judge(self, question, octets, sent, now):
        known = octets[2:]
        if known not in self.memory:
            if len(self.memory) > 50_000:
                self.memory.clear()
            self.memory[known] = Answer.read(octets)
        answer = self.memory[known]
        verdict = self.truth.judge(question.service, question.kind, answer, sent, now)
        with self.lock:
            self.verdicts[verdict] += 1
            self.errors.update(answer.errors)
            if verdict == "right":
                if question.asked and now - question.asked > self.longest:
                    self.longest, self.longest_name = now - question.asked, f"{question.service} {question.kind}"
                question.right, question.asked = now, None
            elif verdict == "wrong" and len(self.samples) < 5:
                current = self.truth.expected(question.service, question.kind, self.truth.current(question.service))
                self.samples.append(
                    f"{now - self.started:.2f} s: {question.service} {question.kind}: {dns.rcode.to_text(answer.code)} "
                    f"{sorted(answer.records)} {sorted(answer.errors)}, expected {dns.rcode.to_text(current[0])} {sorted(current[1])}")

    def give_up(self, now):
        while self.pending:
            key = next(iter(self.pending))
            question, sent = self.pending[key]
            if now - sent < PATIENCE:
                return
            del self.pending[key]
            with self.lock:
                self.verdicts["none"] += 1
                if len(self.samples) < 5:
                    self.samples.append(f"{sent - self.started:.2f} s: {question.service} {question.kind}: no answer")

    def marked_stale(self):
        with self.lock:
            return sum(self.errors[code] for code in STALE)

    def seen_right(self):
        """Whether every question has been answered right since now; to be waited for."""
        since = time.monotonic()
        return lambda: all((question.right or 0) > since for question in self.all_questions())

    def stop(self):
        """Asks no more, and waits for the last answers."""
        self.over.set()
        self.ended = time.monotonic()
        self.join(PATIENCE + 10)
        for client in self.sockets:
            client.close()
