"""Namespaces of a script's own (network, mounts, processes) in which other programs meet zoodns, with a real ZooKeeper."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

LAB = pathlib.Path(__file__).resolve().parents[1]
EXAMPLES = LAB.parents[1] / "examples"
# Seconds for what takes milliseconds on a machine with nothing else to do.
LIMIT = 60
# Where a test's files are; it is in memory, and nothing that programs leave in /run is the machine's.
work = pathlib.Path("/run/scene")


def enter():
    """Runs the script again in namespaces of its own, which go with it; returns in there."""
    if "SCENE" not in os.environ:
        os.environ["SCENE"] = "entered"
        namespaces = ["--mount", "--net", "--uts", "--ipc", "--pid", "--mount-proc", "--fork", "--kill-child"]
        os.execvp("unshare", ["unshare", *namespaces, *sys.orig_argv])
    check("mount", "-t", "tmpfs", "tmpfs", "/run")
    work.mkdir()
    # So that name servers that have laid root down can write there.
    work.chmod(0o777)
    # With addresses of both families beyond loopback: getent asks for no family that the machine has none of.
    for command in ["link set lo up", "address add 198.51.100.1/32 dev lo", "address add 2001:db8:ffff::1/128 dev lo nodad"]:
        check("ip", *command.split())


def run(*command, **options):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def check(*command, **options):
    """Runs a command that must succeed; what it has printed."""
    result = run(*command, **options)
    if result.returncode != 0:
        fail(f"{' '.join(map(str, command))}: {result.stdout}{result.stderr}")
    return result.stdout


def fail(what):
    """Ends the test, with the ends of all logs."""
    logs = [f"--- {log.name}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-25:]) for log in sorted(work.glob("*.log"))]
    raise SystemExit("\n".join([what, *logs]))


def comes_true(condition, limit=LIMIT):
    """Looks again and again until the condition holds; whether it does within so many seconds."""
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def wait_for(what, condition, limit=LIMIT):
    """Ends the test unless the condition comes true."""
    if not comes_true(condition, limit):
        fail(f"not within {limit} s: {what}")


def start(name, *command, **options):
    with open(work / f"{name}.log", "a") as log:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **options)


def stop(process):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def cover(path, source):
    """Has a file of the machine read as another one, in here only."""
    path = pathlib.Path(path)
    target = path.resolve()
    # systemd-resolved's resolv.conf, say; /run is empty in here.
    if not target.exists() and target.is_relative_to("/run"):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    if not path.exists():
        fail(f"{path} is missing")
    check("mount", "--bind", source, path)


def zookeeper():
    """Starts a ZooKeeper at port 2181; a client that is connected to it."""
    # Debian's, in which kazoo is a package.
    from kazoo.client import KazooClient

    start("zookeeper", LAB / "zookeeper", "2181", work / "zookeeper")
    wait_for("ZooKeeper", lambda: run(LAB / "zookeeper-ready", "2181").returncode == 0)
    client = KazooClient("127.0.0.1:2181")
    client.start(timeout=30)
    return client


def register(client, service, count):
    """So many providers of a service, each with an address of its own: 10.0.0.0, 10.0.0.1 and so on."""
    for number in range(count):
        document = json.dumps({"host": f"10.0.{number >> 8}.{number & 255}", "port": 8080}).encode()
        client.create(f"/providers/{service}/{number:08x}-{service:.4}-4000-8000-{number * 7919:012x}", document, makepath=True)


def serve(zoodns, listen, *options):
    """Starts zoodns and waits until it has read the registry."""
    name = f"zoodns-{listen}"
    process = start(name, zoodns, "serve", "--listen", listen, "--zookeeper", "127.0.0.1:2181", *options)
    address, _, port = listen.rpartition(":")
    asked = "127.0.0.1" if address == "0.0.0.0" else address
    wait_for(f"{name} answers", lambda: dig(asked, "svc.local", "SOA", port=port)[0] == "NOERROR")
    return process


def dig(server, name, kind="A", *options, port="53"):
    """The code and the answers (the data of records of the type asked for), over TCP where UDP has no room; NOTHING without an answer."""
    result = run("dig", f"@{server}", "-p", port, "+tries=1", "+time=10", "+noall", "+comments", "+answer", *options, name, kind)
    code, answers = "NOTHING", []
    for line in result.stdout.splitlines():
        if "status: " in line:
            code = line.split("status: ")[1].split(",")[0]
        elif line and not line.startswith(";") and line.split()[3] == kind:
            answers.append(" ".join(line.split()[4:]))
    return code, sorted(answers)
