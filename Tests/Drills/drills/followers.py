"""Secondaries of zoodns: where they are, what they have, and how far they are behind."""
import collections
import json
import random
import re
import subprocess
import threading
import time

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

from benchmark.registry import ORIGIN
from lab import machine
from lab.secondaries import KINDS, Secondary

# Types whose text is the same with dig and dnspython.
COMPARED = {"A", "AAAA", "SRV", "NS"}


class Followers:
    """All four secondaries of one zone, and the ports of the zoodns servers that they follow."""

    def __init__(self, scene, servers=1):
        self.scene = scene
        self.ports = [machine.free_port() for _ in range(servers)]
        self.secondaries = [Secondary(kind, scene.where, self.ports) for kind in KINDS]
        self.query_log = scene.where / "queries"

    def options(self, number=0):
        """What a zoodns is started with, as arguments of Scene.serve."""
        words = ["--allow-transfer", "127.0.0.0/8", "--query-log", f"{self.query_log}-{number}"]
        for each in self.secondaries:
            words += ["--notify", each.address]
        if len(self.ports) > 1:
            words += ["--serial-modulo", f"{number}/{len(self.ports)}"]
        return words, {"listen": ("--listen", f"127.0.0.1:{self.ports[number]}"), "name": f"zoodns-{number}"}

    def serve(self, address, *options, number=0, **more):
        words, where = self.options(number)
        return self.scene.serve(address, *words, *options, **where, **more)

    def start(self):
        for each in self.secondaries:
            self.scene.stack.enter_context(each.start())

    def await_equal(self, what, limit=60):
        """Waits until all secondaries have the serial of one of the servers; the seconds that it took, None if they do not get there."""
        took = self.scene.wait_for(f"{what}: the secondaries follow", self.are_equal, limit)
        if took is None:
            self.say_logs()
        return took

    def say_logs(self):
        """The ends of all secondaries' logs."""
        for each in self.secondaries:
            self.scene.say(f"{each.kind}:\n" + "\n".join(f"        {line[:200]}" for line in each.log().splitlines()[-12:]))

    def are_equal(self):
        ours = {serial(port) for port in self.ports} - {None}
        return bool(ours) and all(serial(each.port) in ours for each in self.secondaries)

    def compare(self, what, draws=2000, unlike=()):
        """Every secondary has what zoodns has: as a whole, and in answers to questions drawn from all that there are. `unlike`: types of
        records in which two servers differ."""
        ours = records(self.ports[0], unlike)
        self.scene.check(len(ours) > 50, f"{what}: the zone has {len(ours)} records only")
        for each in self.secondaries:
            theirs = records(each.port, unlike) if each.kind != "unbound" else zone_file(each.where / f"{ORIGIN}.zone", unlike)
            lost, extra = sorted(ours - theirs), sorted(theirs - ours)
            self.scene.check(not lost and not extra, f"{what}: {each.kind} lacks {len(lost)}, such as {lost[:2]}, and has too much: {len(extra)}, such as {extra[:2]}")
            wrong = self.ask(each, ours, draws)
            self.scene.check(not wrong, f"{what}: {each.kind} answers {len(wrong)} of {draws} questions as zoodns does not, such as {wrong[:1]}")
        self.scene.say(f"{what}: {len(ours)} records compared, and {draws} answers of each")

    @staticmethod
    def ask(secondary, lines, draws):
        """Answers to questions about records, and about names that do not exist, that are not what the records say."""
        sets = collections.defaultdict(set)
        for name, _, _, kind, *data in (line.split() for line in lines):
            if kind in COMPARED:
                sets[name, kind].add(" ".join(data))
        draw = random.Random(1)
        keys, wrong = sorted(sets), []
        for number in range(draws):
            key = draw.choice(keys) if number % 10 else (f"absent-{number}.{ORIGIN}.", "A")
            answer = ask(secondary.port, *key)
            found = {record.to_text().lower() for rrset in answer.answer for record in rrset} if answer else None
            if found != sets.get(key, set()) or answer.rcode() != (dns.rcode.NOERROR if key in sets else dns.rcode.NXDOMAIN):
                wrong.append((key, found, sets.get(key)))
        return wrong

    def transfers(self, kind):
        """How many transfers of a type each secondary has asked for, by its kind."""
        counts = collections.Counter()
        for number in range(len(self.ports)):
            path = self.query_log.with_name(f"{self.query_log.name}-{number}")
            for line in path.read_text().splitlines() if path.exists() else []:
                if f'"{kind}"' in line:
                    counts[json.loads(line)["remote"]] += 1
        return {each.kind: counts[each.source] for each in self.secondaries}

    def report(self, lag=None):
        """A table of what each did; its faults."""
        whole, differences = self.transfers("AXFR"), self.transfers("IXFR")
        for each in self.secondaries:
            faults = each.faults()
            behind = f"lag {lag.quantile(each.kind, 0.5):4.0f} ms median, {lag.quantile(each.kind, 0.99):5.0f} ms p99; " if lag else ""
            self.scene.say(f"{each.kind:8} {behind}AXFR {whole[each.kind]}, IXFR {differences[each.kind]}, transfers that failed {len(faults)}")
            for line in faults[:2]:
                self.scene.say(f"         {line[:160]}")


class Watcher(threading.Thread):
    """Something that is looked at again and again until the end of a context."""

    pause = 0.05

    def __init__(self, followers):
        super().__init__(daemon=True)
        self.followers, self.over = followers, threading.Event()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join(30)

    def run(self):
        while not self.over.wait(self.pause):
            self.look()


class Lag(Watcher):
    """How long each secondary has been behind, by the serial of its SOA."""

    pause = 0.02

    def __init__(self, followers):
        super().__init__(followers)
        self.versions, self.order = [], {}
        self.samples = collections.defaultdict(list)
        self.caught_up = {}

    def look(self):
        now = time.monotonic()
        ours = serial(self.followers.ports[0])
        if ours is not None and ours not in self.order:
            self.order[ours] = len(self.versions)
            self.versions.append((now, ours))
        for each in self.followers.secondaries:
            theirs, now = serial(each.port), time.monotonic()
            # One that is not known was between two looks.
            place = self.order.get(theirs, max((self.order[known] for known in self.order if theirs and known <= theirs), default=None))
            if place is None:
                continue
            is_last = place == len(self.versions) - 1
            self.samples[each.kind].append(0 if is_last else now - self.versions[place + 1][0])
            if is_last and self.caught_up.get(each.kind, (None,))[0] != place:
                self.caught_up[each.kind] = place, now

    def quantile(self, kind, share):
        """Milliseconds."""
        samples = sorted(self.samples[kind])
        return 1000 * samples[min(len(samples) - 1, int(share * len(samples)))] if samples else float("nan")

    def last(self, kind):
        """Seconds from the last version until a secondary had it; None if it never had."""
        place, then = self.caught_up.get(kind, (None, 0))
        return then - self.versions[-1][0] if place == len(self.versions) - 1 else None


class Counter(Watcher):
    """The port of a service's only provider, which only ever rises: a secondary that gives a lower one than before has gone back."""

    NAME = f"counter.{ORIGIN}"

    def __init__(self, followers):
        super().__init__(followers)
        self.highest = collections.Counter()
        self.back, self.silent = [], collections.Counter()

    def look(self):
        for each in self.followers.secondaries:
            answer = ask(each.port, self.NAME, "SRV", 0.5)
            ports = [record.port for rrset in answer.answer for record in rrset] if answer else []
            if len(ports) != 1:
                self.silent[each.kind] += 1
            elif ports[0] < self.highest[each.kind]:
                self.back.append(f"{each.kind}: {ports[0]} after {self.highest[each.kind]}")
            else:
                self.highest[each.kind] = ports[0]


def ask(port, name, kind, limit=2):
    """A server's answer, over TCP where UDP has no room; None for none."""
    query = dns.message.make_query(name, kind, use_edns=0, payload=1232)
    try:
        answer = dns.query.udp(query, "127.0.0.1", limit, port)
        return dns.query.tcp(query, "127.0.0.1", limit, port) if answer.flags & dns.flags.TC else answer
    except (OSError, EOFError, dns.exception.DNSException):
        return None


def serial(port):
    answer = ask(port, ORIGIN, "SOA", 0.5)
    return next((record.serial for rrset in answer.answer for record in rrset if rrset.rdtype == dns.rdatatype.SOA), None) if answer else None


def records(port, unlike=()):
    """All records of the zone that a server transfers, as lines."""
    command = ["dig", "@127.0.0.1", "-b", "127.0.3.9", "-p", str(port), ORIGIN, "AXFR", "+noall", "+answer", "+onesoa", "+time=60"]
    return lines(subprocess.run(command, capture_output=True, text=True, timeout=180).stdout, unlike)


def zone_file(path, unlike=()):
    """All records of the file that a server has written."""
    return lines(path.read_text() if path.exists() else "", unlike)


def lines(text, unlike):
    found = (re.sub(r"\s+", " ", line.strip().lower()) for line in text.splitlines() if line and line[0] not in ";$")
    found = ((line.split(" ", 4), line) for line in found)
    return {" ".join([*words[:2], words[2].upper(), words[3].upper(), words[4]]) for words, _ in found if len(words) == 5 and words[3].upper() not in unlike}
