"""Faults by dice on a real cluster, and an oracle that knows what may be done about each, and what must be.

The plan follows from the seed alone. A step is one fault, or two at once on different nodes; it ends when the fault is
undone and every agent says that all is well again. What the product did is read from systemd, not from the product:
each start of a broker is an entry of PID 1. Only then is the product asked for its explanation.
"""

import json
import random
import time
from dataclasses import dataclass, field

from lab import faults, settings
from lab.install import UNIT
from lab.process import LabError

TICK = 8
TICKS = f"[{{kernel, [{{net_ticktime, {TICK}}}]}}].\n"
OPTIONS = {"views_settle": "12s", "backoff_max": "10s", "max_restarts": 90, "max_cluster_restarts": 200}
SHORT_HANG = 3  # seconds: not enough for three failures in a row


@dataclass
class Kind:
    """What a fault does and what may follow.

    begin(world, node), end(world, node): the fault and its end. seconds: how long it lasts, least and most.
    starts: how often the broker may be started because of it, least and most. serves_within: seconds from the end
    (or from the beginning, where the node is to be rescued while the fault lasts) until it must serve again.
    """

    begin: object
    end: object = None
    seconds: tuple = (0, 0)
    starts: tuple = (0, 0)
    serves_within: int = 90
    weight: int = 2


@dataclass
class Fault:
    """One fault of the plan."""

    name: str
    node: int
    seconds: float

    def __str__(self):
        return f"{self.name} rmq{self.node + 1}" + (f" for {self.seconds:.0f} s" if self.seconds else "")


@dataclass
class Verdict:
    """What the oracle found."""

    wrong: list = field(default_factory=list)
    missed: list = field(default_factory=list)
    unexplained: list = field(default_factory=list)
    incidents: int = 0
    stuck: int = 0  # brokers that failed to resume from a pause: nothing that the product may cure
    parted: int = 0  # partitions that outlasted the network's, by the brokers' own word: no side is chosen
    steps: int = 0

    @property
    def well(self):
        return not (self.wrong or self.missed or self.unexplained)


def others_of(world, node):
    return ",".join(other.name for other in world.nodes if other is not node)


def kill_agent(_world, node):
    node.systemctl("kill", "--signal=KILL", UNIT)


def kill_both(world, node):
    faults.kill(node)
    kill_agent(world, node)


def operator_stops(_world, node):
    node.systemctl("stop", settings.BROKER_UNIT, timeout=180)


def operator_starts(_world, node):
    node.systemctl("start", "--no-block", settings.BROKER_UNIT)


def hold_and_kill(world, node):
    world.ctl(node, "hold", "--for=1h", "--reason=chaos")
    faults.kill(node)


def crash_at_start(_world, node):
    faults.crash_at_start(node, "on")
    faults.kill(node)


def starve(_world, node):
    faults.spin(node, "10")
    faults.starve(node, "5")


def feed(_world, node):
    faults.feed(node)
    faults.spin(node, "0")


def plainly(verb, *words):
    return lambda _world, node: verb(node, *words)


KINDS = {
    "kill": Kind(plainly(faults.kill), starts=(1, 1), weight=4),
    "hang": Kind(plainly(faults.hang), starts=(1, 1), serves_within=120, weight=4),
    "hang-and-resume": Kind(plainly(faults.hang), plainly(faults.resume), (1, SHORT_HANG)),
    "deafen": Kind(plainly(faults.deafen), starts=(1, 1), serves_within=120),
    "stop-app": Kind(plainly(faults.stop_app), plainly(faults.start_app), (5, 40)),
    "drain": Kind(plainly(faults.drain), plainly(faults.revive), (5, 40)),
    "operator-stop": Kind(operator_stops, operator_starts, (5, 60), starts=(1, 1)),
    "memory-alarm": Kind(plainly(faults.alarm, "memory", "on"), plainly(faults.alarm, "memory", "off"), (5, 40)),
    "disk-alarm": Kind(plainly(faults.alarm, "disk", "on"), plainly(faults.alarm, "disk", "off"), (5, 40)),
    "partition": Kind(lambda world, node: faults.partition(node, others_of(world, node)), plainly(faults.heal),
                      (5, 90), serves_within=180, weight=3),
    "one-way": Kind(lambda world, node: faults.partition(node, others_of(world, node), "in"), plainly(faults.heal),
                    (5, 60), serves_within=180),
    "loss": Kind(plainly(faults.loss, "20"), plainly(faults.loss, "0"), (10, 60), serves_within=180),
    "busy": Kind(starve, feed, (20, 60), serves_within=180),
    "listener-off": Kind(plainly(faults.listener, "off"), plainly(faults.listener, "on"), (5, 40)),
    "agent-kill": Kind(kill_agent),
    "kill-with-agent": Kind(kill_both, starts=(1, 1), weight=2),
    "hold-and-kill": Kind(hold_and_kill, lambda world, node: world.ctl(node, "resume"), (3, 30), starts=(1, 1)),
    "crash-at-start": Kind(crash_at_start, plainly(faults.crash_at_start, "off"), (5, 60), starts=(1, 99)),
}
# Two of these at once leave each of the others its own.
DOUBLES = ("kill", "hang", "kill-with-agent")


def plan(seed, nodes=3):
    """Steps without end: each a pause and one or two faults."""
    dice = random.Random(seed)
    names = [name for name, kind in KINDS.items() for _ in range(kind.weight)]
    while True:
        pause = dice.uniform(0, 15)
        where = dice.sample(range(nodes), 2)
        if dice.random() < 0.15:
            yield pause, [Fault(dice.choice(DOUBLES), node, 0) for node in where]
            continue
        name = dice.choice(names)
        yield pause, [Fault(name, where[0], dice.uniform(*KINDS[name].seconds))]


class Oracle:
    """Plays the plan and judges."""

    def __init__(self, world, out):
        self.world = world
        self.out = out
        self.verdict = Verdict()
        self.began = time.monotonic()
        self.cursors = {}
        self.restarted_by_hand = set()  # during this step
        self.held_as_written = False    # the same

    def say(self, text):
        self.out(f"{time.monotonic() - self.began:8.1f}  {text}")

    def wrong(self, text):
        self.say(f"WRONG: {text}")
        self.verdict.wrong.append(text)

    def missed(self, text):
        self.say(f"MISSED: {text}")
        self.verdict.missed.append(text)

    # --- what systemd says --------------------------------------------------------------------------------------

    def starts(self, node):
        """When the broker's start was begun since the step's beginning, failed attempts too."""
        entries = node.journal(self.cursors[node.name], match=("_PID=1", f"UNIT={settings.BROKER_UNIT}"))
        return [int(entry["__MONOTONIC_TIMESTAMP"]) / 1e6 for entry in entries
                if str(entry.get("MESSAGE", "")).startswith("Starting ")]

    def serves(self, node):
        return node.broker_ready() and len(node.running_brokers()) == len(self.world.nodes)

    # --- a step -------------------------------------------------------------------------------------------------

    def step(self, chosen):
        """One or two faults, their end, the judgement."""
        self.verdict.steps += 1
        self.world.mark()
        self.cursors = {node.name: node.journal_cursor() for node in self.world.nodes}
        self.restarted_by_hand.clear()
        self.held_as_written = False
        self.say(f"{self.verdict.steps}: {' and '.join(str(fault) for fault in chosen)}")
        moments = {}
        for fault in chosen:
            node = self.world.nodes[fault.node]
            KINDS[fault.name].begin(self.world, node)
            moments[fault.node] = time.monotonic()
        time.sleep(chosen[0].seconds)
        for fault in chosen:
            node = self.world.nodes[fault.node]
            self.judge_before_end(fault, node)
            if KINDS[fault.name].end:
                KINDS[fault.name].end(self.world, node)
                moments[fault.node] = time.monotonic()
        self.await_rescue(chosen, moments)
        self.judge_starts(chosen)
        self.judge_turns()

    def judge_before_end(self, fault, node):
        """What must not have happened while the fault lasted."""
        if fault.name == "operator-stop" and self.starts(node):
            self.wrong(f"{node.name} was started although an operator had stopped it")
        if fault.name == "hold-and-kill":
            acted = [event for event in self.world.events(node) if event in ("crashed", "restarting", "retrying")]
            if acted:
                self.wrong(f"{node.name} was on hold, and yet: {', '.join(acted)}")

    def await_rescue(self, chosen, moments):
        """Every node serves within its bound; then every agent is content."""
        nodes = self.world.nodes
        bound = max(KINDS[fault.name].serves_within for fault in chosen) * len(chosen)
        deadline = max(moments.values()) + bound
        waiting = list(nodes)
        while waiting and time.monotonic() < deadline:
            waiting = [node for node in waiting if not self.serves(node)]
            time.sleep(0.5)
        took = time.monotonic() - max(moments.values())
        stuck = [node for node in nodes if waiting and self.failed_to_resume(node)]
        if waiting and [fault.name for fault in chosen] == ["hang", "hang"] and self.held(chosen):
            self.say(f"held for {took:.0f} s: two hung at once, and no lease to be had; resumed by hand")
            self.held_as_written = True
        elif stuck:
            # The others wait in their boot for this one's tables, and it waits for nothing any more.
            self.say(f"   {stuck[0].name} failed to resume, and had told that it is paused; told: {self.told()}")
            self.verdict.stuck += 1
            for node in stuck:
                self.resume_by_hand(node)
        elif waiting and self.is_parted():
            odd = nodes[chosen[0].node]
            self.say(f"   the brokers stay parted, and the agents tell so; {odd.name} joined by hand; "
                     f"told: {self.told()}")
            self.verdict.parted += 1
            faults.stop_app(odd)
            faults.start_app(odd)
        else:
            for node in waiting:
                self.missed(f"{node.name} does not serve {took:.0f} s after {chosen[0].name}; its agent: "
                            f"{self.world.status(node)}")
        if waiting:
            self.mend()
        else:
            self.say(f"   serves again after {took:.1f} s; told: {self.told()}")
        self.await_content()

    def held(self, chosen):
        return all("held" in self.world.events(self.world.nodes[fault.node]) or
                   "restarting" in self.world.events(self.world.nodes[fault.node]) for fault in chosen)

    def is_parted(self):
        """pause_minority has come too late, as it may where members lose each other for seconds only: by every broker's
        own word there is a partition, and it was told.
        """
        said = [node.rabbitmqctl("eval", "rabbit_node_monitor:partitions().", timeout=20, check=False).stdout.strip()
                for node in self.world.nodes]
        told = any("partition" in self.world.events(node) for node in self.world.nodes)
        return told and all(answer.startswith("[") and answer != "[]" for answer in said)

    def failed_to_resume(self, node):
        """Its broker was paused, and its agent has told so and nothing else since; but it does not come back: an
        error ended the process that is to resume it, or its boot hangs.
        """
        events = self.world.events(node)
        if "paused" not in events or "pause-over" in events:
            return False
        log = node.run(["tail", "-n", "20", f"/var/log/rabbitmq/{node.broker}.log"]).stdout
        return "rabbit_outside_app_process" in log or self.boots_for_ever(node)

    @staticmethod
    def boots_for_ever(node):
        """Its bound is over, and by its own word it does not run yet."""
        said = node.rabbitmqctl("eval", "{rabbit:is_running(), rabbit:is_booting()}.", timeout=20, check=False)
        return said.stdout.strip() == "{false,true}"

    def resume_by_hand(self, node):
        """What the alert tells the operator to do."""
        if self.boots_for_ever(node):
            self.restarted_by_hand.add(node)
            node.systemctl("restart", "--no-block", settings.BROKER_UNIT)
        else:
            faults.start_app(node)

    def told(self):
        parts = [f"{node.name} {' '.join(self.world.events(node))}" for node in self.world.nodes
                 if self.world.events(node)]
        return "; ".join(parts) or "nothing"

    def await_content(self):
        try:
            self.world.wait_all_well(180)
        except LabError as error:
            self.missed(f"the agents do not find all well: {error}")
            self.mend()
            self.world.wait_all_well(300)

    def mend(self):
        """By hand, so that the run goes on."""
        for node in self.world.nodes:
            faults.resume(node)
            faults.heal(node)
            faults.loss(node, "0")
            faults.feed(node)
            faults.crash_at_start(node, "off")
            self.world.ctl(node, "resume", check=False)
            node.systemctl("start", "--no-block", settings.BROKER_UNIT, check=False)

    def judge_starts(self, chosen):
        """Nobody was started more often than its fault allows, nor less."""
        faulty = {fault.node: KINDS[fault.name] for fault in chosen}
        for index, node in enumerate(self.world.nodes):
            least, most = faulty[index].starts if index in faulty else (0, 0)
            least = 0 if self.held_as_written else least
            begun = len(self.starts(node)) - (node in self.restarted_by_hand)
            if begun > most:
                self.wrong(f"{node.name} was started {begun} times, {most} would have been right")
            elif begun < least:
                self.missed(f"{node.name} was started {begun} times, {least} would have been right")

    def judge_turns(self):
        """Nobody disturbed a live node before the one that was disturbed before it was proven well."""
        turns = []
        for node in self.world.nodes:
            begun = None
            for entry in self.world.journal(node):
                event, moment = entry.get("RMQ_EVENT"), int(entry["__MONOTONIC_TIMESTAMP"]) / 1e6
                if event == "restarting":
                    begun = moment
                elif begun and event in ("recovered", "unverified", "gave-up"):
                    turns.append((begun, moment, node.name))
                    begun = None
            if begun:
                turns.append((begun, float("inf"), node.name))
        turns.sort()
        for (_, end, first), (begun, _, second) in zip(turns, turns[1:]):
            if begun < end:
                self.wrong(f"{second} was disturbed {end - begun:.1f} s before {first} was well again")

    # --- afterwards ---------------------------------------------------------------------------------------------

    def explain(self):
        """Every incident has a history with reasons, and every node a why."""
        ids = {}
        for hook in self.world.hooks_of_all_time():
            ids.setdefault(hook["incident"], hook["node"])
        for incident, broker in ids.items():
            self.verdict.incidents += 1
            known = [node for node in self.world.nodes if self.has_reasons(node, incident)]
            if not known:
                self.say(f"UNEXPLAINED: incident {incident} of {broker}")
                self.verdict.unexplained.append(incident)
        for node in self.world.nodes:
            why = self.world.ctl(node, "why", check=False)
            if why.returncode != 0 or "decision" not in why.stdout:
                self.verdict.unexplained.append(f"why at {node.name}: {why.stdout}{why.stderr}")

    def has_reasons(self, node, incident):
        answer = self.world.ctl(node, "history", "--json", incident, check=False)
        entries = json.loads(answer.stdout)["entries"] if answer.returncode == 0 else []
        return bool(entries) and all(entry["why"] for entry in entries)


def run(world, hours, seed, out=print):
    """Plays for so many hours; gives the verdict."""
    oracle = Oracle(world, out)
    for node in world.nodes:
        node.write_file("/etc/rabbitmq/advanced.config", TICKS)
        faults.tick(node, str(TICK))
    world.configure_all(**OPTIONS)
    world.wait_all_well(60)
    for pause, chosen in plan(seed, len(world.nodes)):
        if time.monotonic() - oracle.began >= hours * 3600:
            break
        time.sleep(pause)
        oracle.step(chosen)
    oracle.explain()
    return oracle.verdict
