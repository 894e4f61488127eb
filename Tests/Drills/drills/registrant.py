"""A hostile registrant, in a process of its own: ZOOKEEPER SEED. Makes znodes of every kind that may hurt, as fast as ZooKeeper takes them.

It may do what any registrant may: create, change and delete znodes below the root, except the services that the drill itself looks after.
Prints every second how many operations it has made so far. At SIGTERM it ends."""
import contextlib
import itertools
import json
import random
import signal
import sys
import time

from kazoo import exceptions
from kazoo.client import KazooClient
from kazoo.security import make_digest_acl

from benchmark.registry import ORIGIN, ROOT

from . import catalogue  # noqa: F401: first, since the drills' modules import each other by it
from .documents import bad_documents

MOST = 30_000  # znodes of its own at once: what ZooKeeper and the machine hold is not what is tried here
LARGEST = 5_000  # znodes that one assault makes
BATCH = 200  # operations in one transaction
BATCH_OCTETS = 400_000  # below what ZooKeeper takes in one request


def document(host, port=80, **more):
    return json.dumps({"host": host, "port": port, **more}).encode()


class Assaults:
    """What to make, as lists of (path, data); services come before their providers."""

    def __init__(self, draw):
        self.draw = draw
        self.bad = bad_documents()

    def service(self, name, documents):
        return [(f"{ROOT}/{name}", b"")] + [(f"{ROOT}/{name}/{instance}", data) for instance, data in documents]

    def addresses(self, name, size):
        """As many addresses as providers."""
        return self.service(name, ((f"{each}", document(f"2001:db8::{each + 1:x}")) for each in range(size)))

    def aliases(self, name, size):
        """Hosts that stand for other hosts, whose addresses multiply."""
        addresses, services, instances = f"{name}-f", f"{name}-g", f"{name}-x"
        return (
            self.addresses(addresses, size // 3)
            + self.service(services, ((f"{each}", document(f"{addresses}.{ORIGIN}", each + 1)) for each in range(size // 3)))
            + self.service(instances, ((f"{each}", document(f"{each}.{services}.{ORIGIN}")) for each in range(size // 3))))

    def absent_hosts(self, name, size):
        """Aliases of hosts in the zone that do not exist."""
        hosts, aliases = f"{name}-f", f"{name}-g"
        return (
            self.service(hosts, ((f"{each}", document(f"n{each}.absent.{ORIGIN}")) for each in range(size // 2)))
            + self.service(aliases, ((f"{each}", document(f"{hosts}.{ORIGIN}", each + 1)) for each in range(size // 2))))

    def chain(self, name, size):
        """Services that name each other in a row, or in a circle."""
        size = min(size, 1000)
        last = self.draw.choice([f"{name}-0.{ORIGIN}", "192.0.2.1"])
        return [
            row for each in range(size)
            for row in self.service(f"{name}-{each}", [("one", document(f"{name}-{each + 1}.{ORIGIN}" if each + 1 < size else last))])]

    def deep(self, name, size):
        """Names of many labels."""
        labels = self.draw.choice([3, 8, 9, 10, 11, 30, 110])
        return [(f"{ROOT}/" + ".".join(["a"] * labels + [f"{name}-{each:x}"]), b"") for each in range(min(size, 1000))]

    def cases(self, name, size):
        """Names that differ in case alone."""
        return [
            row for each in range(min(size, 200))
            for row in self.service(
                "".join(letter.upper() if each >> place & 1 else letter for place, letter in enumerate(f"case{name}")),
                [(f"{each}", document(f"192.0.2.{each}"))])]

    def twins(self, name, size):
        """The same host and port again and again."""
        return self.service(name, ((f"{each}", document("192.0.2.1")) for each in range(size)))

    def silent_hosts(self, name, size):
        """Hosts whose name server never answers."""
        return self.service(name, ((f"{each}", document(f"h{each}.{name}.example")) for each in range(min(size, 1000))))

    def own_hosts(self, name, size):
        """Hosts without a dot, which a search list may make the server's own names."""
        return self.service(name, ((f"{each}", document(self.draw.choice([name, f"{name}-{each}", "localhost"]), each + 1))
                                   for each in range(min(size, 300))))

    def nonsense(self, name, size):
        """Documents that are none, of every kind."""
        return self.service(name, ((f"{each}", self.bad[each % len(self.bad)]) for each in range(min(size, 300))))

    def long_names(self, name, size):
        """Instances with names that no label can be."""
        return self.service(name, (("x" * 240 + f"-{each}", document("192.0.2.1", each % 65_535 + 1)) for each in range(min(size, 1000))))

    def empty(self, name, size):
        """Services without providers."""
        return [(f"{ROOT}/{name}-{each}", b"") for each in range(size)]

    def weights(self, name, size):
        """Weights and priorities of every size."""
        return self.service(name, (
            (f"{each}", document(f"192.0.{each >> 8 & 255}.{each & 255}", weight=self.draw.choice([0, 1, 65_535, -1, 1e300, "x"]),
                                 priority=self.draw.randrange(65_536))) for each in range(size)))

    KINDS = (addresses, aliases, absent_hosts, chain, deep, cases, twins, silent_hosts, own_hosts, nonsense, long_names, empty, weights)


class Registrant:
    def __init__(self, zookeeper, seed):
        self.draw = random.Random(seed)
        self.assaults = Assaults(self.draw)
        self.client = KazooClient(zookeeper, timeout=30, auth_data=[("digest", "registrant:secret")])
        self.client.start(timeout=30)
        self.own = [make_digest_acl("registrant", "secret", all=True)]
        self.standing = []
        self.count = 0
        self.made = 0
        self.said = time.monotonic()

    def run(self):
        for number in itertools.count():
            # From a pool: what was taken away comes back under the same name.
            name = f"evil-{number % 40}"
            size = int(LARGEST ** self.draw.uniform(0.2, 1))
            rows = self.draw.choice(Assaults.KINDS)(self.assaults, name, size)
            while self.standing and self.count + len(rows) > MOST:
                self.take_away(self.standing.pop(0))
            self.operate([("create", path, data) for path, data in rows])
            self.standing.append(rows)
            self.count += len(rows)
            self.draw.choice([self.nothing, self.flap, self.rewrite, self.forbid, self.vanish])()

    def nothing(self):
        """Leaves what stands as it is."""

    def flap(self):
        """Takes what was made last away and makes it again, some times."""
        rows = self.standing[-1]
        for _ in range(3):
            self.operate([("delete", path) for path, _ in reversed(rows)])
            self.operate([("create", path, data) for path, data in rows])

    def rewrite(self):
        """Changes documents in place."""
        rows = self.draw.choice(self.standing)
        for turn in range(3):
            self.operate([("set_data", path, self.draw.choice([data, b"", b"nonsense %d" % turn])) for path, data in rows[:1000]])

    def forbid(self):
        """Takes from everyone else the right to read some of its services and providers."""
        for path, _ in self.draw.choice(self.standing)[:20]:
            self.outcome(self.client.set_acls_async(path, self.own))

    def vanish(self):
        """Takes all of it away at once: more than half of the zone."""
        while self.standing:
            self.take_away(self.standing.pop())

    def take_away(self, rows):
        self.operate([("delete", path) for path, _ in reversed(rows)])
        self.count -= len(rows)

    def operate(self, operations):
        """In transactions; one that fails, such as for a znode that is there already, is done step by step."""
        under_way, batch, octets = [], [], 0
        for operation in operations:
            length = sum(map(len, operation[1:]))
            if batch and (len(batch) == BATCH or octets + length > BATCH_OCTETS):
                under_way.append((self.send(batch), batch))
                batch, octets = [], 0
            batch.append(operation)
            octets += length
            if len(under_way) > 5:
                self.finish(*under_way.pop(0))
        if batch:
            under_way.append((self.send(batch), batch))
        for each in under_way:
            self.finish(*each)

    def send(self, batch):
        transaction = self.client.transaction()
        for name, *arguments in batch:
            getattr(transaction, name)(*arguments)
        return transaction.commit_async()

    def finish(self, result, batch):
        self.made += len(batch)
        if any(isinstance(each, Exception) for each in self.outcome(result) or ()):
            singles = {"create": self.client.create_async, "delete": self.client.delete_async, "set_data": self.client.set_async}
            for answer in [singles[name](*arguments) for name, *arguments in batch]:
                self.outcome(answer)
        if time.monotonic() - self.said > 1:
            self.said = time.monotonic()
            print(self.made, flush=True)


    @staticmethod
    def outcome(result):
        """What came of a request; None if it failed, as many of them must."""
        with contextlib.suppress(exceptions.KazooException):
            return result.get(timeout=60)


def main(zookeeper, seed):
    registrant = Registrant(zookeeper, seed)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    registrant.run()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
