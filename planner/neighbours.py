"""The gate `neighbours`: did the callers and callees of what moved get worse? Services that were bad before are told apart."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from planner.facts import Service
from planner.names import ServiceName
from planner.verdict import Judgement, Verdict
from planner.watch_events import Reading

_SHOWN = 4
"""Findings of one sort that a sentence names."""


def around(
    moved: AbstractSet[ServiceName], services: Mapping[ServiceName, Service]
) -> dict[ServiceName, tuple[ServiceName, ...]]:
    """For each service that moves, those one hop away that stay: whom it calls and who calls it, by name. One pass over all."""
    found: dict[ServiceName, set[ServiceName]] = {name: set() for name in moved}
    for name, service in services.items():
        for edge in service.depends_on:
            if name in moved and edge.service not in moved and edge.service in services:
                found[name].add(edge.service)
            elif name not in moved and edge.service in moved:
                found[edge.service].add(name)
    return {name: tuple(sorted(others)) for name, others in found.items()}


def judge_neighbours(before: Iterable[Reading], now: Sequence[Reading], silent: Sequence[ServiceName] = ()) -> Judgement:
    """What the neighbours' checks say now against what they said before the first step. `silent` have no checks at all.

    Worse is: fails now, and passed before. What failed before and fails still is named and does not count, what fails now and
    could not be judged before leaves a doubt.
    """
    was = {(reading.service, reading.check): reading.verdict for reading in before}
    worse, old, new_doubt, unclear = [], [], [], []
    for reading in now:
        known = was.get((reading.service, reading.check))
        match reading.verdict, known:
            case Verdict.FAIL, Verdict.PASS:
                worse.append(reading)
            case Verdict.FAIL, Verdict.FAIL:
                old.append(reading)
            case Verdict.FAIL, _:
                new_doubt.append(reading)
            case Verdict.INCONCLUSIVE, Verdict.PASS:
                unclear.append(reading)
            case _:
                pass
    told = [f"{_named(old)} failed before the first step too, so it does not count"] if old else []
    if worse:
        facts = "; ".join(
            f"{r.service}: {r.check} passed before the first step and fails now: {r.because}" for r in worse[:_SHOWN]
        )
        return Judgement(verdict=Verdict.FAIL, because="; ".join([facts + _more(worse), *told]))
    if new_doubt:
        told.insert(0, f"{_named(new_doubt)} fails now; how it was before the first step is not known: {new_doubt[0].because}")
    if unclear:
        told.insert(0, f"{_named(unclear)} passed before and cannot be judged now: {unclear[0].because}")
    if new_doubt or unclear:
        return Judgement(verdict=Verdict.INCONCLUSIVE, because="; ".join(told))
    names = tuple(dict.fromkeys(reading.service for reading in now))
    passed = sum(reading.verdict is Verdict.PASS for reading in now)
    if not passed and not old:
        return Judgement(verdict=Verdict.INCONCLUSIVE, because=_nothing_known(names, silent))
    quiet = [f"{', '.join(silent[:_SHOWN])} {'has' if len(silent) == 1 else 'have'} no checks"] if silent else []
    first = f"{', '.join(names[:_SHOWN])} did not get worse: {passed} of {len(now)} checks pass"
    return Judgement(verdict=Verdict.PASS, because="; ".join([first, *told, *quiet]))


def _nothing_known(names: Sequence[ServiceName], silent: Sequence[ServiceName]) -> str:
    if names:
        return f"{', '.join(names[:_SHOWN])} could be judged neither before the first step nor now"
    return f"none of the neighbours ({', '.join(silent[:_SHOWN])}{_more(silent)}) has checks"


def _named(readings: Sequence[Reading]) -> str:
    return ", ".join(f"{reading.service}: {reading.check}" for reading in readings[:_SHOWN]) + _more(readings)


def _more(found: Sequence[object]) -> str:
    return f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
