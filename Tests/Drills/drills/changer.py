"""Changes a registry many times a second, in a process of its own: ZOOKEEPER RATE FIRST LAST, the services to change by their numbers.

Prints every second how many changes it has made so far. Of ten changes eight add or remove a provider of a service, two make or remove a
service that has one. At SIGTERM it ends with what it has begun."""
import contextlib
import itertools
import json
import signal
import sys
import time

from kazoo.client import KazooClient
from kazoo.exceptions import NoNodeError

from benchmark.registry import ROOT

BATCH = 10  # changes in one transaction
PASSING = 100  # services that come and go


def changes(first, last):
    """One transaction after another, as functions' names and arguments."""
    present = set()
    for turn in itertools.count():
        operations = []
        for number in range(BATCH - 2):
            place = turn * (BATCH - 2) + number
            path = f"{ROOT}/service-{first + place % (last - first):05}/changing"
            operations.append(("delete", path) if path in present else ("create", path, document(place)))
            present ^= {path}
        service = f"{ROOT}/passing-{turn // 2 % PASSING}"
        operations += [("delete", f"{service}/only"), ("delete", service)] if turn % 2 else [
            ("create", service, b""), ("create", f"{service}/only", document(turn))]
        yield operations


def document(number):
    return json.dumps({"host": f"11.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}", "port": 80}).encode()


def main(zookeeper, rate, first, last):
    ends = []
    signal.signal(signal.SIGTERM, lambda *_: ends.append(True))
    client = KazooClient(zookeeper, timeout=30)
    client.start(timeout=30)
    for number in range(PASSING):
        # Of an earlier run.
        with contextlib.suppress(NoNodeError):
            client.delete(f"{ROOT}/passing-{number}", recursive=True)
    start = said = time.monotonic()
    under_way, made = [], 0
    for number, operations in enumerate(changes(first, last)):
        transaction = client.transaction()
        for name, *arguments in operations:
            getattr(transaction, name)(*arguments)
        under_way.append(transaction.commit_async())
        if len(under_way) >= 20 or ends:
            made += sum(finish(under_way.pop(0)) for _ in range(len(under_way) if ends else 1))
        if time.monotonic() - said > 1:
            said = time.monotonic()
            print(made, flush=True)
        if ends:
            break
        time.sleep(max(0, start + number * BATCH / rate - time.monotonic()))
    print(made, flush=True)
    client.stop()
    client.close()


def finish(transaction):
    results = transaction.get(timeout=30)
    for result in results:
        if isinstance(result, Exception):
            raise result
    return len(results)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
