"""A whole run as a page of Markdown: what was planned, who decided, what happened when, what was verified, what is still owed."""

import re
from collections.abc import Iterator, Mapping, Sequence

from commands.views.entry_text import event_words
from commands.views.footing_text import stands_on
from planner.events import Entry, GateJudged
from planner.facts import NOTHING
from planner.involved import doer
from planner.names import RunId
from planner.plan import Plan
from planner.review import Review, review
from planner.run import Run
from planner.timeline import Phase, minutes, timeline

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!&])")


def run_markdown(run_id: RunId, entries: Sequence[Entry], pictures: Mapping[str, str] = NOTHING) -> str:
    """The page of the run that these entries, from the first, tell. It proves nothing: the head at its end is what to verify.

    `pictures` are files beside the page, by what they show.
    """
    found = review(run_id, entries)
    run = found.run
    parts = [*_head(run), *_minutes(run_id, entries, found), *_pictures(pictures), *_plan(run), *_decisions(found)]
    parts += [*_bullets("Otherwise than planned", found.deviations), *_bullets("Not undone", found.standing)]
    parts += [*_verdicts(entries, found), *_owed(run), *_timeline(entries), *_proof(run)]
    return "\n".join(parts) + "\n"


def environment_markdown(entries: Sequence[Entry]) -> str:
    """Events that belong to no run, as one more timeline."""
    return "\n".join(["# Outside of runs", "", *_table(entries)]) + "\n"


def plain(text: str) -> str:
    """Text that Markdown shows as it is: on one line, with every special sign escaped."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _head(run: Run) -> Iterator[str]:
    target = f": {run.plan.target.service} {run.plan.target.from_version} to {run.plan.target.to_version}" if run.planned else ""
    yield f"# Run {plain(run.id)}{plain(target)}"
    yield ""
    if run.asked and run.asked_at:
        reason = f" Reason: {plain(run.asked.reason)}." if run.asked.reason else ""
        by = f"{plain(run.asked.by.name)} ({plain(run.asked.by.id)})"
        yield f"- Asked by {by} at {run.asked_at:%Y-%m-%d %H:%M:%S} UTC: {plain(run.asked.words)}.{reason}"
    for approval in run.approvals:
        older = f", carried over from run {approval.carried_from}" if approval.carried_from else ""
        yield f"- Approved by {plain(approval.by.name)} ({plain(approval.by.id)}){older}"
    if run.ended and run.ended_at:
        by_whom = f" by {plain(run.ended.by.name)}" if run.ended.by else ""
        because = f": {plain(run.ended.because)}" if run.ended.because else ""
        yield f"- Ended {run.ended.ending}{by_whom} at {run.ended_at:%Y-%m-%d %H:%M:%S} UTC{because}"
    else:
        yield f"- Not ended: {run.stage}"


def _plan(run: Run) -> Iterator[str]:
    if not run.planned:
        return
    plan = run.plan
    yield from (
        "",
        "## Plan",
        "",
        f"Digest `{plain(plan.digest)}`, strategy {plan.strategy}, {run.planned.approvals} to approve.",
        "",
    )
    yield from ("| wave | service | from | to | why |", "| --- | --- | --- | --- | --- |")
    for move in plan.moves:
        cells = (str(move.wave), move.service, move.from_version, move.to_version, "; ".join(move.because))
        yield f"| {' | '.join(map(plain, cells))} |"
    if plan.stands_on:
        yield from ("", f"Stands on {plain(stands_on(plan))}.")
    yield from _hazards(plan)


def _hazards(plan: Plan) -> Iterator[str]:
    notes = [f"Data may be lost: {h.service} {h.release}, migration {h.migration} ({h.kind})" for h in plan.hazards]
    notes += plan.warnings
    if notes:
        yield ""
        yield from (f"- {plain(note)}" for note in notes)


def _timeline(entries: Sequence[Entry]) -> Iterator[str]:
    yield from ("", "## Timeline", "")
    yield from _table(entries)


def _table(entries: Sequence[Entry]) -> Iterator[str]:
    yield from ("| entry | time (UTC) | what | who |", "| --- | --- | --- | --- |")
    for entry in entries:
        person = doer(entry.event)
        who = f"{person.name} ({person.id})" if person else ""
        yield f"| {entry.seq} | {entry.at:%Y-%m-%d %H:%M:%S} | {plain(event_words(entry.event))} | {plain(who)} |"


def _verdicts(entries: Sequence[Entry], found: Review) -> Iterator[str]:
    judged = [entry.event for entry in entries if isinstance(entry.event, GateJudged)]
    if not judged:
        return
    yield from ("", "## Verdicts", "", "| step | gate | verdict | because | measured | seconds |")
    yield "| --- | --- | --- | --- | --- | --- |"
    for event in judged:
        gate = f"{event.gate}: {event.check}" if event.check else event.gate.value
        counts = found.measured.get((event.step, event.check or ""), {})
        measured = ", ".join(f"{many} {outcome}" for outcome, many in counts.items())
        cells = (event.step, gate, event.verdict.value, event.because, measured, f"{event.seconds:g}")
        yield f"| {' | '.join(map(plain, cells))} |"


def _minutes(run_id: RunId, entries: Sequence[Entry], found: Review) -> Iterator[str]:
    yield from ("", "## Minutes", "", "| the run was | minutes |", "| --- | --- |")
    yield from (f"| {period} | {spent:g} |" for period, spent in found.minutes.items())
    yield f"| **in all** | {round(sum(found.minutes.values()), 2):g} |"
    line = timeline(run_id, entries)
    if line is not None and any(row.spans for row in line.rows):
        steps = minutes(line)
        yield ""
        yield "Steps side by side, added up: " + ", ".join(f"{phase} {steps[phase]:g}" for phase in Phase) + " minutes."


def _pictures(pictures: Mapping[str, str]) -> Iterator[str]:
    if pictures:
        yield from ("", "## Pictures", "")
        yield from (f"![{plain(words)}](<{name}>)" for words, name in pictures.items())


def _decisions(found: Review) -> Iterator[str]:
    if not found.decisions:
        return
    yield from ("", "## Who saw and decided what", "", "| time (UTC) | who | saw | said |", "| --- | --- | --- | --- |")
    for one in found.decisions:
        cells = (f"{one.at:%Y-%m-%d %H:%M:%S}", f"{one.by.name} ({one.by.id})", one.saw, one.said)
        yield f"| {' | '.join(map(plain, cells))} |"


def _bullets(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield from ("", f"## {title}", "")
        yield from (f"- {plain(line)}" for line in lines)


def _owed(run: Run) -> Iterator[str]:
    if run.ended and run.ended.obligations:
        yield from ("", "## Still to do", "")
        yield from (f"- {plain(duty)}" for duty in run.ended.obligations)


def _proof(run: Run) -> Iterator[str]:
    head = f"{run.id}:{run.seq}:{run.hash[:16]}"
    yield from (
        "",
        "## Head",
        "",
        f"`audit {run.id} #{run.seq} sha256:{run.hash[:16]}`. This page proves nothing by itself; the log does:",
    )
    yield f"`rollbot audit verify --head {head}`"
