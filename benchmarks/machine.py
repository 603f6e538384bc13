"""The machine that is measured on: its name for the results, and cores of one's own."""

import os
import platform
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

MEGABYTE = 1_000_000


def cores() -> tuple[int, int] | None:
    """One core for the server and another for the load generator; None where processes cannot be pinned."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    usable = sorted(os.sched_getaffinity(0))
    return (usable[0], usable[-1]) if len(usable) > 1 else None


def pin(core: int | None) -> None:
    """Keep this process, and those it starts, on one core, where that can be done."""
    if core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})


@contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """Processes started inside inherit the core."""
    if core is None or not hasattr(os, "sched_getaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def load_average() -> float:
    """Processes that wanted a core over the last minute; 0 where the system does not say."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def describe() -> str:
    """Processor, cores, memory and system in one line."""
    model = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        names = [
            line.partition(":")[2].strip() for line in information.read_text().splitlines() if "model name" in line
        ]
        model = names[0] if names else model
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{model}, {usable} cores, {platform.system()} {platform.release()}"


def resident_mb(pid: int) -> float:
    """Memory that a process holds, in MB of a million bytes."""
    import psutil

    return float(psutil.Process(pid).memory_info().rss) / MEGABYTE


def processor_seconds(pid: int) -> float:
    """Processor time that a process has used so far."""
    import psutil

    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def busy_seconds() -> float:
    """Processor time that was used on this machine so far, by whom ever, and that which other machines took from it."""
    import psutil

    times = psutil.cpu_times()
    used = times.user + times.system  # those of guests are in the user's
    return float(used + sum(getattr(times, name, 0.0) for name in ("nice", "irq", "softirq", "steal")))


def children_seconds() -> float:
    """Processor time of the children of this process that have ended."""
    used = getrusage(RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def stopped(pids: Iterable[int]) -> Iterator[None]:
    """These processes stand still: one that has just been measured would compile and collect in the next one's time."""
    pids = list(pids) if hasattr(signal, "SIGSTOP") else []
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
