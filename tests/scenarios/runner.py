"""Runs scenarios on worlds and counts what passed."""

import time
import traceback

from lab.process import LabError

from .world import World

SCENARIOS = []


class Scenario:
    """A function with a world as its argument; its docstring's first line is its title."""

    def __init__(self, function, suites, long, cluster):
        self.function = function
        self.cluster = cluster
        self.name = function.__name__
        self.title = function.__doc__.strip().splitlines()[0]
        self.suites = suites
        self.long = long


def scenario(suites=("bookworm",), long=False, cluster=True):
    """Registers a scenario for suites. long: not in `make test`, but in `make test-all`. cluster: wants a world."""
    def register(function):
        SCENARIOS.append(Scenario(function, suites, long, cluster))
        return function
    return register


def check(condition, claim, seen=""):
    """An assertion that says what was claimed and what was seen instead."""
    if not condition:
        raise AssertionError(f"{claim}{f'; seen: {seen}' if seen != '' else ''}")


class NoWorld:
    """In place of a world, for scenarios without a cluster."""

    nodes = ()

    def __init__(self, suite):
        self.suite = suite

    def wait_all_well(self, seconds):
        """There is nobody to be unwell."""


class Runner:
    """Brings a world up for each suite, again after each failure, and keeps the score."""

    def __init__(self, out=print):
        self.out = out
        self.passed = self.failed = 0
        self.facts = []

    def run(self, chosen):
        """chosen: suite -> scenarios in their order."""
        for suite, scenarios in chosen.items():
            for entry in scenarios:
                if not entry.cluster:
                    self._judge(NoWorld(suite), entry)
            pending = [entry for entry in scenarios if entry.cluster]
            while pending:
                pending = self._run_on_one_world(suite, pending)
        for fact in self.facts:
            self.out(f"measured: {fact}")
        return self.failed == 0

    def _run_on_one_world(self, suite, pending):
        """Runs until one fails, since a failure leaves a world that nobody knows; gives back what is left."""
        began = time.monotonic()
        up = False
        try:
            with World(suite) as world:
                up = True
                self.out(f"--- {suite}: cluster with rmqwatchd up in {time.monotonic() - began:.0f} s")
                while pending and self._run_one(world, pending.pop(0)):
                    pass
        except LabError as error:
            self.failed += 1
            self.out(f"FAILED {suite}: {error}")
            return pending if up else pending[1:]
        return pending

    def _run_one(self, world, entry):
        world.mark()
        return self._judge(world, entry)

    def _judge(self, world, entry):
        began = time.monotonic()
        facts = []
        world.note = facts.append
        try:
            entry.function(world)
            world.wait_all_well(90)
        except Exception as error:  # pylint: disable=broad-except
            # Whatever it was, it is a scenario that did not pass.
            self.failed += 1
            self.out(f"FAILED {world.suite}: {entry.title} [{entry.name}]: {type(error).__name__}: {error}")
            for fact in facts:
                self.out(f"       {fact}")
            self.out("".join(traceback.format_tb(error.__traceback__)[-2:]))
            self._show_journals(world)
            return False
        self.passed += 1
        self.out(f"passed {world.suite}: {entry.title} ({time.monotonic() - began:.0f} s)")
        for fact in facts:
            self.facts.append(f"{world.suite}: {fact}")
            self.out(f"       {fact}")
        return True

    def _show_journals(self, world):
        for node in world.nodes:
            self.out(f"    --- {node.name}: {world.status(node)}")
            for entry in world.journal(node)[-40:]:
                moment = int(entry["__REALTIME_TIMESTAMP"]) / 1e6 - world.began
                self.out(f"    {moment:8.3f} {entry.get('MESSAGE', '')}")
