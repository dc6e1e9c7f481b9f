"""The whole plan on paper: as a markdown file, and as pages for a thread where Slack takes no file."""

from collections.abc import Iterator

from bot.slack.render.kit import clip, code, count, escape, seconds
from bot.slack.render.plan import move
from commands.views.footing_text import stands_on
from planner.plan import Alternative, Plan
from planner.run import Run

LONG = 9000
"""Characters of details that still go into the thread as they are; a longer plan gets a paper of its own."""
_PAGE = 8000
_PAGES = 30
_ROW = 1200


def is_long(plan: Plan) -> bool:
    """Whether the plan is too long to be told in one message of the thread."""
    return len(plan.moves) > 60 or sum(len(row) + 1 for row in rows(plan)) > LONG


def name(run: Run) -> str:
    """The file's name: the same for the same plan, so that it is found again."""
    return f"plan-{run.id}-{run.plan.digest.removeprefix('sha256:')[:12]}.md"


def rows(plan: Plan) -> Iterator[str]:
    """Every move with its whole chain of reasons, and why they come in this order, as lines of mrkdwn."""
    for item in plan.moves:
        reasons = "".join(f"\n    {escape(clip(why, 300))}" for why in item.because)
        yield clip(f"• wave {item.wave}: {move(item)}{reasons}", _ROW)
    if plan.order:
        yield "*Why in this order*"
        for edge in plan.order:
            yield clip(f"• {code(edge.before)} before {code(edge.after)}: {escape(clip(edge.because, 300))}", _ROW)
    if plan.advice:
        yield escape(plan.advice)
        yield from (f"• {escape(numbers)}" for numbers in plan.compared)
    if plan.stands_on:
        yield f"_Stands on {escape(stands_on(plan))}_"
    for warning in plan.warnings:
        yield clip(f"⚠️ {escape(warning)}", _ROW)


def pages(plan: Plan) -> tuple[str, ...]:
    """The same as pages of whole lines, numbered."""
    found = [""]
    for row in rows(plan):
        if len(found[-1]) + len(row) > _PAGE:
            found.append("")
        found[-1] += f"{row}\n"
    shown = found[:_PAGES]
    if len(found) > _PAGES:
        shown[-1] += f"…and {len(found) - _PAGES} more pages: `rollbot plan {escape(plan.target.service)}` prints them all"
    return tuple(f"*The whole plan, page {number} of {len(shown)}*\n{text}" for number, text in enumerate(shown, start=1))


def paper(run: Run) -> str:
    """The plan as a markdown file: everything, however long."""
    plan, target = run.plan, run.plan.target
    lines = [
        f"# Run {run.id}: {_flat(target.service)} {_flat(target.from_version)} to {_flat(target.to_version)}",
        "",
        f"- {plan.strategy} plan, {count(len(plan.moves), 'service')} in {count(len(plan.waves), 'wave')}",
        f"- about {seconds(plan.risk.expected_seconds)}, nine in ten within {seconds(plan.risk.p90_seconds)}",
        f"- {plan.risk.success:.0%} likely to go through without a stop",
        f"- digest `{plan.digest}`",
    ]
    if plan.stands_on:
        lines.append(f"- stands on {_flat(stands_on(plan))}")
    if run.asked is not None:
        why = f": {_flat(run.asked.reason)}" if run.asked.reason else ""
        lines.append(f"- asked for by {_flat(run.asked.by.name)}{why}")
    lines += [f"- instead: {_other(other)}" for other in plan.alternatives]
    lines += [f"- {_flat(plan.advice)}"] if plan.advice else []
    lines += [f"  - {_flat(numbers)}" for numbers in plan.compared]
    for number, services in enumerate(plan.waves, start=1):
        lines += ["", f"## Wave {number}: {count(len(services), 'service')}", ""]
        for item in plan.moves:
            if item.wave == number:
                group = f", in lockstep group {_flat(item.group)}" if item.group else ""
                lines.append(f"- **{_flat(item.service)}** {_flat(item.from_version)} to {_flat(item.to_version)}{group}")
                lines += [f"  - {_flat(why)}" for why in item.because]
    lines += _part("Why in this order", (f"{_flat(e.before)} before {_flat(e.after)}: {_flat(e.because)}" for e in plan.order))
    hazards = (f"{_flat(h.service)} {_flat(h.release)}: {h.kind} migration {_flat(h.migration)}" for h in plan.hazards)
    lines += _part("Data that can be lost", hazards)
    lines += _part("Warnings", (_flat(warning) for warning in plan.warnings))
    return "\n".join(lines) + "\n"


def _part(title: str, items: Iterator[str]) -> list[str]:
    found = [f"- {item}" for item in items]
    return ["", f"## {title}", "", *found] if found else []


def _other(other: Alternative) -> str:
    loss = f", {count(other.hazards, 'hazard')}" if other.hazards else ""
    took = seconds(other.risk.expected_seconds)
    if other.label is not None:
        return f"{_flat(other.text)} {count(other.services, 'service')}{loss}, about {took}"
    return f"the {other.strategy} plan, {count(other.services, 'service')}{loss}, about {took} (--strategy {other.strategy})"


def _flat(text: str) -> str:
    """Anybody's words in one line."""
    return " ".join(text.split())
