"""How fast a rescue is, against the fastest that the broker allows."""

import random
import statistics
import time

from lab import faults, settings
from lab.process import wait_for

from .rescues import journal_moment
from .runner import check, scenario

PROOF_LIMIT = 1.10
READY_LIMIT = 1.15
VERIFY_STABLE = 10.0
ROUNDS_MIN = 4
ROUNDS_MAX = 12


def measure_floor(world, node):
    """kill -9 and a start at once, without the daemon: seconds until the broker is ready."""
    node.systemctl("stop", "rmqwatchd.service")
    began = time.monotonic()
    faults.kill(node)
    # "start" would wait for RestartSec where systemd is about to restart the unit itself.
    wait_for(lambda: world.unit(node, "ActiveState")["ActiveState"] != "active", 5, "death", pause=0.005)
    node.systemctl("restart", settings.BROKER_UNIT, timeout=120)
    ready = world.moment(node, "ActiveEnter") - began
    node.systemctl("start", "rmqwatchd.service")
    world.wait_all_well(60)
    return ready


def measure_crash(world, node):
    """kill -9 with the daemon: seconds to its request, to the ready broker, to the proof."""
    world.mark()
    began = time.monotonic()
    faults.kill(node)
    recovered = world.follow_event(node, "recovered", 90)
    crashed = world.journal(node, "crashed")[0]
    ready = world.moment(node, "ActiveEnter")
    world.wait_all_well(60)
    return journal_moment(crashed) - began, ready - began, journal_moment(recovered) - began


def measure_hang(world, node):
    """SIGSTOP with the daemon: seconds from hang to kill, and from kill to the ready broker."""
    world.mark()
    began = time.monotonic()
    faults.hang(node)
    world.follow_event(node, "recovered", 90)
    killed = journal_moment(world.journal(node, "restarting")[0])
    ready = world.moment(node, "ActiveEnter")
    world.wait_all_well(60)
    return killed - began, ready - killed


def ratio_within_noise(values, floors):
    """Ratio of the medians, and how far it may be off by chance (90 % of bootstrap samples lie nearer)."""
    ratio = statistics.median(values) / statistics.median(floors)
    dice = random.Random(1)
    samples = [statistics.median(dice.choices(values, k=len(values))) /
               statistics.median(dice.choices(floors, k=len(floors))) for _ in range(2000)]
    return ratio, sorted(abs(sample - ratio) for sample in samples)[1800]


def decided(values, floors, limit):
    """Whether the ratio is on one side of the limit, whatever chance did."""
    ratio, noise = ratio_within_noise(values, floors)
    return abs(ratio - limit) > noise


@scenario()
def speed_against_the_floor(world):
    """speed: crash to start, crash to proof, hang to kill, kill to ready, against the floor of the same run"""
    node = world.nodes[2]
    floors, requests, readies, proofs, kills, hung_readies = [], [], [], [], [], []
    # A boot of the broker takes 4 to 7 s by chance on a small machine. Rounds are added until the figures tell on which
    # side of a limit they are, whichever side that is.
    for done in range(1, ROUNDS_MAX + 1):
        floors.append(measure_floor(world, node))
        request, ready, proof = measure_crash(world, node)
        requests.append(request)
        readies.append(ready)
        proofs.append(proof - VERIFY_STABLE)
        to_kill, to_ready = measure_hang(world, node)
        kills.append(to_kill)
        hung_readies.append(to_ready)
        if done >= ROUNDS_MIN and decided(proofs, floors, PROOF_LIMIT) and decided(hung_readies, floors, READY_LIMIT):
            break
    world.note(f"rounds: {len(floors)}; floor (kill -9, start at once, unit active): {spread(floors)} s")
    world.note(f"crash to request: {spread([1000 * request for request in requests])} ms")
    world.note(f"crash to ready: {against(readies, floors)}")
    world.note(f"crash to proof, less verify_stable: {against(proofs, floors)}")
    world.note(f"hang to kill: {spread(kills)} s")
    world.note(f"kill to ready: {against(hung_readies, floors)}")
    check(statistics.median(requests) <= 0.050, "crash to request within 50 ms")
    proof, _ = ratio_within_noise(proofs, floors)
    check(proof <= PROOF_LIMIT, f"crash to proof within {PROOF_LIMIT} x floor + verify_stable", f"{proof:.2f}")
    check(max(kills) <= 12, "hang to kill within 12 s", f"{max(kills):.1f}")
    ready, _ = ratio_within_noise(hung_readies, floors)
    check(ready <= READY_LIMIT, f"kill to ready within {READY_LIMIT} x floor", f"{ready:.2f}")


def spread(values):
    """Median, least and most."""
    return f"{statistics.median(values):.2f} [{min(values):.2f} .. {max(values):.2f}]"


def against(values, floors):
    """The ratio to the floor with its noise, and the values."""
    ratio, noise = ratio_within_noise(values, floors)
    return f"{ratio:.2f} (+-{noise:.2f}) x floor; {spread(values)} s"
