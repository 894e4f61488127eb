"""Registries as their own libraries write them: kazoo's parties and Curator's service discovery, which reads what zoodns writes too."""

import pathlib
import subprocess

from lab import namespaces

from .catalogue import recipe

CURATOR = ["libcurator-client-java", "libcurator-framework-java", "libcurator-discovery-java"]
# What Curator needs besides.
JARS = ["guava", "jackson-annotations", "jackson-core", "jackson-databind", "slf4j-api", "slf4j-simple", "zookeeper", "zookeeper-jute"]
PEER = pathlib.Path(__file__).parent / "programs/CuratorPeer.java"


def answers(name, kind, right):
    """The answers that a name must have."""
    if not namespaces.comes_true(lambda: namespaces.dig("127.0.0.153", name, kind) == ("NOERROR", right)):
        namespaces.fail(f"{name} {kind} is {namespaces.dig('127.0.0.153', name, kind)}, not {right}")
    print(f"{name} {kind}: {len(right)}", flush=True)


def curator(stage):
    """Curator's own service discovery, in Java, once it has registered its instances."""
    jars = [jar for package in CURATOR for jar in (stage.cache / package / "usr/share/java").glob("*.jar")]
    path = ":".join(str(jar) for jar in [*jars, *(f"/usr/share/java/{jar}.jar" for jar in JARS)])
    peer = subprocess.Popen(
        ["java", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp", path, PEER],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
    if peer.stdout.readline() != "registered\n":
        namespaces.fail("Curator registers nothing")
    return peer


def instances(peer):
    """What Curator reads of the service that zoodns registers."""
    peer.stdin.write("\n")
    return sorted(iter(lambda: peer.stdout.readline().rstrip(), "end"))


@recipe("openjdk-17-jdk-headless", "libguava-java", "libjackson2-databind-java", "libslf4j-java", *(f"deb:{name}" for name in CURATOR))
def registries(stage):
    """Registries that kazoo's parties and Curator's service discovery have written."""
    # Debian's, in which kazoo is a package.
    from kazoo.recipe.party import Party, ShallowParty

    stage.options = ["--zone", "svc.local=/providers", "--zone", "apps.local=curator:/services", "--zone", "parties.local=party:/parties"]
    stage.set_up()
    party = Party(stage.keeper, "/parties/web", "10.2.0.1:8080")
    for member in party, ShallowParty(stage.keeper, "/parties/web", "10.2.0.2:8080"):
        member.join()
    answers("web.parties.local", "A", ["10.2.0.1", "10.2.0.2"])
    party.leave()
    answers("web.parties.local", "A", ["10.2.0.2"])

    peer = curator(stage)
    answers("java.apps.local", "A", ["10.1.0.1", "10.1.0.2"])
    answers("j1.java.apps.local", "SRV", ["0 1 8080 j1.java.apps.local."])
    command = [
        stage.zoodns, "register", "swift", "--zookeeper", "127.0.0.1:2181", "--zone", "apps.local=curator:/services", "--format", "curator",
        "--host", "10.3.0.1", "--port", "80", "--check", "none", "--instance"]
    namespaces.start("register-1", *command, "plain")
    namespaces.start("register-2", *command, "rich", "--attribute", "team=caf\u00e9")
    right = ["swift plain http://10.3.0.1:80 null DYNAMIC true null", "swift rich http://10.3.0.1:80 null DYNAMIC true {team=caf\u00e9}"]
    if not namespaces.comes_true(lambda: instances(peer) == right):
        namespaces.fail(f"Curator reads {instances(peer)}, not {right}")
    print("Curator reads what zoodns writes", flush=True)
    peer.stdin.close()
    peer.wait(10)
