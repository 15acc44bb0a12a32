"""When something around the daemon fails, or the daemon itself."""

import time

from lab import faults
from lab.install import UNIT
from lab.process import wait_for

from .rescues import journal_moment
from .runner import check, scenario


@scenario()
def alerts_arrive_after_an_outage(world):
    """webhook and mail server down during a rescue: one alert when they are back, with both times"""
    node = world.nodes[0]
    world.sink.stop()
    world.mail.stop()
    faults.kill(node)
    world.wait_event(node, "recovered", 60)
    world.sink.start()
    world.mail.start()
    recovered = world.wait_told("recovered", node, 90)
    check([hook["event"] for hook in world.hooks(node=node)] == ["recovered"], "one message",
          [hook["event"] for hook in world.hooks(node=node)])
    check([line.split()[1].rstrip(":") for line in recovered["course"]] == ["crashed", "recovered"],
          "which says what happened", recovered["course"])
    check(len(world.mails()) == 1, "one mail", len(world.mails()))


@scenario()
def daemon_killed_in_the_middle_completes_the_rescue(world):
    """rmqwatchd killed -9 in the middle of a rescue: systemd restarts it, the rescue completes, no second kill"""
    node = world.nodes[1]
    faults.hang(node)
    world.wait_event(node, "restarting", 20)
    node.systemctl("kill", "--signal=KILL", UNIT)
    recovered = world.wait_told("recovered", node, 90)
    check(world.events(node).count("restarting") == 1, "killed once", world.events(node))
    hung = world.hooks("hung", node)
    check(not hung or hung[0]["incident"] == recovered["incident"], "one incident", recovered["incident"])
    check("total" in {phase["name"] for phase in recovered["phases"]}, "the time is told", recovered["phases"])


@scenario()
def restart_of_the_daemon_leaves_the_broker_alone(world):
    """systemctl restart, stop and start of the daemon: the broker is not touched, SIGTERM takes under a second"""
    node = world.nodes[2]
    before = world.invocation(node)
    node.systemctl("restart", UNIT)
    node.systemctl("stop", UNIT)
    # From the signal to the end, without what a slow machine needs to run systemctl.
    moments = node.show(UNIT, ["ActiveExitTimestampMonotonic", "InactiveEnterTimestampMonotonic"])
    took = (int(moments["InactiveEnterTimestampMonotonic"]) - int(moments["ActiveExitTimestampMonotonic"])) / 1e6
    check(0 < took < 1.0, "stopped within a second", f"{took:.2f} s")
    result = node.show(UNIT, ["Result", "ExecMainStatus"])
    check(result == {"Result": "success", "ExecMainStatus": "0"}, "ended well", result)
    node.systemctl("start", UNIT)
    world.wait_well(node, 30)
    check(world.invocation(node) == before, "the broker is untouched")
    world.note(f"SIGTERM to end {took:.2f} s")


@scenario()
def reload_keeps_the_old_configuration_if_the_new_is_bad(world):
    """SIGHUP with a bad file: one clear line, the old configuration stays, nothing is restarted"""
    node = world.nodes[0]
    pid = node.show(UNIT, ["MainPID"])["MainPID"]
    good = node.read_file("/etc/rmqwatchd/rmqwatchd.conf")
    node.write_file("/etc/rmqwatchd/rmqwatchd.conf", "mode = act\ninterfal = 5s\n", mode=0o640, group="rmqwatchd")
    node.systemctl("reload", UNIT)
    line = wait_for(lambda: [entry["MESSAGE"] for entry in world.journal(node) if "interfal" in entry["MESSAGE"]], 5,
                    "a line about the bad option")[0]
    check("rmqwatchd.conf:2" in line, "it names file and line", line)
    check(node.show(UNIT, ["MainPID", "ActiveState"]) == {"MainPID": pid, "ActiveState": "active"}, "it goes on")
    checked = node.run(["rmqwatchd", "--check-config"], check=False)
    check(checked.returncode == 78 and "rmqwatchd.conf:2" in checked.stderr, "--check-config says the same",
          f"{checked.returncode}: {checked.stderr}")
    node.write_file("/etc/rmqwatchd/rmqwatchd.conf", good, mode=0o640, group="rmqwatchd")
    node.systemctl("reload", UNIT)
    wait_for(lambda: any("read again" in entry["MESSAGE"] for entry in world.journal(node)), 5, "the good file in use")
    faults.kill(node)
    crashed = world.wait_event(node, "crashed", 5)
    check(journal_moment(crashed) > 0, "it still acts")
    world.wait_told("recovered", node, 60)


@scenario()
def without_its_polkit_rule_it_says_so(world):
    """polkit rule missing: a clear line and an alert, no endless tries; systemd's own restart is proven instead"""
    node = world.nodes[1]
    rule = "/usr/share/polkit-1/rules.d/50-rmqwatchd.rules"
    node.run(["mv", rule, "/root/rule"])
    node.systemctl("restart", "polkit.service")
    faults.kill(node)
    held = world.wait_told("held", node, 15)
    check("polkit" in held["detail"], "it says what refused", held["detail"])
    world.wait_told("recovered", node, 90)
    node.run(["mv", "/root/rule", rule])
    node.systemctl("restart", "polkit.service")


def kill_to_start(world, node):
    """kill -9 of the broker: seconds until systemd starts it; returns when it is proven."""
    before = world.invocation(node)
    began = time.monotonic()
    faults.kill(node)
    wait_for(lambda: world.invocation(node) != before, 8, "a start before systemd's own")
    took = world.moment(node, "ExecMainStart") - began
    world.wait_told("recovered", node, 90)
    return took


@scenario()
def own_disk_full_slows_no_rescue(world):
    """the daemon's own disk full: told, and a killed broker is started as fast as ever, proven, told everywhere"""
    node = world.nodes[2]
    state = "/var/lib/rmqwatchd"
    well = kill_to_start(world, node)
    world.mark()
    node.systemctl("stop", UNIT)
    node.run(["mount", "-t", "tmpfs", "-o", "size=2M,mode=750,uid=rmqwatchd,gid=rmqwatchd", "small", state])
    try:
        node.systemctl("start", UNIT)
        world.wait_well(node, 30)
        node.run(["sh", "-c", f"cat /dev/zero > {state}/filler"], check=False)
        full = kill_to_start(world, node)
        degraded = world.wait_told("agent-degraded", node, 30)
        check("No space left" in degraded["detail"], "it says what is wrong", degraded["detail"])
        check(full < max(1.0, 3 * well), "a full disk slows nothing", f"{full:.3f} s, with room {well:.3f} s")
        node.run(["rm", f"{state}/filler"])
        world.wait_told("agent-sound", node, 90)
        world.wait_well(node, 60)
    finally:
        node.systemctl("stop", UNIT)
        node.run(["umount", state])
        node.systemctl("start", UNIT)
    world.wait_well(node, 60)
    world.note(f"kill to systemd's start {full * 1000:.0f} ms, with room {well * 1000:.0f} ms")


@scenario()
def rights_end_at_the_broker_s_unit(world):
    """the daemon's user may start and kill the broker's unit, and nothing else"""
    node = world.nodes[2]
    before = world.invocation(node)
    for words in (["stop", "dbus.socket"], ["restart", "systemd-journald.service"], ["mask", "rabbitmq-server.service"],
                  ["daemon-reload"], ["reboot"]):
        result = node.run(["setpriv", "--reuid=rmqwatchd", "--regid=rmqwatchd", "--clear-groups", "systemctl",
                           "--no-ask-password", *words], check=False)
        check(result.returncode != 0, f"systemctl {' '.join(words)} is refused", result.stdout)
    result = node.run(["setpriv", "--reuid=rmqwatchd", "--regid=rmqwatchd", "--clear-groups", "systemctl",
                       "--no-ask-password", "start", "rabbitmq-server.service"], check=False)
    check(result.returncode == 0, "start of the broker's unit is allowed", result.stderr)
    check(world.invocation(node) == before, "start of a running unit changes nothing")
