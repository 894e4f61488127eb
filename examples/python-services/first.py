#!/usr/bin/python3
"""A service that finds second in three ways; registry.py says how to run both."""
import contextlib
import http.client
import json
import os
import socket

import dns.exception
import dns.resolver
from flask import Flask

import registry

SECOND_PORT = int(os.environ.get("SECOND_PORT", "8002"))
resolver = dns.resolver.Resolver(configure=False)
address, _, port = os.environ.get("DNS_SERVER", "127.0.0.1:5300").rpartition(":")
resolver.nameservers, resolver.port, resolver.lifetime = [address.strip("[]")], int(port), 3
app = Flask(__name__)


@app.get("/kazoo")
def kazoo():
    """Asks ZooKeeper."""
    return call("kazoo", lambda: registry.find("second"))


@app.get("/dns")
def srv():
    """Asks DNS for host and port."""
    def find():
        answer = resolver.resolve("_second._tcp.svc.local.", "SRV")
        provider = answer.rrset.processing_order()[0]
        known = [records for records in answer.response.additional if records.name == provider.target]
        return (known[0] if known else resolver.resolve(provider.target, "A"))[0].address, provider.port
    return call("dns", find)


@app.get("/resolver")
def system():
    """Asks nothing but the system's resolver, for the host; the port is known."""
    return call("resolver", lambda: socket.getaddrinfo("second.svc.local", SECOND_PORT, type=socket.SOCK_STREAM)[0][4][:2])


def call(via, find):
    try:
        provider = find()
        if provider is None:
            raise LookupError("no provider is registered")
        with contextlib.closing(http.client.HTTPConnection(*provider, timeout=3)) as connection:
            connection.request("GET", "/")
            greeting = json.load(connection.getresponse())
    except (OSError, LookupError, ValueError, OverflowError, http.client.HTTPException, dns.exception.DNSException) as error:
        return {"via": via, "error": f"Cannot reach second: {error}"}, 503
    return {"via": via, "second": {"host": provider[0], "port": provider[1], "greeting": greeting}}


registry.serve(app)
