"""What a verifier of the audit takes, and what it says: lines of logs in, findings out."""

from dataclasses import dataclass, field

from planner.events import Trimmed

Head = tuple[str, int, str]
"""A log, a number, and the first hex digits of that entry's hash."""


@dataclass(frozen=True, slots=True)
class Record:
    """A stored line of a log, not yet believed."""

    log: str
    body: str
    hash: str
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class CutShort:
    """The store's own note of where a log ends (entry `seq`; 0: it has none) is not where it ends."""

    log: str
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """The last line of an export of whole runs without the environment's log: what should be in it."""

    heads: tuple[Head, ...]


Line = Record | CutShort | Excerpt
"""What a verifier takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong: which log, which entry (0: the log as a whole), and what."""

    log: str
    seq: int
    text: str


@dataclass(slots=True, kw_only=True)
class Report:
    """What verification found. `heads` are the last number and hash of each log.

    `signed` entries have a good signature, `unchecked` ones one that nobody could check, `unsigned` ones should have one since
    there is a key now. `excerpt`: whole runs only, so nobody can tell whether others are missing. `trimmed` is the newest
    checkpoint, and `begins` the first entry of the environment's log that was seen.
    """

    entries: int = 0
    heads: dict[str, tuple[int, str]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    signed: int = 0
    unchecked: int = 0
    unsigned: int = 0
    kept: int = 0
    excerpt: bool = False
    trimmed: Trimmed | None = None
    begins: int = 1

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings
