"""NSD, Knot, BIND and Unbound as secondaries, each with its file of examples/secondaries."""
import re

from . import machine

EXAMPLES = machine.ROOT / "examples/secondaries"
# Where the examples have zoodns.
PRIMARIES = "192.0.2.1", "192.0.2.2"
# Where each asks from, by which zoodns's query log tells them apart; Unbound transfers from any address.
SOURCES = {"nsd": "127.0.3.1", "knot": "127.0.3.2", "bind": "127.0.3.3", "unbound": "127.0.0.1"}


class Secondary(machine.Program):
    """A secondary of one zone on a port of its own; killed and started again it has the same port and files."""

    def __init__(self, kind, where, primaries, origin="svc.local"):
        """`primaries`: the ports of one or two zoodns at 127.0.0.1."""
        self.kind, self.where, self.origin = kind, where / kind, origin
        self.port = machine.free_port()
        (self.where / "data").mkdir(parents=True, exist_ok=True)
        example = (EXAMPLES / f"{kind}.conf").read_text().replace("svc.local", origin)
        command, settings = KINDS[kind](self, placed(example, primaries))
        (self.where / "conf").write_text(settings)
        self.command = command
        self.process = None

    @property
    def source(self):
        return SOURCES[self.kind]

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def start(self):
        super().__init__(self.kind, self.command, self.where)
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            super().__exit__()

    def log(self):
        return self.output.read_text(errors="replace") + self.errors.read_text(errors="replace")

    def faults(self):
        """Lines of its log about transfers that it could not use."""
        return [line for line in self.log().splitlines() if FAULTS[self.kind].search(line)]


def placed(example, primaries):
    """An example with the ports of zoodns in the place of its addresses; without the second one if there is one alone."""
    if len(primaries) == 1:
        # The lines of the second one, or what lists have of it.
        for pattern in (r"(?m)^ *(?:request-xfr|primary): *192\.0\.2\.2.*\n", r"(?m)^ *allow-notify: *192\.0\.2\.2.*\n",
                        r"(?m)^  - id: zoodns2\n.*\n", r", zoodns2", r", 192\.0\.2\.2", r" 192\.0\.2\.2 port 53;"):
            example = re.sub(pattern, "", example)
    for address, port in zip(PRIMARIES, primaries):
        example = example.replace(f"{address}@53", f"127.0.0.1@{port}").replace(f"{address} port 53", f"127.0.0.1 port {port}")
        example = example.replace(address, "127.0.0.1")
    return example


def nsd(self, example):
    where = self.where
    example = example.replace("/var/lib/nsd/", f"{where}/") + f"    provide-xfr: 127.0.0.0/8 NOKEY\n    outgoing-interface: {self.source}\n"
    return ["/usr/sbin/nsd", "-d", "-c", where / "conf"], f"""
server:
    ip-address: 127.0.0.1@{self.port}
    username: ""
    server-count: 1
    verbosity: 2
    database: ""
    zonesdir: "{where}"
    xfrdfile: "{where}/xfrd"
    zonelistfile: "{where}/list"
    xfrdir: "{where}"
    pidfile: "{where}/pid"
remote-control:
    control-enable: no
{example}"""


def knot(self, example):
    where = self.where
    # A section stands once.
    example = example.replace("server:\n", f"""server:
    rundir: "{where}"
    listen: 127.0.0.1@{self.port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
""").replace("action: notify", f"action: notify\n  - id: tests\n    address: 127.0.0.0/8\n    action: transfer").replace(
        "acl: zoodns\n", "acl: [zoodns, tests]\n")
    example = re.sub(r"(    address: 127\.0\.0\.1@.*\n)", rf"\1    via: {self.source}\n", example)
    return ["/usr/sbin/knotd", "-c", where / "conf"], f"""
database:
    storage: "{where}/data"
log:
  - target: stderr
    any: info
{example}"""


def bind(self, example):
    where = self.where
    example = example.replace("/var/cache/bind/", f"{where}/").replace(
        "type secondary;", f"type secondary;\n    transfer-source {self.source};")
    return ["/usr/sbin/named", "-g", "-n", "1", "-c", where / "conf"], f"""
options {{
    directory "{where}";
    listen-on port {self.port} {{ 127.0.0.1; }};
    listen-on-v6 {{ none; }};
    recursion no;
    pid-file none;
    session-keyfile "{where}/session";
    dnssec-validation no;
}};
controls {{ }};
{example}"""


def unbound(self, example):
    where = self.where
    example = example.replace("/var/lib/unbound/", f"{where}/")
    return ["/usr/sbin/unbound", "-d", "-p", "-c", where / "conf"], f"""
server:
    interface: 127.0.0.1
    port: {self.port}
    access-control: 127.0.0.0/8 allow
    do-not-query-localhost: no
    num-threads: 1
    username: ""
    chroot: ""
    directory: "{where}"
    use-syslog: no
    logfile: ""
    verbosity: 2
    trust-anchor-file: ""
    module-config: "iterator"
remote-control:
    control-enable: no
{example}"""


KINDS = {"nsd": nsd, "knot": knot, "bind": bind, "unbound": unbound}
# What each says of a transfer that it could not use.
FAULTS = {
    "nsd": re.compile(r"update failed|bad xfr|error.*(?:xfr|transfer)|could not (?:read|apply)|failed to apply", re.I),
    "knot": re.compile(r"(?:AXFR|IXFR), incoming,.*(?:failed|malformed|fallback)|warning.*refresh.*failed", re.I),
    "bind": re.compile(r"failed while receiving|Transfer status: (?!success|up to date|IXFR failed: up)|journal.*(?:failed|error)", re.I),
    "unbound": re.compile(r"(?:auth zone|xfr).*(?:fail|error|malformed|bad|refused)", re.I),
}
