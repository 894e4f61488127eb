"""What the C client of ZooKeeper is known to trip over."""
import subprocess
import time

from lab import machine
from benchmark.registry import Registry

from .catalogue import drill
from .scene import UNMARKED
from .wire import Namespace, Wire


@drill
def even_servers(scene):
    """Two addresses, one of them dead (ZOOKEEPER-2466): the other is found again after an outage, without a busy loop."""
    scene.truth.window = UNMARKED
    zookeeper = scene.zookeeper()
    dead = machine.free_port()
    scene.connect(zookeeper.address)
    scene.fill()
    scene.serve(f"127.0.0.1:{dead},{zookeeper.address}")
    scene.wait_for("the zone", scene.is_ready)
    scene.probe()
    scene.settle()
    for _ in range(3):
        zookeeper.kill()
        before = scene.server.cpu()[0]
        time.sleep(5)
        share = (scene.server.cpu()[0] - before) / 5
        scene.say(f"ZooKeeper is down; zoodns takes {share:.2f} of a core")
        scene.check(share < 0.35, "zoodns is busy with nothing to do")
        zookeeper.start().await_mode()
        scene.see_changes("ZooKeeper is back")


@drill
def name_server_down(scene):
    """No name resolves any more while connected: the session lives on, and finds ZooKeeper again after an outage."""
    scene.truth.window = UNMARKED
    zookeeper = scene.zookeeper()
    scene.connect(zookeeper.address)
    scene.fill()
    scene.need_root()
    hosts, resolver = scene.where / "hosts", scene.where / "resolv.conf"
    hosts.write_text("127.0.0.1 localhost registry.invalid\n")
    # From here no host answers (RFC 5737).
    resolver.write_text("nameserver 192.0.2.1\n")
    mounts = f'mount --bind "{hosts}" /etc/hosts && mount --bind "{resolver}" /etc/resolv.conf && exec "$@"'
    scene.serve(f"registry.invalid:{zookeeper.port}", prefix=["unshare", "--mount", "sh", "-c", mounts, "sh"])
    scene.wait_for("the zone", scene.is_ready)
    scene.probe()
    scene.settle()
    with open(hosts, "r+") as file:
        file.truncate()
    scene.say("no name resolves any more")
    scene.churn(20)
    time.sleep(14)
    scene.settle("changes are seen")
    scene.check("connection to zookeeper lost" not in scene.log(), "the connection was lost for want of a name server")
    zookeeper.kill()
    time.sleep(2)
    zookeeper.start().await_mode()
    scene.see_changes("ZooKeeper was killed and is back")


@drill
def ended_while_reading(scene):
    """SIGTERM with hundreds of requests under way, at any moment of the first reading: exit 0 within five seconds."""
    zookeeper = scene.zookeeper(heap="512m")
    Registry.of([10] * 2000).load(zookeeper.address)
    for number in range(30):
        scene.serve(zookeeper.address, name=f"zoodns-{number}")
        time.sleep(number * 0.04)
        scene.end_act()
    scene.say("30 times")


@drill
def blackholed_server(scene):
    """One of two servers never answers a packet: zoodns is ready in time, whichever it tries first."""
    scene.need_root()
    namespace = scene.stack.enter_context(Namespace())
    wire = namespace.wire(1)
    wire.cut = {Wire.THERE, Wire.BACK}
    zookeeper = scene.zookeeper()
    scene.connect(zookeeper.address)
    scene.fill()
    times = []
    for number in range(6):
        scene.serve(f"{wire.far}:2181,{zookeeper.address}", name=f"zoodns-{number}")
        times.append(scene.wait_for("the zone", scene.is_ready, 15) or 15)
        scene.probe()
        scene.settle()
        scene.end_act()
    scene.say("ready after " + ", ".join(f"{each:.1f}" for each in times) + " s")


@drill
def addresses(scene):
    """Servers that make no sense are refused in one line; IPv6 addresses are not."""
    for text in ("127.0.0.1:99999", "127.0.0.1:0", "127.0.0.1:", ":2181", "[::1:2181", "127.0.0.1:2181:3", "h1,,h2", "h1:2181/a//b", "1.2.3"):
        command = [scene.tools / "zoodns", "serve", "--zookeeper", text, "--listen", "127.0.0.1:0"]
        result = subprocess.run(command, capture_output=True, text=True, timeout=10)
        scene.check(
            result.returncode == 64 and result.stderr.count("\n") == 1, f"{text}: exit {result.returncode}, {result.stderr!r}")
    zookeeper = scene.zookeeper(settings="clientPortAddress=::1", host="::1")
    for text in (f"[::1]:{zookeeper.port}", f" [::1]:{zookeeper.port} , [::1]:{zookeeper.port}/"):
        scene.serve(text, name="ipv6")
        scene.wait_for(f"an answer with {text}", scene.is_ready)
        scene.end_act()


@drill
def older_snapshot(scene):
    """ZooKeeper comes back from an older copy of its data: what is missing is held, then gone."""
    zookeeper = scene.zookeeper()
    scene.stage(zookeeper.address)
    scene.client.stop()
    zookeeper.kill()
    copy = scene.where / "copy"
    subprocess.run(["cp", "-a", zookeeper.folder / "data", copy], check=True)
    zookeeper.start().await_mode()
    older = {service: scene.truth.current(service) for service in scene.truth.names()}
    scene.client = scene.connect(zookeeper.address)
    scene.settle()
    for service in older:
        scene.add(service, f"10.2.0.{len(scene.truth.current(service))}")
    for number in range(200):
        scene.client.set("/", str(number).encode())
    scene.settle("changes are seen")
    scene.client.stop()
    scene.say("ZooKeeper is killed, and started with the older data")
    zookeeper.kill()
    scene.truth.marked_window = 60
    subprocess.run(["rm", "-rf", zookeeper.folder / "data"], check=True)
    subprocess.run(["cp", "-a", copy, zookeeper.folder / "data"], check=True)
    for service, providers in older.items():
        scene.expect(service, providers)
    scene.truth.window = UNMARKED
    zookeeper.start().await_mode()
    scene.settle("the older registry is answered from, nothing is held any more,", 90)
