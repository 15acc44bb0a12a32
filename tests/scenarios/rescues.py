"""A node that died or hangs is brought back, proven, and told."""

import time

from lab import faults, settings
from lab.process import wait_for

from .runner import check, scenario

ALL = ("bookworm", "forky")


def journal_moment(entry):
    """When a journal entry was written, in seconds of the monotonic clock."""
    return int(entry["__MONOTONIC_TIMESTAMP"]) / 1e6


def phases_of(hook):
    return {phase["name"]: phase["ms"] / 1000 for phase in hook["phases"]}


@scenario(suites=ALL, condition="crashed", expected="started")
def killed_node_is_started_and_proven(world):
    """kill -9 of one node: started at once, proven, told in every channel"""
    node = world.nodes[1]
    before = world.invocation(node)
    faults.kill(node)
    crashed = world.wait_told("crashed", node)
    check("SIGKILL" in crashed["detail"], "the alert says what ended it", crashed["detail"])
    recovered = world.wait_told("recovered", node, 90)
    check(world.invocation(node) != before, "the unit has a new invocation")
    check(recovered["incident"] == crashed["incident"], "one incident", recovered["incident"])
    check({"boot", "verify", "total"} <= set(phases_of(recovered)), "phases are told", recovered["phases"])
    world.wait_running_everywhere(5)
    check(world.events(node) == ["crashed", "recovered"], "nothing else was told", world.events(node))
    for other in (world.nodes[0], world.nodes[2]):
        check(world.events(other) == [], f"{other.name} kept quiet", world.events(other))


@scenario(suites=ALL, condition="frozen", expected="killed and started")
def hung_node_is_killed_and_started(world):
    """hang of one node: proven, others asked, killed, started, proven"""
    node = world.nodes[0]
    began = time.monotonic()
    faults.hang(node)
    restarting = world.wait_event(node, "restarting", 20)
    to_kill = journal_moment(restarting) - began
    check("rabbit@rmq2 stands; rabbit@rmq3 stands" in restarting["RMQ_DETAIL"], "the others were asked",
          restarting["RMQ_DETAIL"])
    recovered = world.wait_told("recovered", node, 90)
    check(world.events(node) == ["hung", "restarting", "recovered"], "the story is told in order", world.events(node))
    phases = phases_of(recovered)
    check({"detect", "ask", "kill", "boot", "verify", "total"} >= set(phases) and "detect" in phases,
          "phases are told", phases)
    check(to_kill <= 12, "hang to kill within 12 s at default settings", f"{to_kill:.1f} s")
    world.note(f"hang to kill {to_kill:.1f} s")


@scenario()
def hung_node_writes_a_crash_dump(world):
    """a broker that idles and serves nobody, evidence { crash_dump = 1min }: it ends with a dump, and is started"""
    node = world.nodes[1]
    dump = "/var/log/rabbitmq/erl_crash.dump"
    world.configure(node, evidence={"crash_dump": "1min"})
    node.run(["rm", "-f", dump])
    faults.deafen(node)
    restarting = world.wait_told("restarting", node, 60)
    check("crash dump first, for at most 1 min" in restarting["detail"], "it is told", restarting["detail"])
    recovered = world.wait_told("recovered", node, 150)
    head = node.run(["head", "-n", "3", dump]).stdout
    check("erl_crash_dump" in head and "SIGUSR1" in head, "a dump that says why", head)
    ended = [entry["MESSAGE"] for entry in node.journal(None, settings.BROKER_UNIT)
             if "Main process exited" in str(entry.get("MESSAGE"))][-1:]
    check(ended and "status=1/FAILURE" in ended[0], "it ended by itself", ended)
    world.configure(node)
    world.wait_running_everywhere(10)
    world.note(f"kill to dead with a dump {phases_of(recovered)['kill']:.1f} s")


@scenario(suites=ALL, condition="all down", expected="started")
def whole_cluster_killed_comes_back(world):
    """all three killed at once: all start together, one cluster again"""
    before = [world.invocation(node) for node in world.nodes]
    for node in world.nodes:
        faults.kill(node)
    for node in world.nodes:
        world.wait_event(node, "crashed", 10)
    moments = [journal_moment(world.journal(node, "crashed")[0]) for node in world.nodes]
    check(max(moments) - min(moments) < 2, "all started together", f"{max(moments) - min(moments):.2f} s apart")
    for node in world.nodes:
        world.wait_event(node, "recovered", 180)
    world.wait_running_everywhere(10)
    after = [world.invocation(node) for node in world.nodes]
    check(all(old != new for old, new in zip(before, after)), "every unit has a new invocation")
    for node in world.nodes:
        check(world.events(node).count("crashed") == 1, f"{node.name} was started once", world.events(node))
        check("hung" not in world.events(node), f"{node.name} was not taken for hung", world.events(node))


@scenario(condition="crash loop", expected="gave up")
def node_that_crashes_at_every_start_is_given_up(world):
    """crash at every start: bounded restarts, one give-up alert, slow retries, recovery when mended"""
    node = world.nodes[1]
    # Three starts that fail must fit into the window, however slow the machine is.
    world.configure(node, max_restarts=3, restart_window="3min", backoff="1s", backoff_max="2s", give_up_retry="15s",
                    give_up_retry_max="1min")
    world.ctl(node, "resume")  # the restarts of earlier scenarios do not count any more
    good = node.read_file("/etc/rabbitmq/rabbitmq.conf")
    node.write_file("/etc/rabbitmq/rabbitmq.conf", "this is no configuration\n")
    faults.kill(node)
    gave_up = world.wait_told("gave-up", node, 120)
    check(gave_up["severity"] == "critical", "it pages", gave_up["severity"])
    check("3 of 3 restarts" in gave_up["detail"], "the budget is told", gave_up["detail"])
    given_up = journal_moment(world.journal(node, "gave-up")[0])
    retry = wait_for(lambda: next((moment for moment in unit_starts(node) if moment > given_up), None), 45,
                     "a slow retry")
    # systemd alone would go on every ten seconds for ever.
    check(retry - given_up > 13, "no start between giving up and the slow retry", f"{retry - given_up:.1f} s")
    node.write_file("/etc/rabbitmq/rabbitmq.conf", good)
    recovered = world.wait_told("recovered", node, 150)
    check(recovered["incident"] == gave_up["incident"], "one incident", recovered["incident"])
    world.configure(node)
    world.wait_running_everywhere(10)


def unit_starts(node):
    """When systemd has begun to start the broker, since the node's boot."""
    entries = node.journal(match=(f"UNIT={settings.BROKER_UNIT}", "JOB_TYPE=start"))
    entries += node.journal(match=(f"UNIT={settings.BROKER_UNIT}", "JOB_TYPE=restart"))
    return sorted(journal_moment(entry) for entry in entries if "Starting" in entry.get("MESSAGE", ""))
