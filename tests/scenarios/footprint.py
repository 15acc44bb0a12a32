"""What the daemon costs."""

import time
from pathlib import Path

from lab.install import UNIT

from .runner import check, scenario

TICKS_PER_SECOND = 100


def memory_kib(pid):
    """Private anonymous and resident memory."""
    fields = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value, *_ = line.split()
        fields[name.rstrip(":")] = int(value)
    return fields["Anonymous"], fields["Rss"]


def cpu_seconds(pid):
    """CPU time used so far, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def measure(world, seconds):
    world.wait_all_well(30)
    pids = [node.main_pid(UNIT) for node in world.nodes]
    before = [(memory_kib(pid), cpu_seconds(pid)) for pid in pids]
    time.sleep(seconds)
    after = [(memory_kib(pid), cpu_seconds(pid)) for pid in pids]
    private = max(memory[0] for memory, _ in after)
    resident = max(memory[1] for memory, _ in after)
    growth = max(new[0][0] - old[0][0] for old, new in zip(before, after))
    cpu = max(new[1] - old[1] for old, new in zip(before, after)) / seconds * 100
    world.note(f"over {seconds} s: private {private / 1024:.2f} MiB, resident {resident / 1024:.1f} MiB, "
               f"CPU {cpu:.3f} % of a core, growth {growth} KiB (the worst of {len(pids)} daemons)")
    check(private <= 4096, "private memory 4 MB or less", f"{private} KiB")
    check(resident <= 16384, "resident memory 16 MB or less", f"{resident} KiB")
    check(growth <= 128, "no growth", f"{growth} KiB")
    return cpu


@scenario()
def footprint_of_a_minute(world):
    """size: memory and CPU of the daemon over a minute"""
    cpu = measure(world, 60)
    check(cpu <= 0.3, "CPU 0.3 % of a core or less in a short, noisy minute", f"{cpu:.3f} %")


@scenario(long=True)
def footprint_of_five_minutes(world):
    """size: memory and CPU of the daemon over five minutes"""
    cpu = measure(world, 300)
    check(cpu <= 0.2, "CPU 0.2 % of a core or less", f"{cpu:.3f} %")
