"""What a recipe has: its file of examples, a registry with real providers, zoodns, and what every client is put through."""

import dataclasses
import json
import os
import time
from collections.abc import Callable

from lab import namespaces
from lab.namespaces import comes_true, fail

# The address that the package begins with.
LISTEN = "127.0.0.153:53"
# Seconds more than a client takes, on a busy machine.
LEEWAY = 5
# Providers of a service in the larger scenario, and how many of them zoodns gives unless --max-answers says otherwise.
CROWD, MOST = 120, 100


class Unfit(Exception):
    """The recipe cannot be run with this zoodns."""


@dataclasses.dataclass
class Client:
    """A running client: how the providers that it finds are seen, and what its recipe promises."""

    # The addresses of the providers of `web` that it finds, given those that it must find, or a word for what it says in their place.
    finds: Callable[[set], set | str]
    # Seconds within which it follows a change: its own polling, or the TTL.
    follows: float
    # What it may say once zoodns is away for longer than it keeps what it knows. Empty: it keeps it without limit.
    forgets: frozenset = frozenset()
    # Seconds after zoodns has come back.
    returns: float = 5
    # How many of 120 providers it finds, also where zoodns gives all.
    crowd: int = MOST
    whole: int | str = CROWD


class Stage:
    """Two providers of `web` and two of `second` in a ZooKeeper, zoodns at 127.0.0.153:53."""

    def __init__(self, zoodns, cache, is_brief):
        self.zoodns, self.cache, self.is_brief, self.listen = zoodns, cache, is_brief, LISTEN
        self.server = self.keeper = None
        self.options = []
        self.web = {}

    def set_up(self):
        """Starts ZooKeeper and zoodns."""
        namespaces.check("ip", "route", "add", "local", "10.0.0.0/8", "dev", "lo")
        self.keeper = namespaces.zookeeper()
        self.add(2)
        namespaces.register(self.keeper, "second", 2)
        self.serve()
        return self

    @staticmethod
    def example(path, *replacements):
        """An example as it stands, or with texts that it must have replaced by others."""
        text = (namespaces.EXAMPLES / path).read_text()
        for old, new in replacements:
            if old not in text:
                fail(f"{path} has no {old!r}")
            text = text.replace(old, new)
        return text

    @staticmethod
    def write(name, text):
        """A file of the recipe's."""
        path = namespaces.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    # The registry

    def add(self, count):
        """So many more providers of `web`, with addresses that have not been used."""
        for _ in range(count):
            number = len(self.web) + 1
            address = f"10.0.{number >> 8}.{number & 255}"
            document = json.dumps({"host": address, "port": 8080}).encode()
            self.web[address] = self.keeper.create(f"/providers/web/{os.urandom(16).hex()}", document, makepath=True)

    def remove(self, *addresses):
        """Takes providers away; their addresses are not used again."""
        for address in addresses:
            self.keeper.delete(self.web[address])
            self.web[address] = None

    def present(self):
        """The addresses of the providers that there are."""
        return {address for address, path in self.web.items() if path}

    # The server

    def serve(self, *options):
        """Starts zoodns."""
        self.server = namespaces.serve(self.zoodns, self.listen, *self.options, *options)

    def stop(self):
        """Ends zoodns."""
        namespaces.stop(self.server)

    def with_forwarding(self):
        """Gives up where zoodns has no --forward."""
        if "--forward" not in namespaces.check(self.zoodns, "serve", "--help"):
            raise Unfit("this zoodns has no --forward")

    # What every client is put through

    def put_through(self, client):
        """Two providers, a change, many, an outage of zoodns, its return, all that there are."""
        self.expect(client, "two providers", self.present(), namespaces.LIMIT)
        self.add(1)
        self.expect(client, "one more", self.present(), client.follows)
        if self.is_brief:
            return
        self.remove(min(self.present()))
        self.expect(client, "one less", self.present(), client.follows)
        self.outage(client)
        self.add(CROWD - len(self.present()))
        self.expect(client, f"{CROWD} providers", client.crowd, client.follows)
        self.stop()
        self.serve("--max-answers", "0")
        self.expect(client, f"{CROWD} providers, all in an answer", client.whole, client.returns + client.follows)

    def expect(self, client, what, right, limit):
        """The client finds these providers, or so many, or says this word, within so many seconds."""
        began = time.monotonic()
        found = None

        def is_right():
            nonlocal found
            found = client.finds(right if isinstance(right, set) else self.present())
            if isinstance(right, int):
                return isinstance(found, set) and len(found) == right and found <= self.present()
            return found == right

        if not comes_true(is_right, limit + LEEWAY):
            fail(f"{what}: not within {limit} s: {found if isinstance(found, str) else f'{len(found)}: {sorted(found)[:5]}'}, not {right}")
        count = right if isinstance(right, (int, str)) else len(right)
        print(f"{what}: {count} after {time.monotonic() - began:.1f} s", flush=True)

    def outage(self, client):
        """zoodns ends for some seconds: the client has what it knew, or says that it does not know, never anything else."""
        known = self.present()
        self.stop()
        ended = time.monotonic()
        seen, lost = set(), None
        # As long as the TTL and a poll take, and no longer than it takes a client that forgets to do so.
        while time.monotonic() < ended + client.follows + 5:
            found = client.finds(known)
            if isinstance(found, str):
                seen.add(found)
                lost = lost or time.monotonic() - ended
            elif found != known:
                fail(f"zoodns is away: {sorted(found)}, not {sorted(known)}")
            time.sleep(0.2)
        if not seen <= client.forgets or bool(seen) != bool(client.forgets):
            fail(f"zoodns is away: {sorted(seen)}, not {sorted(client.forgets)}")
        self.serve()
        print("zoodns is away: " + (f"{', '.join(sorted(seen))} after {lost:.1f} s" if seen else "all kept"), flush=True)
        self.expect(client, "zoodns is back", known, client.returns)
