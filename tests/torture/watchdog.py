"""A rmqwatchd that guards nothing but its outbox: started, killed, asked over its control socket."""

import http.client
import json
import os
import signal
import socket
import subprocess
import threading
import time

NO_BUS = {"PATH": "/usr/bin:/bin", "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent/bus"}
START_S = 30


class Unreachable(Exception):
    """There is no daemon, or it went away before its answer."""


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Watchdog:
    """The daemon's process; its configuration names one channel for each of CHANNELS (name to kind)."""

    def __init__(self, build, folder, port, channels):
        self.daemon = build / "rmqwatchd"
        self.socket = folder / "control.sock"
        self.file = folder / "rmqwatchd.conf"
        self.log = open(folder / "log", "ab")  # pylint: disable=consider-using-with
        self.state = folder / "state"
        self.state.mkdir(mode=0o700, exist_ok=True)
        self.process = None
        self.kills = []  # when
        self.lock = threading.Lock()
        lines = [f'mode = observe\nnode = "rabbit@localhost"\nstate_dir = "{self.state}"',
                 f'control_socket = "{self.socket}"', "amqp {\n    port = 1\n}", "management {\n    enabled = false\n}"]
        for name, kind in channels.items():
            secret = folder / f"url-{name}"
            secret.write_text(f"http://127.0.0.1:{port}/{name}")
            secret.chmod(0o600)
            # The broker that it cannot see is of no interest here: only what is sent to a channel by name.
            lines.append(f'{kind} "{name}" {{\n    url_file = "{secret}"\n    min_severity = critical\n'
                         '    events = {"lease-lost"}\n}')
        self.file.write_text("\n".join(lines) + "\n")

    def start(self):
        """Until it answers."""
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            [self.daemon, "-c", self.file], env=NO_BUS, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + START_S
        while True:
            try:
                self.ask("GET", "/v1/status")
                return
            except Unreachable:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"rmqwatchd does not start; see {self.log.name}") from None
                time.sleep(0.01)

    def kill(self):
        """kill -9, and start it again."""
        with self.lock:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.kills.append(time.monotonic())
            self.start()

    def stop(self):
        """SIGTERM; its exit code."""
        if not self.process or self.process.poll() is not None:
            return None
        self.process.terminate()
        return self.process.wait(15)

    def end(self):
        """Whatever happened."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def ask(self, method, path, body=None):
        """Status and answer."""
        connection = UnixConnection(self.socket)
        try:
            connection.request(method, path, None if body is None else json.dumps(body),
                               {"content-type": "application/json"})
            reply = connection.getresponse()
            return reply.status, json.loads(reply.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unreachable(str(error)) from error
        finally:
            connection.close()

    def post(self, channel, number):
        """Hand one notice over. True: it is kept; False: full, come again. Unreachable: nobody knows."""
        status, answer = self.ask("POST", "/v1/test-alert",
                                  {"channel": channel, "text": f"torture {number} of {channel}", "wait": False})
        if status == 200:
            return answer["tests"][0]["result"] == "kept"
        if status == 503:
            return False
        raise RuntimeError(f"test-alert of {channel}: {status} {answer}")

    def outbox(self, state):
        """What the outbox says of its letters in STATE."""
        status, answer = self.ask("GET", f"/v1/outbox?state={state}")
        if status != 200:
            raise RuntimeError(f"outbox: {status} {answer}")
        return answer

    def resident_kib(self):
        """VmRSS"""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1])
        return 0


def is_root():
    """Mounts need it."""
    return os.geteuid() == 0
