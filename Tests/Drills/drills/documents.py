"""What is in the registry is no provider."""
import random
import time

from benchmark.registry import ROOT

from .catalogue import drill
from .clients import LEEWAY

REPORT = "znode cannot be used as it is"


def bad_documents():
    """One of each kind."""
    draw = random.Random(22)
    good = b'"host": "10.66.0.1", "port": 80'
    wrong = [
        b'{}', b'{"port": 80}', b'{"host": "10.66.0.1"}', b'{"host": 7, "port": 80}', b'{"host": ["10.66.0.1"], "port": 80}',
        b'{"host": null, "port": 80}', b'{"host": {"host": "10.66.0.1"}, "port": 80}',
        *[b'{"host": "10.66.0.1", "port": ' + port + b'}' for port in (
            b'0', b'-1', b'65536', b'18446744073709551617', b'1.5', b'true', b'null', b'[80]', b'""', b'"http"', b'"80 "', b'1e400')],
        *[b'{"host": "' + host + b'", "port": 80}' for host in (
            b'', b'.', b'..', b'a..b', b'a b', b'10.66.0', b'10.66.0.256', b'[10.66.0.1]', b'::1::', b'[::1', b'\\u0000', b'a\\u0000b',
            b'a\\nb', b'\xc3\xa9', b'*', b'http://a/', b'a:80', b'x' * 64, b'.'.join([b'x' * 60] * 5), b'x' * 60000)],
    ]
    return wrong + [
        b'', b'\0', b'\0' * 1000, b'not JSON', b'"text"', b'7', b'null', b'[]', b'[{' + good + b'}]', b'{', b'{' + good, b'{' + good + b'}}',
        b'{' + good + b'} x', b'{' + good + b', "name": "\xff"}', b'\xff\xfe{' + good + b'}', ('{' + good.decode() + '}').encode("utf-16"),
        b'{\x01' + good + b'}', b'\x1b[2J\n\r\n', draw.randbytes(1000), draw.randbytes(60_000),
        b'{' + good + b', "name": "' + b'x' * 65_536 + b'"}', b'{' + good + b'}' + b' ' * 1_000_000,
        b'[' * 60_000, b'{' + good + b', "deep": ' + b'[' * 200 + b']' * 200 + b'}', b'{"host":' * 8000,
    ]


def bad_places(scene):
    """Znodes beside good providers, and whose names are odd themselves; all that ZooKeeper allows."""
    odd = ["...", "..a", "a..", " ", "a b", "a.b", "é", "日本", '"', "\\", "%00", "*", "_", "-", "x" * 64, "x" * 255, "X" * 255, "é" * 200]
    services = scene.truth.names()
    twins = [f"{ROOT}/{service}/{provider.instance.upper()}" for service in services for provider in scene.truth.current(service)]
    return (
        [f"{ROOT}/{service}/bad-{number}" for service in services for number in range(2)]
        + [f"{ROOT}/known-0/{name}" for name in odd] + [f"{ROOT}/{name}/bad" for name in odd]
        + [f"{ROOT}/KNOWN-1/bad", f"{ROOT}/Known-1/BAD", f"{ROOT}/Known-1/bad"] + twins)


@drill
def bad_documents_churn(scene):
    """Bad data of every kind, changing all the time beside good providers, which stay right; each version is reported once."""
    zookeeper = scene.zookeeper()
    scene.stage(zookeeper.address, "--reconcile", "1s", "--log-rate", "0")
    for provider in scene.truth.current("known-2"):
        scene.client.create(f"{ROOT}/known-2/{provider.instance}/below", b"{}", makepath=True)
    places, documents = bad_places(scene), bad_documents()
    count = lambda: scene.log().count(REPORT)  # noqa: E731
    for number, place in enumerate(places):
        scene.client.create(place, documents[number % len(documents)], makepath=True)
    versions = len(places)
    scene.wait_for(f"{versions} reports", lambda: count() >= versions, 10)

    def change(turn):
        writes = [scene.client.set_async(place, documents[(number + turn) % len(documents)]) for number, place in enumerate(places)]
        for write in writes:
            write.get(30)

    # Each turn waited for: all versions are seen.
    for turn in range(1, len(documents) + 1):
        change(turn)
        versions += len(places)
        if scene.wait_for(f"{versions} reports", lambda: count() >= versions, 10) is None:
            return
    time.sleep(2.5)
    scene.check(count() == versions, f"{versions} bad versions, but {count()} reports")
    memory = scene.server.memory()
    for turn in range(2 * len(documents)):
        change(turn)
        versions += len(places)
        scene.churn(2)
    time.sleep(2.5)
    seen = count()
    scene.check(seen <= versions, f"{versions} bad versions, but {seen} reports")
    scene.wait_for("memory as before", lambda: scene.server.memory() <= memory + LEEWAY, 10)
    scene.say(f"{len(documents)} kinds of bad data in {len(places)} znodes, {versions} versions, {seen} reports; "
              f"memory {memory / 2**20:.1f} MiB, then {scene.server.memory() / 2**20:.1f} MiB")
    connections = scene.log().count("connected to zookeeper")
    zookeeper.kill()
    time.sleep(6)
    zookeeper.start().await_mode()
    scene.wait_for("another connection", lambda: scene.log().count("connected to zookeeper") > connections)
    scene.settle()
    time.sleep(2.5)
    scene.check(count() == seen, f"{count() - seen} versions were reported again after an outage")
