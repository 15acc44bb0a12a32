"""More than one node is in trouble."""

import time

from lab import faults
from lab.etcd_server import EtcdServer
from lab.process import wait_for

from .rescues import ALL, journal_moment
from .runner import check, scenario

STUBBORN = {"max_restarts": 2, "restart_window": "10min", "backoff": "1s", "backoff_max": "2s",
            "give_up_retry": "1h", "give_up_retry_max": "1h"}


def one_at_a_time(world, nodes):
    """Between two kills lies the recovery of the first; gives the kills in order."""
    kills = sorted((journal_moment(entry), node) for node in nodes for entry in world.journal(node, "restarting"))
    for (first, node), (second, _) in zip(kills, kills[1:]):
        recoveries = [journal_moment(entry) for entry in world.journal(node, "recovered")]
        check(any(first < moment <= second for moment in recoveries),
              f"{node.name} was proven well before the next kill",
              f"kills {first:.1f} and {second:.1f}, recoveries {recoveries}")
    return kills


@scenario(suites=ALL, long=True, condition="quorum lost", expected="told")
def last_good_node_is_never_restarted(world):
    """two of three brokers cannot start: the third is never restarted, the loss of the quorum is told"""
    last, *dead = world.nodes
    before = world.invocation(last)
    for node in dead:
        world.configure(node, **STUBBORN)
        faults.crash_at_start(node, "on")
    for node in dead:
        faults.kill(node)
    for node in dead:
        world.wait_told("gave-up", node, 120)
    wait_for(lambda: {"quorum-lost", "paused"} & {hook["event"] for hook in world.hooks(node=last)}, 60,
             f"{last.name} tells that it is alone; it told {world.events(last)}, status: {world.status(last)}")
    world.stays(lambda: world.invocation(last) == before, 30, "the last one is left alone")
    world.note(f"the last one told: {world.events(last)}")
    world.conclude(last)
    for node in dead:
        faults.crash_at_start(node, "off")
        world.ctl(node, "resume")
    for node in dead:
        world.wait_told("recovered", node, 180)
    world.wait_all_well(120)
    check(world.invocation(last) == before, "the last one was never touched")
    world.configure_all()


def under_etcd(etcd):
    """The configuration of a lease that can be had while the cluster has no majority."""
    return {"provider": "etcd", "endpoints": f'{{"{etcd.url}"}}'}


@scenario(long=True, condition="two hung at once", expected="held")
def two_hung_nodes_are_held(world):
    """two of three nodes hang at the same moment, the cluster is the lease: both held, both well when they go on"""
    pair = world.nodes[:2]
    before = [world.invocation(node) for node in world.nodes]
    for node in pair:
        faults.hang(node)
    for node in pair:
        world.wait_told("held", node, 40)
    world.stays(lambda: [world.invocation(node) for node in world.nodes] == before, 60, "nobody is restarted")
    world.conclude()
    for node in pair:
        faults.resume(node)
    world.wait_all_well(180)
    check([world.invocation(node) for node in world.nodes] == before, "nobody was restarted")


@scenario(long=True, condition="two hung at once, etcd", expected="killed and started")
def two_hung_nodes_one_at_a_time(world):
    """two of three nodes hang at the same moment, etcd has the lease: killed one after the other"""
    pair = world.nodes[:2]
    with EtcdServer(world.cluster) as etcd:
        world.configure_all(lease=under_etcd(etcd))
        world.wait_all_well(30)
        world.mark()
        for node in pair:
            faults.hang(node)
        for node in pair:
            world.wait_told("recovered", node, 300)
        world.configure_all()
    world.wait_all_well(180)
    kills = one_at_a_time(world, pair)
    check(len(kills) == 2, "each was killed once", kills)
    world.note(f"the second kill came {kills[1][0] - kills[0][0]:.1f} s after the first")


@scenario(long=True, condition="two hung of five", expected="killed and started", setting={"nodes": 5})
def two_hung_of_five_race_for_the_lease(world):
    """two of five nodes hang at the same moment: the others are a majority, the lease lets one go first"""
    pair = world.nodes[1:3]
    for node in pair:
        faults.deafen(node)
    for node in pair:
        world.wait_told("recovered", node, 240)
    kills = one_at_a_time(world, pair)
    check(len(kills) == 2, "each was killed once", kills)
    reasons = [entry["RMQ_REASON"] for node in pair for entry in world.journal(node, "held")]
    check(any("another agent holds the restart lease" in reason for reason in reasons), "the second was told to wait",
          reasons)
    world.note(f"the second kill came {kills[1][0] - kills[0][0]:.1f} s after the first")


@scenario(long=True, condition="hung, another down, no lease", expected="held")
def hang_without_quorum_is_held(world):
    """hang while another node is down, lease { provider = none }: held, until the others are a majority again"""
    hung, down, _ = world.nodes
    world.configure(hung, lease={"provider": "none"})
    before = world.invocation(hung)
    down.systemctl("stop", "rabbitmq-server.service", timeout=120)
    faults.hang(hung)
    told = world.wait_told("held", hung, 25)
    check("no majority" in told["why"], "it says why", told["why"])
    check(f"{down.broker} did not answer" in told["detail"], "it names who is missing", told["detail"])
    world.stays(lambda: world.invocation(hung) == before, 15, "not killed")
    world.conclude()
    down.systemctl("start", "--no-block", "rabbitmq-server.service")
    wait_for(lambda: world.hooks("restarting", hung) or world.hooks("recovered", hung), 120,
             "rescued once the others are a majority")
    faults.resume(hung)
    world.wait_told("recovered", hung, 120)
    world.wait_all_well(120)
    world.configure(hung)


@scenario(long=True, condition="frozen, another down, etcd", expected="killed and started")
def frozen_node_without_quorum_is_restarted_under_the_lease(world):
    """freeze while another node is down, etcd has the lease: it takes no part, so it is killed and started"""
    hung, down, _ = world.nodes
    before = world.invocation(hung)
    with EtcdServer(world.cluster) as etcd:
        world.configure_all(lease=under_etcd(etcd))
        down.systemctl("stop", "rabbitmq-server.service", timeout=120)
        faults.hang(hung)
        restarting = world.wait_event(hung, "restarting", 60)
        check("takes no part any more" in restarting["RMQ_REASON"], "why", restarting["RMQ_REASON"])
        wait_for(lambda: world.invocation(hung) != before, 30, "started again")
        down.systemctl("start", "--no-block", "rabbitmq-server.service")
        world.wait_told("recovered", hung, 180)
        world.configure_all()
    world.wait_all_well(120)
