"""dnsdist in front of two zoodns, of which one has no registry at first, or is gone."""

from lab import namespaces

from .catalogue import recipe
from .machine_names import resolves
from .stage import Client

FIRST, SECOND = "192.0.2.11", "192.0.2.12"
# More than one server answers by chance alone.
QUERIES = 20


@recipe("dnsdist", short=True)
def dnsdist(stage):
    """dnsdist in front of two servers: one without a registry is left out, one that ends is replaced."""
    for address in [FIRST, SECOND]:
        namespaces.check("ip", "address", "add", f"{address}/32", "dev", "lo")
    stage.listen = f"{FIRST}:53"
    stage.set_up()
    finds = resolves("127.0.0.1")

    def all_answered():
        """Whether dnsdist passes every query to a server that knows the providers."""
        return all(finds(None) == stage.present() for _ in range(QUERIES))

    # Nothing answers at its ZooKeeper's port, so it has no registry: SERVFAIL.
    blind = namespaces.start("blind", stage.zoodns, "serve", "--listen", f"{SECOND}:53", "--zookeeper", "127.0.0.1:1")
    namespaces.wait_for("the second is there", lambda: namespaces.dig(SECOND, "svc.local", "SOA")[0] == "SERVFAIL")
    # By turns, so that a server that is taken for up is asked.
    text = stage.example("resolvers/dnsdist.conf") + "setServerPolicy(roundrobin)\n"
    namespaces.start("dnsdist", "/usr/bin/dnsdist", "--supervised", "--disable-syslog", "-C", stage.write("dnsdist.conf", text))
    namespaces.wait_for("dnsdist leaves out the server without a registry", all_answered)
    print("the server without a registry is left out", flush=True)
    namespaces.stop(blind)
    second = namespaces.serve(stage.zoodns, f"{SECOND}:53")
    stage.stop()
    namespaces.wait_for("dnsdist has the second take over", all_answered)
    print("the second server takes over", flush=True)
    namespaces.stop(second)
    stage.serve()
    # No cache unless it is configured. Without a server that is up, a query is dropped.
    stage.put_through(Client(finds, follows=0, forgets=frozenset({"NOTHING", "SERVFAIL"})))
