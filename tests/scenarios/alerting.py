"""Who is told what, and how often: a real Alertmanager, one voice for a cluster."""

from lab import faults
from lab.alertmanager_server import AlertmanagerServer
from lab.process import wait_for

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
