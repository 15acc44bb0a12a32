"""What the servers in the hub's network have in common: start, stop, scripted replies and what they received.

A server is a program of its own, so that it can be away and come back during a test as a real one would. It
stores each thing that it receives as one numbered JSON file, written completely before it gets its name.
"""

import json
import os
import select
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path

from . import settings
from .process import CLEAN_ENVIRONMENT, LabError, run, wait_for

PYTHON = "/usr/bin/python3"
READY = "ready"
START_S = 20


class HubServer:
    """The side of the test: controls one server program."""

    module = ""

    def __init__(self, cluster, name):
        self.cluster = cluster
        self.folder = cluster.live / settings.HUB / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.received_folder = self.folder / "received"
        self.received_folder.mkdir(exist_ok=True)
        self.certificate, self._key = certificate(self.folder)
        self._process = None

    def options(self):
        """Command line of the program beyond what all servers have."""
        return []

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Start the program and wait until it listens."""
        command = [PYTHON, "-m", f"lab.{self.module}", "--folder", self.folder, "--certificate", self.certificate,
                   "--key", self._key, *self.options()]
        log = self.folder / "server.log"
        with open(log, "ab") as errors:
            self._process = self.cluster.start_in_hub(
                command, stdout=subprocess.PIPE, stderr=errors, environment=CLEAN_ENVIRONMENT | {
                    "PYTHONPATH": str(Path(__file__).resolve().parents[1]), "PYTHONDONTWRITEBYTECODE": "1"})
        answered, _, _ = select.select([self._process.stdout], [], [], START_S)
        if not answered or self._process.stdout.readline().decode().strip() != READY:
            self.stop()
            raise LabError(f"{self.module} did not start: {log.read_text()[-400:].strip()}")
        return self

    def stop(self):
        """End the program at once; connections to it are cut. start() brings it back."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()
            self._process = None

    def script(self, match, times=None, **reply):
        """From now on answer whatever begins with `match` in this way, so many times or until clear_script().

        What reply may hold is said by the server. The newest rule that matches counts.
        """
        rules = read_json(self.folder / "script.json", [])
        rules.insert(0, {"id": uuid.uuid4().hex, "match": match, "times": times, "reply": reply})
        write_atomically(self.folder / "script.json", json.dumps(rules))

    def clear_script(self):
        """Answer as usual again."""
        write_atomically(self.folder / "script.json", "[]")

    def received(self):
        """Everything received so far as dictionaries, oldest first."""
        return [json.loads(path.read_text()) for path in sorted(self.received_folder.glob("*.json"))]

    def wait_for(self, accept, seconds, what="a message"):
        """The first thing received, earlier or from now on, that accept(thing) likes."""
        return wait_for(lambda: next(filter(accept, self.received()), None), seconds, f"{self.module}: {what}",
                        pause=0.05)


class Storage:
    """The side of the server: stores what comes in and knows which scripted reply is due."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self._used = read_json(self.folder / "used.json", {})
        self._next = 1 + max((int(path.stem) for path in (self.folder / "received").glob("*.json")), default=0)

    def keep(self, thing):
        """Store one thing. Call it from one thread at a time."""
        write_atomically(self.folder / "received" / f"{self._next:06}.json", json.dumps(thing))
        self._next += 1

    def scripted(self, subject):
        """The scripted reply for this subject, or None; using it counts. Call it from one thread at a time."""
        for rule in read_json(self.folder / "script.json", []):
            used = self._used.get(rule["id"], 0)
            if subject.startswith(rule["match"]) and (rule["times"] is None or used < rule["times"]):
                self._used[rule["id"]] = used + 1
                write_atomically(self.folder / "used.json", json.dumps(self._used))
                return rule["reply"]
        return None


def announce_ready():
    """Tell the test's side that connections are accepted from now on."""
    print(READY, flush=True)


def announce_when_listening(*ports):
    """For a program that cannot tell by itself: as announce_ready(), once all ports take connections.

    Ends with nothing said when whoever waits for us has given up.
    """
    deadline = time.monotonic() + START_S
    for port in ports:
        while True:
            try:
                socket.create_connection((settings.HUB_ADDRESS, port), timeout=1).close()
                break
            except OSError:
                if time.monotonic() > deadline:
                    return
                time.sleep(0.05)
    announce_ready()


def read_json(path, otherwise):
    """What a JSON file holds, or something else when it is not there."""
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return otherwise


def write_atomically(path, text):
    """Write a file so that a reader sees all of it or nothing."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    partial.write_text(text)
    os.replace(partial, path)


def certificate(folder):
    """Make a self-signed certificate for the hub: (certificate, key). Clients trust it as their CA file."""
    crt, key = folder / "server.crt", folder / "server.key"
    if not crt.exists():
        run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-days", "2", "-subj", f"/CN={settings.HUB}", "-addext",
             f"subjectAltName=DNS:{settings.HUB},IP:{settings.HUB_ADDRESS}", "-keyout", key, "-out", crt])
    return crt, key


def server_arguments(parser):
    """The command line that HubServer.start() writes; gives the parsed arguments."""
    for name in ("--folder", "--certificate", "--key"):
        parser.add_argument(name, required=True)
    return parser.parse_args(sys.argv[1:])
