"""The measurements as a page that people read."""

from dataclasses import dataclass
from typing import Any

from benchmarks.shape import Shape

INTRO = """## Planning

Written by `python -m benchmarks --write` (`make bench ARGS=--write`), all in one run. Times are processor seconds of one process
on one core, memory is what the system counts for it. The catalogs are made up with the published shape of a large company's
services (`benchmarks/shape.py` says how): 20 releases each; *cyclic* has one dependency in a hundred against the direction of the
rest; *late* has consumers that began to declare ranges only at some release, so that the solver has to work.

A plan is a partial one, data loss accepted, proven least, with order, reasons, hazards, warnings, digest and alternatives.
*usual* are services drawn at random, *hubs* the 20 most needed ones. Refusals count as plans: they take longer, for they explain
themselves. *first plan* turns the whole catalog around once, to know who needs whom; all later ones do not, nor does the
first of the next snapshot of the same services, which only finds out anew what runs since when.
"""

BASELINES = """
The networkx baseline only walks the graph: everything that depends on the service goes back (`ancestors`, `condensation`,
`topological_generations`). It knows no ranges, proves nothing and explains nothing, and moves far more than needed; it is there
to show what the plain graph library would cost. CP-SAT solves the same least choice over the whole catalog; its time is for the
choice alone, and Rollbot's beside it too.
"""

HEADS = (
    *("catalog", "dependencies", "file", "load", "snapshot", "first plan / of the next snapshot", "usual: median / p95 / worst"),
    *("hubs: median / worst", "most moves", "refused", "memory held / peak"),
)


@dataclass(frozen=True, slots=True)
class Run:
    """One catalog and what was measured on it, by subject."""

    kind: str
    shape: Shape
    results: dict[str, dict[str, Any]]


def page(runs: list[Run], checks: float, start: float, machine: str, options: str, cpsat_most: int) -> str:
    """The whole page."""
    return "\n".join(
        [
            INTRO,
            f"Machine: {machine}. Options: `{options or 'none'}`.",
            "",
            "### Rollbot",
            "",
            *_table(
                HEADS,
                [_rollbot(run) for run in runs],
            ),
            "",
            "### Beside simpler ways",
            BASELINES,
            *_table(
                (
                    "catalog",
                    "by",
                    "load",
                    "usual: median / worst",
                    "hubs: worst",
                    "most moves",
                    "memory held",
                    "to Rollbot's median",
                ),
                [_beside(run, "networkx") for run in runs if "networkx" in run.results],
            ),
            "",
            *_cpsat(runs, cpsat_most),
            "### Small things",
            "",
            *_table(
                ("what", "measured", "aim"),
                [
                    ("range checks a second (compiled ranges, versions as text)", f"{checks / 1e6:.2f} million", "1 million"),
                    ("`rollbot plan` on ten services, start-up included (on the wall)", f"{start:.2f} s", "0.3 s"),
                ],
            ),
            "",
        ]
    )


def _cpsat(runs: list[Run], most: int) -> list[str]:
    rows = [_against(run) for run in runs if "cpsat" in run.results]
    if not rows:
        return ["CP-SAT was not installed in this run (`pip install ortools` beside Rollbot to have it measured).", ""]
    heads = ("catalog", "asked", "tables built", "CP-SAT: median / worst", "Rollbot: median / worst", "ratio of medians")
    left = [_name(run) for run in runs if run.shape.services > most]
    out = (
        f"Left out for CP-SAT, because its tables alone take minutes for more than {most:,} services: {', '.join(left)}."
        if left
        else ""
    )
    return [*_table((*heads, "unsolved", "different cost", "peak memory"), rows), "", *([out, ""] if out else [])]


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    return [f"| {' | '.join(heads)} |", f"| {' | '.join('---' for _ in heads)} |", *(f"| {' | '.join(row)} |" for row in rows)]


def _name(run: Run) -> str:
    return f"{run.shape.services:,} {run.kind}"


def _rollbot(run: Run) -> tuple[str, ...]:
    own = run.results["rollbot"]
    usual, hubs = own["plans"], own["hubs"]
    return (
        _name(run),
        f"{run.shape.edges:,}",
        f"{run.shape.bytes / 1e6:.0f} MB",
        _time(own["load"]),
        _time(own["snapshot"]),
        f"{_time(own['first'])} / {_time(own['later'])}",
        f"{_time(usual['median'])} / {_time(usual['p95'])} / {_time(usual['worst'])}",
        f"{_time(hubs['median'])} / {_time(hubs['worst'])}",
        f"{own['moves']:,}",
        f"{own['refused']} of {own['asked']}",
        f"{own['held']:.0f} / {own['peak']:.0f} MB",
    )


def _beside(run: Run, subject: str) -> tuple[str, ...]:
    other, own = run.results[subject], run.results["rollbot"]
    return (
        _name(run),
        subject,
        _time(other["load"]),
        f"{_time(other['plans']['median'])} / {_time(other['plans']['worst'])}",
        _time(other["hubs"]["worst"]),
        f"{other['moves']:,}",
        f"{other['held']:.0f} MB",
        f"{other['plans']['median'] / own['plans']['median']:.1f} times",
    )


def _against(run: Run) -> tuple[str, ...]:
    other = run.results["cpsat"]
    theirs, mine = other["plans"], other["rollbot"]
    return (
        _name(run),
        str(other["asked"]),
        _time(other["build"]),
        f"{_time(theirs['median'])} / {_time(theirs['worst'])}",
        f"{_time(mine['median'])} / {_time(mine['worst'])}",
        f"{theirs['median'] / mine['median']:,.0f}",
        str(other["unsolved"]),
        str(other["differ"]),
        f"{other['peak']:.0f} MB",
    )


def _time(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"
