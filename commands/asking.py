"""`/rollback SERVICE …` and `plan SERVICE …` as words: what somebody asks for, before anybody looks at the world."""

from collections.abc import Sequence
from dataclasses import dataclass

from commands.grammar import arguments, bad_command, clip, reason, service_name, version
from commands.words import Word
from planner.names import ServiceName, Version
from planner.plan import Strategy
from planner.refusal import Refusal

USAGE = (
    "/rollback SERVICE [to VERSION] [--strategy auto|partial|full] [--without SERVICE,…] [--accept-data-loss] "
    '[--reason "…"] [--dry-run] [--override-freeze NAME "REASON"] [--break-glass "REASON"]'
)
_FLAGS = {
    "to": True,
    "strategy": True,
    "without": True,
    "accept-data-loss": False,
    "reason": True,
    "dry-run": False,
    "break-glass": True,
}
_OVERRIDE = "--override-freeze"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """Roll this service back. `to` absent: to the newest release that will do. `without` are services that must stay.

    `overrides` are freezes by name, each with the reason why this cannot wait for its end. `break_glass` is the reason for which
    it starts without approval.
    """

    service: ServiceName
    to: Version | None = None
    strategy: Strategy = Strategy.AUTO
    without: tuple[ServiceName, ...] = ()
    accept_data_loss: bool = False
    reason: str | None = None
    dry_run: bool = False
    overrides: tuple[tuple[str, str], ...] = ()
    break_glass: str | None = None


def read(words: tuple[Word, ...]) -> Rollback | Refusal:
    """`SERVICE [to VERSION]` and the flags, in any order."""
    overrides: list[tuple[str, str]] = []
    rest = _overrides(words, overrides)
    found = rest if isinstance(rest, Refusal) else arguments(rest, _FLAGS, USAGE)
    if isinstance(found, Refusal):
        return found
    if not found.places:
        return bad_command("Say which service to roll back.", USAGE, "/rollback status")
    service = service_name(found.places[0], USAGE)
    if isinstance(service, Refusal):
        return service
    to = _to(service, found.places[1:], found.text("to"))
    strategy = _strategy(found.text("strategy"))
    without = _without(service, found.text("without"))
    glass = reason(found.text("break-glass"))
    for part in (to, strategy, without):
        if isinstance(part, Refusal):
            return part
    if glass is None and found.text("break-glass") is not None:
        return bad_command("--break-glass needs a reason: it stands in the channel and in the log.", USAGE)
    return Rollback(
        service=service,
        to=to,  # type: ignore[arg-type]  # refusals have left above
        strategy=strategy,  # type: ignore[arg-type]
        without=without,  # type: ignore[arg-type]
        accept_data_loss=found.on("accept-data-loss"),
        reason=reason(found.text("reason")),
        dry_run=found.on("dry-run"),
        overrides=tuple(overrides),
        break_glass=glass,
    )


def _overrides(words: tuple[Word, ...], found: list[tuple[str, str]]) -> tuple[Word, ...] | Refusal:
    """The words without `--override-freeze NAME REASON`, which goes into `found`: the one flag that takes two."""
    rest: list[Word] = []
    queue = list(words)
    while queue:
        word = queue.pop(0)
        name, equals, value = word.text.partition("=")
        if word.quoted or name.lower() != _OVERRIDE:
            rest.append(word)
            continue
        parts = [Word(value)] if equals else []
        while len(parts) < 2 and queue and (queue[0].quoted or not queue[0].text.startswith("--")):
            parts.append(queue.pop(0))
        why = reason(parts[1].text) if len(parts) == 2 else None
        if why is None or not parts[0].text.strip():
            return bad_command('Say which freeze to override, and why: --override-freeze "NAME" "REASON".', USAGE)
        found.append((clip(parts[0].text.strip(), 100), why))
    return tuple(rest)


def _to(service: ServiceName, places: Sequence[str], flag: str | None) -> Version | Refusal | None:
    match list(places):
        case []:
            return None if flag is None else version(flag, USAGE)
        case [word] if word.lower() != "to":
            more = f"/rollback {service} to {clip(word)}"
            return bad_command(f"I do not understand “{clip(word)}” after {service}.", USAGE, more)
        case [word, which] if word.lower() == "to" and flag is None:
            return version(which, USAGE)
        case ["to" | "To" | "TO"]:
            return bad_command("Say to which version after “to”.", USAGE, f"/rollback {service}", f"/rollback status {service}")
        case _:
            what = clip(" ".join(places))
            return bad_command(f"I do not understand “{what}” after {service}. A reason goes in quotes after --reason.", USAGE)


def _strategy(text: str | None) -> Strategy | Refusal:
    if text is None:
        return Strategy.AUTO
    try:
        return Strategy(text.lower())
    except ValueError:
        return bad_command(f"“{clip(text)}” is not a strategy: auto, partial or full.", USAGE)


def _without(service: ServiceName, text: str | None) -> tuple[ServiceName, ...] | Refusal:
    names: list[ServiceName] = []
    for part in (text or "").split(","):
        if not part.strip():
            continue
        name = service_name(part.strip(), USAGE)
        if isinstance(name, Refusal):
            return name
        if name == service:
            return bad_command(f"{service} cannot be rolled back and stay where it is.", USAGE)
        names.append(name)
    if text is not None and not names:
        return bad_command("Say after --without which services must stay, with commas between them.", USAGE)
    return tuple(sorted(set(names)))
