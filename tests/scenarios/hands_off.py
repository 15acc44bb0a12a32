"""What must not be touched is not touched."""

import time

from lab import faults, settings
from lab.install import UNIT
from lab.process import wait_for

from .runner import check, scenario
from .rescues import ALL


def untouched(world, node, before):
    check(world.invocation(node) == before, f"{node.name} was not restarted")


@scenario(suites=ALL, condition="stopped by operator", expected="told")
def operators_stop_is_obeyed(world):
    """an operator's systemctl stop: never started again, no alarm, one info notice"""
    node = world.nodes[2]
    node.systemctl("stop", settings.BROKER_UNIT, timeout=120)
    told = world.wait_told("stopped", node)
    check(told["severity"] == "info", "it is for the record only", told["severity"])
    world.stays(lambda: world.unit(node, "ActiveState")["ActiveState"] == "inactive", 25, "stays stopped")
    for any_node in world.nodes:
        loud = [hook for hook in world.hooks(node=any_node) if hook["severity"] != "info"]
        check(not loud, "nobody is alarmed", loud)
    node.systemctl("start", settings.BROKER_UNIT, timeout=180)
    world.wait_all_well(60)
    check(world.events(node) == ["stopped"], "nothing else was told", world.events(node))


@scenario(suites=ALL, condition="memory alarm", expected="told")
def memory_alarm_is_told_not_cured(world):
    """memory alarm: no restart, one warning, one cleared"""
    node = world.nodes[0]
    before = world.invocation(node)
    faults.alarm(node, "memory", "on")
    told = world.wait_told("alarm", node, 20)
    check(told["severity"] == "warning", "it warns", told["severity"])
    check("memory" in told["detail"] and "limit" in told["detail"], "with the numbers", told["detail"])
    world.stays(lambda: world.invocation(node) == before, 15, "no restart during an alarm")
    faults.alarm(node, "memory", "off")
    world.wait_told("alarm-cleared", node, 20)
    for any_node in world.nodes:
        check(len(world.hooks("alarm", any_node)) == (any_node is node), "one warning in the whole cluster",
              world.hooks("alarm"))
    untouched(world, node, before)


@scenario(suites=ALL, condition="booting, waits for peers", expected="told")
def boot_without_peers_is_left_alone(world):
    """a node that boots without its peers: no restart while it is activating"""
    first, *others = world.nodes
    for node in others:
        node.systemctl("stop", settings.BROKER_UNIT, timeout=120)
    first.systemctl("stop", settings.BROKER_UNIT, timeout=120)
    # The first one to stop knows that others were up after it: it waits for them.
    waiting = others[0]
    world.configure(waiting, slow_boot="10s")
    waiting.systemctl("start", "--no-block", settings.BROKER_UNIT)
    wait_for(lambda: world.unit(waiting, "ActiveState")["ActiveState"] == "activating", 10, "boot begun")
    before = world.invocation(waiting)
    # RabbitMQ 4.0 on Khepri ends itself when it has found nobody for half a minute.
    seconds = 15 if world.suite == "trixie-khepri" else 40
    world.stays(lambda: world.invocation(waiting) == before and
                world.unit(waiting, "ActiveState")["ActiveState"] == "activating", seconds, "still the same boot")
    slow = world.wait_told("slow-boot", waiting)
    check(first.broker in slow["detail"] or others[1].broker in slow["detail"], "it names whom it waits for",
          slow["detail"])
    for node in (others[1], first):
        node.systemctl("start", "--no-block", settings.BROKER_UNIT)
    world.wait_all_well(180)
    untouched(world, waiting, before)
    check("crashed" not in world.events(waiting), "never taken for dead", world.events(waiting))
    world.configure(waiting)


@scenario(condition="check misconfigured", expected="told")
def wrong_password_is_one_warning(world):
    """wrong API password: one warning, no restart"""
    node = world.nodes[1]
    before = world.invocation(node)
    node.write_file("/etc/rmqwatchd/secrets/api", "wrong", mode=0o640, group="rmqwatchd")
    node.systemctl("reload", UNIT)
    told = world.wait_told("check-misconfigured", node, 40)
    check("401" in told["detail"], "it says what is wrong", told["detail"])
    world.stays(lambda: world.invocation(node) == before, 15, "no restart")
    check(len(world.hooks("check-misconfigured")) == 1, "one warning", world.hooks("check-misconfigured"))
    node.write_file("/etc/rmqwatchd/secrets/api", settings.WATCH_PASSWORD, mode=0o640, group="rmqwatchd")
    node.systemctl("reload", UNIT)
    world.wait_told("check-ok", node, 20)
    untouched(world, node, before)


@scenario()
def observe_says_and_does_nothing(world):
    """mode = observe: says what it would do, does nothing"""
    node = world.nodes[2]
    world.configure(node, mode="observe")
    faults.hang(node)
    told = world.wait_told("would-act", node, 20)
    check("would be killed" in told["why"], "it says what", told["why"])
    before = world.invocation(node)
    world.stays(lambda: world.invocation(node) == before, 15, "nothing is done")
    faults.resume(node)
    world.wait_told("recovered", node, 30)
    world.mark()
    killed = time.monotonic()
    faults.kill(node)
    told = world.wait_told("would-act", node)
    check("would be started" in told["why"], "it says what", told["why"])
    wait_for(lambda: world.invocation(node) != before, 30, "systemd's own restart")
    waited = world.moment(node, "ExecMainStart") - killed
    check(waited > 5, "systemd's RestartSec was waited for", f"{waited:.1f} s")
    world.wait_told("recovered", node, 60)
    world.configure(node)
