"""Words into arguments: flags, services, versions and runs, each read in one place for every verb."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from commands.nearest import nearest
from commands.words import Word
from planner.names import SERVICE_NAME, RunId, ServiceName, Version
from planner.refusal import Code, Refusal

_RUN = re.compile(r"#?r?([1-9][0-9]{0,15})", re.IGNORECASE)
_LONGEST_VERSION = 128
LONGEST_REASON = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """The words that are no flags, in order, and the flags; a flag without a value is `True`."""

    places: tuple[str, ...]
    flags: Mapping[str, str | bool]

    def text(self, flag: str) -> str | None:
        """The value of a flag, `None` where it was not given."""
        value = self.flags.get(flag)
        return value if isinstance(value, str) else None

    def on(self, flag: str) -> bool:
        """Whether a flag without a value was given."""
        return self.flags.get(flag) is True


def arguments(words: tuple[Word, ...], flags: Mapping[str, bool], usage: str) -> Arguments | Refusal:
    """The words sorted into places and flags. `flags` says for each known flag whether it takes a value."""
    places: list[str] = []
    found: dict[str, str | bool] = {}
    queue = list(words)
    while queue:
        word = queue.pop(0)
        if word.quoted or not word.text.startswith("--"):
            places.append(word.text)
            continue
        name, equals, value = word.text[2:].partition("=")
        name = name.lower()
        if name not in flags:
            return _unknown_flag(name, flags, usage)
        if name in found:
            return bad_command(f"--{name} was given twice.", usage)
        if not flags[name]:
            if equals:
                return bad_command(f"--{name} takes no value.", usage)
            found[name] = True
            continue
        if not equals and (not queue or (queue[0].text.startswith("--") and not queue[0].quoted)):
            return bad_command(f"--{name} needs a value after it.", usage)
        found[name] = value if equals else queue.pop(0).text
    return Arguments(places=tuple(places), flags=found)


def bad_command(message: str, usage: str, *more: str) -> Refusal:
    """The refusal of words that make no sense, with what would."""
    return Refusal(code=Code.BAD_COMMAND, message=message, nearest=(*more, usage))


def service_name(text: str, usage: str) -> ServiceName | Refusal:
    """The text as a service's name; capitals are made small."""
    name = text.lower()
    if SERVICE_NAME.fullmatch(name):
        return ServiceName(name)
    return bad_command(f"“{clip(text)}” is not a service's name: small letters, digits and dashes, at most 63 characters.", usage)


def version(text: str, usage: str) -> Version | Refusal:
    """The text as a version. Whether there is such a release is the planner's to say."""
    if 0 < len(text) <= _LONGEST_VERSION and not any(char.isspace() for char in text):
        return Version(text)
    return bad_command(f"“{clip(text)}” is not a version.", usage)


def run_id(text: str, usage: str) -> RunId | Refusal:
    """The text as a run: `r12`, `R12`, `#r12` or just `12`."""
    found = _RUN.fullmatch(text)
    if found:
        return RunId(f"r{found.group(1)}")
    return bad_command(f"“{clip(text)}” is not a run; runs are called r and a number, like r12.", usage, "/rollback history")


def looks_like_run(text: str) -> bool:
    """Whether this is a run's name rather than a service's: `r` and a number."""
    return bool(_RUN.fullmatch(text)) and text[:1] in "rR#"


def reason(text: str | None) -> str | None:
    """The reason with its length bounded; `None` for an empty one."""
    text = (text or "").strip()
    return clip(text, LONGEST_REASON) or None


def clip(text: str, most: int = 60) -> str:
    """The text, cut where it is too long to be repeated."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _unknown_flag(name: str, flags: Mapping[str, bool], usage: str) -> Refusal:
    close = nearest(name, flags, most=1)
    hint = f" Did you mean --{close[0]}?" if close else ""
    known = ", ".join(f"--{flag}" for flag in flags)
    return Refusal(
        code=Code.BAD_COMMAND,
        message=f"There is no flag --{clip(name)}.{hint}",
        facts=(f"Flags here: {known}." if known else "This verb takes no flags.",),
        nearest=(usage,),
    )
