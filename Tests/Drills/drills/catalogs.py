"""BIND and Knot follow the catalog of zoodns's zones, every message signed."""
import json
import subprocess

from benchmark.registry import ORIGIN
from lab import machine

from .catalogue import drill
from .reloads import ask, reload

CATALOG = "zones.catalog"
KEY = "transfer"
SECOND = "second.local"


def settings(scene, origins, port, secondaries):
    """The file of zoodns, with these zones."""
    zones = "".join(f"  - origin: {origin}\n    path: /{origin}\n" for origin in origins)
    notify = "".join(f'  - "127.0.0.1:{each} {KEY}"\n' for each in secondaries)
    (scene.where / "zoodns.yaml").write_text(f"""zones:
{zones}notify:
{notify}listen: ["127.0.0.1:{port}"]
allow-transfer: ["key:{KEY}"]
tsig-keys: "{scene.where / 'keys'}"
catalog: {CATALOG}
""")


def bind(where, own, port):
    """Follows the catalog at a port of zoodns."""
    primary = f"127.0.0.1 port {port} key {KEY};"
    (where / "named.conf").write_text(f"""include "{where / 'keys'}";
options {{
    directory "{where}";
    listen-on port {own} {{ 127.0.0.1; }};
    listen-on-v6 {{ none; }};
    recursion no;
    pid-file none;
    session-keyfile "{where / 'session'}";
    dnssec-validation no;
    allow-new-zones yes;
    catalog-zones {{ zone "{CATALOG}" default-primaries {{ {primary} }} in-memory yes min-update-interval 1; }};
}};
controls {{ }};
zone "{CATALOG}" {{ type secondary; primaries {{ {primary} }}; file "catalog"; allow-notify {{ key {KEY}; }}; }};
""")
    return machine.Program("named", ["/usr/sbin/named", "-g", "-n", "1", "-c", where / "named.conf"], where)


def knot(where, own, port, secret):
    """Likewise."""
    (where / "knot").mkdir()
    common = "    master: zoodns\n    acl: zoodns\n    zonefile-sync: -1\n    journal-content: all\n"
    (where / "knot.conf").write_text(f"""server:
    rundir: "{where / 'knot'}"
    listen: 127.0.0.1@{own}
database:
    storage: "{where / 'knot'}"
log:
  - target: stderr
    any: info
key:
  - id: {KEY}
    algorithm: hmac-sha256
    secret: {secret}
remote:
  - id: zoodns
    address: 127.0.0.1@{port}
    key: {KEY}
acl:
  - id: zoodns
    key: {KEY}
    action: notify
template:
  - id: member
{common}zone:
  - domain: {CATALOG}
    catalog-role: interpret
    catalog-template: member
{common}""")
    return machine.Program("knotd", ["/usr/sbin/knotd", "-c", where / "knot.conf"], where)


@drill(short=True)
def catalog_followed(scene):
    """BIND and Knot have a zone, and have it no more, when the catalog says so; every message is signed."""
    zookeeper = scene.zookeeper()
    scene.connect(zookeeper.address)
    for origin in (ORIGIN, SECOND):
        scene.client.create(f"/{origin}/web/one", json.dumps({"host": "10.0.0.7", "port": 80}).encode(), makepath=True)
    keys = subprocess.run(["tsig-keygen", "-a", "hmac-sha256", KEY], capture_output=True, text=True, check=True).stdout
    (scene.where / "keys").write_text(keys)
    port, *secondaries = [machine.free_port() for _ in range(3)]
    settings(scene, [ORIGIN], port, secondaries)
    scene.serve(zookeeper.address, "--config", scene.where / "zoodns.yaml", listen=())
    scene.wait_for("the zone", scene.is_ready)
    scene.stack.enter_context(bind(scene.where, secondaries[0], port))
    scene.stack.enter_context(knot(scene.where, secondaries[1], port, keys.split('"')[3]))

    def have(origin, expected=True):
        responses = [ask("127.0.0.1", each, f"web.{origin}") for each in secondaries]
        return all(response is not None and bool(response.answer) == expected for response in responses)

    took = scene.wait_for("both have the first zone", lambda: have(ORIGIN))
    scene.say(f"both have the first zone after {took or -1:.1f} s")
    settings(scene, [ORIGIN, SECOND], port, secondaries)
    took = reload(scene, lambda: have(SECOND))
    scene.say(f"a zone that has come is at both after {took or -1:.1f} s")
    settings(scene, [ORIGIN], port, secondaries)
    took = reload(scene, lambda: have(SECOND, expected=False))
    scene.say(f"a zone that has gone is at neither after {took or -1:.1f} s")
    scene.check(have(ORIGIN), "the first zone is not at both any more")
    unsigned = subprocess.run(["dig", "+short", "-p", str(port), "@127.0.0.1", ORIGIN, "AXFR"], capture_output=True, text=True).stdout
    scene.check("10.0.0.7" not in unsigned, "a transfer without a signature")
