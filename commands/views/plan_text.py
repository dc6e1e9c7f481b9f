"""A plan or a refusal as plain text, for a terminal, a log or a screen reader: nothing needs colour or a wide window."""

import textwrap
from collections.abc import Iterable, Iterator

from commands.views.footing_text import stands_on
from planner.plan import Alternative, Hazard, Move, Plan, Risk
from planner.refusal import Refusal

WIDTH = 96
_FACTS = 12
_NARROW = 36
"""The reasons stand beside the moves only where at least so many columns are left for them."""


def plan_text(plan: Plan, *, next_command: bool = False, width: int = WIDTH) -> str:
    """The whole plan, without a line break at its end. `next_command` adds what to type in Slack to have it approved."""
    target = plan.target
    services, waves = len(plan.moves), len(plan.waves)
    order = ", each wave after the one before" if waves > 1 else ""
    lines = [
        f"Roll back {target.service} from {target.from_version} to {target.to_version}",
        f"{plan.strategy} rollback: {_count(services, 'service')} in {_count(waves, 'wave')}{order}",
    ]
    said: set[str] = set()
    known = {move.service: move for move in plan.moves}
    for number, wave in enumerate(plan.waves, start=1):
        moves = [known[name] for name in wave if name in known]
        lines += ["", f"Wave {number} of {waves}", *_table(moves, said, width), *_groups(moves, width)]
    if plan.order:
        lines += ["", "Order", *_list((f"{edge.before} before {edge.after}: {edge.because}" for edge in plan.order), width)]
    lines += ["", *_hazards(plan, width)]
    if plan.warnings:
        lines += ["", "Warnings", *_list(plan.warnings, width)]
    if plan.stands_on:
        lines += ["", *_wrap(f"Stands on: {stands_on(plan)}", width)]
    lines += ["", *_wrap(f"Risk: {_risk(plan.risk)}", width), *_wrap(_sure(plan.risk), width, "  ")]
    lines += _wrap(_users(plan), width, "  ")
    if plan.advice:
        lines += _wrap(plan.advice, width)
        lines += _list(plan.compared, width)
    if plan.alternatives:
        lines += ["", "Alternatives", *_list((_alternative(plan, other) for other in plan.alternatives), width)]
    lines += ["", f"Plan {plan.digest}"]
    if next_command:
        lines += ["Next: type this in Slack to have it approved and carried out", f"  {slack_command(plan)}"]
    return "\n".join(lines)


def refusal_text(refusal: Refusal, *, width: int = WIDTH) -> str:
    """The refusal with its facts and what would do instead, without a line break at its end."""
    lines = _wrap(f"No: {refusal.message}", width)
    if refusal.facts:
        lines += ["", "Because", *_list(refusal.facts[:_FACTS], width)]
        if len(refusal.facts) > _FACTS:
            lines.append(f"  and {len(refusal.facts) - _FACTS} more (--format json tells them)")
    if refusal.nearest:
        # Not wrapped: these are there to be copied.
        lines += ["", "What would do", *(f"  {line}" for line in refusal.nearest)]
    return "\n".join(lines)


def slack_command(plan: Plan) -> str:
    """What to type in Slack to be offered this plan."""
    loss = " --accept-data-loss" if plan.data_loss_accepted else ""
    return f"/rollback {plan.target.service} to {plan.target.to_version} --strategy {plan.strategy}{loss}"


def _table(moves: list[Move], said: set[str], width: int) -> Iterator[str]:
    """Service, now, then and why; a reason that stood in a row above is not said again."""
    heads = ("Service", "Now", "Then")
    rows: list[tuple[str, str, str]] = [(move.service, move.from_version, move.to_version) for move in moves]
    sizes = [max(len(row[column]) for row in [heads, *rows]) for column in range(3)]
    left = 2 + sum(sizes) + 2 * len(sizes)
    beside = width - left >= _NARROW
    head = _row(heads, sizes)
    yield f"{head}  Why" if beside else head
    for move, row in zip(moves, rows, strict=True):
        reasons = [reason for reason in move.because if reason not in said] or list(move.because[-1:])
        said.update(move.because)
        why = [line for reason in reasons for line in _break(reason, width - (left if beside else 6))]
        cells = _row(row, sizes)
        if beside:
            yield f"{cells}  {why[0]}" if why else cells.rstrip()
            yield from (f"{'':{left}}{line}" for line in why[1:])
        else:
            yield cells.rstrip()
            yield from (f"{'':6}{line}" for line in why)


def _row(cells: tuple[str, str, str], sizes: list[int]) -> str:
    return "  " + "  ".join(f"{cell:<{size}}" for cell, size in zip(cells, sizes, strict=True))


def _groups(moves: list[Move], width: int) -> Iterator[str]:
    groups: dict[str, list[str]] = {}
    for move in moves:
        if move.group is not None:
            groups.setdefault(move.group, []).append(move.service)
    for group, names in groups.items():
        yield from _wrap(f"In one step, for these versions only work together ({group}): {', '.join(names)}", width, "  ")


def _hazards(plan: Plan, width: int) -> Iterator[str]:
    if not plan.hazards:
        yield "Hazards: none, going back crosses no migration that can lose data"
        return
    accepted = "accepted in the request" if plan.data_loss_accepted else "not accepted"
    yield f"Hazards: {_count(len(plan.hazards), 'migration')} that can lose or misread data ({accepted})"
    yield from _list((_hazard(hazard) for hazard in plan.hazards), width)


def _hazard(hazard: Hazard) -> str:
    return f"{hazard.service} {hazard.release}: {hazard.migration} ({hazard.kind})"


def _alternative(plan: Plan, other: Alternative) -> str:
    crossed = f"{_count(other.hazards, 'hazard')}, " if other.hazards else ""
    if other.label is not None:
        asked = f" Ask for it by: {other.asked}" if other.asked else ""
        return f"{other.label}: {_count(other.services, 'service')}, {crossed}{_risk(other.risk)}. {other.text}{asked}"
    return f"{other.strategy}: {_count(other.services, 'service')}, {crossed}{_risk(other.risk)}: --strategy {other.strategy}"


def _risk(risk: Risk) -> str:
    chance = f"{risk.success * 100:.1f}".rstrip("0").rstrip(".")
    return (
        f"{chance} % chance that every step succeeds, about {_time(risk.expected_seconds)}, "
        f"9 times in 10 at most {_time(risk.p90_seconds)}"
    )


def _sure(risk: Risk) -> str:
    """How sure that is, and on what it rests; nothing for a plan of before this was known."""
    if not risk.planned_seconds:
        return ""
    record = f"{_count(risk.runs, 'run')} of record" if risk.runs else "declared rates, for there is no record yet"
    return (
        f"90 % sure that the chance is between {risk.success_low:.0%} and {risk.success_high:.0%}, from {record}; "
        f"without a failure it takes {_time(risk.planned_seconds)}"
    )


def _users(plan: Plan) -> str:
    """What users see of it; nothing where that is not known."""
    now, after = plan.risk.reliable_now, plan.risk.reliable_after
    if now is None or after is None:
        return ""
    return (
        f"of the requests from outside that can come to {plan.target.service}, {now * 100:.2f} % end well now and "
        f"{after * 100:.2f} % after this plan, by declared rates"
    )


def _time(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _list(items: Iterable[str], width: int) -> Iterator[str]:
    for item in items:
        first, *rest = _break(item, width - 4) or [""]
        yield f"  - {first}"
        yield from (f"    {line}" for line in rest)


def _wrap(text: str, width: int, indent: str = "") -> list[str]:
    return _break(text, width, indent, indent + "  ")


def _break(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    # Names and versions hold dashes and must stay whole: people search for them and copy them.
    return textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False, break_long_words=False
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
