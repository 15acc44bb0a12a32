"""Somebody works on the node: hands off, and say so."""

import json

from lab import faults
from lab.process import wait_for

from .runner import check, scenario


def dies_and_stays_dead(world, node, reason):
    """The broker is killed; it is told as held, for this reason, and stays dead. systemd must not restart it."""
    faults.kill(node)
    held = world.wait_told("held", node, 20)
    check(reason in held["detail"], "it says who holds it", held["detail"])
    world.stays(lambda: world.unit(node, "ActiveState")["ActiveState"] == "failed", 15, "nothing is started")
    world.conclude()


@scenario(condition="crashed, on hold", expected="held")
def held_node_is_not_started(world):
    """rmqwatchctl hold, then a crash: nothing is started, told; resume starts it"""
    node = world.nodes[1]
    faults.systemd_restart(node, "off")
    world.ctl(node, "hold", "--for=10min", "--reason=new disks", "--owner=alice")
    told = world.wait_told("hold-set", node, 10)
    check("alice" in told["detail"] and "new disks" in told["detail"], "who and why", told["detail"])
    dies_and_stays_dead(world, node, "new disks")
    why = world.ctl(node, "why").stdout
    world.ctl(node, "resume")
    wait_for(lambda: world.unit(node, "ActiveState")["ActiveState"] in ("activating", "active"), 15, "started at once")
    world.wait_told("recovered", node, 120)
    world.wait_told("hold-over", node, 10)
    faults.systemd_restart(node, "on")
    check("new disks" in why and "on hold" in why, "rmqwatchctl why says so", why)


@scenario(condition="hung, on hold", expected="held", long=True)
def held_node_is_not_killed(world):
    """rmqwatchctl hold, then a hang: not killed, told; the hold outlives a restart of the daemon; resume rescues"""
    node = world.nodes[0]
    before = world.invocation(node)
    world.ctl(node, "hold", "--for=10min", "--reason=debugger")
    node.systemctl("restart", "rmqwatchd.service")
    world.stays(lambda: True, 8, "the new daemon hears everybody once")
    faults.hang(node)
    held = world.wait_told("held", node, 60)
    check("debugger" in held["detail"], "it says why", held["detail"])
    world.stays(lambda: world.invocation(node) == before, 15, "not killed")
    world.conclude()
    world.ctl(node, "resume")
    world.wait_event(node, "restarting", 60)
    world.wait_told("recovered", node, 120)


@scenario(condition="crashed, package upgrade", expected="held")
def node_under_upgrade_is_not_started(world):
    """a crash while dpkg is at work: nothing is started, told; started when it is done"""
    node = world.nodes[2]
    faults.systemd_restart(node, "off")
    faults.upgrade(node, "on")
    try:
        wait_for(lambda: json.loads(world.ctl(node, "why", "--json").stdout)["package_manager"], 20, "dpkg is seen")
        dies_and_stays_dead(world, node, "dpkg")
    finally:
        faults.upgrade(node, "off")
    world.wait_told("recovered", node, 120)
    faults.systemd_restart(node, "on")
