"""States of a broker that a restart does not cure: told, with the cause, and left alone. And one that it does."""

import subprocess
import time

from lab import faults, settings
from lab.install import UNIT
from lab.process import wait_for

from .hands_off import untouched
from .rescues import ALL
from .runner import check, scenario

COOKIE = "/var/lib/rabbitmq/.erlang.cookie"
ADVANCED = "/etc/rabbitmq/advanced.config"
BROKER_CONF = "/etc/rabbitmq/rabbitmq.conf"
TLS = "/etc/rabbitmq/tls"

# How long a boot waits for the others: five minutes usually. With a wrong cookie and Khepri it is the others' knocking
# that its log tells of, and they knock every few seconds.
IMPATIENT = """[{rabbit, [{mnesia_table_loading_retry_timeout, 1000}, {mnesia_table_loading_retry_limit, 3},
  {khepri_leader_wait_retry_timeout, 1000}, {khepri_leader_wait_retry_limit, 10}]}].
"""


def told_and_left_alone(world, node, event, severity, seconds=40, watched=15):
    """The event is told with its severity, and the broker goes on as it is; gives the webhook."""
    before = world.invocation(node)
    told = world.wait_told(event, node, seconds)
    check(told["severity"] == severity, "its severity", told["severity"])
    world.stays(lambda: world.invocation(node) == before, watched, f"{node.name} is left alone")
    return told


@scenario(condition="app stopped", expected="told")
def stopped_app_is_told(world):
    """rabbitmqctl stop_app: told, not restarted; start_app ends it"""
    node = world.nodes[1]
    before = world.invocation(node)
    faults.stop_app(node)
    told = told_and_left_alone(world, node, "app-stopped", "warning")
    check("AMQP" in told["detail"], "with what was seen", told["detail"])
    faults.start_app(node)
    world.wait_told("app-back", node, 60)
    untouched(world, node, before)


@scenario(long=True, condition="app stopped, opted in", expected="restarted")
def stopped_app_is_restarted_where_opted_in(world):
    """rabbitmqctl stop_app with restart_stopped_app: restarted after verify_timeout, with all gates"""
    node = world.nodes[1]
    world.configure(node, restart_stopped_app="true", verify_timeout="15s")
    before = world.invocation(node)
    stopped = time.monotonic()
    faults.stop_app(node)
    world.wait_told("app-stopped", node, 60)
    world.wait_event(node, "restarting", 60)
    check(time.monotonic() - stopped > 15, "it has time to come back by itself", time.monotonic() - stopped)
    world.configure(node, restart_stopped_app="true")
    world.wait_told("recovered", node, 150)
    check(world.invocation(node) != before, "it was restarted")
    world.conclude()
    world.configure(node)


@scenario(condition="drained", expected="told")
def drained_node_is_left_alone(world):
    """rabbitmq-upgrade drain: one info notice, not restarted; revive ends it"""
    node = world.nodes[2]
    before = world.invocation(node)
    faults.drain(node)
    told_and_left_alone(world, node, "drained", "info")
    loud = [hook for hook in world.hooks() if hook["severity"] != "info"]
    check(not loud, "nobody is alarmed", loud)
    faults.revive(node)
    world.wait_told("revived", node, 60)
    untouched(world, node, before)


@scenario(suites=ALL, long=True, condition="listener lost", expected="told")
def lost_listener_is_told(world):
    """AMQP listener suspended, API well: told, not restarted"""
    node = world.nodes[0]
    before = world.invocation(node)
    faults.listener(node, "off")
    told_and_left_alone(world, node, "listener-lost", "critical")
    faults.listener(node, "on")
    world.wait_told("listener-back", node, 40)
    untouched(world, node, before)


@scenario(suites=ALL, long=True, condition="disk alarm", expected="told")
def disk_alarm_is_told_not_cured(world):
    """disk alarm: no restart, one warning with the numbers, one cleared"""
    node = world.nodes[2]
    before = world.invocation(node)
    faults.alarm(node, "disk", "on")
    told = told_and_left_alone(world, node, "alarm", "warning")
    check("disk" in told["detail"] and "limit" in told["detail"], "with the numbers", told["detail"])
    faults.alarm(node, "disk", "off")
    world.wait_told("alarm-cleared", node, 40)
    untouched(world, node, before)


@scenario(long=True, condition="full data disk", expected="told", setting={"data_size": "600M"})
def full_disk_is_told_not_cured(world):
    """data disk full: the disk alarm is told, no restart; cleared when there is room"""
    node = world.nodes[1]
    before = world.invocation(node)
    faults.full_disk(node, "5")
    told = told_and_left_alone(world, node, "alarm", "warning", 60, 30)
    check("disk" in told["detail"], "which alarm", told["detail"])
    faults.free_disk(node)
    world.wait_told("alarm-cleared", node, 60)
    untouched(world, node, before)


@scenario(long=True, condition="hung", expected="killed and started")
def deaf_node_is_killed_and_started(world):
    """a broker that lives, idles and serves nobody: proven hung, killed, started, proven"""
    node = world.nodes[1]
    before = world.invocation(node)
    faults.deafen(node)
    hung = world.wait_told("hung", node, 40)
    check("not a byte" in hung["detail"], "with the proof", hung["detail"])
    world.wait_told("recovered", node, 120)
    check(world.invocation(node) != before, "it was started again")
    check(world.events(node) == ["hung", "restarting", "recovered"], "the story in order", world.events(node))


def starve_for(world, seconds):
    """A broker with work to do and 5 % of a processor, for so long."""
    node = world.nodes[2]
    before = world.invocation(node)
    faults.spin(node, "30")
    try:
        faults.starve(node, "5")
        world.stays(lambda: world.invocation(node) == before, seconds, "a starved broker is not restarted")
    finally:
        faults.feed(node)
        faults.spin(node, "0")
    told = [event for any_node in world.nodes for event in world.events(any_node)]
    untrue = {"restarting", "hung", "listener-lost", "app-stopped", "drained", "crashed"} & set(told)
    check(not untrue, "nobody was taken for what it is not", told)
    world.note(f"starved for {seconds} s: {', '.join(told) or 'nothing told'}")
    world.conclude()
    world.wait_all_well(180)
    untouched(world, node, before)


@scenario(long=True, condition="busy", expected="told or nothing")
def starved_broker_is_not_restarted(world):
    """a busy broker with 5 % of a processor for two minutes: not restarted, nothing untrue is told"""
    starve_for(world, 120)


@scenario(suites=ALL, long=True, condition="busy, long", expected="told or nothing")
def broker_starved_for_long_is_not_restarted(world):
    """a busy broker with 5 % of a processor for ten minutes: not restarted, nothing untrue is told"""
    starve_for(world, 600)


def boot_slowly(world, seconds):
    node = world.nodes[0]
    faults.slow_start(node, str(seconds))
    world.configure(node, slow_boot="15s")
    node.systemctl("restart", "--no-block", settings.BROKER_UNIT)
    wait_for(lambda: world.unit(node, "ActiveState")["ActiveState"] == "activating", 60, "boot begun")
    before = world.invocation(node)
    told = world.wait_told("slow-boot", node, 40)
    check(told["severity"] == "warning", "it warns", told["severity"])
    wait_for(lambda: world.unit(node, "ActiveState")["ActiveState"] == "active", seconds + 120, "boot ended")
    untouched(world, node, before)
    world.wait_told("boot-ended", node, 30)
    faults.slow_start(node, "0")
    check("restarting" not in world.events(node), "never restarted", world.events(node))
    world.configure(node)


@scenario(long=True, condition="booting, slow", expected="told")
def slow_boot_is_told(world):
    """a boot of four minutes: told as slow, not restarted, told when over"""
    boot_slowly(world, 240)


@scenario(long=True, condition="never boots: cookie", expected="gave up")
def wrong_cookie_is_named(world):
    """wrong Erlang cookie: given up with the cause named, recovery when mended and resumed"""
    node = world.nodes[1]
    world.configure(node, max_restarts=2, restart_window="10min", backoff="1s", backoff_max="2s")
    # As packaging/rmqwatchd.service says: without it what the broker says before it has a log is in a file for root.
    faults.drop_in(node, "lab-output", "StandardOutput=journal\nStandardError=journal")
    node.write_file(ADVANCED, IMPATIENT)
    node.write_file(COOKIE, "SOMETHINGELSE", mode=0o400, owner="rabbitmq", group="rabbitmq")
    faults.kill(node)
    gave_up = world.wait_told("gave-up", node, 400)
    check(gave_up["severity"] == "critical", "it pages", gave_up["severity"])
    node.write_file(COOKIE, settings.ERLANG_COOKIE, mode=0o400, owner="rabbitmq", group="rabbitmq")
    node.run(["rm", "-f", ADVANCED])
    faults.drop_in(node, "lab-output", "")
    world.ctl(node, "resume")
    world.wait_told("recovered", node, 150)
    world.configure(node)
    check("cookie" in gave_up["detail"], "the cause is named", gave_up["detail"])


def make_expired_certificate(folder):
    """A self-signed certificate for localhost that ended long ago; (certificate, key) as text."""
    (folder / "db").write_text("")
    (folder / "serial").write_text("01\n")
    (folder / "ca.conf").write_text(
        f"[ca]\ndefault_ca=d\n[d]\ndatabase={folder}/db\nserial={folder}/serial\nnew_certs_dir={folder}\n"
        f"default_md=sha256\npolicy=p\nx509_extensions=e\n[p]\ncommonName=supplied\n"
        f"[e]\nsubjectAltName=IP:127.0.0.1\nbasicConstraints=CA:TRUE\n")
    for words in (["req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout",
                   folder / "key.pem", "-out", folder / "request.pem"],
                  ["ca", "-batch", "-notext", "-selfsign", "-config", folder / "ca.conf", "-keyfile",
                   folder / "key.pem", "-in", folder / "request.pem", "-out", folder / "cert.pem", "-startdate",
                   "20200101000000Z", "-enddate", "20210101000000Z"]):
        subprocess.run(["openssl", *words], check=True, capture_output=True, stdin=subprocess.DEVNULL)
    return (folder / "cert.pem").read_text(), (folder / "key.pem").read_text()


@scenario(long=True, condition="expired certificate", expected="told")
def expired_certificate_is_told(world):
    """expired certificate of the API: one warning that says so, no restart"""
    node = world.nodes[1]
    folder = world.cluster.live / "tls"
    folder.mkdir()
    certificate, key = make_expired_certificate(folder)
    good = node.read_file(BROKER_CONF)
    node.write_file(f"{TLS}/cert.pem", certificate)
    node.write_file(f"{TLS}/key.pem", key, mode=0o640, group="rabbitmq")
    node.write_file(BROKER_CONF, good + f"management.tcp.port = {settings.API_PORT}\nmanagement.ssl.port = 15671\n"
                    f"management.ssl.certfile = {TLS}/cert.pem\nmanagement.ssl.keyfile = {TLS}/key.pem\n")
    node.systemctl("restart", settings.BROKER_UNIT, timeout=180)
    world.wait_all_well(90)
    world.mark()
    before = world.invocation(node)
    text = world.configuration().replace("management {", 'management {\n    url = "https://127.0.0.1:15671"\n'
                                         f'    ca_file = "{TLS}/cert.pem"', 1)
    text += "".join(f'node "{other.broker}" {{\n    management_url = "http://{other.name}:{settings.API_PORT}"\n}}\n'
                    for other in world.nodes if other is not node)
    node.write_file("/etc/rmqwatchd/rmqwatchd.conf", text, mode=0o640, group="rmqwatchd")
    node.systemctl("reload", UNIT)
    told = told_and_left_alone(world, node, "check-misconfigured", "warning", 60, 30)
    check("certificate" in told["detail"], "the cause is named", told["detail"])
    world.configure(node)
    node.write_file(BROKER_CONF, good)
    node.systemctl("restart", settings.BROKER_UNIT, timeout=180)
    check(before != world.invocation(node), "the operator's restart")


@scenario(condition="agent stalled", expected="told")
def stalled_agent_starts_counting_afresh(world):
    """daemon and broker stopped for ten seconds: old evidence is discarded, no restart"""
    node = world.nodes[0]
    before = world.invocation(node)
    pids = node.unit_pids(UNIT)
    faults.hang(node)
    faults.signal_all(pids, faults.signal.SIGSTOP)
    world.stays(lambda: True, 10, "stopped")
    faults.resume(node)
    faults.signal_all(pids, faults.signal.SIGCONT)
    told = world.wait_told("agent-stalled", node, 20)
    check("late" in told["detail"], "it says how late", told["detail"])
    world.wait_told("agent-ok", node, 60)
    untouched(world, node, before)
