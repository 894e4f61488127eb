"""All that looks at a server from outside at once: a scrape a second, event streams, the query log and a dnstap receiver."""
import contextlib
import http.client
import subprocess
import threading
import time

from lab import machine

STREAMS = 3


class Observers:
    """Observers of a server that was started with `options`; `check` says whether each of them saw what there was to see."""

    def __init__(self, scene):
        self.scene, self.port = scene, machine.free_port()
        self.log, self.tap, self.capture = scene.where / "queries", scene.where / "dnstap", scene.where / "captured"
        self.options = ["--admin", f"127.0.0.1:{self.port}", "--query-log", self.log, "--dnstap", f"unix:{self.tap}"]
        self.scrapes, self.events, self.failures, self.metrics = 0, [0] * STREAMS, [], b""
        self.over = threading.Event()
        receiver = ["fstrm_capture", "-t", "protobuf:dnstap.Dnstap", "-u", self.tap, "-w", self.capture]
        self.receiver = machine.Program("fstrm_capture", receiver, scene.where)
        scene.stack.callback(lambda: self.receiver.__exit__())
        self.threads = [threading.Thread(target=self.scrape, daemon=True)]
        self.threads += [threading.Thread(target=self.follow, args=[number], daemon=True) for number in range(STREAMS)]

    def start(self):
        for thread in self.threads:
            thread.start()

    def get(self, path, timeout=10):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        connection.request("GET", path)
        return connection.getresponse()

    def scrape(self):
        while not self.over.wait(1):
            try:
                response = self.get("/metrics")
                self.metrics = response.read()
                if response.status != 200:
                    self.failures.append(f"/metrics: {response.status}")
                self.scrapes += 1
            except OSError as error:
                self.failures.append(f"/metrics: {error}")

    def follow(self, number):
        try:
            response = self.get("/events", timeout=30)
            while not self.over.is_set():
                line = response.readline()
                if not line:
                    break
                self.events[number] += line.startswith(b"event:") or line.startswith(b"data:")
        except OSError as error:
            self.failures.append(f"/events: {error}")
            return
        if not self.over.is_set():
            self.failures.append("/events: ended")

    def value(self, metric):
        """The sum of a metric's series."""
        rows = [line.rpartition(" ") for line in self.metrics.decode().splitlines() if not line.startswith("#")]
        return sum(float(row[2]) for row in rows if row[0].partition("{")[0] == metric)

    def check(self):
        """That all of them saw something, and that the server counted what the prober asked."""
        time.sleep(1.5)
        self.over.set()
        scene, lines = self.scene, self.log.read_bytes().count(b"\n")
        lost = self.value("zoodns_query_log_dropped_total"), self.value("zoodns_dnstap_dropped_total")
        requests = int(self.value("zoodns_dns_requests_total"))
        scene.say(f"{self.scrapes} scrapes, {self.events} lines of events, {lines} of the query log ({lost[0]:.0f} left out), "
                  f"{self.capture.stat().st_size >> 10} KiB of dnstap ({lost[1]:.0f} left out), {requests} queries counted")
        scene.check(not self.failures, "; ".join(self.failures[:3]))
        scene.check(self.scrapes > 5 and min(self.events) > 0, "an observer saw nothing")
        scene.check(lines + lost[0] >= 0.99 * requests > 0, f"{requests} queries were counted, and {lines} logged")
        scene.check(self.capture.stat().st_size > 0, "nothing was captured")
