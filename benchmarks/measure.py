"""Seconds and megabytes of one process, as the system counts them."""

import gc
import resource
import statistics
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What the work gave, and the processor seconds it took: others on the machine count less than with a clock on the wall."""
    start = time.process_time()
    result = work()
    return result, time.process_time() - start


def megabytes() -> float:
    """Memory that this process holds now."""
    gc.collect()
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return peak()


def peak() -> float:
    """The most memory this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def spread(seconds: Iterable[float]) -> dict[str, float]:
    """Median, 95th percentile and worst."""
    values = sorted(seconds)
    return {"median": statistics.median(values), "p95": values[int(len(values) * 0.95)], "worst": values[-1]}
