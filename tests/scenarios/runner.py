"""Runs scenarios on worlds and counts what passed."""

import time
import traceback

from lab.process import LabError

from .world import World

SCENARIOS = []


class Scenario:  # pylint: disable=too-few-public-methods
    """A function with a world as its argument; its docstring's first line is its title."""

    def __init__(self, function, options):
        self.function = function
        self.name = function.__name__
        self.title = function.__doc__.strip().splitlines()[0]
        self.suites = options["suites"]
        self.long = options["long"]
        self.cluster = options["cluster"]
        self.condition = options["condition"]
        self.setting = options["setting"] or {}
        self._expected = options["expected"]

    def expected(self, suite):
        """The word that the matrix expects on a suite."""
        if isinstance(self._expected, dict):
            return self._expected.get(suite, self._expected.get("else"))
        return self._expected


def scenario(suites=("bookworm",), long=False, cluster=True, condition=None, expected=None, setting=None):
    """Registers a scenario for suites. long: not in `make test`, but in `make test-all`. cluster: wants a world.

    condition: the matrix has a row of this name. expected: what the product is to do there, in the words of
    World.done(); a dictionary has one for each suite, and "else". setting: arguments of the world that it needs.
    """
    options = {"suites": suites, "long": long, "cluster": cluster, "condition": condition, "expected": expected,
               "setting": setting}

    def register(function):
        SCENARIOS.append(Scenario(function, options))
        return function
    return register


def check(condition, claim, seen=""):
    """An assertion that says what was claimed and what was seen instead."""
    if not condition:
        raise AssertionError(f"{claim}{f'; seen: {seen}' if seen != '' else ''}")


def fits(seen, expected):
    """Whether a word is the one, or one of those, that the matrix expects: "told or nothing"."""
    return seen in (expected or "").split(" or ")


class NotProducible(Exception):
    """The suite's broker cannot be brought into this condition; the message says why."""


class NoWorld:
    """In place of a world, for scenarios without a cluster."""

    nodes = ()

    def __init__(self, suite):
        self.suite = suite

    def wait_all_well(self, seconds):
        """There is nobody to be unwell."""

    def wait_all_delivered(self, seconds):
        """There is nobody who tells anything."""


class Runner:
    """Brings a world up for each suite, again after each failure, and keeps the score."""

    def __init__(self, out=print):
        self.out = out
        self.passed = self.failed = 0
        self.facts = []
        self.cells = {}

    def run(self, chosen):
        """chosen: suite -> scenarios in their order."""
        for suite, scenarios in chosen.items():
            for entry in scenarios:
                if not entry.cluster:
                    self._judge(NoWorld(suite), entry)
            for setting in settings_of(scenarios):
                pending = [entry for entry in scenarios if entry.cluster and entry.setting == setting]
                while pending:
                    pending = self._run_on_one_world(suite, setting, pending)
        for fact in self.facts:
            self.out(f"measured: {fact}")
        return self.failed == 0

    def _run_on_one_world(self, suite, setting, pending):
        """Runs until one fails, since a failure leaves a world that nobody knows; gives back what is left."""
        began = time.monotonic()
        up = False
        try:
            with World(suite, **setting) as world:
                up = True
                self.out(f"--- {suite}: cluster of {len(world.nodes)} with rmqwatchd up in "
                         f"{time.monotonic() - began:.0f} s")
                while pending and self._run_one(world, pending.pop(0)):
                    pass
        except LabError as error:
            self.failed += 1
            self.out(f"FAILED {suite}: {error}")
            if not up:
                self._fill(suite, pending[0], f"no cluster: {error}")
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
            world.wait_all_delivered(60)  # or it would count for the next one
            self._compare(world, entry)
        except NotProducible as reason:
            self._fill(world.suite, entry, f"not producible: {reason}")
            self.out(f"absent {world.suite}: {entry.title}: not producible here: {reason}")
            return True
        except Exception as error:  # pylint: disable=broad-except
            # Whatever it was, it is a scenario that did not pass.
            self.failed += 1
            self._fill(world.suite, entry, "FAILED")
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

    def _compare(self, world, entry):
        """What was done must be what the matrix expects."""
        if not entry.condition:
            return
        done = world.done()
        self._fill(world.suite, entry, done)
        check(fits(done, entry.expected(world.suite)), f"the matrix expects '{entry.expected(world.suite)}'", done)

    def _fill(self, suite, entry, word):
        if entry.condition:
            self.cells.setdefault((entry.condition, entry.name), {})[suite] = (entry.expected(suite), word)

    def table(self):
        """The matrix of conditions and suites, with the expected and the observed action of each cell."""
        for (condition, _), row in self.cells.items():
            for suite, (expected, seen) in row.items():
                verdict = "ok" if fits(seen, expected) or seen.startswith("not producible") else "FAILED"
                self.out(f"{condition:34} {suite:14} expected: {expected or '-':18} observed: {seen:18} {verdict}")

    def _show_journals(self, world):
        for node in world.nodes:
            self.out(f"    --- {node.name}: {world.status(node)}")
            for entry in world.journal(node)[-40:]:
                moment = int(entry["__REALTIME_TIMESTAMP"]) / 1e6 - world.began
                self.out(f"    {moment:8.3f} {entry.get('MESSAGE', '')}")


def settings_of(scenarios):
    """The different worlds that scenarios want, the usual one first."""
    found = [{}]
    for entry in scenarios:
        if entry.setting not in found:
            found.append(entry.setting)
    return found
