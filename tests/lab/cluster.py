"""A cluster of containers: brought up from nothing, taken down to nothing."""

import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path

from . import broker_files, network, rootfs, settings
from .cgroups import RunCgroups
from .node import Node
from .process import CLEAN_ENVIRONMENT, LabError, locked, run, signals_held, wait_for

RUNS_LOCK = settings.CACHE / "runs.lock"


class Cluster:
    """One run of the lab.

    Everything that a run makes is below its folder (files, mounts, namespaces) or in its cgroups (processes),
    and both follow from the run's id alone. So down() needs no memory of how far up() came.

    While a program uses the cluster it holds a lock on the folder; the kernel lets go of it when the program
    ends, however it ends. A folder without a lock holder is swept by the next up(), unless it was kept.
    """

    def __init__(self, run_id=None, suite=settings.DEFAULT_SUITE, nodes=3, broker_conf="", data_size=None):
        """broker_conf: more lines of rabbitmq.conf. data_size: put the broker's data on a file system this big."""
        if not 1 <= nodes <= settings.MAX_NODES:
            raise LabError(f"nodes: {nodes} is not between 1 and {settings.MAX_NODES}")
        if suite not in settings.SUITES:
            raise LabError(f"suite: {suite!r} is not one of {', '.join(settings.SUITES)}")
        self.id = run_id or f"run{os.getpid()}"
        if not self.id.replace("-", "").isalnum():
            raise LabError(f"id: {self.id!r} has something else than letters, digits and '-'")
        self.suite = suite
        self.broker_conf = broker_conf
        self.data_size = data_size
        self.folder = settings.RUN_ROOT / self.id
        self.live = self.folder / "live"
        self.hub = self.folder / settings.HUB / "net"
        self.cgroups = RunCgroups(self.id)
        self.nodes = [Node(self, index) for index in range(1, nodes + 1)]
        self._lock = None
        self._containers = []

    @classmethod
    def attach(cls, run_id):
        """The cluster of a run that another program brought up."""
        try:
            record = json.loads((settings.RUN_ROOT / run_id / "record.json").read_text())
        except FileNotFoundError:
            raise LabError(f"no run with id {run_id!r}") from None
        return cls(run_id, **record["arguments"])

    @classmethod
    def remove(cls, run_id, even_in_use=False):
        """Take a run down from outside; False when a living program is using it."""
        with locked(RUNS_LOCK):
            folder = settings.RUN_ROOT / run_id
            if not folder.exists():
                return True
            descriptor = hold(folder)
        if descriptor is None and not even_in_use:
            return False
        run_to_end = cls(run_id)
        run_to_end._lock = descriptor
        run_to_end.down()
        return True

    def __enter__(self):
        return self.up()

    def __exit__(self, *_):
        self.down()

    def node(self, name):
        """The node with this name."""
        for node in self.nodes:
            if node.name == name:
                return node
        raise LabError(f"no node {name!r} in run {self.id}: there are {', '.join(n.name for n in self.nodes)}")

    # --- up -----------------------------------------------------------------------------------------------------

    def up(self, keep=False, timeout=180):
        """Build the whole cluster and wait until it is formed; after any failure nothing is left of it.

        keep: it stays when this program ends, until somebody calls down().
        """
        root = rootfs.node_root(self.suite)
        sweep()
        self._claim()
        try:
            self._prepare(root)
            for node in self.nodes:
                self._boot(node)
            self.wait_formed(timeout)
        except BaseException:
            self.down()
            raise
        if keep:
            self._record(keep=True)
            self._release()
        return self

    def _claim(self):
        """Make the run's folder, lock it and write its record, before anything else is made."""
        with locked(RUNS_LOCK):
            if self.folder.exists():
                raise LabError(f"run {self.id} exists already")
            self.folder.mkdir(parents=True)
            self._lock = hold(self.folder)
            self._record(keep=False)

    def _record(self, keep):
        """Note what others need to know of this run. It is kept only once it is complete."""
        record = {"keep": keep, "owner": os.getpid(), "arguments": {
            "suite": self.suite, "nodes": len(self.nodes), "broker_conf": self.broker_conf,
            "data_size": self.data_size}}
        (self.folder / "record.json").write_text(json.dumps(record))

    def _release(self):
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _prepare(self, root):
        """Mounts, namespaces and cgroups of all members."""
        self.live.mkdir()
        run(["mount", "-t", "tmpfs", "-o", "mode=755", "rqlab", self.live])
        network.create_hub(self.hub)
        self.cgroups.create(settings.HUB)
        for node in self.nodes:
            network.connect(self.hub, node.namespace, node.name, node.address)
            self.cgroups.create(node.name)
            self._make_root(node, root)

    def mount_overlay(self, name, lower):
        """A writable view of a cached root file system; what is written to it lives and ends with the run."""
        folder = self.live / name
        root, upper, work = (folder / part for part in ("root", "upper", "work"))
        for part in (root, upper, work):
            part.mkdir(parents=True)
        options = f"lowerdir={lower},upperdir={upper},workdir={work}"
        run(["mount", "-t", "overlay", "-o", options, "rqlab", root])
        return root

    def _make_root(self, node, lower):
        """The node's file system: the suite's, what makes it this node, and the broker's data."""
        self.mount_overlay(node.name, lower)
        broker_files.write_node_files(node.root, node.name, [n.name for n in self.nodes], self.broker_conf)
        if self.data_size:
            user, group = broker_files.rabbitmq_ids(node.root)
            node.data.mkdir()
            options = f"size={self.data_size},mode=750,uid={user},gid={group}"
            run(["mount", "-t", "tmpfs", "-o", options, "rqlab", node.data])

    def _boot(self, node):
        """Start the node's container."""
        command = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--boot", "--resolv-conf=off",
                   "--link-journal=no", f"--directory={node.root}", f"--machine={node.name}",
                   f"--hostname={node.name}", f"--network-namespace-path={node.namespace}"]
        if self.data_size:
            command.append(f"--bind={node.data}:{settings.BROKER_DATA}")
        with open(node.folder / "console.log", "wb") as console:
            self._containers.append(subprocess.Popen(
                [str(word) for word in self.cgroups.joining(node.name, command)], cwd="/", start_new_session=True,
                env=CLEAN_ENVIRONMENT | {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
                stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT))

    def wait_formed(self, seconds=180):
        """Wait until every node's API lists every broker as running and every unit is active."""
        everyone = {node.broker for node in self.nodes}
        for node in self.nodes:
            wait_for(node.find_leader, 20, f"{node.name}: container's start", pause=0.02)
            wait_for(lambda node=node: node.running_brokers() == everyone, seconds,
                     f"{node.name}: view of the whole cluster", pause=0.2)
        for node in self.nodes:
            wait_for(node.broker_ready, seconds, f"{node.name}: {settings.BROKER_UNIT} active", pause=0.2)

    # --- down ---------------------------------------------------------------------------------------------------

    def down(self):
        """End the run and remove all of it, from whatever state it is in. Doing it twice does no harm."""
        with signals_held():
            self.cgroups.kill()
            for container in self._containers:
                container.wait()
            self._containers.clear()
            unmount_below(self.folder)
            if self.folder.exists():
                shutil.rmtree(self.folder)
            self.cgroups.remove()
            self._release()
            with locked(RUNS_LOCK):
                if settings.RUN_ROOT.exists() and not any(settings.RUN_ROOT.iterdir()):
                    settings.RUN_ROOT.rmdir()

    # --- processes beside the nodes -----------------------------------------------------------------------------

    def start_in_hub(self, argv, environment=CLEAN_ENVIRONMENT, **popen_arguments):
        """Start a helper in the hub's network, as part of the run: it ends with the run at the latest."""
        command = self.cgroups.joining(settings.HUB, network.inside(self.hub, argv))
        return subprocess.Popen([str(word) for word in command], cwd="/", env=environment,
                                stdin=subprocess.DEVNULL, start_new_session=True, **popen_arguments)


def hold(folder):
    """Lock a run's folder for as long as the descriptor is open; None when somebody else holds it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def runs():
    """Every run on this machine: (id, record, whether a program is using it now)."""
    found = []
    if not settings.RUN_ROOT.exists():
        return found
    for folder in sorted(settings.RUN_ROOT.iterdir()):
        descriptor = hold(folder)
        if descriptor is not None:
            os.close(descriptor)
        try:
            record = json.loads((folder / "record.json").read_text())
        except (FileNotFoundError, ValueError):
            record = {"keep": False, "arguments": {}}
        found.append((folder.name, record, descriptor is None))
    return found


def sweep():
    """Take down the runs whose program has ended without doing so, except those that were to be kept."""
    with locked(RUNS_LOCK):
        orphans = [run_id for run_id, record, in_use in runs() if not in_use and not record["keep"]]
    for run_id in orphans:
        Cluster.remove(run_id)


def unmount_below(folder):
    """Unmount everything below a folder, last mounted first."""
    for mount in reversed(mounts_below(folder)):
        run(["umount", mount])


def mounts_below(folder):
    """Mount points below a folder, in the order in which they were mounted."""
    mounts = [Path(line.split()[4]) for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return [mount for mount in mounts if folder in mount.parents]
