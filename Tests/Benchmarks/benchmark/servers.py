"""The servers that are compared, each with one worker on one core."""
import subprocess

from lab import machine
from lab.machine import Program

from .registry import A, ORIGIN, SOA, query


def zoodns(tools, where, zookeeper, *options, prefix=(), core=machine.SERVER_CORE, workers=1, name="zoodns"):
    """zoodns on a registry in ZooKeeper."""
    command = [*prefix, tools / "zoodns", "serve", "--zookeeper", zookeeper, "--listen", "127.0.0.1:0", "--workers", workers, "--max-answers", "0", *options]
    return listening(Program(name, command, where, core))


def floor(tools, where, octets):
    """What has no zone: as many octets back as an answer has."""
    return listening(Program("floor", [tools / "floor", 0, octets], where, machine.SERVER_CORE))


def listening(program):
    text = machine.wait_for(program.name, lambda: program.check() or program.output.read_text().endswith("\n") and program.output.read_text())
    # zoodns says where its admin endpoint is first.
    program.port = int(text.splitlines()[-1].split()[1].rpartition(":")[2])
    return program


def nsd(where, zone, minimal):
    """NSD on a master file; `minimal`: without the authority section, and without the addresses of SRV targets."""
    port = machine.free_port()
    settings = where / "nsd.conf"
    settings.write_text(f"""
        server:
            ip-address: 127.0.0.1@{port}
            username: ""
            server-count: 1
            zonesdir: "{where}"
            pidfile: "{where}/nsd.pid"
            xfrdfile: "{where}/nsd.xfrd"
            zonelistfile: "{where}/nsd.list"
            xfrdir: "{where}"
            database: ""
            rrl-ratelimit: 0
            ipv4-edns-size: 1232
            minimal-responses: {"yes" if minimal else "no"}
        remote-control:
            control-enable: no
        zone:
            name: {ORIGIN}
            zonefile: "{zone}"
        """)
    return serving(Program("nsd", ["/usr/sbin/nsd", "-d", "-c", settings], where, machine.SERVER_CORE), port)


def knot(where, zone):
    """Knot on a master file."""
    port = machine.free_port()
    settings = where / "knot.conf"
    settings.write_text(f"""
server:
    rundir: "{where}"
    listen: 127.0.0.1@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
    udp-max-payload: 1232
database:
    storage: "{where}/knot"
log:
  - target: stderr
    any: error
zone:
  - domain: {ORIGIN}
    file: "{zone}"
    zonefile-sync: -1
    journal-content: none
    semantic-checks: off
""")
    return serving(Program("knot", ["/usr/sbin/knotd", "-c", settings], where, machine.SERVER_CORE), port)


def serving(program, port):
    program.port = port
    machine.wait_for(program.name, lambda: program.check() or machine.answers(port, query(ORIGIN, SOA)))
    return program


def master_file(tools, where, zookeeper):
    """What zoodns would serve, as a file for the others."""
    path = where / "zone"
    with open(path, "wb") as file:
        subprocess.run([tools / "zoodns", "zone", "--max-answers", "0", "--zookeeper", zookeeper], stdout=file, check=True)
    return path
