"""One node of the cluster: a container that is entered, asked and looked at from outside."""

import json
import time
from pathlib import Path

from . import settings
from .cgroups import processes_below
from .process import LabError, first_line, run, wait_for


class Node:
    """A running or starting node. Cheap to make: everything is found again from the run's cgroups."""

    def __init__(self, cluster, index):
        self.cluster = cluster
        self.index = index
        self.name = settings.node_name(index)
        self.address = settings.node_address(index)
        self.broker = f"rabbit@{self.name}"
        self.folder = cluster.folder / self.name
        self.live = cluster.live / self.name
        self.namespace = self.folder / "net"
        self.root = self.live / "root"
        self.data = self.live / "data"
        self._leader = None

    # --- entering -----------------------------------------------------------------------------------------------

    def leader(self):
        """Host process number of the container's PID 1."""
        if self._leader is None or inner_pid(self._leader) != 1:
            self._leader = self.find_leader()
        if self._leader is None:
            raise LabError(f"{self.name}: its container is not running")
        return self._leader

    def find_leader(self):
        """Look for the container's PID 1 among the node's processes; None while there is none."""
        for pid in self.cluster.cgroups.processes(self.name):
            if inner_pid(pid) == 1 and command_name(pid) == "systemd":
                return pid
        return None

    def command(self, argv):
        """The command line on the host that runs argv inside the node."""
        return ["nsenter", "-t", self.leader(), "-m", "-u", "-i", "-n", "-p", "--", *argv]

    def run(self, argv, timeout=30, check=True, input_text=None):
        """Run a command in all of the node's namespaces; a CompletedProcess with text output.

        It is not charged to the node's cgroup: a check made from outside is not slowed by the fault `busy`.
        """
        return run(self.command(argv), timeout=timeout, check=check, input_text=input_text)

    def on_network(self, argv, timeout=30, check=True, input_text=None):
        """Run a host's command in the node's network namespace only, also while the container is unwell."""
        return run(["nsenter", f"--net={self.namespace}", "--", *argv], timeout, check, input_text)

    # --- files --------------------------------------------------------------------------------------------------

    def write_file(self, path, text, mode=0o644, owner="root", group="root"):
        """Write a file inside the node, with the folders that it needs."""
        self.run(["install", "-D", "-m", f"{mode:o}", "-o", owner, "-g", group, "/dev/stdin", path], input_text=text)

    def read_file(self, path):
        """The text of a file inside the node."""
        return self.run(["cat", path]).stdout

    # --- systemd ------------------------------------------------------------------------------------------------

    def systemctl(self, *words, timeout=60, check=True):
        """Run systemctl inside the node."""
        return self.run(["systemctl", *words], timeout=timeout, check=check)

    def show(self, unit, properties):
        """Properties of a unit, by name, as text."""
        out = self.systemctl("show", unit, "-p", ",".join(properties)).stdout
        return dict(line.split("=", 1) for line in out.splitlines() if "=" in line)

    def journal(self, since_cursor=None, unit=None, match=()):
        """Journal entries as dictionaries, oldest first. match: journal terms as in 'RMQ_EVENT=crashed'.

        Give the last entry's __CURSOR as since_cursor to get what came after it.
        """
        words = ["journalctl", "--output=json", "--no-pager", "--all", "--quiet"]
        words += [f"--after-cursor={since_cursor}"] if since_cursor else []
        words += [f"--unit={unit}"] if unit else []
        return [json.loads(line) for line in self.run([*words, *match]).stdout.splitlines()]

    def journal_cursor(self):
        """The place after the newest entry, for a later journal(since_cursor=...)."""
        entries = self.run(["journalctl", "--output=json", "--no-pager", "--lines=1"]).stdout.splitlines()
        return json.loads(entries[-1])["__CURSOR"] if entries else None

    def wait_for_journal(self, accept, seconds, since_cursor=None, unit=None, match=()):
        """The first entry that accept(entry) likes, waiting for it if need be."""
        def look():
            return next(filter(accept, self.journal(since_cursor, unit, match)), None)
        return wait_for(look, seconds, f"{self.name}: the journal entry waited for")

    def follow_journal(self, seconds, since_cursor, unit, match):
        """The first entry that matches after a cursor, waited for without a poll that would load the machine."""
        words = ["journalctl", "--follow", "--output=json", "--no-pager", "--all", "--quiet",
                 f"--after-cursor={since_cursor}", f"--unit={unit}", *match]
        return json.loads(first_line(self.command(words), seconds))

    def main_pid(self, unit):
        """Host process number of a unit's main process, or None when it has none."""
        inner = int(self.show(unit, ["MainPID"])["MainPID"])
        return next((pid for pid in self.unit_pids(unit) if inner_pid(pid) == inner), None)

    def unit_pids(self, unit):
        """Host process numbers of all processes of a unit; works without the node's help."""
        group = self.cluster.cgroups.unified(self.name) / "payload/system.slice" / unit
        return processes_below(group)

    def now_monotonic(self):
        """The clock that the node's journal and systemd stamp with, in seconds. It is the host's."""
        return time.monotonic()

    # --- the broker ---------------------------------------------------------------------------------------------

    def rabbitmqctl(self, *words, timeout=60, check=True):
        """Run rabbitmqctl quietly against this node's broker."""
        return self.run(["rabbitmqctl", "-q", *words], timeout=timeout, check=check)

    def api(self, path, method="GET", body=None, timeout=5, user=settings.WATCH_USER,
            password=settings.WATCH_PASSWORD, host="127.0.0.1"):
        """Ask the management API from inside the node: (status, parsed JSON or text). No answer is (0, "")."""
        words = ["curl", "--silent", "--max-time", timeout, "--user", f"{user}:{password}", "--request", method,
                 "--header", "content-type: application/json", "--write-out", "\n%{http_code}"]
        words += ["--data", json.dumps(body)] if body is not None else []
        url = f"http://{host}:{settings.API_PORT}/api/{path}"
        result = self.run([*words, url], timeout=timeout + 5, check=False)
        text, _, status = result.stdout.rpartition("\n")
        return int(status or 0), parsed(text)

    def running_brokers(self):
        """Names of the brokers that run, as this node's API tells; empty when it does not answer."""
        status, nodes = self.api("nodes?disable_stats=true", timeout=2)
        return {node["name"] for node in nodes if node.get("running")} if status == 200 else set()

    def broker_ready(self):
        """Whether systemd has been told that the broker is up."""
        return self.show(settings.BROKER_UNIT, ["ActiveState"])["ActiveState"] == "active"


def parsed(text):
    """JSON as an object, anything else as the text that it is."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def inner_pid(pid):
    """The process's number in its innermost PID namespace, or None when it is gone."""
    numbers = status_field(pid, "NSpid")
    return int(numbers.split()[-1]) if numbers and len(numbers.split()) > 1 else None


def command_name(pid):
    """The kernel's short name of a process, or an empty string when it is gone."""
    return status_field(pid, "Name") or ""


def status_field(pid, field):
    """One line of /proc/PID/status."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            name, _, value = line.partition(":")
            if name == field:
                return value.strip()
    except OSError:
        pass
    return None
