"""A target of alerts that fails at random, and remembers all that reached it."""

import http.server
import json
import random
import re
import socket
import threading
import time

MARK = re.compile(r"torture (\d+) of ([\w-]+)")

# What becomes of a request, and how often in a thousand. The rest is taken.
FATES = {
    "busy": 6,         # 429 with Retry-After
    "busy-silent": 6,  # 429 without
    "broken": 8,       # 500
    "cut": 8,          # taken, and the connection is cut before the answer
    "silent": 1,       # taken, and never answered
    "refused": 3,      # 400: for good
}
GRUMBLE = 30  # in a thousand: 200 with an error in the body, on channels that can say so
SILENCE_S = 30


class Reception:
    """One request that reached the target."""

    def __init__(self, channel, number, notice, fate):
        self.channel, self.number, self.notice, self.fate = channel, number, notice, fate
        self.began = time.monotonic()
        self.ended = None  # when the answer was out; None: there was none
        self.unheard = True  # until the answer is out, and if who asked was gone before it

    @property
    def taken(self):
        """Whether the target has the notice now."""
        return self.fate in ("taken", "cut", "silent")


class Target:
    """Serves on a port of its own; close() for the end. Refuses connections while closed for a moment."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.lock = threading.Lock()
        self.receptions = []
        self.strangers = []  # bodies that are no notice of ours
        self.cuts = []       # when all connections were cut, answers on their way or not
        self.calm = False    # takes everything from now on
        self.ending = threading.Event()
        self.server = None
        self.port = 0
        self.open()
        self.port = self.server.server_address[1]
        self.closer = threading.Thread(target=self.close_now_and_then, daemon=True)
        self.closer.start()

    def open(self):
        """Listen."""
        handler = type("Handler", (Handler,), {"target": self})
        self.server = Server(("127.0.0.1", self.port), handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def shut(self):
        """Refuse new connections, cut the old ones."""
        self.server.shutdown()
        self.cuts.append(time.monotonic())
        self.server.cut_all()
        self.server.server_close()

    def close_now_and_then(self):
        """Connections are refused for a moment every ten seconds or so."""
        while not self.ending.wait(5 + 10 * random.random()):
            if self.calm:
                continue
            self.shut()
            self.ending.wait(0.2 + random.random())
            if not self.ending.is_set():
                self.open()

    def close(self):
        """The end."""
        self.ending.set()
        self.closer.join()
        self.shut()

    def choose(self, channel):
        """What becomes of the next request; with the lock."""
        if self.calm:
            return "taken"
        throw = self.dice.randrange(1000)
        fates = dict(FATES)
        if channel.startswith("feishu"):
            fates["grumble"] = GRUMBLE
            del fates["refused"]  # a card has no id that would tell which one it was
        for fate, share in fates.items():
            if throw < share:
                return fate
            throw -= share
        return "taken"

    def receive(self, path, body):
        """Note a request; None when it is no notice of ours."""
        mark = MARK.search(body)
        channel = path.strip("/")
        with self.lock:
            if not mark or mark.group(2) != channel:
                self.strangers.append((channel, body))
                return None
            reception = Reception(channel, int(mark.group(1)), notice_of(body), self.choose(channel))
            self.receptions.append(reception)
            return reception


def notice_of(body):
    """The notice's id where the body has one."""
    try:
        return json.loads(body).get("id")
    except ValueError:
        return None


class Server(http.server.ThreadingHTTPServer):
    """Knows its connections, so that it can cut them."""

    daemon_threads = True

    def __init__(self, *arguments):
        self.connections = set()
        super().__init__(*arguments)

    def process_request(self, request, client_address):
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self.connections.discard(request)
        super().shutdown_request(request)

    def cut_all(self):
        """No connection outlives the listener."""
        for connection in list(self.connections):
            try:
                connection.shutdown(2)
            except OSError:
                pass  # it has ended by itself

    def handle_error(self, request, client_address):
        """A client that was killed is no news."""


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers as fate has it."""

    protocol_version = "HTTP/1.1"
    timeout = 60
    target = None

    def do_POST(self):  # pylint: disable=invalid-name
        """A notice."""
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode("utf-8")
        reception = self.target.receive(self.path, body)
        fate = reception.fate if reception else "taken"
        if fate == "silent":
            self.target.ending.wait(SILENCE_S)
        if fate in ("cut", "silent"):
            self.close_connection = True
            return
        self.reply(fate)
        if reception:
            reception.unheard = self.is_left_alone()
            reception.ended = time.monotonic()

    def is_left_alone(self):
        """Whether the other side is gone already."""
        try:
            return self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def reply(self, fate):
        """Status, headers, body."""
        status = {"busy": 429, "busy-silent": 429, "broken": 500, "refused": 400}.get(fate, 200)
        body = b'{"code": 11232, "msg": "too many request"}' if fate == "grumble" else b'{"code": 0, "msg": "ok"}'
        self.send_response(status)
        if fate == "busy":
            self.send_header("retry-after", "1")
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Receptions are kept, not printed."""
