"""How far a PromQL query looks back: what a check must wait for before it measures a new release and nothing else."""

import re

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0, "y": 31536000.0}
_PART = re.compile(r"(\d+)(ms|[smhdwy])", re.ASCII)
_RANGE = re.compile(rf"\[\s*((?:{_PART.pattern})+)\s*(?::[^\]]*)?\]", re.ASCII)
_TEXT = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`[^`]*`")


def widest_range(query: str) -> float:
    """The widest range of the query in seconds (`rate(x[5m])`: 300); 0 where it has none. What stands in quotes is not read."""
    found = _RANGE.findall(_TEXT.sub('""', query))
    return max((sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(match[0])) for match in found), default=0.0)
