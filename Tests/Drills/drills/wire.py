"""What stands between zoodns and ZooKeeper: a proxy that knows ZooKeeper's frames, and a wire that loses packets."""
import contextlib
import select
import socket
import struct
import threading

WATCH_EVENT = -1  # the xid of a notification
CLOSE_SESSION = -11


class Proxy:
    """Passes connections on to a ZooKeeper; can swallow watch events, and knows the session of the last connection."""

    def __init__(self, target):
        self.target = target.rpartition(":")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.session = None
        self.swallows = None
        self.swallowed = 0
        self.is_cut = False
        self.sockets = []

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                with contextlib.suppress(OSError):
                    if self.is_cut:
                        end(client)
                        continue
                    server = socket.create_connection((self.target[0], int(self.target[2])))
                    self.sockets = [client, server]
                    for work in (self.pass_on, self.pass_back):
                        threading.Thread(target=work, args=(client, server), daemon=True).start()
                    continue
                client.close()

    def pass_on(self, client, server):
        with contextlib.suppress(OSError):
            while octets := client.recv(65536):
                server.sendall(octets)
        end(client, server)

    def pass_back(self, client, server):
        with contextlib.suppress(OSError, struct.error):
            stream = server.makefile("rb", 1 << 16)
            # The first frame answers the connect request: version, timeout, session id, password.
            frame = read_frame(stream)
            _, _, identifier, length = struct.unpack("!iiqi", frame[:20])
            self.session = identifier, frame[20:20 + length]
            while frame:
                client.sendall(struct.pack("!I", len(frame)) + frame)
                while (frame := read_frame(stream)) and self.is_swallowed(frame):
                    self.swallowed += 1
        end(client, server)

    def is_swallowed(self, frame):
        return self.swallows and struct.unpack("!i", frame[:4])[0] == WATCH_EVENT and self.swallows.encode() in frame

    def cut(self):
        """Ends the last connection and takes no more until `mend`."""
        self.is_cut = True
        end(*self.sockets)

    def mend(self):
        self.is_cut = False

    def close_session(self):
        """Takes the last session over, as ZooKeeper lets whoever knows its password, and closes it."""
        identifier, password = self.session
        with socket.create_connection((self.target[0], int(self.target[2]))) as client:
            request = struct.pack("!iqiqi", 0, 0, 4000, identifier, len(password)) + password + b"\0"
            client.sendall(struct.pack("!I", len(request)) + request)
            stream = client.makefile("rb")
            read_frame(stream)
            client.sendall(struct.pack("!Iii", 8, 1, CLOSE_SESSION))
            read_frame(stream)


def read_frame(stream):
    """The next frame without its length; empty at the end."""
    (length,) = struct.unpack("!I", stream.read(4) or bytes(4))
    return stream.read(length)


def end(*sockets):
    for each in sockets:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
