"""Words said in the thread of a run: what is left out there is that run, and its service.

`approve` means approve this run; `why-not 1.4.1` means this run's service. Elsewhere the same words mean what they always mean.
"""

from commands.grammar import looks_like_run
from planner.run import Run

_OF_RUN = {
    "approve",
    "reject",
    "cancel",
    "retry",
    "skip",
    "undo",
    "leave",
    "pack",
    "show",
    "picture",
    "forward",
    "again",
    "reviewed",
}
"""Verbs whose first word is a run."""
_OF_SERVICE = {"who-can", "unlock", "wait"}
"""Verbs whose first word is a service, and that mean this one where it is left out."""


def in_thread(words: str, run: Run) -> str:
    """The words as they would have to be typed elsewhere."""
    verb, _, rest = words.strip().partition(" ")
    rest = rest.strip()
    first = rest.split(None, 1)[0] if rest else ""
    name = verb.lower()
    if not name or (name in {"status", "history"} and not rest):
        return f"show {run.id}"
    if name in _OF_RUN:
        return words.strip() if looks_like_run(first) else f"{name} {run.id} {rest}".strip()
    if run.planned is None:
        return words.strip()
    target = run.plan.target
    if name in _OF_SERVICE and not rest:
        return f"{name} {target.service}"
    if name == "why-not" and len(rest.split()) == 1:
        return f"why-not {target.service} {rest}"
    if name in {"full", "partial"} and rest.lower() in {"", "plan"}:
        return f"plan {target.service} to {target.to_version} --strategy {name}"
    if name == "to" and rest:
        return f"plan {target.service} to {rest}"
    return words.strip()
