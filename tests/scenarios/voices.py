"""One voice for a cluster: who tells what of a node whose agent is dead, and how often when the network fails."""

import time

from lab import faults, settings
from lab.install import UNIT

from .partitions import KHEPRI, hasten
from .rescues import ALL
from .runner import check, scenario

QUIET_S = 20  # long enough for any agent to add something


def messages(world):
    """How many messages each channel got since the mark: hooks, Slack, mails."""
    return len(world.hooks()), len(world.slack()), len(world.mails())


def events_of(world):
    """What was told, by whom, in order."""
    return [(hook["event"], hook["node"], hook["observer"]) for hook in world.hooks()]


def expect(world, count, what):
    """Exactly so many messages in each channel, now and for a while."""
    world.stays(lambda: max(messages(world)) <= count, QUIET_S, f"{what}: {events_of(world)}")
    check(messages(world) == (count, count, count), what, (messages(world), events_of(world)))


@scenario(suites=ALL)
def dead_node_with_a_dead_agent_is_told_once(world):
    """a node dies, and its agent with it: one message in each channel, by the lead; one when it is back"""
    lead, _, dead = world.nodes
    dead.systemctl("stop", UNIT)
    dead.systemctl("stop", settings.BROKER_UNIT, timeout=120)
    told = world.wait_told("peer-down", dead, 60)
    check(told["observer"] == lead.broker, "the lead speaks for it", told["observer"])
    expect(world, 1, "one message for a dead node")
    dead.systemctl("start", settings.BROKER_UNIT, timeout=120)
    dead.systemctl("start", UNIT)
    world.wait_told("peer-back", dead, 60)
    expect(world, 2, "and one when it is back")


@scenario()
def missing_agent_is_told_once(world):
    """an agent is stopped beside a healthy broker: one warning by the lead, which is another one if it is the first"""
    first, second, _ = world.nodes
    first.systemctl("stop", UNIT)
    told = world.wait_told("agent-missing", first, 60)
    check((told["severity"], told["observer"]) == ("warning", second.broker), "the next one is the lead", told)
    expect(world, 1, "one warning for a missing agent")
    first.systemctl("start", UNIT)
    world.wait_told("agent-back", first, 60)
    expect(world, 2, "and one when it is back")


@scenario(long=True)
def partition_is_told_once(world):
    """one node is cut off from two, then healed: the others tell of it, it tells of itself, and nothing is told twice"""
    hasten(world)
    node = world.nodes[2]
    faults.partition(node, "rmq1,rmq2")
    try:
        world.wait_told("isolated", node, 60)
        world.wait_told("peer-down", node, 60)
        if world.suite not in KHEPRI:
            world.wait_told("paused", node, 60)
        time.sleep(QUIET_S)
    finally:
        faults.heal(node)
    world.wait_told("isolation-over", node, 90)
    world.wait_told("peer-back", node, 90)
    world.wait_all_well(150)
    time.sleep(QUIET_S)
    told = [(event, about) for event, about, _ in events_of(world)]
    events = ["isolated", "isolation-over", "peer-down", "peer-back"]
    if world.suite not in KHEPRI:
        events += ["paused", "pause-over"]
    check(sorted(told) == sorted((event, node.broker) for event in events), "each once, of the one that is cut off",
          events_of(world))
    check(messages(world) == (len(told),) * 3, "every channel got the same", (messages(world), told))
    world.note(f"{len(told)} messages: {', '.join(event for event, _ in told)}")
    world.configure_all()
