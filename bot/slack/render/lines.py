"""What a log entry becomes in the thread: a durable line, or nothing.

The thread is what people read afterwards, so it has every decision, every gate's verdict with what was seen, and every
failure; it leaves out single measurements and refused presses, which only the log keeps.
"""

from collections.abc import Sequence

from bot.slack.render.kit import (
    Message,
    clip,
    code,
    count,
    escape,
    listing,
    message,
    moment,
    seconds,
    section,
    who,
    with_channels,
    with_mentions,
)
from bot.slack.render.mix import compatible, sorted_out
from bot.slack.render.paper import is_long, rows
from bot.slack.render.plan import is_forward, move
from bot.slack.render.run import took, touched
from planner.approval import mentions
from planner.consent import BrokeGlass, FreezeOverridden, Reminded
from planner.events import (
    Approved,
    Asked,
    Decided,
    Ended,
    Ending,
    Entry,
    Gate,
    GateJudged,
    Granted,
    Halted,
    LeaseTaken,
    LocksTaken,
    Measured,
    Planned,
    PressRefused,
    StepAccepted,
    StepFailed,
    StepIntended,
    StepNotTaken,
    StepUnknown,
    StepVerified,
    StopAsked,
    Surveyed,
)
from planner.names import ActorId
from planner.next_actions import skippable
from planner.plan import Plan
from planner.planning import way_forward
from planner.policy import Circle
from planner.registry_events import Drained, DrainIntended, Restored, RestoreFailed
from planner.run import Run, StepState
from planner.verdict import Verdict
from planner.watch_events import BaselineTaken, Reading

_VERDICT = {Verdict.PASS: "✅ pass", Verdict.FAIL: "❌ *FAIL*", Verdict.INCONCLUSIVE: "❔ could not tell"}
_SYMPTOM = {
    Verdict.PASS: "💚 *The symptom is gone*",
    Verdict.FAIL: "🩹 *The symptom is still there*",
    Verdict.INCONCLUSIVE: "❔ could not tell whether the symptom is gone",
}
_BRIEF = 13
_LONGEST = 11_000
"""Characters of one message; Slack refuses messages that are too long as a whole and publishes no number."""


def line(run: Run, entry: Entry) -> str | None:
    """The line for an entry; `run` is the run after it. `None` where the thread needs none."""
    match entry.event:
        case Asked() | PressRefused() | Measured() | LeaseTaken(take_over=False) | StepAccepted(recovered=False):
            return None
        case Planned(plan=plan):
            return brief(plan) if is_long(plan) else details(plan)
        case Approved(by=by, carried_from=older) if older is not None:
            needed = run.planned.approvals if run.planned else 1
            return (
                f"👍 {who(by)} approved run {older}, and this plan does nothing that that one did not: their yes stands "
                f"(approval {len(run.approvals)} of {needed}). Nothing starts before somebody has approved this plan too."
            )
        case Approved(by=by, digest=digest):
            needed = run.planned.approvals if run.planned else 1
            have = f"approval {len(run.approvals)} of {needed}"
            if entry.event.own:
                have += "; ⚠️ *their own request*: the policy allows it (`own_request`)"
            return f"👍 {who(by)} approved plan `{escape(digest.removeprefix('sha256:')[:12])}` ({have})."
        case Reminded(escalated=escalated):
            left = f" It expires {moment(run.planned.expires_at)}." if run.planned else ""
            more = " They may approve too from now on." if escalated else ""
            called = _called(entry.event.users, entry.event.groups)
            return f"⏰ {called}: nobody has decided yet.{left}{more} `/rollback approve {run.id}`"
        case FreezeOverridden(freeze=freeze, by=by, reason=reason):
            return f"❄️ {who(by)} overrides the freeze “{escape(freeze)}”: “{escape(clip(reason, 500))}”"
        case BrokeGlass(by=by, reason=reason):
            called = _called(entry.event.users, entry.event.groups)
            return (
                f"🚨 *Break-glass*: {who(by, ping=True)} starts this without the approvals it needs: "
                f"“{escape(clip(reason, 500))}”\n"
                f"{called}: look at it when it has ended, and say so: `/rollback reviewed {run.id}`"
            )
        case Granted() if run.glass is not None:
            return "▶️ The run begins without the approvals it needs."
        case Granted(approvals=approvals):
            kept = "" if is_forward(run) else f" The way forward again is kept: plan `{_short(way_forward(run.plan))}`."
            return f"▶️ {count(approvals, 'approval')}: that is enough, the run begins.{kept}"
        case LeaseTaken(worker=worker):
            return f"🔁 Worker {code(worker)} took over where the one before stopped; it looks before it asks for anything."
        case LocksTaken(services=services):
            return f"🔒 Locked for this run: {listing_inline(services)}."
        case Surveyed():
            return "🔎 Looked again, with everything locked: the world is as planned."
        case BaselineTaken(readings=readings):
            return measured_before(readings)
        case Halted(because=because):
            return _halted(run, because)
        case Decided(by=by, choice=choice, reason=reason):
            why = f": “{escape(clip(reason, 500))}”" if reason else ""
            return f"👉 {who(by)} chose *{choice}*{why}."
        case StopAsked(by=by):
            return f"✋ {who(by)} asked to stop. What is under way is brought to its end; nothing new begins."
        case Ended():
            return _ended(run, entry, entry.event)
        case _:
            return _step(run, entry)


def _called(users: tuple[ActorId, ...], groups: tuple[str, ...]) -> str:
    """These people and groups, mentioned so that they are notified."""
    return with_mentions(mentions(Circle(users=frozenset(users), groups=frozenset(groups)))) or "Nobody"


def _step(run: Run, entry: Entry) -> str | None:
    match entry.event:
        case StepIntended(step=step, attempt=attempt, expect=expect, to=to):
            again = f", attempt {attempt}" if attempt > 1 else ""
            instead = f" instead of {code(expect)}" if expect else ""
            return f"➡️ {_name(run, step)}: asking for {code(to)}{instead}{again}."
        case StepAccepted(step=step):
            return f"🔎 {_name(run, step)}: the earlier request did arrive; nothing is asked twice."
        case StepUnknown(step=step, detail=detail):
            return (
                f"❔ {_name(run, step)}: no certain answer ({escape(clip(detail, 300))}). Looking before anything is asked again."
            )
        case StepNotTaken(step=step, running=running):
            runs = code(running) if running else "nothing"
            return f"🔎 {_name(run, step)}: the request had no effect, {runs} runs. It is safe to ask again."
        case GateJudged(step=step, gate=Gate.SYMPTOM, verdict=verdict, because=because):
            return f"{_SYMPTOM[verdict]}  {_name(run, step)}: {escape(clip(because, 900))}"
        case GateJudged(step=step, gate=gate, check=check, verdict=verdict, because=because, seconds=length):
            what = f"{gate} “{escape(check)}”" if check else gate.value
            return f"{_VERDICT[verdict]}  {_name(run, step)}  {what}, {seconds(length)}: {escape(clip(because, 600))}"
        case DrainIntended(step=step, instances=instances):
            return f"🚪 {_name(run, step)}: taking {listing_inline(instances, 5)} out of discovery before anything is stopped."
        case Drained(step=step, instances=instances, seconds=length):
            out = f" ({count(len(instances), 'instance')} out, {seconds(length)})" if instances else ""
            then = f"Stopping it, starting {code(run.steps[step].to)}."
            return f"🚪 {_name(run, step)}: no other release can be found any more{out}. {then}"
        case Restored(step=step, instances=instances, left=left) if instances or left:
            back = f"{listing_inline(instances, 5)} can be found again." if instances else "nothing had to be put back."
            rest = f" {listing_inline(left, 5)} stays out: it is of another release." if left else ""
            return f"🚪 {_name(run, step)}: {back}{rest}"
        case RestoreFailed(step=step, instances=instances, because=because):
            why = escape(clip(because.rstrip("."), 600))
            return f"⚠️ {_name(run, step)}: *still out of discovery*: {listing_inline(instances, 5)}: {why}."
        case StepVerified(step=step, unclear=unclear):
            found = run.steps[step]
            took = f" in {seconds((entry.at - found.began_at).total_seconds())}" if found.began_at else ""
            doubt = f" Could not tell: {escape(', '.join(unclear))}. Somebody should look." if unclear else ""
            return f"✅ {_name(run, step)} runs {code(found.to)}, verified{took}.{doubt}"
        case StepFailed(step=step, because=because, settled=settled):
            runs = f" It does run {code(run.steps[step].to)}." if settled else ""
            return f"❌ {_name(run, step)} failed: {escape(clip(because.rstrip('.'), 1200))}.{runs}"
        case _:
            return None


def details(plan: Plan) -> str:
    """Every move with its whole chain of reasons, and why they come in this order."""
    lines = [_head(plan), *rows(plan)]
    return listing(lines, len(lines), length=_LONGEST, more="…and {count} more lines: the file in the run's thread has them all")


def brief(plan: Plan) -> str:
    """The beginning of a plan that is too long for one message; a paper with all of it follows."""
    lines = [_head(plan), *(f"• wave {item.wave}: {move(item)}" for item in plan.moves)]
    return listing(lines, _BRIEF, more="…and {count} more. The whole plan, with every reason, follows in this thread.")


def _head(plan: Plan) -> str:
    return f"*The whole plan* `{_short(plan)}`: {plan.strategy}, {count(len(plan.moves), 'service')}"


def _short(plan: Plan) -> str:
    return escape(plan.digest.removeprefix("sha256:")[:12])


def listing_inline(names: Sequence[str], most: int = 12) -> str:
    """Names in one line, the first few."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(code(name) for name in names[:most]) + more


def thread(lines: list[str]) -> Message:
    """Lines as one message of the thread."""
    whole = clip("\n".join(lines), _LONGEST)
    return message(whole.replace("*", "").replace("`", ""), *(section(part) for part in _parts(whole)))


def _parts(text: str, most: int = 2900) -> list[str]:
    """The text in pieces of whole lines."""
    parts = [""]
    for row in text.split("\n"):
        piece = clip(row, most)
        if len(parts[-1]) + len(piece) + 1 > most:
            parts.append("")
        parts[-1] = f"{parts[-1]}\n{piece}" if parts[-1] else piece
    return parts


def _name(run: Run, step: str) -> str:
    return code(run.steps[step].service) + (" (back)" if run.undoing else "")


def _halted(run: Run, because: str) -> str:
    instead = [*(["*skip*"] if skippable(run) else []), *([] if run.undoing else ["*undo*"]), "*leave*"]
    ask = f"{who(run.asked.by, ping=True)}: " if run.asked else ""
    return "\n".join(
        (
            f"✋ *Stopped*: {escape(clip(because.rstrip('.'), 1200))}.",
            sorted_out(run),
            compatible(run),
            f"{ask}press a button above, or type `/rollback retry {run.id}` (or {', '.join(instead)} in the place of retry).",
        )
    )


def aftermath(run: Run) -> list[str]:
    """What was not undone, and the way forward again."""
    undone = run.ending is Ending.UNDONE
    when = "went back and came again" if undone else f"ran {escape(run.plan.target.from_version)}"
    data = f"what was written while {code(run.plan.target.service)} {when} stays as it is"
    if run.plan.hazards:
        data += f", and so does what {count(len(run.plan.hazards), 'migration')} did to data: somebody must look"
    others = "Services outside the plan were not touched."
    lines = [f"*Not undone*: {data}. {others}"]
    if run.ending is Ending.FINISHED and not is_forward(run):
        plan = way_forward(run.plan)
        moves = f"{count(len(plan.moves), 'service')} in {count(len(plan.waves), 'wave')}"
        lines.append(
            f"*The way forward again*: `/rollback forward {run.id}` ({moves}, plan `{_short(plan)}`, to be approved anew)"
        )
    return lines


def _ended(run: Run, entry: Entry, event: Ended) -> str:
    because = f": {with_channels(clip(event.because.rstrip('.'), 800))}" if event.because else ""
    # Whose request came to its end by somebody else's hand should hear of it.
    other = run.asked is not None and event.by is not None and event.by.id != run.asked.by.id and not touched(run)
    whose = f"{who(run.asked.by, ping=True)}: " if run.asked and other else ""
    done = touched(run)
    lines = [f"🏁 {whose}*{event.ending.value.capitalize()}*{because}{took(run) if done else ''}."]
    if done:
        lines += _account(run)
        lines += aftermath(run)
        if symptom := _symptom(run):
            lines.append(symptom)
        if event.watch_until is not None:
            lines.append(
                f"👁 Watched until {moment(event.watch_until)}: what runs, its checks, its neighbours. You hear of it then, "
                "or at once if anything is wrong."
            )
        if event.obligations:
            lines.append(f"*Still to do* (`/rollback obligations {run.id}`)")
        lines += [_todo(run, number) for number in range(min(20, len(event.obligations)))]
        if len(event.obligations) > 20:
            lines.append(f"…and {len(event.obligations) - 20} more things to do")
    else:
        lines.append("Nothing was touched.")
    lines.append(
        f"Audit: `audit {run.id} #{entry.seq} sha256:{escape(entry.hash.removeprefix('sha256:')[:16])}` at {moment(entry.at)}"
    )
    return "\n".join(lines)


def measured_before(readings: Sequence[Reading]) -> str | None:
    """What was already bad before anything was touched; nothing where nothing was, or nothing was asked."""
    bad = [reading for reading in readings if reading.verdict is Verdict.FAIL]
    if not bad:
        return None
    told = "; ".join(f"{code(r.service)} {escape(r.check)} ({escape(clip(r.because, 200))})" for r in bad[:5])
    more = f" and {len(bad) - 5} more" if len(bad) > 5 else ""
    return f"📏 Failing before the first step, of {count(len(readings), 'check')}: {told}{more}."


def _symptom(run: Run) -> str | None:
    step = run.steps.get(run.plan.target.service)
    gate = step.gates.get(Gate.SYMPTOM) if step else None
    return None if gate is None else f"{_SYMPTOM[gate.verdict]}: {escape(clip(gate.because, 400))}"


def _todo(run: Run, number: int) -> str:
    """One thing that is left to be done: whose, and until when."""
    if run.ended is None:
        return ""
    words = escape(clip(run.ended.obligations[number], 300))
    owed = run.ended.owed[number] if number < len(run.ended.owed) else None
    parts = [escape(owed.owner)] if owed and owed.owner else []
    parts += [f"until {moment(owed.due_at, '{date_short_pretty} {time}')}"] if owed and owed.due_at else []
    whose = f" ({', '.join(parts)})" if parts else ""
    return f"☐ {words}{whose}"


def _account(run: Run) -> list[str]:
    """Step by step what came of it, and what was not undone."""
    told = []
    for step in list(run.steps.values())[:30]:
        took = f" in {seconds((step.ended_at - step.began_at).total_seconds())}" if step.began_at and step.ended_at else ""
        asked = [gate for name, gate in step.gates.items() if name != Gate.SYMPTOM]
        gates = f", {sum(gate.verdict is Verdict.PASS for gate in asked)} of {count(len(asked), 'gate')} passed"
        went = f"{escape(step.expect or '')} → {escape(step.to)}"
        told.append(f"• {code(step.service)} {went}: {step.state}{took}{gates if step.gates else ''}")
    if len(run.steps) > 30:
        told.append(f"…and {len(run.steps) - 30} more steps")
    left = [step for step in run.steps.values() if step.state in {StepState.FAILED, StepState.PENDING, StepState.SKIPPED}]
    if left:
        told += [sorted_out(run), compatible(run)]
    return told
