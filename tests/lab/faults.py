"""Faults, one function per verb, each doing a real thing to a real node.

A function takes the node and the words that follow it. VERBS tells the command line what there is.
"""

import os
import signal
from dataclasses import dataclass
from typing import Callable

from . import settings
from .node import command_name
from .process import LabError, wait_for

PARTITION_TABLE = "lab_partition"
LOSS_TABLE = "lab_loss"
BALLAST = "ballast"
DROP_INS = f"/run/systemd/system/{settings.BROKER_UNIT}.d"
STARVED = "starved"
UPGRADE_FLAG = "/run/lab-upgrade"
UPGRADE_PACKAGE = "/root/lab-upgrade"
UPGRADE_CONTROL = """\
Package: lab-upgrade
Version: 1
Architecture: all
Maintainer: lab <lab@example.com>
Description: a package whose installation takes as long as the lab wants
"""
UPGRADE_SCRIPT = f"""\
#!/bin/sh
touch {UPGRADE_FLAG}.begun
while [ -e {UPGRADE_FLAG} ]; do sleep 0.2; done
"""


@dataclass(frozen=True)
class Verb:
    """What a verb is called, what it wants after the node, and what it does."""

    action: Callable
    arguments: str
    help: str


# --- processes --------------------------------------------------------------------------------------------------


def kill(node):
    """SIGKILL the Erlang machine, as the kernel's out-of-memory killer would."""
    beams = [pid for pid in node.unit_pids(settings.BROKER_UNIT) if command_name(pid).startswith("beam")]
    if not beams:
        raise LabError(f"{node.name}: no Erlang machine is running in {settings.BROKER_UNIT}")
    signal_all(beams, signal.SIGKILL)


def hang(node):
    """Stop every process of the broker's unit: sockets stay open, nothing answers."""
    pids = node.unit_pids(settings.BROKER_UNIT)
    if not pids:
        raise LabError(f"{node.name}: nothing is running in {settings.BROKER_UNIT}")
    signal_all(pids, signal.SIGSTOP)


def resume(node):
    """Undo hang."""
    signal_all(node.unit_pids(settings.BROKER_UNIT), signal.SIGCONT)


def signal_all(pids, number):
    """Signal processes that were just read from one of our own cgroups."""
    for pid in pids:
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        try:
            signal.pidfd_send_signal(descriptor, number)
        except ProcessLookupError:
            continue
        finally:
            os.close(descriptor)


def busy(node, percent="5"):
    """Let the whole node have only a few percent of one processor."""
    node.cluster.cgroups.set_cpu_limit(node.name, number(percent, 1, 1000))


def idle(node):
    """Undo busy."""
    node.cluster.cgroups.set_cpu_limit(node.name, None)


def starve(node, percent="5"):
    """Let the broker's processes, and nothing else on the node, have only a few percent of one processor."""
    node.cluster.cgroups.set_cpu_limit_of(node.name, STARVED, node.unit_pids(settings.BROKER_UNIT),
                                          number(percent, 1, 1000))


def feed(node):
    """Undo starve."""
    node.cluster.cgroups.lift_cpu_limit_of(node.name, STARVED)


# --- the broker's unit ------------------------------------------------------------------------------------------


def drop_in(node, name, text):
    """Give the broker's unit a drop-in, or take it away where the text is empty."""
    path = f"{DROP_INS}/{name}.conf"
    if text:
        node.write_file(path, f"[Service]\n{text}\n")
    else:
        node.run(["rm", "-f", path])
    node.systemctl("daemon-reload")


def switch(node, name, state, text):
    """A drop-in that is there or not."""
    if state not in ("on", "off"):
        raise LabError(f"{name} wants: on or off")
    drop_in(node, f"lab-{name}", text if state == "on" else "")


def crash_at_start(node, state):
    """Let every start of the broker fail at once."""
    switch(node, "crash-at-start", state, "ExecStartPre=/bin/false")


def systemd_restart(node, state):
    """Whether systemd itself restarts a broker that died, as the package has it."""
    switch(node, "no-restart", "off" if state == "on" else "on", "Restart=no")


def slow_start(node, seconds="0"):
    """Let the next starts of the broker take so many seconds more; 0 ends it."""
    pause = number(seconds, 0, 10_000)
    drop_in(node, "lab-slow-start", f"ExecStartPre=/bin/sleep {pause}" if pause else "")


def upgrade(node, state):
    """Begin or end the installation of a package: dpkg itself runs, and holds its locks."""
    if state == "off":
        node.run(["rm", "-f", UPGRADE_FLAG])
        return
    if state != "on":
        raise LabError("upgrade wants: on or off")
    node.write_file(f"{UPGRADE_PACKAGE}/DEBIAN/control", UPGRADE_CONTROL)
    node.write_file(f"{UPGRADE_PACKAGE}/DEBIAN/preinst", UPGRADE_SCRIPT, mode=0o755)
    node.run(["dpkg-deb", "--build", UPGRADE_PACKAGE, f"{UPGRADE_PACKAGE}.deb"])
    node.run(["rm", "-f", f"{UPGRADE_FLAG}.begun"])
    node.run(["touch", UPGRADE_FLAG])
    node.run(["systemd-run", "--quiet", "--collect", "--property=KillMode=process", "dpkg", "--install",
              f"{UPGRADE_PACKAGE}.deb"])
    wait_for(lambda: node.run(["test", "-e", f"{UPGRADE_FLAG}.begun"], check=False).returncode == 0, 20,
             f"{node.name}: dpkg at work")


# --- the broker's own states ------------------------------------------------------------------------------------


def stop_app(node):
    """Stop RabbitMQ inside a living Erlang machine."""
    node.rabbitmqctl("stop_app")


def start_app(node):
    """Undo stop_app."""
    node.rabbitmqctl("start_app", timeout=180)


def drain(node):
    """Put the node into maintenance mode."""
    node.run(["rabbitmq-upgrade", "drain"], timeout=180)


def revive(node):
    """Undo drain."""
    node.run(["rabbitmq-upgrade", "revive"], timeout=180)


def listener(node, state):
    """Close the AMQP listener, and no other, or open it again."""
    verbs = {"off": ("suspend_listener", f"maps:get(port, I) =:= {settings.AMQP_PORT}"),
             "on": ("resume_listener", "maps:get(status, I) =:= suspended")}
    if state not in verbs:
        raise LabError("listener wants: on or off")
    verb, which = verbs[state]
    node.rabbitmqctl("eval", f"[ranch:{verb}(R) || {{R, I}} <- maps:to_list(ranch:info()), {which}].")


def deafen(node):
    """Let the broker live, and hear no client: connections are made by the kernel and never served."""
    node.rabbitmqctl("eval", "[sys:suspend(S) || {R, _} <- maps:to_list(ranch:info()), "
                     "{_, S} <- ranch_server:get_connections_sups(R)], "
                     "[exit(P, kill) || {R, _} <- maps:to_list(ranch:info()), P <- ranch:procs(R, connections)].",
                     check=False)


def spin(node, processes="0"):
    """Let so many Erlang processes of the broker count for nothing; 0 ends them."""
    count = number(processes, 0, 1000)
    node.rabbitmqctl("eval", "case whereis(lab_spin) of undefined -> ok; "
                     "Old -> unregister(lab_spin), exit(Old, kill) end, "
                     f"register(lab_spin, spawn(fun() -> [spawn_link(fun() -> (fun L() -> L() end)() end) || "
                     f"_ <- lists:seq(1, {count})], receive never -> ok end end)).", timeout=120)


def tick(node, seconds="60"):
    """How long Erlang takes to call a silent peer down, until the broker's next start; 60 is its default."""
    node.rabbitmqctl("eval", f"net_kernel:set_net_ticktime({number(seconds, 4, 600)}, 0).")


def hide(node, other):
    """Let the node's Mnesia believe that another member is down, as after an event that got lost."""
    node.rabbitmqctl("eval", f"mnesia_lib:del({{current, db_nodes}}, '{node.cluster.node(other).broker}').")


def unhide(node, other):
    """Undo hide."""
    node.rabbitmqctl("eval", f"mnesia_lib:add({{current, db_nodes}}, '{node.cluster.node(other).broker}').")


def alarm(node, resource, state):
    """Raise or end the memory or the disk alarm by moving the limit."""
    commands = {
        ("memory", "on"): ("set_vm_memory_high_watermark", "0.00001"),
        ("memory", "off"): ("set_vm_memory_high_watermark", settings.MEMORY_WATERMARK),
        ("disk", "on"): ("set_disk_free_limit", "1000000GB"),
        ("disk", "off"): ("set_disk_free_limit", settings.DISK_FREE_LIMIT),
    }
    if (resource, state) not in commands:
        raise LabError("alarm wants: memory|disk on|off")
    node.rabbitmqctl(*commands[resource, state])


# --- network ----------------------------------------------------------------------------------------------------


def partition(node, others, direction="both"):
    """Cut a node off from others (rmq2,rmq3). direction: both, in (it hears nothing), out (it is not heard)."""
    peers = [node.cluster.node(name) for name in others.split(",")]
    if node in peers:
        raise LabError(f"{node.name} cannot be cut off from itself")
    rules = {"in": ["input ip saddr {} drop"], "out": ["output ip daddr {} drop"]}
    rules["both"] = rules["in"] + rules["out"]
    if direction not in rules:
        raise LabError("direction wants: both, in or out")
    nft(node, [f"add table inet {PARTITION_TABLE}", *chains(PARTITION_TABLE),
               *(f"add rule inet {PARTITION_TABLE} {rule.format(peer.address)}"
                 for peer in peers for rule in rules[direction])])


def heal(node):
    """Undo every partition made at this node."""
    remove_table(node, PARTITION_TABLE)


def loss(node, percent="30"):
    """Drop so many percent of the packets that arrive from other hosts; 0 ends it."""
    share = number(percent, 0, 100)
    remove_table(node, LOSS_TABLE)
    if share:
        nft(node, [f"add table inet {LOSS_TABLE}", *chains(LOSS_TABLE),
                   f'add rule inet {LOSS_TABLE} input iifname "host0" numgen random mod 100 < {share} drop'])


def chains(table):
    """nft commands for a table's input and output chain."""
    return [f"add chain inet {table} {hook} {{ type filter hook {hook} priority 0; }}" for hook in ("input", "output")]


def remove_table(node, table):
    """Delete a table; adding it first makes that succeed when it is not there."""
    nft(node, [f"add table inet {table}", f"delete table inet {table}"])


def nft(node, commands):
    """Run nft commands as one transaction in the node's network namespace."""
    node.on_network(["nft", "-f", "-"], input_text="\n".join(commands) + "\n")


# --- disk -------------------------------------------------------------------------------------------------------


def full_disk(node, leave_mb="0"):
    """Fill the broker's data file system up to so many megabytes. The run needs a data size of its own."""
    need_small_disk(node)
    status = os.statvfs(node.data)
    size = status.f_bavail * status.f_frsize - number(leave_mb, 0, 1_000_000) * 1_000_000
    if size > 0:
        with open(node.data / BALLAST, "ab") as ballast:
            os.posix_fallocate(ballast.fileno(), ballast.tell(), size)


def free_disk(node):
    """Undo full_disk."""
    need_small_disk(node)
    (node.data / BALLAST).unlink(missing_ok=True)


def need_small_disk(node):
    """Refuse to fill the file system that all nodes share."""
    if not node.cluster.data_size:
        raise LabError("the run has no small data file system: bring it up with a data size")


# --- all of it --------------------------------------------------------------------------------------------------


def number(text, low, high):
    """A whole number within bounds, or one clear line."""
    try:
        value = int(text)
    except ValueError:
        value = None
    if value is None or not low <= value <= high:
        raise LabError(f"{text!r} is not a whole number from {low} to {high}")
    return value


VERBS = {
    "kill": Verb(kill, "", "SIGKILL the Erlang machine"),
    "hang": Verb(hang, "", "SIGSTOP all processes of the broker's unit"),
    "resume": Verb(resume, "", "SIGCONT them (undoes hang)"),
    "stop-app": Verb(stop_app, "", "rabbitmqctl stop_app"),
    "start-app": Verb(start_app, "", "rabbitmqctl start_app (undoes stop-app)"),
    "drain": Verb(drain, "", "maintenance mode"),
    "revive": Verb(revive, "", "end of maintenance mode (undoes drain)"),
    "alarm": Verb(alarm, "memory|disk on|off", "raise or end a resource alarm"),
    "partition": Verb(partition, "OTHERS [both|in|out]", "cut the node off from others (rmq2,rmq3)"),
    "heal": Verb(heal, "", "undo the node's partitions"),
    "loss": Verb(loss, "[PERCENT]", "lose this share of arriving packets (0 ends it)"),
    "full-disk": Verb(full_disk, "[LEAVE_MB]", "fill the data file system (needs --data-size)"),
    "free-disk": Verb(free_disk, "", "undo full-disk"),
    "busy": Verb(busy, "[PERCENT]", "limit the node to a share of one processor, 5 unless told"),
    "idle": Verb(idle, "", "undo busy"),
    "starve": Verb(starve, "[PERCENT]", "limit the broker alone to a share of one processor, 5 unless told"),
    "feed": Verb(feed, "", "undo starve"),
    "listener": Verb(listener, "on|off", "close the AMQP listener, or open it again"),
    "deafen": Verb(deafen, "", "let the broker hear no client, until its next start"),
    "spin": Verb(spin, "[PROCESSES]", "let Erlang processes of the broker burn CPU time (0 ends them)"),
    "tick": Verb(tick, "[SECONDS]", "Erlang's net tick time, until the broker's next start"),
    "hide": Verb(hide, "OTHER", "let the node's Mnesia take a member for down"),
    "unhide": Verb(unhide, "OTHER", "undo hide"),
    "crash-at-start": Verb(crash_at_start, "on|off", "let every start of the broker fail"),
    "slow-start": Verb(slow_start, "[SECONDS]", "let starts take so much longer (0 ends it)"),
    "systemd-restart": Verb(systemd_restart, "on|off", "whether systemd restarts a dead broker by itself"),
    "upgrade": Verb(upgrade, "on|off", "begin or end the installation of a package"),
}


def apply(node, verb, *words):
    """Do one fault by name, as the command line does; wrong words are one clear line."""
    if verb not in VERBS:
        raise LabError(f"no fault {verb!r}: there are {', '.join(VERBS)}")
    entry = VERBS[verb]
    expected = entry.arguments.split()
    needed = [word for word in expected if not word.startswith("[")]
    if not len(needed) <= len(words) <= len(expected):
        raise LabError(f"usage: fault {verb} NODE {entry.arguments}".rstrip())
    entry.action(node, *words)
