"""Announces a Flask service in ZooKeeper, and finds others there.

In the environment: SERVICE, PORT, HOST if not the machine's name, ZOOKEEPER, SESSION_TIMEOUT in seconds. In a terminal each:

    SERVICE=second PORT=8002 ./second.py
    SERVICE=first PORT=8001 DNS_SERVER=127.0.0.1:5300 ./first.py
    curl http://127.0.0.1:8001/kazoo http://127.0.0.1:8001/dns http://127.0.0.1:8001/resolver
"""
import contextlib
import json
import os
import random
import signal
import socket
import threading
import uuid

from kazoo.client import KazooClient, KazooState
from kazoo.exceptions import ConnectionLoss, KazooException, NoNodeError, SessionExpiredError
from kazoo.handlers.threading import KazooTimeoutError
from kazoo.retry import KazooRetry
from werkzeug.serving import make_server

HOST = os.environ.get("HOST") or socket.getfqdn()
PORT = int(os.environ["PORT"])
INSTANCE = str(uuid.uuid4())
PATH = f"/providers/{os.environ['SERVICE']}/{INSTANCE}"

# Short pauses: kazoo's own grow to a minute, in which the service would be missing.
retry = KazooRetry(max_tries=-1, delay=0.1, backoff=2, max_delay=1)
timeout = float(os.environ.get("SESSION_TIMEOUT", "10"))
client = KazooClient(os.environ.get("ZOOKEEPER", "127.0.0.1:2181"), timeout, connection_retry=retry)
announcing = threading.Lock()


def serve(app):
    """Serves until SIGTERM or SIGINT, and is announced only while it does."""
    # Listens from here on; a port that cannot be had ends the program before it is announced.
    server = make_server(os.environ.get("HOST") or "0.0.0.0", PORT, app, threaded=True)
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)

    def stop_at_signal():
        signal.sigwait(signals)
        try:
            client.stop()  # With the session goes the znode.
        finally:
            server.shutdown()

    client.add_listener(on_state)
    client.start_async()
    threading.Thread(target=stop_at_signal, daemon=True).start()
    server.serve_forever()


def on_state(state):
    if state == KazooState.CONNECTED:
        client.handler.spawn(announce)


def announce():
    # Whatever a lost connection leaves undone is done at the next one.
    with announcing, contextlib.suppress(ConnectionLoss, SessionExpiredError):
        session = client.client_id
        found = client.exists(PATH)
        if session is None or found and found.ephemeralOwner == session[0]:
            return
        if found:  # A session of ours that is dead has left it.
            with contextlib.suppress(NoNodeError):
                client.delete(PATH)
        client.create(PATH, json.dumps({"host": HOST, "port": PORT}).encode(), ephemeral=True, makepath=True)


def find(service):
    """A random provider's host and port, None if there is none; ConnectionError if ZooKeeper does not answer."""
    names = read(client.get_children_async, f"/providers/{service}") or []
    for name in random.sample(names, len(names)):
        # It may have left since, or hold something else.
        with contextlib.suppress(TypeError, ValueError, KeyError):
            document = json.loads(read(client.get_async, f"/providers/{service}/{name}")[0])
            return str(document["host"]), int(document["port"])
    return None


def read(operation, path):
    try:
        return operation(path).get(timeout=3)
    except NoNodeError:
        return None
    except (KazooException, KazooTimeoutError) as error:
        raise ConnectionError("ZooKeeper does not answer") from error
