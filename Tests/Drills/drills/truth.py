"""What is right to answer, and when it was: written by the client that changes the registry, read by the prober."""
import contextlib
import dataclasses
import json
import threading
import time

NO_ERROR, SERVER_FAILURE, NAME_ERROR = 0, 2, 3
STALE = {3, 19}  # Stale Answer, Stale NXDOMAIN Answer (RFC 8914)
UNKNOWN = "unknown"  # in place of a service's providers: ZooKeeper does not answer for it
FOR_EVER = float("inf")


@dataclasses.dataclass
class Span:
    """What held from the beginning of the change that made it so until the end of the change that ended it."""
    value: object
    start: float
    end: float = FOR_EVER


@dataclasses.dataclass(frozen=True)
class Provider:
    instance: str
    address: str
    port: int

    @property
    def document(self):
        return json.dumps({"host": self.address, "port": self.port}).encode()


class Truth:
    """Each service's providers through time; None while there is no such service."""

    def __init__(self, origin):
        self.origin = origin
        # For how long, in seconds, an answer may be given that was right before, and one that is marked as stale (RFC 8914).
        self.window, self.marked_window = 2.0, 20.0
        self.lock = threading.Lock()
        self.services = {}
        self.readiness = [Span(True, 0)]

    def names(self):
        with self.lock:
            return list(self.services)

    def current(self, service):
        with self.lock:
            spans = self.services.get(service)
            return spans[-1].value if spans else None

    def change(self, service, providers):
        """While the context lasts, a service's providers are being replaced: both the old ones and the new ones are right."""
        with self.lock:
            spans = self.services.setdefault(service, [Span(None, 0)])
        return self._change(spans, providers if providers in (None, UNKNOWN) else frozenset(providers))

    def readies(self, is_ready):
        """While the context lasts, it may or may not be known yet what to answer."""
        return self._change(self.readiness, is_ready)

    @contextlib.contextmanager
    def _change(self, spans, value):
        with self.lock:
            # What cannot be answered any more is forgotten.
            oldest = time.monotonic() - 2 * max(self.window, self.marked_window)
            spans[:] = [span for span in spans if span.end > oldest]
            last = spans[-1]
            spans.append(Span(value, time.monotonic()))
        yield
        with self.lock:
            last.end = time.monotonic()

    def judge(self, service, kind, answer, sent, received):
        """Whether an answer was right when it was given, was so a short time before, or was never."""
        window = self.marked_window if STALE & answer.errors else self.window
        with self.lock:
            ready = {span.value for span in self.readiness if span.end >= sent and span.start <= received}
            spans = [span for span in self.services.get(service, [Span(None, 0)]) if span.start <= received]
            now = [span.value for span in spans if span.end >= sent]
            lately = [span.value for span in spans if span.end >= sent - window]
        if answer.code == SERVER_FAILURE:
            return "right" if False in ready or UNKNOWN in now else "stale" if UNKNOWN in lately else "wrong"
        if True not in ready:
            return "wrong"
        if any(answer.matches(self.expected(service, kind, value)) for value in now):
            return "right"
        expected = [self.expected(service, kind, value) for value in lately if value != UNKNOWN]
        if answer.code not in {code for code, _ in expected}:
            return "wrong"
        records = [set(records) for _, records in expected]
        # Part of a change may be seen before the rest of it, but never less than what has been there all the time.
        return "stale" if set.intersection(*records) <= answer.records <= set.union(*records) else "wrong"

    def expected(self, service, kind, providers):
        """The response code and the records in text form."""
        if providers is None:
            return NAME_ERROR, frozenset()
        if providers == UNKNOWN:
            return SERVER_FAILURE, frozenset()
        if kind == "A":
            return NO_ERROR, frozenset(provider.address for provider in providers)
        if kind == "SRV":
            return NO_ERROR, frozenset(f"0 1 {each.port} {each.instance}.{service}.{self.origin}." for each in providers)
        return NO_ERROR, frozenset()
