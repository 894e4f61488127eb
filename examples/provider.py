#!/usr/bin/python3
"""Announces a provider as long as it runs: provider.py ZOOKEEPER SERVICE HOST PORT

The way of services that use kazoo: an ephemeral znode below /providers/<service>, made again on every new session.
"""
import json
import signal
import sys
import threading
import uuid

from kazoo.client import KazooClient, KazooState
from kazoo.retry import KazooRetry

zookeeper, service, host, port = sys.argv[1:]
path = f"/providers/{service}/{uuid.uuid4()}"
document = json.dumps({"host": host, "port": int(port)}).encode()

# Short pauses: kazoo's own grow to a minute, in which the service would be missing.
client = KazooClient(zookeeper, connection_retry=KazooRetry(max_tries=-1, delay=0.1, backoff=2, max_delay=1))


def announce():
    if not client.exists(path):
        client.create(path, document, ephemeral=True, makepath=True)


def on_state(state):
    if state == KazooState.CONNECTED:
        client.handler.spawn(announce)


over = threading.Event()
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda *_: over.set())
client.add_listener(on_state)
client.start(timeout=30)
over.wait()
client.stop()
