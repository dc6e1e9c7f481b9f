"""A reply as plain text for a terminal: what is, why, and what to type next."""

from collections.abc import Iterator
from typing import assert_never

from commands.deploys import hold_words
from commands.ports import Holder
from commands.reply import (
    BadList,
    Help,
    HoldList,
    Opened,
    Overview,
    Packed,
    Preview,
    Refused,
    Reply,
    RunDetail,
    RunList,
    Said,
    ServiceStatus,
    Suggested,
    Usage,
)
from commands.views.entry_text import entry_line
from commands.views.plan_text import plan_text, refusal_text
from commands.views.run_markdown import run_markdown
from planner.run import Run

NOBODY = "Nothing that was released in the last 30 days can be behind it: a rollback is probably not the answer."


def reply_text(reply: Reply) -> str:
    """The reply in words, without a line break at its end."""
    match reply:
        case Opened(run=run, notes=notes):
            return "\n".join([plan_text(run.plan), "", f"Run {run.id} waits for approval.", *notes])
        case Preview(plan=plan, approvals=approvals):
            return "\n".join([plan_text(plan), "", f"Nothing was opened; for real it would need {approvals} to approve."])
        case Said(text=text, lines=lines):
            return "\n".join([text, *(f"  {line}" for line in lines)])
        case Refused(refusal=refusal):
            return refusal_text(refusal)
        case RunList(title=title, runs=runs, empty=empty, older=older):
            rows = [f"{title}:", *(f"  {run_line(run)}" for run in runs)] if runs else [empty]
            return "\n".join([*rows, *([older] if older else [])])
        case RunDetail(run=run, entries=entries, explained=explained, after=after):
            more = ["", explained] if explained else []
            since = ["", "Since its end, in the environment's log:", *(entry_line(entry) for entry in after)] if after else []
            return "\n".join([run_line(run), *(entry_line(entry) for entry in entries), *since, *more])
        case Packed(run=run, entries=entries):
            return run_markdown(run.id, entries).rstrip("\n")
        case Overview(environment=environment, open=runs, held=held):
            going = [f"  {run_line(run)}" for run in runs] or ["  no run is open"]
            holds = [f"  {_hold(h)}" for h in held]
            holds += [f"  run {run} waits for a second look: rollbot reviewed {run}" for run in reply.second_looks]
            return "\n".join([f"In {environment}:", *going, *(holds or ["  nothing is held"])])
        case ServiceStatus():
            return _service(reply)
        case HoldList(held=held, deploys=deploys):
            each = [*(_hold(h) for h, _ in held), *(hold_words(hold) for hold in deploys)]
            return "\n".join(each) or "Nothing is held."
        case BadList(bad=bad):
            return "\n".join(f"{b.service} {b.version}: {b.reason}" for b in bad) or "No version is remembered as bad."
        case Suggested():
            return "\n".join(_suggested(reply))
        case Help(verbs=(usage,)):
            return "\n".join([usage.usage, f"  {usage.line}", "Examples:", *(f"  {example}" for example in usage.examples)])
        case Help(verbs=verbs):
            return "\n".join(_verb(usage) for usage in verbs)
    assert_never(reply)


def _hold(holder: Holder) -> str:
    until = f" until {holder.until:%Y-%m-%d %H:%M:%S} UTC" if holder.until else ""
    why = f": {holder.reason}" if holder.reason else ""
    return f"{holder.service} is held by {holder.who} since {holder.since:%Y-%m-%d %H:%M:%S} UTC{until}{why}"


def run_line(run: Run) -> str:
    """A run in one line: name, when, who, what, and how it stands."""
    when = f"{run.asked_at:%Y-%m-%d %H:%M}" if run.asked_at else "?"
    who = run.asked.by.name if run.asked else "somebody"
    if run.planned is None:
        return f"{run.id}  {when}  {who}  {run.stage}"
    target = run.plan.target
    more = len(run.plan.moves) - 1
    others = f" and {more} more" if more else ""
    move = f"{target.service} {target.from_version} -> {target.to_version}{others}"
    return f"{run.id}  {when}  {who}  {move}  {run.ending or run.stage}"


def _service(status: ServiceStatus) -> str:
    lines = [f"{status.service} runs {status.current}" + (f" (owner {status.owner})" if status.owner else "")]
    for version, when, note in status.releases:
        live = f"live since {when:%Y-%m-%d %H:%M}" if when else "live since an unknown time"
        lines.append(f"  {version}  {live}" + (f"  {note}" if note else ""))
    lines += [f"  bad: {version}: {why}" for version, why in status.bad.items()]
    if status.holder:
        lines.append(f"  {_hold(status.holder)}")
    if status.deploys:
        lines.append(f"  {hold_words(status.deploys)}")
    lines += [f"  open: {run_line(run)}" for run in status.open]
    if status.last:
        lines.append(f"  last: {run_line(status.last)}")
    return "\n".join(lines)


def _suggested(reply: Suggested) -> Iterator[str]:
    yield "What may be at fault, most suspect first:" if reply.suggestions else NOBODY
    for number, one in enumerate(reply.suggestions, start=1):
        yield f"  {number}. {one.suspect.service} {one.suspect.current}, {one.suspect.share:.0%} of the suspicion"
        yield from (f"     {line}" for line in one.suspect.evidence)
        yield f"     {one.words}"
        if one.command:
            yield f"     {one.command}"
    if reply.more:
        yield f"  …and {reply.more} more, less suspect"
    if reply.suggestions and reply.elsewhere >= 0.005:
        yield f"  {reply.elsewhere:.0%} falls on nothing that was released lately: a rollback need not be the answer."
    yield reply.looked


def _verb(usage: Usage) -> str:
    return f"{usage.usage}\n    {usage.line}"
