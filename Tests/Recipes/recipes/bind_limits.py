"""BIND with services that have more providers than it has room for: as stub, and as primary of the zone that zoodns prints."""

import os

from lab import namespaces

from . import named
from .catalogue import recipe
from .stage import MOST

SERVICES = {"few": 3, "s100": 100, "s101": 101, "s300": 300}


def compare(what, server="127.0.0.1", port="5353"):
    """All services, over SRV and A, are answered with as many records as BIND takes."""
    for service, count in SERVICES.items():
        for kind in ["SRV", "A"]:
            name = f"{service}.svc.local"

            def seen():
                code, answers = namespaces.dig(server, name, kind, port=port)
                return code, len(answers)

            right = ("NOERROR", min(count, MOST))
            if not namespaces.comes_true(lambda: seen() == right):
                namespaces.fail(f"{what}: {name} {kind} is {seen()}, not {right}")
    print(what, flush=True)


@recipe("bind9", "bind9-utils", short=True)
def bind_limits(stage):
    """BIND with large services, as stub, and as primary of the zone that zoodns prints."""
    # Without an address to name: the machine's own is named.
    stage.listen = "0.0.0.0:53"
    stage.set_up()
    for service, count in SERVICES.items():
        namespaces.register(stage.keeper, service, count)
    named.prepare()
    own = namespaces.dig("198.51.100.1", "ns.dns.svc.local")
    if own != ("NOERROR", ["198.51.100.1"]):
        namespaces.fail(f"ns.dns.svc.local is {own}")
    stub = named.start(
        "stub",
        f'options {{ {named.COMMON} dnssec-validation no; }};\nzone "svc.local" {{ type stub; masters {{ 198.51.100.1; }}; file "stub"; }};\n')
    compare("stub")
    namespaces.stop(stub)
    zone = stage.write("zone", namespaces.check(stage.zoodns, "zone", env={**os.environ, "ZOODNS_LISTEN": stage.listen}))
    namespaces.check("named-checkzone", "svc.local", zone)
    named.start("primary", f'options {{ {named.COMMON} }};\nzone "svc.local" {{ type primary; check-names ignore; file "{zone}"; }};\n')
    compare("primary")
