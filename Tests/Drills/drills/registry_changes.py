"""The registry itself is deleted, wiped, forbidden, or changes without a word."""
import contextlib
import socket
import subprocess
import time

import dns.message
import dns.query
from kazoo.security import OPEN_ACL_UNSAFE, make_digest_acl

from benchmark.registry import ORIGIN, ROOT

from .catalogue import drill
from .scene import HOLD_DOWN, PORT
from .truth import UNKNOWN
from .wire import Proxy


@drill(short=True)
def deleted_and_made_again(scene):
    """Services, then all of /providers, are deleted and made again; a service comes back in another case."""
    zookeeper = scene.zookeeper()
    scene.stage(zookeeper.address, "--mass-removal-guard", "off")
    for _ in range(8):
        scene.add("changing-0", "10.1.0.1", "10.1.0.2")
        scene.settle("a service is there")
        scene.remove_service("changing-0")
        scene.settle("the service is gone")
    scene.say("the service comes back in capitals")
    provider = scene.provider("10.1.0.3")
    with scene.truth.change("changing-0", {provider}):
        scene.write(scene.client.create, f"{ROOT}/CHANGING-0/{provider.instance}", provider.document, None, False, False, True)
    scene.settle("it is found under its name in any case")
    for service in scene.truth.names():
        scene.expect(service, None)
    scene.say("/providers is deleted")
    scene.client.delete(ROOT, recursive=True)
    scene.settle("no name exists")
    scene.fill()
    scene.settle("the new /providers is answered from")


@drill(short=True)
def mass_removal(scene):
    """More than half of all providers vanish within ten seconds while connected: they are held, with a warning."""
    zookeeper = scene.zookeeper()
    scene.stage(zookeeper.address)
    scene.say("all providers are deleted, and are held for as long as the hold-down lasts")
    before = scene.prober.verdicts["stale"]
    scene.truth.marked_window = 10 + HOLD_DOWN + 5
    started = time.monotonic()
    for service in scene.truth.names():
        scene.remove(service, 3)
    scene.settle("no provider is answered with any more")
    scene.check(time.monotonic() - started > HOLD_DOWN, "nothing was held")
    scene.check(scene.prober.verdicts["stale"] > before, "nothing was held")
    scene.check(scene.prober.marked_stale() > 0, "what was held was not marked stale")
    scene.check("more than half of all providers vanished at once" in scene.log(), "the log has no word of it")
    scene.fill()
    scene.settle("providers that come are answered with at once", 10)
    scene.end_act()
    refused_and_silent(scene, zookeeper)


def refused_and_silent(scene, zookeeper):
    """Of those that vanish half refuse their port, a quarter are silent, a quarter serve: half go at once, half are held."""
    for service in scene.truth.names():
        scene.remove(service, 3)
    refused, silent, served = ([f"127.77.{kind}.{each}" for each in range(1, count + 1)] for kind, count in ((0, 6), (1, 3), (2, 3)))
    with contextlib.ExitStack() as sockets:
        for address in served:
            sockets.enter_context(socket.create_server((address, PORT), backlog=128))
        for address in silent:
            # A queue that is full: further attempts get no answer.
            listener = sockets.enter_context(socket.create_server((address, PORT), backlog=0))
            for _ in range(4):
                client = sockets.enter_context(socket.socket())
                client.setblocking(False)
                client.connect_ex(listener.getsockname())
        scene.add("mixed", *refused, *silent, *served)
        scene.serve(zookeeper.address, "--probe-held", "on", name="zoodns-probing")
        scene.wait_for("the zone", scene.is_ready)
        scene.probe()
        scene.settle("all twelve are answered with")
        scene.say("all twelve are deleted: half of them refuse, a quarter are silent, a quarter serve")
        started = time.monotonic()
        scene.remove("mixed", 12)
        scene.wait_for("those that refuse are gone", lambda: addresses(scene, "mixed") == {*silent, *served}, HOLD_DOWN - 2)
        scene.wait_for("the hold-down's end", lambda: addresses(scene, "mixed") != {*silent, *served}, HOLD_DOWN + 10)
        scene.check(time.monotonic() - started > HOLD_DOWN, "silent ones were not held")
        scene.settle("no provider is answered with any more")


def addresses(scene, service):
    """The A records that zoodns answers a service with."""
    answer = dns.query.udp(dns.message.make_query(f"{service}.{ORIGIN}", "A"), "127.0.0.1", port=scene.server.port, timeout=5)
    return {record.address for rrset in answer.answer for record in rrset}


@drill
def batches(scene):
    """More than half of all providers come and vanish again and again: a provider of another service is held for its own time and no longer."""
    zookeeper = scene.zookeeper()
    # Longer than the ten seconds in which what has just come is no loss when it goes.
    held = 12
    scene.stage(zookeeper.address, "--hold-down", f"{held}s", services=2)
    # What is answered with for longer is wrong.
    scene.truth.marked_window = 2 * held + 3
    scene.add("batch", *[scene.fresh_address() for _ in range(8)])
    for count in range(1, 5):
        # Until the guard is down, so that the next batch brings it up again, but before a second time of holding is over.
        time.sleep(held + 1.5)
        scene.remove("batch", 8)
        scene.wait_for("the guard", lambda: scene.log().count("more than half of all providers vanished at once") == count, 10)
        if count == 1:
            scene.say("another service removes all its providers")
            scene.remove("known-0", 3)
        scene.add("batch", *[scene.fresh_address() for _ in range(8)])
    scene.settle("no provider is answered with any more")


@drill
def wiped(scene):
    """ZooKeeper loses its data and is empty at the same address: everything is held, then it is filled again."""
    zookeeper = scene.zookeeper()
    scene.stage(zookeeper.address, "--hold-down", "60s")
    # The C client tries without limit to go on with a server that has not seen what it has: zoodns starts over after thirty seconds.
    scene.truth.marked_window = 150
    scene.say("ZooKeeper is killed and its data deleted")
    scene.client.stop()
    zookeeper.kill()
    zookeeper.wipe()
    zookeeper.start().await_mode()
    scene.client = None
    scene.connect(zookeeper.address)
    # What the registry had before it was wiped is what is right until its owners are back.
    scene.wait_for("a new session", lambda: scene.log().count("registry read") >= 1 and "no server gives a session" in scene.log(), 90)
    scene.say("zoodns has started over with the empty ZooKeeper")
    time.sleep(5)
    scene.check(scene.prober.verdicts["stale"] == 0, "answers changed although everything was to be held")
    scene.say("the owners register again")
    for service in scene.truth.names():
        for provider in sorted(scene.truth.current(service), key=lambda each: each.instance):
            scene.write(scene.client.create, f"{ROOT}/{service}/{provider.instance}", provider.document, None, False, False, True)
    scene.settle("every answer is right")
    scene.check(scene.prober.verdicts["stale"] == 0, "answers changed although everything was to be held")


@drill
def lost_watch(scene):
    """A proxy swallows one watch event: the change is seen within one reconciliation, and logged."""
    zookeeper = scene.zookeeper()
    scene.connect(zookeeper.address)
    scene.fill()
    reconcile = 5
    proxy = scene.stack.enter_context(Proxy(zookeeper.address))
    scene.serve(proxy.address, "--reconcile", f"{reconcile}s")
    scene.wait_for("the zone", scene.is_ready)
    scene.probe()
    scene.settle()
    scene.truth.window = reconcile + 2
    for count, service in enumerate(("known-1", "known-2"), 1):
        proxy.swallows = f"{ROOT}/{service}"
        before = proxy.swallowed
        scene.add(service, "10.9.9.9")
        scene.wait_for("the event", lambda: proxy.swallowed > before)
        proxy.swallows = None
        scene.settle("an event was swallowed: its change is seen", reconcile + 2)
        scene.say("the next change has a watch again")
        scene.add(service, "10.9.9.10")
        scene.settle("it is seen")
        # One for the event that was swallowed, none for the other.
        scene.check(scene.log().count("registry differed without a watch") == count, "the log does not have one repair for each event")


@drill
def forbidden(scene):
    """One service and one provider may not be read: each is reported, the others live, and they are back once they may be."""
    zookeeper = scene.zookeeper()
    scene.connect(zookeeper.address)
    scene.fill()
    hidden = min(scene.truth.current("known-2"), key=lambda each: each.instance)
    nobody = [make_digest_acl("nobody", "knows", all=True)]
    scene.client.set_acls(f"{ROOT}/known-1", nobody)
    scene.client.set_acls(f"{ROOT}/known-2/{hidden.instance}", nobody)
    all_of = {service: scene.truth.current(service) for service in ("known-1", "known-2")}
    scene.expect("known-1", UNKNOWN)
    scene.expect("known-2", all_of["known-2"] - {hidden})
    scene.serve(zookeeper.address, "--reconcile", "2s")
    scene.wait_for("the zone", scene.is_ready)
    scene.probe()
    scene.settle()
    scene.wait_for("a word on the service", lambda: f'path="{ROOT}/known-1"' in scene.log(), 5)
    scene.wait_for("a word on the provider", lambda: f'path="{ROOT}/known-2/{hidden.instance}"' in scene.log(), 5)
    time.sleep(5)
    scene.check(scene.log().count("znode cannot be used") == 2, "it was said more than once")
    scene.say("both may be read again")
    owner = scene.connect(zookeeper.address, auth_data=[("digest", "nobody:knows")])
    with contextlib.ExitStack() as changes:
        for service, providers in all_of.items():
            changes.enter_context(scene.truth.change(service, providers))
        owner.set_acls(f"{ROOT}/known-1", OPEN_ACL_UNSAFE)
        owner.set_acls(f"{ROOT}/known-2/{hidden.instance}", OPEN_ACL_UNSAFE)
    scene.truth.window = 5
    scene.settle("both are answered with", 15)


@drill(short=True)
def authentication(scene):
    """A registry that only one user may read: SERVFAIL without or with the wrong password, answers with the right one, which no other user sees."""
    zookeeper = scene.zookeeper()
    password = "s3cret:word"
    scene.connect(zookeeper.address, auth_data=[("digest", f"zoodns:{password}")])
    scene.fill()
    scene.client.set_acls(ROOT, [make_digest_acl("zoodns", password, all=True)])
    with scene.truth.readies(False):
        pass
    for wrong in ([], ["ZOODNS_ZOOKEEPER_AUTH=digest:zoodns:wrong"]):
        scene.serve(zookeeper.address, "--reconcile", "1s", prefix=["env", *wrong], name="refused")
        scene.wait_for("a word on it in the log", lambda: "not authenticated" in scene.log())
        scene.probe()
        time.sleep(3)
        scene.check("wrong" not in scene.log(), "the log shows a password")
        scene.end_act()
    secret = scene.where / "secret"
    secret.write_text(f"digest:zoodns:{password}\n")
    with scene.truth.readies(True):
        pass
    for arguments, environment in (
            (["--zookeeper-auth", f"file:{secret}"], []), ([], [f"ZOODNS_ZOOKEEPER_AUTH=digest:zoodns:{password}"])):
        scene.serve(zookeeper.address, "--log-level", "trace", *arguments, prefix=["env", *environment], name="allowed")
        scene.wait_for("the zone", scene.is_ready)
        scene.probe()
        scene.settle()
        shown = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        scene.check("s3cret" not in shown, "ps shows the password")
        scene.check("s3cret" not in scene.log(), "the log shows the password")
        scene.end_act()
