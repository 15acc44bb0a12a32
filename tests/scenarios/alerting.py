"""Who is told what, and how often: a real Alertmanager, one voice for a cluster."""

import base64

from lab import faults, settings
from lab.alertmanager_server import AlertmanagerServer
from lab.install import UNIT
from lab.process import run, wait_for

from .runner import check, scenario


def firing(alertmanager, node):
    """The names of what fires about a node."""
    return sorted(alert["labels"]["alertname"] for alert in alertmanager.alerts()
                  if alert["labels"].get("node") == node.broker)


@scenario()
def alertmanager_fires_and_resolves(world):
    """a memory alarm, and a real Alertmanager: one alert fires while it lasts, and is resolved with it"""
    node = world.nodes[0]
    with AlertmanagerServer(world.cluster) as alertmanager:
        world.configure_all(cluster='"lab"', **{'alertmanager "prometheus"': {"server": f'"{alertmanager.url}"'}})
        world.wait_all_well(30)
        faults.alarm(node, "memory", "on")
        try:
            world.wait_told("alarm", node, 20)
            wait_for(lambda: firing(alertmanager, node), 20, "an alert in Alertmanager")
            alerts = alertmanager.alerts()
            check(len(alerts) == 1, "it is one alert, though three agents watch", alerts)
            labels = alerts[0]["labels"]
            check((labels["alertname"], labels["severity"], labels["cluster"]) ==
                  ("RmqwatchMemoryAlarm", "warning", "lab"), "its labels say what, how loud and where", labels)
            check("limit" in alerts[0]["annotations"]["detail"], "its annotations have the numbers", alerts[0])
        finally:
            faults.alarm(node, "memory", "off")
        world.wait_told("alarm-cleared", node, 20)
        wait_for(lambda: not firing(alertmanager, node), 20, "nothing fires any more")
    world.configure_all()


def everything_kept(node):
    """All that the product left on a node, and says of itself, as bytes, by the name of the place."""
    process = node.show(UNIT, ["MainPID"])["MainPID"]
    commands = {
        "journal": "journalctl --output=export --no-pager",
        "database": "cat /var/lib/rmqwatchd/rmqwatchd.db*",
        "evidence": "find /var/lib/rmqwatchd -type f -not -name '*.db*' -exec cat {} +",
        "process": f"cat /proc/{process}/cmdline /proc/{process}/environ",
        "answers": "rmqwatchctl status --json; rmqwatchctl why --json; rmqwatchctl history --json",
    }
    return {place: base64.b64decode(node.run(["sh", "-c", f"({command}) | base64"]).stdout)
            for place, command in commands.items()}


@scenario()
def secrets_appear_nowhere(world):
    """targets that refuse and repeat the secret, then a crash of the daemon: no secret in anything that it leaves"""
    node = world.nodes[2]  # the first has incidents enough of other scenarios to be told as flapping
    secrets = {"API password": settings.WATCH_PASSWORD, "Slack token": "T000/B000/lab", "mail password":
               world.mail.password, "webhook path": "/hook"}
    url = f"{world.sink.https}/slack/services/T000/B000/lab"
    world.sink.script("/slack", times=1, status=302, headers={"location": url}, body=url)
    world.sink.script("/slack", times=1, status=403, body=f"invalid_token {url}")
    world.sink.script("/hook", times=2, status=500, body=f"{settings.WATCH_PASSWORD} /hook")
    faults.kill(node)
    world.wait_hook("recovered", node, 60)
    world.wait_well(node, 60)
    for place, content in everything_kept(node).items():
        check(content, f"something is kept in {place}", "")
        for name, secret in secrets.items():
            check(secret.encode() not in content, f"the {name} is not in {place}", place)
    node.run(["systemctl", "kill", "--signal=SEGV", "--kill-whom=main", UNIT])
    wait_for(lambda: any("rmqwatchd" in str(entry.get("MESSAGE")) and "status=11/SEGV" in str(entry.get("MESSAGE"))
                         for entry in node.journal(None, UNIT)), 20, "the daemon's death in the journal")
    dumped = [entry["MESSAGE"] for entry in node.journal(None, UNIT) if "dumped" in str(entry.get("MESSAGE"))]
    check(not dumped, "no core was dumped", dumped)
    wait_for(lambda: world.ctl(node, "status", check=False).returncode in (0, 4), 30, "the daemon that came after it")
    tried = world.ctl(node, "test-alert", "ops")
    check('slack "ops": delivered: HTTP 200\n    ok\n' == tried.stdout, "Slack takes a test", tried.stdout)
    world.wait_hook("delivery-ok", node, 30)


@scenario(cluster=False)
def outbox_survives_torture(world):
    """1,000 notices, a target that fails at random, a daemon that is killed, a full disk: none lost, order kept"""
    result = run([settings.REPOSITORY / "tests/torture/run", "--build", settings.REPOSITORY / "build",
                  "--notices", "1000", "--kills", "10"], timeout=600, check=False)
    check(result.returncode == 0, "nothing is lost", result.stdout + result.stderr)
    for line in result.stdout.splitlines():
        world.note(line.removeprefix("torture: "))
