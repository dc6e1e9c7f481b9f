"""`python -m benchmarks`: measures, prints the tables, and with `--write` puts them into docs/performance.md."""

import argparse
import importlib.util
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import ranges, start_up
from benchmarks.shape import Shape, write_catalog
from benchmarks.table import Run, page

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- planning: written by python -m benchmarks -->", "<!-- end of planning -->"
KINDS = {"acyclic": (0.0, False), "cyclic": (0.01, False), "late": (0.0, True)}
"""For each kind the share of dependencies left as they came, and whether ranges are declared late."""
CPSAT_MOST = 10_000
"""CP-SAT over a larger catalog takes longer to build, plan for plan, than all the rest together."""


def main() -> None:
    """One run over the sizes and kinds asked for."""
    args = _arguments()
    folder = Path(args.keep) if args.keep else Path(tempfile.mkdtemp(prefix="rollbot-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    before = _load()
    runs = [_one(folder, size, kind, args.plans) for size in args.sizes for kind in args.kinds if _wanted(size, kind, args)]
    text = page(runs, ranges.checks_per_second(), start_up.seconds(folder), _machine(before), _options(args), CPSAT_MOST)
    print(text)
    if args.write:
        PAGE.write_text(_replaced(PAGE.read_text() if PAGE.exists() else "# Performance\n", text))
    if not args.keep:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()


def _replaced(page: str, text: str) -> str:
    """The page with this part of it new; what others wrote on it stays."""
    begin, end = page.find(BEGIN), page.find(END)
    part = f"{BEGIN}\n{text}{END}\n"
    if begin < 0 or end < begin:
        return f"{page.rstrip()}\n\n{part}"
    return page[:begin] + part + page[end + len(END) :].removeprefix("\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="How fast and how large.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000], help="services in the catalog")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=["acyclic", "cyclic"], help="shapes of the catalog")
    parser.add_argument("--all", action="store_true", help="every kind at every size (by default only one at 100,000)")
    parser.add_argument("--plans", type=int, default=100, help="plans of services drawn at random")
    parser.add_argument("--keep", metavar="FOLDER", help="where to leave the catalogs, and to find them again")
    parser.add_argument("--write", action="store_true", help=f"write the tables to docs/{PAGE.name}")
    return parser.parse_args()


def _wanted(size: int, kind: str, args: argparse.Namespace) -> bool:
    return args.all or size < 100_000 or kind == args.kinds[0]


def _one(folder: Path, size: int, kind: str, plans: int) -> Run:
    path, told = folder / f"{size}-{kind}.json", folder / f"{size}-{kind}.shape"
    if not told.exists():
        print(f"writing a catalog of {size} services ({kind}) …", file=sys.stderr)
        back, late = KINDS[kind]
        shape = write_catalog(path, size, back=back, late=late)
        told.write_text(json.dumps([shape.services, shape.edges, shape.releases, shape.bytes]))
    shape = Shape(*json.loads(told.read_text()))
    subjects = ["rollbot", "networkx"]
    if size <= CPSAT_MOST and importlib.util.find_spec("ortools"):
        subjects.append("cpsat")
    return Run(kind, shape, {subject: _measure(subject, path, plans) for subject in subjects})


def _measure(subject: str, path: Path, plans: int) -> dict[str, Any]:
    print(f"measuring {subject} on {path.name} …", file=sys.stderr)
    command = [sys.executable, "-m", "benchmarks.subjects", subject, str(path), str(plans)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{subject} on {path.name} failed:\n{done.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _machine(before: str) -> str:
    cores = f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}, {platform.system()}"
    return f"{cores}; load average of the machine {before} before and {_load()} after the run"


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


def _options(args: argparse.Namespace) -> str:
    """What was asked for, without where the catalogs are."""
    sizes, kinds = " ".join(map(str, args.sizes)), " ".join(args.kinds)
    return f"--sizes {sizes} --kinds {kinds} --plans {args.plans}" + (" --all" if args.all else "")


if __name__ == "__main__":
    main()
