"""What a form or a button asks for, as the words that somebody could have typed instead."""

from commands.asking import Rollback
from planner.plan import Strategy


def typed(intent: Rollback) -> str:
    """The words after `/rollback` that ask for this. A quote inside the reason becomes a single one: nothing escapes one."""
    parts: list[str] = [intent.service]
    if intent.to is not None:
        parts += ["to", intent.to]
    if intent.strategy is not Strategy.AUTO:
        parts += ["--strategy", intent.strategy]
    if intent.accept_data_loss:
        parts.append("--accept-data-loss")
    if intent.reason is not None:
        parts += ["--reason", _quoted(intent.reason)]
    if intent.without:
        parts += ["--without", ",".join(intent.without)]
    for name, why in intent.overrides:
        parts += ["--override-freeze", _quoted(name), _quoted(why)]
    if intent.break_glass is not None:
        parts += ["--break-glass", _quoted(intent.break_glass)]
    if intent.dry_run:
        parts.append("--dry-run")
    return " ".join(parts)


def _quoted(text: str) -> str:
    return '"' + " ".join(text.replace('"', "'").split()) + '"'
