"""Whether a version may be shipped, as far as rollbacks know: what CI asks by exit status, over HTTP, and people in Slack."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from commands.deploys import hold_words
from commands.grammar import bad_command, clip, service_name, version
from commands.ports import BadVersion, DeployHold, Runs
from planner.names import ServiceName, Version
from planner.refusal import Refusal

LONGEST_REASON = 500
"""Characters of a reason that leave the process; it is for people, and answers stay small."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What is remembered of a version, and whether forward deploys of its service are locked."""

    service: ServiceName
    version: Version
    bad: BadVersion | None = None
    hold: DeployHold | None = None


async def look_up(runs: Runs, service: ServiceName, version: Version) -> Checked:
    """What is remembered of that version now."""
    hold = next((hold for hold in await runs.deploy_holds() if hold.service == service), None)
    return Checked(service=service, version=version, bad=await runs.bad_version(service, version), hold=hold)


def read_version(texts: tuple[str, ...], usage: str) -> tuple[ServiceName, Version] | Refusal:
    """`SERVICE@VERSION`, or the two as words."""
    parts = texts[0].split("@", 1) if len(texts) == 1 else list(texts)
    if len(parts) != 2:
        return bad_command("Say which version of which service, like order-service@2.0.0.", usage)
    service = service_name(parts[0], usage)
    if isinstance(service, Refusal):
        return service
    found = version(parts[1], usage)
    return found if isinstance(found, Refusal) else (service, found)


def checked_words(found: Checked) -> str:
    """The answer in one line."""
    if found.bad is None:
        return f"{found.service} {found.version} is not remembered as bad."
    bad = found.bad
    since = f" since {bad.at:%Y-%m-%d %H:%M} UTC" if bad.at else ""
    whose = f", by run {bad.run}" if bad.run else f", by {bad.by}" if bad.by else ""
    return f"{found.service} {found.version} is remembered as bad{since}{whose}: {clip(bad.reason, LONGEST_REASON)}"


def hold_line(found: Checked) -> str | None:
    """The line about the lock on forward deploys; `None` where there is none."""
    return None if found.hold is None else hold_words(found.hold)


def checked_json(found: Checked) -> Mapping[str, Any]:
    """The answer for programs; more keys may be added."""
    answer: dict[str, Any] = {"service": found.service, "version": found.version, "bad": found.bad is not None}
    if found.bad is not None:
        answer |= {
            "reason": clip(found.bad.reason, LONGEST_REASON),
            "run": found.bad.run,
            "by": found.bad.by,
            "at": found.bad.at.isoformat() if found.bad.at else None,
        }
    return {**answer, "deploys_locked_by": found.hold.run if found.hold else None}
