"""The one clock of the process."""

from datetime import UTC, datetime


def now() -> datetime:
    """The time now, in UTC, to the millisecond."""
    at = datetime.now(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
