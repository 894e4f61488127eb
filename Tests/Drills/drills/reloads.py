"""The settings are read again while clients ask, and everything looks on."""
import contextlib
import os
import signal
import time

import dns.exception
import dns.message
import dns.query

from lab import machine
from benchmark.registry import ORIGIN

from .catalogue import drill
from .observers import Observers

LEAVES = "leaves.example"


def write(scene, port, listen, ttl, zones):
    """The file of settings, put in its place whole."""
    new = scene.where / "zoodns.yaml.new"
    lines = ["listen:", *[f"  - {address}:{port}" for address in listen], f"ttl: {ttl}", "zones:"]
    for origin in zones:
        lines += [f"  - origin: {origin}", "    path: /providers"]
    new.write_text("\n".join(lines) + "\n")
    new.rename(scene.where / "zoodns.yaml")


def ask(address, port, name, kind="A", tcp=False):
    """The response; None without one."""
    message = dns.message.make_query(name, kind)
    with contextlib.suppress(OSError, dns.exception.Timeout):
        return (dns.query.tcp if tcp else dns.query.udp)(message, address, 1, port)
    return None


def reload(scene, sign):
    """Sends SIGHUP, and waits for what shows that it was taken in."""
    scene.server.process.send_signal(signal.SIGHUP)
    return scene.wait_for("the settings are taken in", sign, 20)


@drill(short=True)
def reloads(scene):
    """Fifty SIGHUPs under load, with scrapes, event streams, the query log and dnstap: zones and addresses come and go, TTLs change, some files
    are bad. No query is lost or wrong."""
    zookeeper = scene.zookeeper()
    scene.connect(zookeeper.address)
    scene.fill()
    port = machine.free_port()
    first = f"127.0.0.1:{port}"
    write(scene, port, ["127.0.0.1"], 5, [ORIGIN])
    observers = Observers(scene)
    scene.serve(zookeeper.address, "--config", scene.where / "zoodns.yaml", *observers.options, listen=())
    scene.wait_for("the zone", scene.is_ready)
    observers.start()
    scene.probe()
    scene.settle(f"the stage is set at {first}: every answer is right")
    name, failures = f"known-1.{ORIGIN}", 0
    for number in range(50):
        ttl = 6 + number
        scene.churn(2)
        if number % 5 == 4:
            failures += 1
            (scene.where / "zoodns.yaml").write_text(["ttl: much\n", "listen: [\n", "zones: 5\n", "ttl: 1\nttl: 2\n"][number // 5 % 4])
            reload(scene, lambda: scene.log().count("settings were not reloaded") == failures)
            continue
        has_more = number % 2 == 0
        listen = ["127.0.0.1"] + ["127.0.0.2"] * has_more
        write(scene, port, listen, ttl, [ORIGIN] + [LEAVES] * has_more)

        def is_taken_in():
            response = ask("127.0.0.1", port, name)
            return response and response.answer and response.answer[0].ttl == ttl

        reload(scene, is_taken_in)
        other = ask("127.0.0.2", port, name)
        scene.check((other is not None) == has_more, f"reload {number}: 127.0.0.2 is {'not ' * has_more}answered at")
        if has_more:
            scene.wait_for("the zone that has come", lambda: ask("127.0.0.2", port, f"known-1.{LEAVES}", tcp=True).answer)
        else:
            scene.check(ask("127.0.0.1", port, f"known-1.{LEAVES}").rcode() == 5, f"reload {number}: a zone that has gone is answered")
    scene.say(f"50 reloads, {failures} of bad files")
    scene.see_changes("after all reloads")
    observers.check()
    leaked = len(os.listdir(f"/proc/{scene.server.process.pid}/fd"))
    scene.check(leaked < 60, f"{leaked} descriptors are open")
