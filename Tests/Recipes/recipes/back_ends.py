"""Providers that serve HTTP at all addresses, and how the ones that a proxy reaches are seen."""

import http.client
import http.server
import socket
import threading

PORT = 8080


class BackEnd(http.server.BaseHTTPRequestHandler):
    """Answers with the address at which it was reached, as a metric that Prometheus can read."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = f'served{{by="{self.connection.getsockname()[0]}"}} 1\n'.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

    # A health check that connects and closes is no error.
    def handle(self):
        try:
            super().handle()
        except OSError:
            pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024
    address_family = socket.AF_INET


def start():
    """Has a provider at every address of the network 10.0.0.0/8, which is this machine's."""
    threading.Thread(target=Server(("0.0.0.0", PORT), BackEnd).serve_forever, daemon=True).start()


def reached_through(port):
    """How the providers are seen that a proxy at a port passes requests to: their addresses, or the status of a request that has failed."""
    def finds(expected):
        found = set()
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            # Proxies that choose by chance leave none out so often.
            for _ in range(20 + 15 * len(expected)):
                client.request("GET", "/")
                answer = client.getresponse()
                body = answer.read().decode()
                if answer.status != 200:
                    return str(answer.status)
                found.add(body.split('"')[1])
                # All of many, once each, are enough; the rest of few may be one that must have gone.
                if len(expected) > 10 and len(found) == len(expected):
                    break
        except OSError as error:
            return type(error).__name__
        finally:
            client.close()
        return found
    return finds
