"""The network between zoodns and ZooKeeper loses packets, or is slow."""
import time

from .catalogue import drill
from .scene import HOLD_DOWN, SESSION_TIMEOUT, UNMARKED
from .truth import UNKNOWN
from .wire import Namespace, Wire


@drill
def packets_lost(scene):
    """The connection is cut without a reset, both ways and one way, while services change; then it is slow and loses packets."""
    scene.need_root()
    namespace = scene.stack.enter_context(Namespace())
    wire, other_way = namespace.wire(1), namespace.wire(2)
    zookeeper = scene.zookeeper(prefix=namespace.inside, settings="clientPortAddress=0.0.0.0", host=wire.far)
    scene.connect(f"{other_way.far}:{zookeeper.port}")
    scene.fill()
    scene.serve(zookeeper.address)
    scene.wait_for("the zone", scene.is_ready)
    scene.probe()
    scene.settle("every answer is right")
    scene.truth.window = UNMARKED
    seconds = 15
    scene.truth.marked_window = seconds + HOLD_DOWN + 20
    for what, cut in (("both ways", {Wire.THERE, Wire.BACK}), ("to ZooKeeper", {Wire.THERE}), ("from ZooKeeper", {Wire.BACK})):
        scene.say(f"packets are lost for {seconds} s: {what}")
        wire.cut = cut
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            scene.churn(1)
            time.sleep(0.1)
        wire.cut = set()
        scene.settle("packets go through: changes are seen, nothing is held any more,")
    scene.say("200 ms there and back, 5 % of all packets are lost")
    wire.delay, wire.loss = 0.1, 0.05
    end = time.monotonic() + 20
    while time.monotonic() < end:
        scene.churn(1)
        time.sleep(0.1)
    scene.settle("changes are seen")


@drill
def large_packets_lost(scene):
    """Only small packets come from ZooKeeper, as through a tunnel whose errors are filtered: each connection is made, and lost over one long list.

    The service whose list never comes is stale, then unknown; all others go on."""
    scene.need_root()
    namespace = scene.stack.enter_context(Namespace())
    wire, other_way = namespace.wire(1), namespace.wire(2)
    zookeeper = scene.zookeeper(prefix=namespace.inside, settings="clientPortAddress=0.0.0.0", host=wire.far)
    scene.connect(f"{other_way.far}:{zookeeper.port}")
    scene.fill(services=5)
    scene.add("wide", *[f"10.1.0.{each}" for each in range(12)])
    stale = 15
    scene.serve(zookeeper.address, "--max-stale", f"{stale}s")
    scene.wait_for("the zone", scene.is_ready)
    scene.probe()
    scene.settle("every answer is right")
    # The list stands for a session timeout, and is judged once there is a connection.
    scene.truth.window = 2 * UNMARKED + SESSION_TIMEOUT
    scene.truth.marked_window = stale + HOLD_DOWN + 30
    scene.say("packets of more than 500 octets are lost from ZooKeeper")
    wire.largest = {Wire.BACK: 500}
    scene.add("wide", "10.1.1.1")
    providers = scene.truth.current("wide")
    marked = scene.prober.marked_stale()
    # Nothing else changes meanwhile: ZooKeeper sends its events in one packet, which may become too large itself.
    scene.expect("wide", UNKNOWN)
    scene.settle("the service is unknown, all others are answered for,", 90)
    scene.check(scene.prober.marked_stale() > marked, "no answer was marked stale")
    wire.largest = {}
    scene.expect("wide", providers)
    scene.see_changes("all packets go through")
