"""The resolvers of examples/resolvers, each with the example as it stands below a signed root of the recipe's own."""

import pathlib

from lab import namespaces

from . import machine_names, named
from .catalogue import recipe
from .root import ADDRESS, OUTSIDE, Root
from .stage import Client

LOCAL = "127.0.0.1"
SIGNED_ROOT = ["nsd", "bind9-utils"]
# Answers are kept for their TTL, that there is no such name for less.
TTL = 5
# What a resolver says of names whose server is away: never that there are none. Some try for longer than a client waits.
AWAY = frozenset({"SERVFAIL", "NOTHING"})


def prepare(stage):
    """The registry, the unit, the root and the machine's files, with a resolver at 127.0.0.1."""
    stage.set_up()
    machine_names.cover_files()
    machine_names.start_unit(stage)
    root = Root()
    machine_names.RESOLV_CONF.write_text(f"nameserver {LOCAL}\nsearch svc.local\n")
    return root


def put_through(stage, **promise):
    """What every resolver at 127.0.0.1 is put through."""
    machine_names.find_all_below_a_signed_root(stage, LOCAL)
    stage.put_through(Client(machine_names.resolves(LOCAL), follows=TTL, **{"forgets": AWAY, **promise}))


@recipe(*SIGNED_ROOT, short=True)
def resolv_conf(stage):
    """glibc with zoodns in front of another name server, which knows no svc.local."""
    prepare(stage)
    machine_names.RESOLV_CONF.write_text(stage.example("resolvers/resolv.conf", ("192.0.2.53", ADDRESS)))
    machine_names.find_all(stage, "resolv.conf")
    # The second server is asked then.
    stage.put_through(Client(lambda _: machine_names.look_up(), follows=0, forgets=frozenset({"no such name"})))


@recipe(*SIGNED_ROOT)
def resolv_alone(stage):
    """glibc with zoodns alone, which forwards."""
    stage.with_forwarding()
    prepare(stage)
    stage.stop()
    stage.options = ["--forward", ADDRESS]
    stage.serve()
    machine_names.RESOLV_CONF.write_text(stage.example("resolvers/resolv-alone.conf"))
    machine_names.find_all(stage, "resolv-alone.conf")
    stage.put_through(Client(lambda _: machine_names.look_up(), follows=0, forgets=frozenset({"temporary failure"})))


@recipe("dnsmasq-base", *SIGNED_ROOT, short=True)
def dnsmasq(stage):
    """dnsmasq, with DNSSEC and protection against rebinding."""
    root = prepare(stage)
    tag, algorithm, kind, digest = root.ds
    example = stage.write("dnsmasq.conf", stage.example("resolvers/dnsmasq.conf"))
    # Its forwarder for outside names is the root's server itself, as that knows the only one.
    words = [f"--trust-anchor=.,{tag},{algorithm},{kind},{digest}", f"--server={ADDRESS}", "--no-resolv", "--no-hosts", "--stop-dns-rebind", "--dnssec"]
    namespaces.start(
        "dnsmasq", "/usr/sbin/dnsmasq", "--keep-in-foreground", "--user=root", "--pid-file=", f"--conf-file={example}", *words)
    put_through(stage)


@recipe("unbound", *SIGNED_ROOT, short=True)
def unbound(stage):
    """unbound, validating."""
    root = prepare(stage)
    configuration = stage.write(
        "unbound.conf",
        f'server:\n chroot: ""\n username: ""\n pidfile: ""\n use-syslog: no\n interface: {LOCAL}\n root-hints: "{root.hints}"\n'
        f' trust-anchor: ". DS {" ".join(root.ds)}"\nremote-control:\n control-enable: no\n' + stage.example("resolvers/unbound.conf"))
    namespaces.check("unbound-checkconf", configuration)
    namespaces.start("unbound", "/usr/sbin/unbound", "-d", "-c", configuration)
    put_through(stage)


@recipe("bind9", *SIGNED_ROOT, short=True)
def bind(stage):
    """BIND as forwarder, validating; with its own limit for records, and without."""
    root = prepare(stage)
    named.prepare()
    text = stage.example("resolvers/bind.conf")
    process = named.start("bind", named.with_example(root, text))
    put_through(stage, whole="SERVFAIL")
    if stage.is_brief:
        return
    namespaces.stop(process)
    line = "max-records-per-type 0;"
    named.start("bind-without-limit", named.with_example(root, stage.example("resolvers/bind.conf", (f"// {line}", line))))
    stage.expect(Client(machine_names.resolves(LOCAL), follows=TTL), "max-records-per-type 0", stage.present(), TTL)


@recipe("knot-resolver", *SIGNED_ROOT, short=True)
def knot_resolver(stage):
    """Knot Resolver, validating."""
    root = prepare(stage)
    configuration = stage.write(
        "kresd/kresd.conf",
        f"net.listen('{LOCAL}', 53)\nmodules.load('hints > iterate')\nhints.root_file('{root.hints}')\ncache.size = 10 * MB\n"
        f"trust_anchors.add('. IN DS {' '.join(root.ds)}')\n" + stage.example("resolvers/knot-resolver.conf"))
    namespaces.start("kresd", "/usr/sbin/kresd", "-n", "-c", configuration, configuration.parent)
    put_through(stage)


@recipe("pdns-recursor", *SIGNED_ROOT, short=True)
def pdns_recursor(stage):
    """PowerDNS Recursor, validating."""
    root = prepare(stage)
    lua = stage.write(
        "recursor/recursor.lua", f'clearTA(".")\naddTA(".", "{" ".join(root.ds)}")\n' + stage.example("resolvers/pdns-recursor.lua"))
    included = stage.write("recursor/d/zoodns.conf", stage.example("resolvers/pdns-recursor.conf")).parent
    stage.write(
        "recursor/recursor.conf",
        f"local-address={LOCAL}\nhint-file={root.hints}\nlua-config-file={lua}\ninclude-dir={included}\nsocket-dir={lua.parent}\n"
        "dnssec=validate\ndont-query=127.0.0.0/8\nsecurity-poll-suffix=\nthreads=1\nquery-local-address=0.0.0.0\nquiet=yes\n")
    namespaces.start("recursor", "/usr/sbin/pdns_recursor", f"--config-dir={lua.parent}", "--daemon=no", "--disable-syslog")
    put_through(stage)


@recipe("dbus", "deb:systemd-resolved", *SIGNED_ROOT)
def systemd_resolved(stage):
    """systemd-resolved with another name server on a link, and a bus of its own."""
    prepare(stage)
    where = stage.cache / "systemd-resolved"
    users = stage.write("etc/passwd", pathlib.Path("/etc/passwd").read_text() + "systemd-resolve:x:991:991::/:/usr/sbin/nologin\n")
    groups = stage.write("etc/group", pathlib.Path("/etc/group").read_text() + "systemd-resolve:x:991:\n")
    namespaces.cover("/etc/passwd", users)
    namespaces.cover("/etc/group", groups)
    bus = "/run/dbus/system_bus_socket"
    pathlib.Path(bus).parent.mkdir()
    policy = stage.write(
        "bus.conf", f"<busconfig><type>system</type><listen>unix:path={bus}</listen><auth>EXTERNAL</auth>"
        '<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/></policy></busconfig>')
    namespaces.start("bus", "/usr/bin/dbus-daemon", "--nofork", f"--config-file={policy}")
    namespaces.wait_for("the bus", lambda: pathlib.Path(bus).exists())
    folder = pathlib.Path("/etc/systemd")
    namespaces.check("mount", "-t", "tmpfs", "tmpfs", folder)
    (folder / "resolved.conf.d").mkdir()
    (folder / "resolved.conf.d/zoodns.conf").write_text(stage.example("resolvers/systemd-resolved.conf"))
    runtime = pathlib.Path("/run/systemd/resolve")
    runtime.mkdir(parents=True)
    namespaces.check("chown", "991:991", runtime)
    namespaces.start("resolved", where / "lib/systemd/systemd-resolved")
    machine_names.RESOLV_CONF.write_text("nameserver 127.0.0.53\nsearch svc.local\n")

    def control(*words):
        return namespaces.run(where / "usr/bin/resolvectl", *words)

    namespaces.wait_for("the link's name server", lambda: control("dns", "inside", ADDRESS).returncode == 0)
    machine_names.find_all(stage, "systemd-resolved")
    # The link's server is asked for these, as zoodns refuses them; a short name goes to zoodns.
    for name, address in [("second", "10.0.0.0"), (OUTSIDE[0], OUTSIDE[1])]:
        machine_names.expect(f"resolvectl query {name}", lambda: address in control("query", name).stdout, True)
    stage.put_through(Client(machine_names.resolves("127.0.0.53"), follows=TTL, forgets=AWAY))
