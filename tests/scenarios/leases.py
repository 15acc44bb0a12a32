"""The restart lease: who has none does not disturb a live node; who loses it finishes what was begun."""

from lab import faults, settings
from lab.process import wait_for

from .runner import check, scenario

QUEUE = "rmqwatchd.restart"


def lease_host(others):
    """A node whose broker holds a lock of the lease, as it says itself; None when there is no lease."""
    for node in others:
        listed = node.rabbitmqctl("list_queues", "--local", "name", "consumers", check=False).stdout
        if f"{QUEUE}.{node.broker}\t1" in listed.splitlines():
            return node
    return None


@scenario(long=True, condition="lease host dies", expected="killed and started")
def lease_host_dies_while_the_lease_is_held(world):
    """the broker that holds the lease dies during the rescue: what was begun is finished, both are rescued"""
    hung, *others = world.nodes
    faults.deafen(hung)
    world.wait_event(hung, "restarting", 30)
    host = wait_for(lambda: lease_host(others), 15, "a lock of the lease")
    check(host is not hung, "the lease is at another node", host.name)
    faults.kill(host)
    world.wait_told("lease-lost", hung, 20)
    for node in (hung, host):
        world.wait_told("recovered", node, 150)
    check(world.events(hung).count("restarting") == 1, "killed once", world.events(hung))
    world.wait_all_well(90)


@scenario(long=True, condition="hung, no lease to be had", expected="held")
def no_lease_no_kill(world):
    """the watchdog's user may not make the lease: a hung node is held, and rescued when it may"""
    hung, other, _ = world.nodes
    before = world.invocation(hung)
    other.rabbitmqctl("clear_permissions", settings.WATCH_USER)
    try:
        faults.deafen(hung)
        held = world.wait_told("held", hung, 40)
        check("lease" in held["why"], "why", held["why"])
        world.stays(lambda: world.invocation(hung) == before, 15, "not killed")
        world.conclude()
    finally:
        other.rabbitmqctl("set_permissions", settings.WATCH_USER, r"^rmqwatchd\.", r"^(rmqwatchd\..*|amq\.default)$",
                          r"^rmqwatchd\.", timeout=120)
    world.wait_event(hung, "restarting", 120)
    world.wait_told("recovered", hung, 120)
