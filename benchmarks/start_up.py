"""`rollbot plan` on a catalog of ten services, from the shell's point of view: everything included."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.shape import name, write_catalog

TIMES = 15


def seconds(folder: Path) -> float:
    """The median of several starts, on the wall."""
    path = folder / "ten.json"
    write_catalog(path, 10)
    command = [str(Path(sys.executable).with_name("rollbot")), "plan", name(1), "--catalog", str(path), "--format", "json"]
    took = []
    for _ in range(TIMES):
        start = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
        took.append(time.perf_counter() - start)
    return statistics.median(took)
