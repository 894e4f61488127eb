"""What a machine whose resolver knows zoodns finds, asked as its programs ask: through resolv.conf and glibc."""

import itertools
import pathlib
import socket

from lab import namespaces
from lab.namespaces import comes_true, dig, fail

from . import root
from .stage import LISTEN

RESOLV_CONF = pathlib.Path("/etc/resolv.conf")
SERVER = LISTEN.partition(":")[0]
ADDRESSES = ["10.0.0.0", "10.0.0.1"]
services = itertools.count(1)


def cover_files():
    """Has glibc read files of the recipe's own."""
    for path, text in [("/etc/hosts", "127.0.0.1 localhost zk1 zk2 zk3\n"), ("/etc/nsswitch.conf", "hosts: files dns\n"), (RESOLV_CONF, "")]:
        own = namespaces.work / f"etc/{pathlib.Path(path).name}"
        own.parent.mkdir(exist_ok=True)
        own.write_text(text)
        namespaces.cover(path, own)


def start_unit(stage):
    """What the package's unit starts, with the settings that the package begins with."""
    lines = stage.example("packaging/debian/zoodns.service").splitlines()
    command = next(line.partition("=")[2] for line in lines if line.startswith("ExecStart=")).split()
    if command != ["/usr/bin/zoodns", "serve", "--config", "/etc/zoodns/zoodns.yaml"]:
        fail(f"the unit runs {command}")
    text = namespaces.check(str(namespaces.EXAMPLES / "packaging/build-deb"), "--configuration")
    settings = stage.write("zoodns.yaml", text.replace("/var/lib/zoodns", str(namespaces.work)))
    stage.stop()
    stage.server = namespaces.start("unit", stage.zoodns, *command[1:-1], str(settings))
    namespaces.wait_for("zoodns at the unit's address", lambda: dig(SERVER, "svc.local", "SOA")[0] == "NOERROR")


def getent(name):
    return sorted({line.split()[0] for line in namespaces.run("getent", "hosts", name).stdout.splitlines()})


def look_up(name="web.svc.local"):
    """The IPv4 addresses that glibc finds, or why it finds none."""
    try:
        return {item[4][0] for item in socket.getaddrinfo(name, 80, socket.AF_INET, socket.SOCK_STREAM)}
    except socket.gaierror as error:
        return {socket.EAI_NONAME: "no such name", socket.EAI_AGAIN: "temporary failure"}.get(error.errno, str(error))


def new_service(stage):
    """A service that no resolver has asked for yet."""
    name = f"service{next(services)}"
    namespaces.register(stage.keeper, name, 2)
    namespaces.wait_for("zoodns knows it", lambda: len(dig(SERVER, f"{name}.svc.local")[1]) == 2)
    return name


def expect(what, found, right):
    """What must come true soon: a resolver may be starting."""
    if not comes_true(lambda: found() == right, 20):
        fail(f"{what}: {found()}, not {right}")


def find_all(stage, what):
    """All that a client must find, with names that the resolver has not seen: addresses, the short name, SRV, outside names."""
    expect(f"{what}: getent second.svc.local", lambda: getent("second.svc.local"), ADDRESSES)
    expect(f"{what}: getent second", lambda: getent("second"), ADDRESSES)
    expect(f"{what}: getent {root.OUTSIDE[0]}", lambda: getent(root.OUTSIDE[0]), [root.OUTSIDE[1]])
    name = new_service(stage)
    expect(f"{what}: getent {name}", lambda: getent(name), ADDRESSES)


def find_all_below_a_signed_root(stage, server):
    """What is found before and after clients have had the resolver learn that the signed root knows no local."""
    find_all(stage, "at first")
    for name, kind in [("printer.local", "A"), ("local", "SOA"), ("svc.local", "DS")]:
        dig(server, name, kind, "+dnssec")
    find_all(stage, "after printer.local")
    for words in [[], ["+dnssec"], ["+tcp"]]:
        name = f"_{new_service(stage)}._tcp.svc.local"
        answer = dig(server, name, "SRV", *words)
        if answer[0] != "NOERROR" or len(answer[1]) != 2:
            fail(f"{name} SRV {words}: {answer}")
    print("all names are found, whatever the signed root says of local", flush=True)


def resolves(server):
    """How the providers are seen that a resolver's answers have: addresses, and as many of SRV."""
    def finds(_):
        code, addresses = dig(server, "web.svc.local", "A", "+time=3")
        if code != "NOERROR" or not addresses:
            return code
        code, records = dig(server, "_web._tcp.svc.local", "SRV", "+time=3")
        if code != "NOERROR" or not records:
            return code
        # Both were asked one after another: between them a change may have come.
        return set(addresses) if len(records) == len(addresses) else f"{len(addresses)} A, {len(records)} SRV"
    return finds
