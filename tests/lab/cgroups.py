"""The cgroups of a run: one parent per run and one child per member, in every mounted hierarchy.

They do two jobs. Each node's systemd needs a cgroup tree that it shares with nobody. And they are the list of
the processes that a run has started: a process joins its cgroup before it becomes anything else, so whatever is
found inside is ours, whoever has died in between. Ending a run never needs a remembered process number.
"""

import os
from pathlib import Path

from .process import LabError, wait_for

PERIOD = 100_000
JOIN_SCRIPT = 'while [ "$1" != -- ]; do echo 0 >"$1" || exit 125; shift; done; shift; exec "$@"'


def hierarchies():
    """Mount points of the cgroup hierarchies here, the unified one first.

    cpuset (v1) is left out: a new group there takes no process before it has been given processors.
    """
    unified, legacy = [], []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields, _, rest = line.partition(" - ")
        mount_point, kind, options = fields.split()[4], rest.split()[0], rest.split()[2].split(",")
        if kind == "cgroup2":
            unified.append(Path(mount_point))
        elif kind == "cgroup" and "cpuset" not in options:
            legacy.append(Path(mount_point))
    if not unified:
        raise LabError("no cgroup v2 hierarchy is mounted on this machine")
    return unified[:1] + legacy


class RunCgroups:
    """All cgroups of one run."""

    def __init__(self, run_id):
        self.parents = [root / f"rqlab-{run_id}" for root in hierarchies()]

    def create(self, member):
        """Make the member's group everywhere."""
        for parent in self.parents:
            (parent / member).mkdir(parents=True, exist_ok=True)

    def unified(self, member):
        """The member's group in the v2 hierarchy: the one that knows all of its processes."""
        return self.parents[0] / member

    def joining(self, member, argv):
        """The command line that first joins the member's groups and then becomes argv."""
        entries = [parent / member / "cgroup.procs" for parent in self.parents]
        return ["sh", "-c", JOIN_SCRIPT, "sh", *entries, "--", *argv]

    def set_cpu_limit(self, member, percent):
        """Let the member have at most so many percent of one processor; None lifts the limit."""
        quota = None if percent is None else max(1000, int(PERIOD * percent / 100))
        legacy = self._legacy_cpu(member)
        if legacy:
            (legacy / "cpu.cfs_quota_us").write_text(str(-1 if quota is None else quota))
            return
        enable_controller(self.parents[0], "cpu")
        (self.unified(member) / "cpu.max").write_text(f"{'max' if quota is None else quota} {PERIOD}")

    def _legacy_cpu(self, member):
        """The member's group in the v1 hierarchy of the cpu controller; None where v2 has that."""
        return next((parent / member for parent in self.parents if (parent / member / "cpu.cfs_quota_us").exists()),
                    None)

    def set_cpu_limit_of(self, member, name, pids, percent):
        """Let some processes of a member have at most so many percent of one processor, in a group of this name.

        Where the v1 hierarchy has the cpu controller: systemd in the containers knows nothing of that one, so all of a
        node's processes are in one group there, and may be moved.
        """
        legacy = self._legacy_cpu(member)
        if not legacy:
            raise LabError("the cpu controller is in the v2 hierarchy here: use systemctl set-property CPUQuota=")
        group = legacy / name
        group.mkdir(exist_ok=True)
        for pid in pids:
            move(pid, group)
        (group / "cpu.cfs_quota_us").write_text(str(max(1000, int(PERIOD * percent / 100))))

    def lift_cpu_limit_of(self, member, name):
        """Undo set_cpu_limit_of."""
        legacy = self._legacy_cpu(member)
        if not legacy or not (legacy / name).exists():
            return
        (legacy / name / "cpu.cfs_quota_us").write_text("-1")
        for pid in processes_below(legacy / name):
            move(pid, legacy)
        wait_for(lambda: self._removed(legacy / name, kill=False), 10, f"removal of {legacy / name}", pause=0.02)

    def processes(self, member):
        """Host process numbers of all that runs in the member."""
        return processes_below(self.unified(member))

    def kill(self):
        """SIGKILL every process of the run and wait until they are gone."""
        self._send_kill()
        wait_for(lambda: not any(processes_below(parent) for parent in self.parents),
                 30, "end of the run's processes", pause=0.02)

    def _send_kill(self):
        switch = self.parents[0] / "cgroup.kill"
        if switch.exists():
            switch.write_text("1")

    def remove(self):
        """Remove the groups, innermost first.

        They were emptied by kill(), but a child that had only just been forked may have joined since: it is
        killed as well. Once its group is gone, a later child cannot join and ends by itself.
        """
        for parent in self.parents:
            for folder, _, _ in os.walk(parent, topdown=False):
                wait_for(lambda folder=folder: self._removed(folder), 10, f"removal of {folder}", pause=0.02)

    def _removed(self, folder, kill=True):
        try:
            os.rmdir(folder)
        except FileNotFoundError:
            return True
        except OSError:
            if kill:
                self._send_kill()
            return False
        return True


def enable_controller(group, controller):
    """Make a v2 controller available in the group's children."""
    for level in (group.parent, group):
        (level / "cgroup.subtree_control").write_text(f"+{controller}")


def move(pid, group):
    """Put a process into a group, unless it has just ended."""
    try:
        (group / "cgroup.procs").write_text(str(pid))
    except ProcessLookupError:
        pass


def processes_below(group):
    """Host process numbers in a group and all groups below it."""
    found = []
    for folder, _, _ in os.walk(group):
        try:
            found += [int(word) for word in Path(folder, "cgroup.procs").read_text().split()]
        except OSError:
            continue  # the group went away, or holds threads only, while we looked
    return found
