"""What a drill has on its stage: ZooKeeper, zoodns, a client that changes the registry, and the prober."""
import contextlib
import json
import os
import signal
import socket
import subprocess
import time
import uuid

from kazoo import exceptions
from kazoo.client import KazooClient
from kazoo.retry import KazooRetry

from benchmark import servers
from lab import machine
from benchmark.registry import ORIGIN, ROOT, SOA, query

from .prober import Prober
from .truth import UNKNOWN, Provider, Truth


HOLD_DOWN = 5  # seconds, unless a drill is about it
SESSION_TIMEOUT = 4  # seconds
PORT = 8080  # of every provider
# A lost connection is noticed after two thirds of the session timeout at the latest, and answers are marked stale after all of it.
UNMARKED = SESSION_TIMEOUT * 5 / 3 + 1


class ZooKeeper(machine.Program):
    """One server of its own or of an ensemble; killed and started again it has the same port and data."""

    def __init__(self, where, name="zookeeper", settings="", java="", port=None, heap="256m", prefix=(), host="127.0.0.1"):
        self.where, self.server, self.host = where, name, host
        self.port = port or machine.free_port()
        self.address = f"{host}:{self.port}"
        self.folder = where / name
        self.environment = [f"ZOOKEEPER_SETTINGS={settings}", f"ZOOKEEPER_JAVA={java}", f"ZOOKEEPER_HEAP={heap}"]
        self.prefix = list(prefix)
        self.process = None

    def start(self):
        """Starts it; serving is to be waited for."""
        command = [*self.prefix, "env", *self.environment, machine.LAB / "zookeeper", self.port, self.folder]
        super().__init__(self.server, command, self.where)
        return self

    def mode(self):
        """leader, follower, standalone or read-only; None while it does not serve."""
        with contextlib.suppress(OSError):
            with socket.create_connection((self.host, self.port), 2) as client:
                client.settimeout(2)
                client.sendall(b"srvr")
                text = b""
                while more := client.recv(4096):
                    text += more
                for line in text.decode(errors="replace").splitlines():
                    if line.startswith("Mode:"):
                        return line.split()[1]
        return None

    def await_mode(self, *modes):
        machine.wait_for(f"{self.server} serves", lambda: (mode := self.mode()) and (not modes or mode in modes))
        return self

    def kill(self):
        self.process.kill()
        self.process.wait()

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def wipe(self):
        subprocess.run(["rm", "-rf", self.folder / "data/version-2"], check=True)

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.kill()


class Scene:
    """A drill's folder, processes and findings; all of them end with it."""

    def __init__(self, tools, where, minutes):
        self.tools, self.where, self.minutes = tools, where, minutes
        self.stack = contextlib.ExitStack()
        self.truth = Truth(ORIGIN)
        self.prober = None
        self.probers = []
        self.server = None
        self.has_ended = False
        self.client = None
        self.failures = []
        self.changes = self.rounds = 0
        # All that were ever added: there may be others in ZooKeeper that are no providers.
        self.instances = set()
        self.began = time.monotonic()

    def say(self, text):
        print(f"    {time.monotonic() - self.began:6.1f} s  {text}", flush=True)

    def check(self, condition, text):
        """Something that must hold for the drill to pass."""
        if not condition:
            self.failures.append(text)
            self.say(f"FAILED: {text}")
        return condition

    @staticmethod
    def need_root():
        """For namespaces of the network and of mounts."""
        if os.geteuid() != 0:
            raise SystemExit("this drill needs root")

    def wait_for(self, what, condition, limit=60):
        """Waits, and gives the seconds that it took; None, and the drill fails, if that is more than the limit."""
        start = time.monotonic()
        while time.monotonic() - start < limit:
            if condition():
                return time.monotonic() - start
            if self.server and not self.has_ended:
                self.server.check()
            time.sleep(0.01)
        self.check(False, f"{what}: not within {limit} s")
        return None

    # Processes

    def zookeeper(self, **options):
        """A server that serves."""
        return self.stack.enter_context(ZooKeeper(self.where, **options)).start().await_mode()

    def ensemble(self, java=""):
        """Three servers that serve."""
        ports = [(machine.free_port(), machine.free_port()) for _ in range(3)]
        lines = [f"server.{number}=127.0.0.1:{quorum}:{election}" for number, (quorum, election) in enumerate(ports, 1)]
        settings = "\n".join(["initLimit=20", "syncLimit=10", *lines])
        members = []
        for number in range(1, 4):
            member = ZooKeeper(self.where, name=f"zookeeper-{number}", settings=settings, java=java)
            (member.folder / "data").mkdir(parents=True)
            (member.folder / "data/myid").write_text(f"{number}\n")
            members.append(self.stack.enter_context(member).start())
        for member in members:
            member.await_mode("leader", "follower")
        return members

    def connect(self, address, timeout=10, **options):
        """A kazoo client that is back soon after an outage."""
        retry = KazooRetry(max_tries=-1, delay=0.1, backoff=2, max_delay=1)
        client = KazooClient(address, timeout=timeout, connection_retry=retry, command_retry=retry, **options)
        client.start(timeout=60)
        self.stack.callback(client.close)
        self.stack.callback(client.stop)
        self.client, self.client_address = self.client or client, address
        return client

    def serve(self, address, *options, prefix=(), name="zoodns", log="info", **more):
        """zoodns on a ZooKeeper; listening, perhaps not more than that."""
        # What 10.0.0.1 answers is the business of the machine's network, unless a drill is about it.
        command = ["--session-timeout", f"{SESSION_TIMEOUT}s", "--hold-down", f"{HOLD_DOWN}s", "--probe-held", "off", "--log-level", log, *options]
        program = servers.zoodns(self.tools, self.where, address, *command, prefix=prefix, core=None, workers=2, name=name, **more)
        # Whatever drill is interrupted: nothing is left.
        self.stack.callback(lambda: program.process.poll() is None and program.process.kill())
        self.server, self.has_ended = program, False
        return program

    def is_ready(self):
        return machine.answers(self.server.port, query(ORIGIN, SOA))

    def log(self):
        return self.server.errors.read_text(errors="replace")

    def probe(self, rate=2000):
        """Has the prober ask from now on."""
        self.prober = Prober(self.server.port, self.truth, rate)
        self.probers.append(self.prober)
        self.prober.start()

    def stop_probing(self):
        """Has the prober ask no more, and says what it saw."""
        if self.prober and not self.prober.over.is_set():
            self.prober.stop()
            self.report()

    def settle(self, what="every answer is right", limit=60):
        """Waits until every question has been answered right, and says how long that took."""
        took = self.wait_for(what, self.prober.seen_right(), limit)
        if took is not None:
            self.say(f"{what} after {took:.2f} s")
        else:
            self.compare()
        return took

    def await_marks(self, seconds):
        """Lets so much time pass, and waits until answers are marked stale."""
        before = self.prober.marked_stale()
        time.sleep(seconds)
        self.wait_for("answers are marked stale", lambda: self.prober.marked_stale() > before)

    def see_changes(self, what):
        """Changes the registry, and waits until every answer is right again."""
        self.churn(20)
        self.settle(f"{what}: changes are seen, nothing is held any more,")

    def stage(self, address, *options, services=20, **more):
        """The usual stage: a registry, zoodns, the prober."""
        self.connect(address)
        self.fill(services)
        self.serve(address, *options, **more)
        self.wait_for("the zone", self.is_ready)
        self.probe()
        self.settle("the stage is set: every answer is right")

    # The registry

    def fill(self, services=20, providers=3):
        """So many services, with providers that are persistent: only the drill itself changes them."""
        for number in range(services):
            self.add(f"known-{number}", *[f"10.0.{number}.{each}" for each in range(1, providers + 1)])

    def write(self, action, *arguments):
        """Does something in ZooKeeper however often it takes; done is done."""
        while True:
            try:
                return action(*arguments)
            except (exceptions.NodeExistsError, exceptions.NoNodeError):
                return None
            except (exceptions.ConnectionLoss, exceptions.SessionExpiredError, exceptions.ConnectionClosedError, exceptions.OperationTimeoutError):
                time.sleep(0.05)

    @staticmethod
    def provider(address):
        return Provider(str(uuid.uuid4()), address, PORT)

    def expect(self, service, providers):
        """From now on a service's providers are these; how that comes is the drill's to say."""
        with self.truth.change(service, providers):
            pass

    def add(self, service, *addresses):
        """Adds a provider at each address, one after another."""
        for address in addresses:
            provider = self.provider(address)
            self.instances.add(provider.instance)
            old = self.truth.current(service)
            # A service's znode is there before its first provider.
            with self.truth.change(service, old or frozenset()):
                self.write(self.client.ensure_path, f"{ROOT}/{service}")
            with self.truth.change(service, (old or frozenset()) | {provider}):
                self.write(self.client.create, f"{ROOT}/{service}/{provider.instance}", provider.document)

    def remove(self, service, count=1):
        """Removes some providers."""
        for provider in sorted(self.truth.current(service), key=lambda each: each.instance)[:count]:
            with self.truth.change(service, self.truth.current(service) - {provider}):
                self.write(self.client.delete, f"{ROOT}/{service}/{provider.instance}")

    def remove_service(self, service):
        """Removes a service with its providers."""
        self.remove(service, count=1 << 30)
        with self.truth.change(service, None):
            self.write(self.client.delete, f"{ROOT}/{service}")

    def churn(self, count, services=5):
        """So many changes of services of their own, one after another."""
        for _ in range(count):
            self.rounds += 1
            service = f"changing-{self.rounds % services}"
            present = self.truth.current(service)
            if present and len(present) >= 3:
                self.remove(service)
            else:
                self.add(service, self.fresh_address())

    def fresh_address(self):
        """Never the same twice: equal providers are one."""
        self.changes += 1
        return f"10.{self.changes >> 16 | 128}.{self.changes >> 8 & 255}.{self.changes & 255}"

    def read(self, service):
        """A service's providers as ZooKeeper has them; None without the service."""
        path, found = f"{ROOT}/{service}", set()
        with contextlib.suppress(exceptions.NoNodeError):
            for instance in self.client.get_children(path):
                document = json.loads(self.client.get(f"{path}/{instance}")[0])
                found.add(Provider(instance, document["host"], document["port"]))
            return found
        return None

    def compare(self):
        """Whether ZooKeeper has what the truth has: a drill that is wrong about that proves nothing."""
        client = KazooClient(self.client_address)
        client.start(timeout=30)
        for service in self.truth.names():
            known = self.truth.current(service)
            if known == UNKNOWN:
                continue
            children = self.instances.intersection(client.get_children(f"{ROOT}/{service}")) if client.exists(f"{ROOT}/{service}") else None
            expected = None if known is None else {provider.instance for provider in known}
            self.check(children == expected, f"the drill takes {service} for {expected}, ZooKeeper has {children}")
        client.stop()
        client.close()

    # The end

    def end_act(self):
        """Ends zoodns, by SIGTERM as it must within five seconds, and the prober; another pair may follow."""
        try:
            self.stop_probing()
        finally:
            self.end_server()

    def close(self):
        """Ends everything; whether the drill has passed."""
        try:
            self.end_act()
        finally:
            self.stack.close()
        return not self.failures

    def end_server(self):
        """Has zoodns end by SIGTERM; what it says on standard error is left in its log."""
        if not self.server or self.has_ended:
            return
        self.has_ended = True
        process = self.server.process
        if process.poll() is not None:
            self.check(False, f"zoodns is gone, with {process.poll()}: {self.log()[-500:]}")
            return
        process.send_signal(signal.SIGTERM)
        self.await_end(time.monotonic())

    def await_end(self, started):
        """Waits for the end of zoodns, which must come within five seconds of the signal."""
        self.has_ended = True
        process = self.server.process
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        self.check(process.poll() == 0, f"zoodns ended with {process.poll()}: {self.log()[-300:]}")
        took = time.monotonic() - started
        self.check(took < 5, f"zoodns took {took:.1f} s to end")

    def report(self):
        """What the prober saw."""
        prober = self.prober
        for sample in prober.samples:
            self.say(sample)
        seconds = prober.ended - prober.started
        self.say(
            f"{prober.sent} queries, {prober.sent / seconds:.0f} a second: " + ", ".join(
                f"{verdict} {prober.verdicts[verdict]}" for verdict in ("right", "stale", "wrong", "none"))
            + f"; longest without a right answer {prober.longest:.2f} s ({prober.longest_name}); marked stale {prober.marked_stale()}")
        self.check(prober.verdicts["right"] > 0, "no answer was right")
        self.check(prober.verdicts["wrong"] == 0, f"{prober.verdicts['wrong']} answers were wrong")
        self.check(prober.verdicts["none"] == 0, f"{prober.verdicts['none']} queries had no answer")
