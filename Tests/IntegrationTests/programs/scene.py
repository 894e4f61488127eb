"""Namespaces of a test of its own with a real ZooKeeper, in which other programs meet zoodns: what the tests of programs share."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Lab"))
from lab.namespaces import EXAMPLES as examples, LIMIT, check, comes_true, cover, enter, fail, run, start, stop, wait_for, work, zookeeper  # noqa: E402, F401


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
