"""What one release needs of another service: declared, or derived from what was live when it went live."""

from dataclasses import dataclass

from planner.names import ServiceName, Version
from planner.ranges import Range, parse_version


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """The range a release needs of another service; `derived_from` is the version it comes from where it was not declared."""

    range: Range
    derived_from: Version | None = None

    @property
    def words(self) -> str:
        """The range as people should read it."""
        text = self.range.text.strip() or "*"
        return text if self.derived_from is None else f"{text} (not declared; {self.derived_from} was live when it went live)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the running releases of some consumers, in alphabetical order, need alike of a service."""

    need: Need
    of: tuple[ServiceName, ...]


def caret(version: Version) -> Need | None:
    """The need derived from a version that was live: npm's `^` of it; `None` where it is not SemVer."""
    parsed = parse_version(version)
    if parsed is None:
        return None
    # Build metadata has no say in ranges.
    return Need(range=Range.parse(f"^{parsed.replace(build=None)}"), derived_from=version)
