"""How long, as people write it in the catalog and in checks: 500ms, 10s, 5m, 2h, 1h30m."""

import re

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", re.ASCII)
_WHOLE = re.compile(rf"(?:{_PART.pattern})+", re.ASCII)


def parse_duration(value: object) -> float:
    """Seconds. Raises `ValueError`, in words, for anything else than a number with a unit; a bare number has none."""
    if not isinstance(value, str) or not _WHOLE.fullmatch(value.strip()):
        raise ValueError(f"{value!r} is no duration: write a number and a unit, such as 500ms, 10s, 5m or 2h")
    return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(value))


def say_duration(seconds: float) -> str:
    """The same the other way, short: `0.25` is "250 ms", `90` is "90 s"."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:g} s"
