"""A signed root zone that has no local., as the real one has none, with an outside name in it; NSD serves it at ADDRESS."""

from lab import namespaces

ADDRESS = "192.0.2.53"
# A name outside zoodns' zones, and its address: none of those for documentation, which dnsmasq takes for private ones.
OUTSIDE = ("www.example.com", "93.184.215.14")
ZONE = f""". 3600 SOA ns.example. hostmaster.example. 1 1800 900 604800 3600
. 3600 NS ns.example.
ns.example. 3600 A {ADDRESS}
{OUTSIDE[0]}. 3600 A {OUTSIDE[1]}
"""


class Root:
    """The running server, with what resolvers must know of it."""

    def __init__(self):
        # In a network namespace of its own: resolvers take port 53 of all addresses of this one.
        for command in [
            "netns add outside", "link add inside type veth peer name outside netns outside", "address add 192.0.2.1/24 dev inside",
            "link set inside up", f"-n outside address add {ADDRESS}/24 dev outside", "-n outside link set outside up",
        ]:
            namespaces.check("ip", *command.split())
        folder = namespaces.work / "root"
        folder.mkdir()
        (folder / "zone").write_text(ZONE)
        for words in [[], ["-f", "KSK"]]:
            key = namespaces.check("dnssec-keygen", "-q", "-K", folder, "-a", "ECDSAP256SHA256", *words, ".").strip()
        # The key-signing key's tag, algorithm, digest type and digest.
        self.ds = namespaces.check("dnssec-dsfromkey", "-2", folder / f"{key}.key").split()[3:]
        namespaces.check("dnssec-signzone", "-S", "-K", folder, "-d", folder, "-o", ".", "-f", folder / "signed", folder / "zone", cwd=folder)
        self.hints = folder / "hints"
        self.hints.write_text(f". 3600000 NS ns.example.\nns.example. 3600000 A {ADDRESS}\n")
        (folder / "nsd.conf").write_text(
            f'server:\n ip-address: {ADDRESS}\n username: ""\n zonesdir: "{folder}"\n pidfile: "{folder}/pid"\n xfrdfile: "{folder}/xfrd"\n'
            f' zonelistfile: "{folder}/list"\n xfrdir: "{folder}"\n database: ""\n rrl-ratelimit: 0\nremote-control:\n control-enable: no\n'
            f'zone:\n name: "."\n zonefile: "{folder}/signed"\n')
        namespaces.start("nsd", "ip", "netns", "exec", "outside", "/usr/sbin/nsd", "-d", "-c", folder / "nsd.conf")
        namespaces.wait_for("NSD", lambda: namespaces.dig(ADDRESS, OUTSIDE[0]) == ("NOERROR", [OUTSIDE[1]]))
