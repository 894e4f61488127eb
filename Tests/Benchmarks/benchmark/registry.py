"""Registries made up from a seed, and questions about them."""
import json
import random
import struct
import urllib.parse
import uuid

from kazoo.client import KazooClient

SEED = 20
ROOT = "/providers"
ORIGIN = "svc.local"
A, SOA, AAAA, SRV = 1, 6, 28, 33
NO_ERROR, NAME_ERROR = 0, 3


class Registry:
    """Services by name, each a list of (instance, address, port)."""

    def __init__(self, services, zones=()):
        self.services = services
        # The parts of the network that providers say in turn.
        self.zones = zones

    @staticmethod
    def of(sizes, zones=()):
        """A registry with one service for each number of providers; all addresses are different, providers in these parts of the network."""
        draw = random.Random(SEED)
        services, count = {}, 0
        for number, size in enumerate(sizes):
            providers = []
            for _ in range(size):
                count += 1
                address = f"10.{count >> 16 & 255}.{count >> 8 & 255}.{count & 255}"
                providers.append((str(uuid.UUID(int=draw.getrandbits(128), version=4)), address, 8000 + number % 1000))
            services[f"service-{number:05}"] = providers
        return Registry(services, zones)

    @property
    def provider_count(self):
        return sum(map(len, self.services.values()))

    def zone(self, number):
        """What the document of the provider with this number in its service says of its part of the network."""
        return {"zone": self.zones[number % len(self.zones)]} if self.zones else {}

    def load(self, zookeeper, form=None):
        """Puts the registry in the place of what a ZooKeeper at HOST:PORT has, as persistent znodes, in our form unless another is given."""
        form = form or PROVIDERS
        client = KazooClient(zookeeper, timeout=60)
        client.start(timeout=30)
        client.delete(form.root, recursive=True)
        client.create(form.root)
        for kind in form.znodes(self):
            batch = []
            for path, data in kind:
                batch.append((path, data))
                if len(batch) == 500:
                    create(client, batch)
                    batch = []
            create(client, batch)
        client.stop()
        client.close()


class ProvidersForm:
    """Our own: a document for each provider."""

    root, tail, options = ROOT, None, ()

    def znodes(self, registry):
        """Each kind of znodes, the parents first: (path, data)."""
        yield ((f"{ROOT}/{name}", b"") for name in registry.services)
        yield ((f"{ROOT}/{name}/{instance}", json.dumps({"host": address, "port": port, **registry.zone(number)}).encode())
               for name, providers in registry.services.items() for number, (instance, address, port) in enumerate(providers))


class DubboForm:
    """Dubbo's, by interface: a provider's name says all; one consumer, a router and a configurator stand beside each interface's providers."""

    root, tail, options = "/dubbo", "providers", ("--zone", f"{ORIGIN}=dubbo:/dubbo")
    categories = ("providers", "consumers", "routers", "configurators")

    def znodes(self, registry):
        """Each kind of znodes, the parents first: (path, data)."""
        yield ((f"{self.root}/{self.interface(name)}", b"") for name in registry.services)
        yield ((f"{self.root}/{self.interface(name)}/{category}", b"") for name in registry.services for category in self.categories)
        yield ((f"{self.root}/{self.interface(name)}/{category}/{self.url('consumer', '10.255.0.1:0', name, category)}", b"")
               for name in registry.services for category in self.categories[1:])
        yield ((f"{self.root}/{self.interface(name)}/providers/{self.url('dubbo', f'{address}:{port}', name, 'providers')}", b"10.255.0.2")
               for name, providers in registry.services.items() for instance, address, port in providers)

    @staticmethod
    def interface(name):
        return f"com.example.shop.api.{name}"

    def url(self, scheme, authority, name, category):
        parameters = (f"anyhost=true&application=shop&category={category}&deprecated=false&dubbo=2.0.2&dynamic=true&generic=false"
                      f"&interface={self.interface(name)}&methods=find,list,update&pid=1&release=3.2.0&side=provider&timestamp=1700000000000")
        return urllib.parse.quote(f"{scheme}://{authority}/{self.interface(name)}?{parameters}", safe="")


PROVIDERS = ProvidersForm()
FORMS = {"providers": PROVIDERS, "dubbo": DubboForm()}


def create(client, batch):
    """Creates some znodes in one transaction."""
    transaction = client.transaction()
    for path, data in batch:
        transaction.create(path, data)
    for result in transaction.commit():
        if isinstance(result, Exception):
            raise result


def query(name, kind, edns=False):
    """A query in wire form; its ID is for the generator to choose."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    record = struct.pack("!BHHIH", 0, 41, 1232, 0, 0) if edns else b""
    return struct.pack("!6H", 0, 0x0100, 1, 0, 0, int(edns)) + labels + struct.pack("!BHH", 0, kind, 1) + record


def questions(registry, mix, count=10_000):
    """What to ask for a mix: (query, rcode, number of answers)."""
    draw = random.Random(SEED)
    small = [(f"{name}.{ORIGIN}", len(providers)) for name, providers in registry.services.items() if len(providers) <= 10]

    def a():
        name, size = draw.choice(small)
        return query(name, A), NO_ERROR, size

    def srv():
        name, size = draw.choice(small)
        return query(name, SRV, edns=True), NO_ERROR, size

    def aaaa():
        return query(draw.choice(small)[0], AAAA), NO_ERROR, 0

    def nx():
        return query(f"absent-{draw.randrange(10 ** 6):06}.{ORIGIN}", A), NAME_ERROR, 0

    def one():
        return query(f"_one.{draw.choice(small)[0]}", A), NO_ERROR, 1

    def part(directive, zone):
        name, size = draw.choice(small)
        known = sum(zone == registry.zones[number % len(registry.zones)] for number in range(size))
        return query(f"{zone}.{directive}._zone.{name}", A), NO_ERROR, known or (size if directive == "prefer" else 0)

    makers = {
        "a": [a], "srv": [srv], "nx": [nx], "mixed": [a] * 14 + [srv] * 4 + [aaaa, nx], "one": [one],
        "pin": [lambda: part("pin", draw.choice(registry.zones))], "prefer": [lambda: part("prefer", "nowhere")],
    }[mix]
    return [makers[number % len(makers)]() for number in range(count)]


def write_questions(path, questions):
    """Writes questions as the generator reads them."""
    with open(path, "wb") as file:
        for octets, code, answers in questions:
            file.write(struct.pack("!HBH", len(octets), code, answers) + octets)


def write_dnsperf(path, registry, mix):
    """Writes the same questions as dnsperf reads them."""
    kinds = {A: "A", AAAA: "AAAA", SRV: "SRV"}
    with open(path, "w") as file:
        for octets, _, _ in questions(registry, mix):
            labels, at = [], 12
            while octets[at]:
                labels.append(octets[at + 1:at + 1 + octets[at]].decode())
                at += 1 + octets[at]
            file.write(f"{'.'.join(labels)} {kinds[struct.unpack('!H', octets[at + 1:at + 3])[0]]}\n")
