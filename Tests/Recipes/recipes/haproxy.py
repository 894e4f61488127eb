"""HAProxy's servers from SRV answers: as examples/clients/haproxy.cfg has it, and of truncated answers over UDP."""

import socket
import time

from lab import namespaces

from . import back_ends
from .catalogue import recipe
from .stage import Client

# Seconds in which no server may go; HAProxy asks once a second.
WATCHED = 15
PROVIDERS = 60
MORE = 400
# What HAProxy makes of weights, as the example says.
WEIGHTS = {0: 0, 1: 1, 256: 1, 257: 2, 1000: 4, 65535: 256}
DOWN = "is going DOWN"
UDP = "nameserver local 127.0.0.153:53"
TCP = "nameserver local tcp@127.0.0.153:53"


class Proxy:
    """A running HAProxy with the example, or with changes to it."""

    def __init__(self, stage, name, *replacements):
        self.name, self.socket = name, namespaces.work / f"{name}.sock"
        text = f"global\n    stats socket {self.socket}\n{stage.example('clients/haproxy.cfg', *replacements)}"
        namespaces.start(name, "/usr/sbin/haproxy", "-db", "-f", stage.write(f"{name}.cfg", text))

    def servers(self):
        """HAProxy's table of the servers that have an address: address, state, administrative state, weight."""
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(str(self.socket))
            except OSError:
                return []
            client.sendall(b"show servers state web\n")
            text = b"".join(iter(lambda: client.recv(65536), b"")).decode()
        rows = [line.split() for line in text.splitlines() if line[:1].isdigit()]
        return [row[4:8] for row in rows if len(row) > 7 and row[4] != "-"]

    def up(self):
        """The addresses of the servers that run, which is state 2."""
        return {row[0] for row in self.servers() if row[1] == "2"}

    def gone(self):
        """The lines that say that a server went."""
        return [line for line in (namespaces.work / f"{self.name}.log").read_text().splitlines() if DOWN in line]


@recipe("haproxy", short=True)
def haproxy(stage):
    """HAProxy as a proxy for the providers of _web._tcp.svc.local, with their ports and weights."""
    stage.set_up()
    back_ends.start()
    for number, weight in enumerate(WEIGHTS):
        document = f'{{"host": "10.0.0.{number}", "port": 8080, "weight": {weight}}}'
        stage.keeper.create(f"/providers/weighed/{number}", document.encode(), makepath=True)
    weighed = Proxy(stage, "weights", ("_web.", "_weighed."), (":8000", ":8005"), (" check\n", "\n"))
    Proxy(stage, "example")
    reached = back_ends.reached_through(8000)
    # The example has room for 100.
    stage.put_through(Client(reached, follows=2, whole=100))
    found = [int(row[3]) for row in sorted(weighed.servers())]
    if found != list(WEIGHTS.values()):
        namespaces.fail(f"weights {list(WEIGHTS)} are {found}")
    print(f"weights {list(WEIGHTS)} are {found}", flush=True)


@recipe("haproxy", short=True)
def haproxy_sizes(stage):
    """HAProxy keeps its servers, of truncated answers too, and has all of them where answers are whole."""
    stage.set_up()
    namespaces.register(stage.keeper, "crowd", PROVIDERS)
    namespaces.register(stage.keeper, "many", MORE)
    namespaces.serve(stage.zoodns, "127.0.0.154:53", "--max-udp-size", "8192")
    namespaces.serve(stage.zoodns, "127.0.0.155:53", "--max-answers", "0")
    payload = "accepted_payload_size 65535"
    service = [("_web.", "_crowd."), (" check\n", "\n")]
    proxies = [
        # As much as HAProxy takes unless it is configured.
        (Proxy(stage, "udp-512", *service, (TCP, UDP), (payload, ""), (":8000", ":8001")), 1),
        # As HAProxy's manual has it, with what passes every network.
        (Proxy(stage, "udp-1232", *service, (TCP, UDP), (payload, "accepted_payload_size 8192"), (":8000", ":8002")), 10),
        (Proxy(stage, "udp-8192", *service, (TCP, UDP.replace("153", "154")), (payload, "accepted_payload_size 8192"), (":8000", ":8003")), PROVIDERS),
        (Proxy(stage, "example", *service), PROVIDERS),
        (Proxy(stage, "many", ("_web.", "_many."), ("web 100", f"web {MORE}"), ("127.0.0.153", "127.0.0.155"), (" check\n", "\n"), (":8000", ":8004")), MORE),
    ]
    faults = []
    for proxy, least in proxies:
        if not namespaces.comes_true(lambda: len(proxy.up()) >= least):
            faults.append(f"{proxy.name}: not all of {least} servers are up")
    # From here on nothing changes in the registry, so nothing may in HAProxy.
    before = {proxy.name: (proxy.up(), len(proxy.gone())) for proxy, _ in proxies}
    time.sleep(WATCHED)
    for proxy, _ in proxies:
        up, gone = before[proxy.name]
        lost = proxy.gone()[gone:]
        print(f"{proxy.name}: {len(proxy.up())} up, {len(lost)} went", flush=True)
        # One may have come while the first ones were counted.
        if lost or not up <= proxy.up():
            faults.append(f"{proxy.name}: {len(up)} up, then {len(proxy.up())}, {len(lost)} went: {lost[:3]}")
    if faults:
        namespaces.fail("\n".join(faults))
