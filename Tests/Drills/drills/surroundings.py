"""The machine has too little for the server, changes its clock, or no process reads its log."""
import contextlib
import fcntl
import os
import subprocess
import time

import dns.message
import dns.query

from benchmark.registry import ORIGIN, ROOT

from .catalogue import drill
from .clients import GoodClient, connect
from .documents import REPORT

# Long names make long lines.
BAD = "bad-" + "x" * 250
YEAR = 365 * 24 * 3600


@drill(short=True)
def descriptors(scene):
    """Too few descriptors are a line on standard error; with few, queries and connections that come after others are answered."""
    zookeeper = scene.zookeeper()
    command = [scene.tools / "zoodns", "serve", "--zookeeper", zookeeper.address, "--listen", "127.0.0.1:0", "--workers", "2", "--max-answers", "0"]
    least = 4
    for limit in range(4, 64):
        with contextlib.suppress(subprocess.TimeoutExpired):
            result = subprocess.run(
                ["sh", "-c", f'ulimit -n {limit}; exec "$@"', "sh", *map(str, command)], capture_output=True, text=True, timeout=2)
            least = limit + 1
            scene.check(
                result.returncode == 1 and result.stderr.startswith("zoodns: ") and result.stderr.count("\n") == 1,
                f"with {limit} descriptors: {result.returncode}, {result.stderr[-300:]!r}")
            continue
        break
    scene.say(f"it serves with {least} descriptors, and says that fewer are too few")
    scene.connect(zookeeper.address)
    scene.fill()
    for limit in (least, 64):
        scene.serve(zookeeper.address, prefix=["sh", "-c", f'ulimit -n {limit}; exec "$@"', "sh"], name=f"zoodns-{limit}")
        scene.wait_for("the zone", scene.is_ready)
        scene.probe(500)
        # With the fewest there is room for one connection, the last.
        idle = [connect(scene) for _ in range(300)]
        with GoodClient(scene, keeps=limit > least):
            scene.churn(20)
            scene.settle()
            for each in idle:
                each.close()
        scene.stop_probing()
        scene.end_server()


def serial(scene):
    question = dns.message.make_query(ORIGIN, "SOA")
    return dns.query.udp(question, "127.0.0.1", 2, scene.server.port).answer[0][0].serial


def year(scene):
    return int(scene.log().splitlines()[-1][:4])


@drill
def clock_jumps(scene):
    """The clock jumps a year ahead, back, and a year behind: answers stay right, no session is lost, serials rise."""
    clock = scene.where / "clock"
    clock.write_text("+0\n")
    zookeeper = scene.zookeeper()
    # A session that only a clock can end, not a machine that has much else to do.
    environment = [f"LD_PRELOAD={scene.tools / 'clock.so'}", f"CLOCK_FILE={clock}"]
    scene.stage(zookeeper.address, "--session-timeout", "30s", prefix=["env", *environment], log="debug")
    for offset in (YEAR, 0, -YEAR, YEAR, -20 * YEAR, 0):
        before = serial(scene)
        # In its place at once: half a file would be another time.
        (scene.where / "new-clock").write_text(f"{offset:+d}\n")
        os.replace(scene.where / "new-clock", clock)
        time.sleep(1)
        scene.churn(20)
        scene.settle(f"the clock is {offset // YEAR:+d} years off: every answer is right")
        expected = time.gmtime(time.time() + offset).tm_year
        scene.check(year(scene) == expected, f"the log is of {year(scene)}, not of {expected}: the clock did not jump")
        after = serial(scene)
        scene.check(0 < (after - before) % (1 << 32) < 1 << 31, f"the serial went from {before} to {after}")
        time.sleep(6)
    scene.check(scene.log().count("connected to zookeeper") == 1, "the session was lost")
    scene.check(scene.prober.marked_stale() == 0, "answers were marked stale")


class UnreadPipe:
    """A pipe of a page that is read only on demand."""

    def __init__(self, path):
        self.path = path
        os.mkfifo(path)
        self.end = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        fcntl.fcntl(self.end, fcntl.F_SETPIPE_SZ, 4096)
        self.text = b""

    def read(self):
        with contextlib.suppress(BlockingIOError):
            while octets := os.read(self.end, 65536):
                self.text += octets
        return self.text


# As many as it takes: each is looked at ten times a second at most.
BAD_PATHS = [f"{ROOT}/known-{number % 20}/{BAD}-{number}" for number in range(400)]


def write_bad(scene, turns):
    """So many bad versions of each of these znodes; the server has something to say on each that it sees."""
    for turn in range(turns):
        for write in [scene.client.set_async(path, b"bad %d " % turn + b"\1" * 100) for path in BAD_PATHS]:
            write.get(30)


@drill(short=True)
def unread_log(scene):
    """No process reads standard error: answers, watches and SIGTERM go on; once it is read, it says how many lines are missing."""
    zookeeper = scene.zookeeper()
    pipe = UnreadPipe(scene.where / "pipe")
    scene.stage(zookeeper.address, "--log-rate", "0", prefix=["sh", "-c", f'exec "$@" 2>"{pipe.path}"', "sh"], log="debug")
    for path in BAD_PATHS:
        scene.client.create(path, b"bad")
    write_bad(scene, 40)
    scene.churn(100)
    scene.settle("the pipe is full: every answer is right")
    pipe.read()
    scene.wait_for("a word on missing lines", lambda: b"not read fast enough" in pipe.read(), 10)
    lines = pipe.text.decode().splitlines()
    scene.say(next(line for line in lines if "not read fast enough" in line))
    scene.say(f"{len(lines)} lines, {sum(REPORT in line for line in lines)} of them reports")
    write_bad(scene, 5)
    scene.churn(20)
    scene.settle("the pipe is full again: every answer is right")
    scene.stop_probing()
    scene.end_server()
    os.close(pipe.end)

