"""The network between the members fails: nothing is restarted, no side is chosen."""

from lab import faults
from lab.process import LabError, wait_for

from .rescues import ALL
from .runner import NotProducible, check, scenario

TICK = "8"
SETTLE = "12s"
KHEPRI = ("forky", "trixie-khepri")


def hasten(world):
    """Erlang calls a silent peer down after seconds, not after a minute; and views have to differ less long.

    It stays so until the broker's next start, and whoever hangs for these seconds is parted from the others. So what
    lets a node hang, and wants one cluster, is played before.
    """
    for node in world.nodes:
        faults.tick(node, TICK)
    world.configure_all(views_settle=SETTLE)
    world.wait_all_well(60)
    world.mark()


def all_untouched(world, before):
    after = [world.invocation(node) for node in world.nodes]
    check(after == before, "no broker was started again", [node.name for node, old, new in
                                                           zip(world.nodes, before, after) if old != new])
    for node in world.nodes:
        check(not {"restarting", "crashed", "hung"} & set(world.events(node)), f"{node.name}: nothing was done",
              world.events(node))


def cut_and_heal(world, node, cut, paused, seconds=40):
    """A node is cut off from the others; it must be told, left alone, and well again after the cut is healed."""
    before = [world.invocation(any_node) for any_node in world.nodes]
    try:
        cut()
        isolated = world.wait_told("isolated", node, 40)
        check(isolated["severity"] == "critical", "it pages", isolated["severity"])
        if paused:
            world.wait_told("paused", node, 60)
        world.stays(lambda: [world.invocation(any_node) for any_node in world.nodes] == before, seconds,
                    "nothing is restarted during a partition")
        world.note(f"cut off: {node.name} told {world.events(node)}; the others "
                   f"{[world.events(other) for other in world.nodes if other is not node]}")
    finally:
        faults.heal(node)
    if paused:
        world.wait_told("pause-over", node, 90)
    world.wait_told("isolation-over", node, 90)
    world.wait_all_well(150)
    world.wait_running_everywhere(60)
    all_untouched(world, before)
    world.configure_all()


@scenario(condition="stale view", expected="held")
def stale_view_freezes(world):
    """one member takes another for down, alone: told after the settling time, and a hung node is held meanwhile"""
    if world.suite in KHEPRI:
        raise NotProducible("with Khepri each list of running members is asked for anew; there is none to be stale")
    world.configure_all(views_settle=SETTLE)
    accuser, hung = world.nodes[1], world.nodes[0]
    before = [world.invocation(node) for node in world.nodes]
    try:
        faults.hide(accuser, "rmq3")
        told = world.wait_told("stale-view", hung, 60)  # the first member speaks for the cluster
        check(told["severity"] == "critical", "it pages", told["severity"])
        check(f"{accuser.broker} calls {world.nodes[2].broker} down" in told["detail"], "who is wrong about whom",
              told["detail"])
        check(len(world.hooks("stale-view")) == 1, "one agent tells", world.hooks("stale-view"))
        faults.hang(hung)
        held = world.wait_told("held", hung, 40)
        check("no side is chosen" in held["why"], "why", held["why"])
    finally:
        faults.resume(hung)
        faults.unhide(accuser, "rmq3")
    world.wait_told("views-agree", hung, 60)
    world.wait_all_well(90)
    check([world.invocation(node) for node in world.nodes] == before, "nothing was restarted")
    world.configure_all()


@scenario(suites=ALL, condition="paused / isolated", expected="told")
def node_cut_off_is_left_alone(world):
    """a node cut off from both others: told, never restarted, resumes by itself when healed"""
    hasten(world)
    node = world.nodes[2]
    cut_and_heal(world, node, lambda: faults.partition(node, "rmq1,rmq2"), world.suite not in KHEPRI)


@scenario(long=True, condition="isolated one way", expected="told")
def node_that_hears_nothing_is_left_alone(world):
    """a node that hears nothing of the others, and is heard: told, never restarted, well when healed"""
    hasten(world)
    node = world.nodes[0]
    cut_and_heal(world, node, lambda: faults.partition(node, "rmq2,rmq3", "in"), world.suite not in KHEPRI)


@scenario(long=True, condition="partitioned", expected="told")
def partial_partition_is_left_alone(world):
    """two members cannot reach each other, the third reaches both: told, nothing restarted, no side chosen"""
    hasten(world)
    before = [world.invocation(node) for node in world.nodes]
    one = world.nodes[0]
    try:
        faults.partition(one, "rmq2")
        world.stays(lambda: [world.invocation(node) for node in world.nodes] == before, 60, "nothing is restarted")
        check(any(hook["severity"] == "critical" for hook in world.hooks()), "somebody is told", world.hooks())
        world.note(f"partial partition: {[world.events(node) for node in world.nodes]}")
    finally:
        faults.heal(one)
    join_by_hand_if_parted(world, one)
    world.wait_all_well(240)
    world.wait_running_everywhere(60)
    all_untouched(world, before)
    world.configure_all()


def join_by_hand_if_parted(world, node):
    """RabbitMQ 4.0 on Khepri may stay parted after the network is healed: by its own word, so the agents say so, too;
    then an operator has to take one side out and in again.
    """
    everyone = {each.broker for each in world.nodes}
    try:
        wait_for(lambda: all(each.running_brokers() == everyone for each in world.nodes), 60, "one cluster again")
    except LabError:
        parted = [sorted(each.running_brokers()) for each in world.nodes]
        world.wait_hook("partition", world.nodes[0], 60)
        world.note(f"the brokers stay parted after the network is healed: {parted}; joined by hand")
        faults.stop_app(node)
        faults.start_app(node)
