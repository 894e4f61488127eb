"""ZooKeeper goes away and comes back."""
import contextlib
import hashlib
import socket
import sys
import time

from lab import machine
from benchmark.registry import A, ORIGIN, ROOT, query

from .catalogue import drill
from .prober import Answer
from .scene import SESSION_TIMEOUT, UNMARKED
from .truth import STALE, Provider
from .wire import Proxy

# Twenty services with a provider each, registered as kazoo's users do: again whenever the session was lost.
REGISTRANTS = """
import contextlib, json, signal, sys, time
from kazoo.client import KazooClient, KazooState
from kazoo.exceptions import KazooException, NodeExistsError
clients = []
for number in range(int(sys.argv[2])):
    client = KazooClient(sys.argv[1])
    path, lost = f"{sys.argv[3]}/healthy-{number}/provider", []
    document = json.dumps({"host": f"10.3.0.{number}", "port": 8080}).encode()
    def register(client=client, path=path, document=document):
        while True:
            try:
                return client.create(path, document, ephemeral=True, makepath=True)
            except NodeExistsError:
                # Of the last session, or of an attempt that was not known to have succeeded.
                with contextlib.suppress(KazooException):
                    client.delete(path)
            except KazooException:
                time.sleep(0.1)
    def listener(state, client=client, lost=lost, register=register):
        if state == KazooState.LOST: lost.append(True)
        if state == KazooState.CONNECTED and lost:
            lost.clear()
            client.handler.spawn(register)
    client.start(timeout=60)
    client.add_listener(listener)
    register()
    clients.append(client)
print("ready", flush=True)
signal.pause()
"""


@drill(short=True)
def killed(scene):
    """ZooKeeper is killed, and back within the session timeout, then after it."""
    scene.truth.window = UNMARKED
    zookeeper = scene.zookeeper()
    scene.stage(zookeeper.address)
    scene.churn(20)
    scene.settle()
    for seconds in (1, 10):
        scene.say(f"ZooKeeper is killed for {seconds} s")
        zookeeper.kill()
        if seconds > SESSION_TIMEOUT:
            scene.await_marks(seconds)
        else:
            time.sleep(seconds)
        zookeeper.start().await_mode()
        scene.see_changes("ZooKeeper is back")


@drill
def stopped(scene):
    """ZooKeeper is stopped (SIGSTOP) for 40 s."""
    scene.truth.window = UNMARKED
    zookeeper = scene.zookeeper()
    scene.stage(zookeeper.address)
    scene.say("ZooKeeper is stopped")
    zookeeper.pause()
    scene.await_marks(40)
    zookeeper.resume()
    scene.see_changes("ZooKeeper goes on")


@drill
def ensemble(scene):
    """Of three servers the leader is killed; then all restart one after another; then the quorum is lost for 60 s."""
    scene.truth.window = UNMARKED
    members = scene.ensemble()
    scene.stage(",".join(member.address for member in members))
    leader = next(member for member in members if member.mode() == "leader")
    scene.say(f"the leader, {leader.server}, is killed")
    leader.kill()
    scene.churn(20)
    scene.settle("changes are seen with two servers, nothing is held any more,")
    leader.start().await_mode("follower", "leader")
    for member in members:
        scene.say(f"{member.server} restarts")
        member.kill()
        time.sleep(0.5)
        member.start().await_mode("follower", "leader")
        scene.churn(10)
    scene.settle("changes are seen after the rolling restart, nothing is held any more,")
    scene.say("two servers are killed: there is no quorum")
    for member in members[:2]:
        member.kill()
    scene.await_marks(60)
    for member in members[:2]:
        member.start()
    for member in members:
        member.await_mode("follower", "leader")
    scene.see_changes("there is a quorum again")


@drill
def read_only(scene):
    """An ensemble's last server is read-only: zoodns goes on answering, and is there at once when the quorum is back."""
    scene.truth.window = UNMARKED
    members = scene.ensemble(java="-Dreadonlymode.enabled=true")
    scene.stage(",".join(member.address for member in members))
    for member in members[:2]:
        member.kill()
    members[2].await_mode("read-only")
    scene.say("the last server is read-only")
    scene.await_marks(15)
    for member in members[:2]:
        member.start()
    for member in members:
        member.await_mode("follower", "leader")
    scene.see_changes("there is a quorum again")


@drill(short=True)
def session_closed(scene):
    """Another client takes over the server's session and closes it."""
    scene.truth.window = UNMARKED
    zookeeper = scene.zookeeper()
    scene.connect(zookeeper.address)
    scene.fill()
    proxy = scene.stack.enter_context(Proxy(zookeeper.address))
    scene.serve(proxy.address)
    scene.wait_for("the zone", scene.is_ready)
    scene.probe()
    scene.settle()
    scene.say("the session is taken over and closed")
    proxy.close_session()
    scene.churn(20)
    scene.wait_for("a new session", lambda: scene.log().count("connected to zookeeper") >= 2)
    scene.settle("changes are seen in a new session, nothing is held any more,")


@drill
def absent_at_start(scene):
    """One server refuses at start, the name of the other does not resolve: SERVFAIL until the first is there, and never NXDOMAIN."""
    scene.truth.window = UNMARKED
    port = machine.free_port()
    with scene.truth.readies(False):
        pass
    scene.serve(f"127.0.0.1:{port},zookeeper.invalid:2181")
    scene.probe()
    time.sleep(5)
    # From here to the first complete read, either is right.
    with scene.truth.readies(True):
        zookeeper = scene.zookeeper(port=port)
        scene.say("ZooKeeper is there, without a registry")
        scene.wait_for("the empty zone", scene.is_ready)
    scene.connect(zookeeper.address)
    scene.fill()
    scene.settle("the registry that has come is answered from")


@drill
def unresolvable_at_start(scene):
    """ZooKeeper's name does not resolve at start, and does later."""
    scene.need_root()
    scene.truth.window = UNMARKED
    zookeeper = scene.zookeeper()
    scene.connect(zookeeper.address)
    scene.fill()
    with scene.truth.readies(False):
        pass
    hosts = scene.where / "hosts"
    hosts.write_text("127.0.0.1 localhost\n")
    inside = ["unshare", "--mount", "sh", "-c", f'mount --bind "{hosts}" /etc/hosts && exec "$@"', "sh"]
    scene.serve(f"registry.invalid:{zookeeper.port}", prefix=inside)
    scene.probe()
    scene.wait_for("a word on it in the log", lambda: "no server's name can be resolved" in scene.log())
    with scene.truth.readies(True):
        # In place: a bind mount follows the file, not its name.
        with open(hosts, "a") as file:
            file.write("127.0.0.1 registry.invalid\n")
        scene.say("the name resolves")
        scene.wait_for("the zone", scene.is_ready)
    scene.settle()


@drill
def storm(scene):
    """ZooKeeper is down for 160 s under twenty kazoo registrants with default settings: no service is ever without its healthy provider."""
    count = 20
    zookeeper = scene.zookeeper()
    scene.connect(zookeeper.address)
    registrants = scene.stack.enter_context(
        machine.Program("registrants", [sys.executable, "-c", REGISTRANTS, zookeeper.address, count, ROOT], scene.where))
    scene.wait_for("the registrants", lambda: registrants.check() or "ready" in registrants.output.read_text())
    for number in range(count):
        scene.expect(f"healthy-{number}", {Provider("provider", f"10.3.0.{number}", 8080)})
    scene.serve(zookeeper.address, "--hold-down", "120s", "--session-timeout", "10s")
    scene.wait_for("the zone", scene.is_ready)
    scene.probe()
    scene.settle()
    scene.say("ZooKeeper is killed for 160 s")
    zookeeper.kill()
    time.sleep(160)
    zookeeper.start().await_mode()
    back = time.monotonic()
    scene.say("ZooKeeper is back")

    def registered():
        return sum(bool(scene.client.exists(f"{ROOT}/healthy-{number}/provider")) for number in range(count))

    scene.wait_for("znodes to vanish", lambda: registered() < count, 40)
    least, returns = count, []
    while (now := registered()) < count and time.monotonic() - back < 200:
        if now > least + len(returns):
            returns.append(time.monotonic() - back)
        least = min(least, now)
        time.sleep(0.2)
    scene.say(f"of {count} znodes {least} were left; returns at " + ", ".join(f"{each:.0f}" for each in returns) + " s after ZooKeeper was back")
    scene.check(registered() == count, "the registrants did not all return")
    scene.check(least < count / 2, "there was no storm")
    time.sleep(5)
    scene.settle("every answer is right")
    scene.check(scene.prober.verdicts["stale"] == 0, "a healthy provider was missing")


@drill(short=True)
def state(scene):
    """zoodns restarts in the midst of an outage, and is killed while it writes its state: the last registry is served, no file is broken."""
    scene.truth.window = UNMARKED
    zookeeper = scene.zookeeper()
    scene.connect(zookeeper.address)
    scene.fill(services=100, providers=10)
    file = scene.where / "state"
    # There is one before the first kill, which may come before the first is whole.
    scene.serve(zookeeper.address, "--state", file)
    scene.wait_for("the first state", file.exists)
    scene.end_act()
    rounds = 20
    hits = sum(kill_while_writing(scene, zookeeper.address, file) for _ in range(rounds))
    scene.say(f"killed {rounds} times, {hits} of them while the new file was there; the file has {file.stat().st_size >> 10} KiB")
    scene.check(hits > rounds / 2, "too few of the kills came while it wrote")

    scene.serve(zookeeper.address, "--state", file)
    scene.wait_for("the zone", scene.is_ready)
    scene.probe()
    scene.settle()
    scene.say("ZooKeeper is killed")
    zookeeper.kill()
    scene.await_marks(SESSION_TIMEOUT)
    # An end by signal and one without a last word.
    for is_killed in (False, True):
        if is_killed:
            scene.stop_probing()
            scene.server.process.kill()
            scene.server.process.wait()
        else:
            scene.end_act()
        scene.serve(zookeeper.address, "--state", file)
        took = scene.wait_for("what was kept", scene.is_ready, 10)
        scene.say(f"zoodns was {'killed' if is_killed else 'stopped'} and started again: answers after {took or 0:.2f} s")
        scene.check(took and took < 4, "what was kept was not served in time")
        scene.check(all_marked(scene), "not all answers were marked stale at once")
        scene.probe()
        scene.settle()
        time.sleep(2)
    zookeeper.start().await_mode()
    scene.see_changes("ZooKeeper is back")


def kill_while_writing(scene, address, file):
    """Starts zoodns and kills it once it writes; whether the new file was there then. The file must be whole after that."""
    new = file.with_name(file.name + ".new")
    new.unlink(missing_ok=True)
    scene.serve(address, "--state", file)
    start = time.monotonic()
    while not new.exists() and time.monotonic() - start < 10:
        pass
    scene.server.process.kill()
    scene.server.process.wait()
    scene.has_ended = True
    if file.exists():
        octets = file.read_bytes()
        scene.check(hashlib.sha256(octets[:-32]).digest() == octets[-32:], f"a broken file of {len(octets)} octets")
    return new.exists()


def all_marked(scene):
    """Whether every service that is known is answered for, marked stale."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(2)
        client.connect(("127.0.0.1", scene.server.port))
        with contextlib.suppress(TimeoutError):
            for service in scene.truth.names():
                client.send(query(f"{service}.{ORIGIN}", A, edns=True))
                answer = Answer.read(client.recv(4096))
                if not STALE & answer.errors or not answer.records:
                    return False
            return True
    return False
