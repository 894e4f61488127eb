"""The resolvers that examples/resolvers configures, each running with the example as it stands and a test's root."""

import named
import root as roots
import scene

# What each program needs beside the example: where it listens, the root's servers and key.
FILES = scene.examples / "resolvers"


def dnsmasq(root, text):
    tag, algorithm, kind, digest = root.ds
    example = scene.work / "dnsmasq.conf"
    example.write_text(text)
    # Its forwarder for outside names is the root's server itself, as that knows the only one.
    words = [f"--trust-anchor=.,{tag},{algorithm},{kind},{digest}", f"--server={roots.ADDRESS}", "--no-resolv", "--no-hosts", "--stop-dns-rebind", "--dnssec"]
    return scene.start(
        "dnsmasq", "/usr/sbin/dnsmasq", "--keep-in-foreground", "--user=root", "--pid-file=", f"--conf-file={example}", *words)


def unbound(root, text):
    configuration = scene.work / "unbound.conf"
    configuration.write_text(
        f'server:\n chroot: ""\n username: ""\n pidfile: ""\n use-syslog: no\n interface: 127.0.0.1\n root-hints: "{root.hints}"\n'
        f' trust-anchor: ". DS {" ".join(root.ds)}"\nremote-control:\n control-enable: no\n{text}')
    scene.check("unbound-checkconf", configuration)
    return scene.start("unbound", "/usr/sbin/unbound", "-d", "-c", configuration)


def bind(root, text):
    return named.Named("bind", named.with_example(root, text)).process


def knot_resolver(root, text):
    folder = scene.work / "kresd"
    folder.mkdir(exist_ok=True)
    configuration = folder / "kresd.conf"
    configuration.write_text(
        f"net.listen('127.0.0.1', 53)\nmodules.load('hints > iterate')\nhints.root_file('{root.hints}')\ncache.size = 10 * MB\n"
        f"trust_anchors.add('. IN DS {' '.join(root.ds)}')\n{text}")
    return scene.start("kresd", "/usr/sbin/kresd", "-n", "-c", configuration, folder)


def pdns_recursor(root, text):
    folder = scene.work / "recursor"
    (folder / "d").mkdir(parents=True, exist_ok=True)
    lua = folder / "recursor.lua"
    lua.write_text(f'clearTA(".")\naddTA(".", "{" ".join(root.ds)}")\n{(FILES / "pdns-recursor.lua").read_text()}')
    (folder / "d/zoodns.conf").write_text(text)
    (folder / "recursor.conf").write_text(
        f"local-address=127.0.0.1\nhint-file={root.hints}\nlua-config-file={lua}\ninclude-dir={folder}/d\nsocket-dir={folder}\n"
        "dnssec=validate\ndont-query=127.0.0.0/8\nsecurity-poll-suffix=\nthreads=1\nquery-local-address=0.0.0.0\nquiet=yes\n")
    return scene.start("recursor", "/usr/sbin/pdns_recursor", f"--config-dir={folder}", "--daemon=no", "--disable-syslog")


def dnsdist(_, text):
    configuration = scene.work / "dnsdist.conf"
    configuration.write_text(text)
    return scene.start("dnsdist", "/usr/bin/dnsdist", "--supervised", "--disable-syslog", "-C", configuration)
