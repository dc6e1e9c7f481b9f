"""The checks of a service in the catalog: the keys that every check has, and those that each probe knows.

What belongs to a probe stays plain data in `Check.settings`, as it was written; the probe reads it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from integrations.catalog_file.document import Path
from integrations.catalog_file.walk import Walk, found
from integrations.promql import widest_range
from planner.facts import Check

GENERIC = frozenset(
    {"name", "probe", "interval", "count", "failure_limit", "error_limit", "unclear_limit", "warmup", "symptom"},
)
BOUNDS = frozenset({"below", "above", "at_least", "at_most"})
PROBES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "http": frozenset({"url", "expect", "method", "headers", "body", "timeout"}),
        "tcp": frozenset({"host", "port", "timeout"}),
        "prometheus": frozenset(
            {
                *("url", "query", "pass_if", "fail_if", "samples", "min_samples", "headers", "timeout"),
                *("errors", "requests", "allowed", "confidence", "baseline"),
            }
        ),
        "command": frozenset({"command", "expect", "env", "cwd", "timeout"}),
    }
)
EXPECTATIONS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "http": frozenset({"status", "json", "contains", "max_latency"}),
        "command": frozenset({"exit", "json", "contains", "max_latency"}),
    }
)
NEEDED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"http": ("url",), "tcp": ("port",), "prometheus": ("query",), "command": ("command",)}
)
COUNTS = ("errors", "requests", "allowed")
"""What a prometheus check may have instead of a query."""
_QUERIES = ("query", "samples", "errors", "requests")


def read_checks(value: Any, at: Path, walk: Walk) -> tuple[Check, ...]:
    """The checks of one service, in their order."""
    checks: dict[str, Check] = {}
    for place, item in enumerate(walk.items(value, at, "checks")):
        check = _check(item, (*at, place), walk)
        if check is None:
            continue
        if check.name in checks:
            walk.wrong((*at, place, "name"), f"check {check.name!r} again", "expected each name once among a service's checks")
        checks[check.name] = check
    return tuple(checks.values())


def _check(value: Any, at: Path, walk: Walk) -> Check | None:
    if type(value) is not dict:
        walk.wrong(at, found(value), "expected a check: a mapping with the keys name, probe, …")
        return None
    for key in ("name", "probe"):
        if value.get(key) is None:
            walk.wrong((*at, key), f"{key} is missing", "expected every check to have a name and a probe")
    name = walk.text(value.get("name"), (*at, "name"), "a text")
    probe = walk.choice(value.get("probe"), (*at, "probe"), list(PROBES))
    settings = {key: item for key, item in value.items() if key not in GENERIC}
    if probe is not None:
        _settings(probe, settings, at, walk)
    interval = walk.seconds(value.get("interval"), (*at, "interval"), 1.0)
    count = walk.whole(value.get("count"), (*at, "count"), 1, 5)
    failures = walk.whole(value.get("failure_limit"), (*at, "failure_limit"), 0, 0)
    errors = walk.whole(value.get("error_limit"), (*at, "error_limit"), 0, 4)
    unclear = walk.whole(value.get("unclear_limit"), (*at, "unclear_limit"), 0, 0)
    symptom = value.get("symptom")
    if symptom is not None and type(symptom) is not bool:
        walk.wrong((*at, "symptom"), found(symptom), "expected true or false")
    warmup = _looks_back(settings)
    if value.get("warmup") is not None:
        warmup = 0.0 if value["warmup"] == "0s" else walk.seconds(value["warmup"], (*at, "warmup"), 0.0)
    if name is None or probe is None:
        return None
    return Check(
        name=name,
        probe=probe,
        settings=MappingProxyType(settings),
        interval=interval,
        count=count,
        failure_limit=failures,
        error_limit=errors,
        unclear_limit=unclear,
        warmup=warmup,
        symptom=symptom is True,
    )


def _looks_back(settings: Mapping[str, Any]) -> float:
    """How far back the check's queries look, in seconds: so long they see the release before."""
    return max(widest_range(text) if type(text := settings.get(key)) is str else 0.0 for key in _QUERIES)


def _settings(probe: str, settings: Mapping[str, Any], at: Path, walk: Walk) -> None:
    """Notes what no probe of that kind could use."""
    for key in settings.keys() - PROBES[probe]:
        walk.unknown((*at, key), PROBES[probe] | GENERIC)
    counts = probe == "prometheus" and any(settings.get(key) is not None for key in COUNTS)
    for key in COUNTS if counts else NEEDED[probe]:
        if settings.get(key) is None:
            walk.wrong((*at, key), f"{key} is missing", f"expected every {probe} check to have one")
    for key in ("pass_if", "fail_if"):
        if settings.get(key) is not None:
            _bounds(settings[key], (*at, key), walk)
    expect = settings.get("expect")
    if expect is not None and probe in EXPECTATIONS:
        given = walk.mapping(
            expect, (*at, "expect"), EXPECTATIONS[probe], f"a mapping of {', '.join(sorted(EXPECTATIONS[probe]))}"
        )
        if given is not None:
            walk.seconds(given.get("max_latency"), (*at, "expect", "max_latency"), 1.0)
    for key in ("headers", "env"):
        if settings.get(key) is not None and type(settings[key]) is not dict:
            walk.wrong((*at, key), found(settings[key]), "expected a mapping")
    if settings.get("timeout") is not None:
        walk.seconds(settings["timeout"], (*at, "timeout"), 1.0)
    for key, value in settings.items():
        walk.plain(value, (*at, key))


def _bounds(value: Any, at: Path, walk: Walk) -> None:
    given = walk.mapping(value, at, BOUNDS, f"a mapping of {', '.join(sorted(BOUNDS))} to numbers")
    for key, bound in (given or {}).items():
        if key in BOUNDS and type(bound) not in (int, float):
            walk.wrong((*at, key), found(bound), "expected a number")
