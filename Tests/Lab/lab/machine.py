"""Processes, the cores they run on and what they cost; a ZooKeeper among them."""
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

LAB = pathlib.Path(__file__).resolve().parents[1]
ROOT = LAB.parents[1]
SERVER_CORE, CLIENT_CORE = 0, 1 % os.cpu_count()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what, condition, limit=60):
    deadline = time.monotonic() + limit
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise SystemExit(f"{what}: not within {limit} s")
        time.sleep(0.005)


@contextlib.contextmanager
def folder():
    path = tempfile.mkdtemp(prefix="zoodns-lab-")
    try:
        yield pathlib.Path(path)
    finally:
        shutil.rmtree(path, ignore_errors=True)


class Program:
    """A running program, pinned to a core if one is given; its output goes to files in a folder."""

    def __init__(self, name, command, where, core=None):
        pin = ["taskset", "-c", str(core)] if core is not None else []
        self.name, self.output, self.errors = name, where / f"{name}.out", where / f"{name}.err"
        with open(self.output, "wb") as output, open(self.errors, "wb") as errors:
            self.process = subprocess.Popen(pin + list(map(str, command)), stdin=subprocess.DEVNULL, stdout=output, stderr=errors)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def check(self):
        if self.process.poll() is not None:
            raise SystemExit(f"{self.name} has ended: {self.errors.read_text()[-500:]}")

    def processes(self):
        """Its process and all that descend from it."""
        parents = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                with contextlib.suppress(OSError):
                    parents[int(entry)] = int(pathlib.Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[1])
        found = {self.process.pid}
        while more := {child for child, parent in parents.items() if parent in found} - found:
            found |= more
        return found

    def cpu(self):
        """Seconds of processor time so far, and which share of it in user space: the first exact, the second by the clock's ticks."""
        seconds = user = system = 0
        for process in self.processes():
            for task in pathlib.Path(f"/proc/{process}/task").iterdir():
                seconds += int((task / "schedstat").read_text().split()[0]) / 1e9
            fields = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            user, system = user + int(fields[11]), system + int(fields[12])
        return seconds, user, system

    def memory(self):
        """Octets in memory; pages that several processes share are divided among them (PSS)."""
        total = 0
        for process in self.processes():
            for line in pathlib.Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
        return total


def zookeeper(where, memory="512m"):
    """A throw-away ZooKeeper that serves, with its address."""
    port = free_port()
    program = Program("zookeeper", ["env", f"ZOOKEEPER_HEAP={memory}", LAB / "zookeeper", port, where / "zookeeper"], where)
    program.address = f"127.0.0.1:{port}"
    wait_for("ZooKeeper", lambda: program.check() or subprocess.run([LAB / "zookeeper-ready", str(port)]).returncode == 0)
    return program


def answers(port, query, code=0):
    """Whether a server at a port answers a query with a code."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.5)
        client.connect(("127.0.0.1", port))
        try:
            client.send(query)
            return client.recv(65535)[3] & 15 == code
        except OSError:
            return False
