"""The daemon under AddressSanitizer and valgrind, through a whole rescue and to its end.

It runs with the host's tools in the node's network and on the node's system bus, in place of the installed one.
"""

import os
import signal
import subprocess

from lab import faults, settings
from lab.install import UNIT
from lab.process import CLEAN_ENVIRONMENT, run, wait_for

from .runner import check, scenario

SANITIZERS = "-fsanitize=address,undefined -fno-sanitize-recover=undefined"


def configuration(world, node, folder):
    """Like the installed one, with addresses for names that the host does not know, and secrets in a folder."""
    api = folder / "api"
    api.write_text(settings.WATCH_PASSWORD)
    api.chmod(0o600)
    hook = folder / "hook"
    hook.write_text(f"http://{settings.HUB_ADDRESS}:8080/hook")
    hook.chmod(0o600)
    mail = folder / "mail"
    mail.write_text(world.mail.password)
    mail.chmod(0o600)
    places = "".join(f'node "{peer.broker}" {{\n    host = "{peer.address}"\n}}\n' for peer in world.nodes)
    target = folder / "rmqwatchd.conf"
    target.write_text(f'mode = act\nnode = "{node.broker}"\nstate_dir = "{folder}"\nverify_stable = 3s\n'
                      f'alerts {{\n    group_delay = 0s\n    flap_pause = 0s\n}}\n'
                      f'management {{\n    username = "{settings.WATCH_USER}"\n    password_file = "{api}"\n}}\n'
                      f'webhook "log" {{\n    url_file = "{hook}"\n}}\n{places}'
                      f'mail "oncall" {{\n    server = "smtp://{settings.HUB_ADDRESS}:587"\n'
                      f'    username = "{world.mail.user}"\n    password_file = "{mail}"\n'
                      f'    ca_file = "{world.mail.certificate}"\n    from = "a@example.com"\n'
                      f'    to = {{"b@example.com"}}\n    min_severity = info\n}}\n')
    return target


def deliveries(log):
    """How often a recovery was delivered; a try that failed is told, too."""
    return sum("\"Recovered\" of" in line and "not delivered" not in line for line in log.read_text().splitlines())


def play(world, name, command):
    """Two rescues, a reload, a refused reload and an end, with this command as the daemon; its exit code and lines."""
    node = world.nodes[0]
    node.systemctl("stop", UNIT)
    folder = world.cluster.live / name
    folder.mkdir()
    target = configuration(world, node, folder)
    log = folder / "log"
    environment = CLEAN_ENVIRONMENT | {
        "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path=/proc/{node.leader()}/root/run/dbus/system_bus_socket"}
    with open(log, "w", encoding="utf-8") as out:
        daemon = subprocess.Popen(["nsenter", f"--net={node.namespace}", *command, "--foreground", "--config", target],
                                  stdout=out, stderr=out, stdin=subprocess.DEVNULL, env=environment, cwd="/")
    try:
        wait_for(lambda: log.read_text().count("-> healthy") >= 3, 60, f"{name}: everybody is seen healthy")
        faults.kill(node)
        wait_for(lambda: "Recovered" in log.read_text(), 120, f"{name}: rescue of a killed node")
        faults.hang(node)
        wait_for(lambda: log.read_text().count(": Recovered") == 2, 120, f"{name}: rescue of a hung node")
        wait_for(lambda: deliveries(log) == 4, 60, f"{name}: webhooks and mails")
        daemon.send_signal(signal.SIGHUP)
        wait_for(lambda: "read again" in log.read_text(), 20, f"{name}: reload")
        good = target.read_text()
        target.write_text("mode = maybe\n")
        daemon.send_signal(signal.SIGHUP)
        wait_for(lambda: "old configuration stays" in log.read_text(), 20, f"{name}: refused reload")
        target.write_text(good)
        daemon.send_signal(signal.SIGTERM)
        code = daemon.wait(30)
    finally:
        daemon.kill()
        daemon.wait()
        node.systemctl("start", UNIT)
    return code, log.read_text()


@scenario(long=True)
def sanitized_daemon_rescues(world):
    """AddressSanitizer and UndefinedBehaviorSanitizer find nothing in a whole rescue"""
    build = "build/sanitize"
    run(["make", "-C", settings.REPOSITORY, "all", f"BUILD={build}", f"SANITIZE={SANITIZERS}"], timeout=600)
    code, lines = play(world, "sanitized", [os.fspath(settings.REPOSITORY / build / "rmqwatchd")])
    check("Sanitizer" not in lines and "runtime error" not in lines, "nothing is reported", lines[-3000:])
    check(code == 0, "it ends well", f"{code}: {lines[-1500:]}")


@scenario(long=True)
def valgrind_shows_no_leak(world):
    """valgrind shows no leak and no error at the daemon's end"""
    code, lines = play(world, "valgrind", [
        "valgrind", "--quiet", "--leak-check=full", "--show-leak-kinds=definite,indirect,possible",
        "--errors-for-leak-kinds=definite,indirect,possible", "--error-exitcode=99",
        os.fspath(settings.REPOSITORY / "build/rmqwatchd")])
    check(code == 0, "no error, no leak", f"{code}: {lines[-3000:]}")
