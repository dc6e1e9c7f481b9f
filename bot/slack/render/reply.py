"""Replies to commands, as private messages."""

from typing import assert_never

from bot.slack.actions import ASK, BREAK, SMALLER, WAIT
from bot.slack.render.kit import (
    Block,
    Message,
    actions,
    button,
    clip,
    code,
    context,
    count,
    escape,
    listing,
    message,
    moment,
    section,
    who,
    with_mentions,
)
from bot.slack.render.lines import details, line, thread
from bot.slack.render.news import note as news
from bot.slack.render.plan import preview, rows
from bot.slack.render.run import buttons, standing, summary
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
    Suggestion,
    Usage,
)
from commands.views.reply_text import NOBODY
from planner.refusal import Refusal
from planner.run import Run, Stage, follow

_ROWS = 20
_TABLE = 2600
"""Characters of a table in one section."""


def private(reply: Reply) -> Message:
    """The reply as a message for the person who asked."""
    match reply:
        case Opened():
            return _lines(_opened(reply))
        case Preview(plan=plan, approvals=approvals):
            return preview(plan, approvals)
        case Said(text=text, lines=lines):
            return _lines([escape(text), *(_hint(one) for one in lines)])
        case Refused(refusal=refusal):
            return refused(refusal, *_instead(reply))
        case RunList(title=title, runs=runs, empty=empty, older=older):
            rows = [_row(run) for run in runs] or [escape(empty)]
            more = [*(["One of them: `/rollback show RUN`"] if runs else []), *([escape(older)] if older else [])]
            return _lines([f"*{escape(title)}*", *rows, *more])
        case RunDetail():
            return _detail(reply)
        case Packed(run=run, placed=placed):
            return _lines([with_mentions(placed) if placed else f"`rollbot audit export {run.id} --format md` writes it."])
        case Overview():
            return _lines(_overview(reply))
        case ServiceStatus():
            return _lines(_service(reply))
        case HoldList(held=held):
            rows = [f"• {code(h.service)}: since {moment(h.since)} by {_by(h, run)}" for h, run in held]
            rows += [f"• 🚢 {escape(hold_words(hold))}. `/rollback unlock {hold.service}`" for hold in reply.deploys]
            return _lines(["*Held services*", *rows] if rows else ["Nothing is held: every service is free to move."])
        case BadList(bad=bad):
            rows = [f"• {code(b.service)} {code(b.version)}: {escape(b.reason)}" for b in bad]
            return _lines(["*Versions that no plan goes back to*", *rows] if rows else ["No version is remembered as bad."])
        case Suggested():
            return _suggested(reply)
        case Help(verbs=verbs):
            return _lines(_verb(verbs[0])) if len(verbs) == 1 else _help(verbs)
    assert_never(reply)


def refused(refusal: Refusal, *pressable: Block) -> Message:
    """A no: what, on which evidence, and what to do instead, some of it as buttons."""
    lines = [f"🚫 *{with_mentions(clip(refusal.message, 1500))}*"]
    lines += [f"• {with_mentions(clip(fact, 600))}" for fact in refusal.facts[:12]]
    if len(refusal.facts) > 12:
        lines.append(f"…and {len(refusal.facts) - 12} more facts")
    if refusal.nearest:
        lines.append("*What you can do*")
        lines += [f"• {_hint(hint)}" for hint in refusal.nearest[:7]]
    row = [actions(*pressable)] if pressable else []
    return message(_readable(lines), section(listing(lines, 24)), *row, context(f"Reason: {refusal.code}"))


def _suggested(reply: Suggested) -> Message:
    """Each suspect with what speaks for it, and a button that plans its rollback."""
    if not reply.suggestions:
        return _lines([f"*{escape(NOBODY)}*", escape(reply.looked)])
    blocks = [section("*What may be at fault, most suspect first*")]
    for one in reply.suggestions:
        blocks.append(section(listing(_suspect(one), 8, length=1200)))
        if one.command:
            label = f"Plan a rollback of {clip(one.suspect.service, 45)}"
            blocks.append(actions(button(label, SMALLER, one.command.removeprefix("/rollback "))))
    notes = [f"…and {count(reply.more, 'more suspect')}."] if reply.more else []
    if reply.elsewhere >= 0.005:
        share = f"{reply.elsewhere:.0%}"
        notes.append(f"{share} of the suspicion falls on nothing that was released lately: a rollback need not be the answer.")
    blocks.append(context(" ".join([*notes, escape(reply.looked)])))
    first = reply.suggestions[0]
    return message(f"Most suspect: {first.suspect.service}, {first.suspect.share:.0%}. {escape(reply.looked)}", *blocks)


def _suspect(one: Suggestion) -> list[str]:
    head = f"{code(one.suspect.service)} *{escape(one.suspect.current)}*: {one.suspect.share:.0%} of the suspicion"
    return [head, *(f"• {escape(clip(line, 300))}" for line in one.suspect.evidence), escape(one.words)] + (
        [f"`{escape(one.command)}`"] if one.command else []
    )


def _instead(reply: Refused) -> list[Block]:
    """The buttons under a held service: be told, ask for it, take the plan that does without it, or end the hold."""
    found = []
    if reply.blocked and reply.refusal.nearest[0].startswith("/rollback wait"):
        found.append(button("Tell me when free", WAIT, reply.refusal.nearest[0].removeprefix("/rollback ")))
    # Of several holders the first has buttons; the others can be asked with the words above.
    one = reply.holders[0] if reply.holders else None
    if one is not None:
        found.append(button(f"Ask {clip(one.name, 40)} for it", ASK, one.ask.removeprefix("/rollback ")))
    if reply.smaller:
        words = f"plan {reply.smaller.removeprefix('/rollback ')}"
        found.append(button("Plan without the held services", SMALLER, words))
    if one is not None and one.breaks:
        found.append(button(f"Break the lock of {clip(one.name, 40)}…", BREAK, one.breaks.removeprefix("/rollback ")))
    return found


def _by(holder: Holder, run: Run | None) -> str:
    if run is not None:
        return _row(run).removeprefix("• ")
    until = f" until {moment(holder.until, '{date_short_pretty} {time}')}" if holder.until else ""
    why = f": “{escape(clip(holder.reason, 300))}”" if holder.reason else ""
    return f"{escape(holder.who)}{until}{why}"


def _hint(hint: str) -> str:
    return code(hint) if hint.startswith("/") else with_mentions(clip(hint, 600))


def _opened(reply: Opened) -> list[str]:
    run = reply.run
    target = run.plan.target
    needed = run.planned.approvals if run.planned else 1
    what = f"Plan posted: run *{run.id}* rolls {code(target.service)} back to {code(target.to_version)}."
    lines = [f"{what} It waits for {count(needed, 'approval')}; nothing is touched before."]
    lines += [with_mentions(clip(note, 600)) for note in reply.notes]
    lines.append(f"Changed your mind? `/rollback cancel {run.id}`")
    return lines


def _row(run: Run) -> str:
    what = f"{code(run.plan.target.service)} → {escape(run.plan.target.to_version)}" if run.planned else "no plan"
    when = f", {moment(run.asked_at, '{date_short_pretty} {time}')}" if run.asked_at else ""
    return f"• *{run.id}* {what}: {standing(run)}, {_who(run)}{when}"


def _who(run: Run) -> str:
    return f"asked by {who(run.asked.by)}" if run.asked else "nobody is known to have asked"


def _overview(reply: Overview) -> list[str]:
    if not reply.open and not reply.held and not reply.second_looks:
        return [
            f"Nothing runs, waits or is held in {escape(reply.environment)}.",
            "`/rollback status SERVICE` shows one service.",
        ]
    lines = [f"*In {escape(reply.environment)} now*"]
    lines += [_row(run) for run in reply.open]
    if reply.second_looks:
        lines.append(f"👀 A second look is owed: {', '.join(reply.second_looks)}. `/rollback reviewed RUN`")
    if reply.held:
        lines.append(f"Held: {', '.join(code(holder.service) for holder in reply.held[:_ROWS])}")
    return lines


def _service(reply: ServiceStatus) -> list[str]:
    owner = f", owned by {escape(reply.owner)}" if reply.owner else ""
    lines = [f"{code(reply.service)} *runs* {code(reply.current)}{owner}"]
    for version, at, note in reply.releases:
        when = f" live since {moment(at, '{date_short_pretty} {time}')}" if at else ""
        lines.append(f"• {code(version)}{when}" + (f" ({escape(note)})" if note else ""))
    if reply.holder:
        more = f": `/rollback show {reply.holder.run}`" if reply.holder.run else ""
        lines.append(f"🔒 Held since {moment(reply.holder.since)} by {_by(reply.holder, None)}{more}")
    if reply.deploys:
        lines.append(f"🚢 {escape(hold_words(reply.deploys))}: `/rollback unlock {escape(reply.service)}` lets them go")
    lines += [f"⏳ Run {run.id} waits for approval and would move it." for run in reply.open if run.stage is Stage.WAITING]
    if reply.last is not None:
        lines.append(f"Last run: {_row(reply.last).removeprefix('• ')}")
    lines.append(f"`/rollback {escape(reply.service)}` plans a rollback; add `--dry-run` to only look.")
    return lines


def _detail(reply: RunDetail) -> Message:
    run = Run(id=reply.run.id)
    told = []
    for entry in reply.entries:
        run = follow(run, entry)
        words = line(run, entry)
        if words is not None:
            told.append(f"{entry.at:%H:%M:%S}  {words}")
    for entry in reply.after:
        found = news(entry.event)
        if found is not None:
            told.append(f"{entry.at:%H:%M:%S}  {clip(found.message.text, 600)}")
    head = list(summary(run)) if run.planned else [f"Run {run.id} has no plan yet."]
    kept = told[-_ROWS:]
    if len(told) > len(kept):
        kept.insert(0, f"…{len(told) - len(kept)} earlier lines are in the run's thread")
    log = [section(listing((clip(row, 700) for row in kept[at : at + 7]), 9)) for at in range(0, len(kept), 7)]
    reckoned = _reckoned(reply.explained)
    if run.stage is Stage.WAITING:
        return _waiting(run, reckoned)
    pressable = buttons(run) if run.planned else ()
    return message(
        _readable(head),
        section("\n".join(head)),
        *log,
        context("Times are UTC."),
        *reckoned,
        *([actions(*pressable)] if pressable else []),
    )


def _reckoned(explained: str) -> tuple[Block, ...]:
    """How the chances were reckoned, as a table; as much of it as one block holds."""
    if not explained:
        return ()
    kept: list[str] = []
    for row in explained.splitlines():
        if sum(len(escape(words)) + 1 for words in (*kept, row)) > _TABLE:
            kept.append("…  the rest: rollbot show, in a terminal")
            break
        kept.append(row)
    table = "\n".join(escape(row).replace("`", "´") for row in kept)
    return (section(f"```{table}```"),)


def _waiting(run: Run, reckoned: tuple[Block, ...] = ()) -> Message:
    """A plan that waits, with every reason, and with the buttons to decide."""
    shown = thread([details(run.plan)])
    head = section("\n".join(summary(run)[::2]))
    return message(shown.text, head, *shown.blocks, *reckoned, *rows(run))


def _help(verbs: tuple[Usage, ...]) -> Message:
    head = "*Rollbot plans a rollback, waits for approval, carries it out and shows what it verified.*"
    rows = [f"• `{escape(usage.usage)}`\n    {escape(usage.line)}" for usage in verbs]
    foot = "Examples of one verb: `/rollback help VERB`"
    parts = [section("\n".join(rows[at : at + 8])) for at in range(0, len(rows), 8)]
    return message(_readable([head, *rows, foot]), section(head), *parts, section(foot))


def _verb(usage: Usage) -> list[str]:
    examples = [f"• {code(example)}" for example in usage.examples]
    return [f"*{escape(usage.name)}*: {escape(usage.line)}", f"`{escape(usage.usage)}`", "For example", *examples]


def _lines(lines: list[str]) -> Message:
    return message(_readable(lines), section(listing(lines, _ROWS + 4)))


def _readable(lines: list[str]) -> str:
    return "\n".join(lines).replace("*", "").replace("`", "")
