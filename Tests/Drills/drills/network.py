"""The network between zoodns and ZooKeeper loses packets, or is slow."""
import time

from .catalogue import drill
from .scene import HOLD_DOWN, UNMARKED
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
