"""The plan before anybody decided: what moves from where to where, in which order, why, at what price, and who must agree.

At most a phone's screen: a long plan is counted here and listed in the thread.
"""

from collections.abc import Iterable

from bot.slack.actions import ActionId, encode
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
    seconds,
    section,
    sure,
    who,
    with_mentions,
)
from commands.picture import LEAST
from commands.views.footing_text import stands_on
from planner.approval import who_can
from planner.events import Approved
from planner.facts import Origin
from planner.offers import BETWEEN, BRIDGE
from planner.plan import Alternative, Move, Plan, Risk, Strategy
from planner.policy import Policy
from planner.run import Run

SHOWN = 8
"""Moves named in the plan message; the thread has all."""
_SPACIOUS = 4
"""Moves up to which there is room on a phone's screen for why each of them moves."""
_LONG_LINES = 7
"""Lines of a plan that is too long to be shown here."""
_PRINTED = "…and {count} more lines: `rollbot plan` prints them all"


def waiting(run: Run, policy: Policy) -> Message:
    """The message of a run that waits for approval, with its buttons."""
    plan = run.plan
    return message(
        _spoken(run),
        section(f"*{title(plan, forward=is_forward(run))}*  ·  run {run.id}\n{_asked(run)}"),
        *body(plan),
        section(_approval(run, policy)),
        *rows(run),
    )


def is_forward(run: Run) -> bool:
    """Whether this run takes a rollback back again."""
    return run.asked is not None and run.asked.forward_of is not None


def rows(run: Run) -> tuple[Block, Block]:
    """The buttons of a run that waits: to decide, and to ask for another plan."""
    value = encode(run)
    decide = actions(
        button("Approve", ActionId.APPROVE, value, "primary"),
        button("Reject", ActionId.REJECT, value, "danger"),
        button("Cancel", ActionId.CANCEL, value, sure=_cancel(run)),
    )
    others = [_switch(run, other) for other in run.plan.alternatives if other.label is None][:2]
    asked = [other for other in run.plan.alternatives if other.asked]
    others += [_between(run, other) for other in asked if other.label == BETWEEN][:1]
    others += [_first_step(run, other) for other in asked if other.label == BRIDGE][:1]
    version = [] if is_forward(run) else [button("Set version", ActionId.VERSION, value)]
    dry = [] if is_forward(run) else [button("Dry run", ActionId.DRY_RUN, value)]
    drawn = [button("Show picture", ActionId.PICTURE, value)] if len(run.plan.moves) >= LEAST else []
    return decide, actions(*others, *version, *dry, button("Show plan", ActionId.SHOW, value), *drawn)


def _switch(run: Run, other: Alternative) -> Block:
    """The button for the plan by the other strategy; its dialog says what it would do."""
    action = ActionId.FULL if other.strategy is Strategy.FULL else ActionId.PARTIAL
    label = f"{other.strategy.capitalize()} plan"
    what = f"Plans again: {count(other.services, 'service')}, about {seconds(other.risk.expected_seconds)}."
    loss = ""
    if other.hazards:
        accepted = "Data loss was accepted" if run.plan.data_loss_accepted else "It is refused unless --accept-data-loss is typed"
        loss = f" It crosses {count(other.hazards, 'migration')} that can lose data. {accepted}."
    have = " Approvals so far count for it only if it does nothing more." if run.approvals else ""
    text = f"{what}{loss} The new plan takes the place of run {run.id}.{have} You are then the one who asked."
    return button(label, action, encode(run), sure=sure(f"{label} instead?", text, "Plan again"))


def _between(run: Run, other: Alternative) -> Block:
    """The button for the point between: it stands for the words that ask for it."""
    what = f"Plans again: {count(other.services, 'service')}, about {seconds(other.risk.expected_seconds)}. "
    have = " The approvals so far do not count for it." if run.approvals else ""
    text = f"{what}{other.text} The new plan takes the place of run {run.id}.{have} You are then the one who asked."
    return button(
        "Plan between",
        "rollbot:ask",
        other.asked.removeprefix("/rollback "),
        sure=sure("The plan between instead?", clip(text, 300), "Plan again"),
    )


def _first_step(run: Run, other: Alternative) -> Block:
    """The button for the first of the single steps in which a lockstep group can move; it stands for its words."""
    words = other.asked.removeprefix("/rollback ")
    service, version = words.split()[1], words.split()[3]
    same = service == run.plan.target.service
    then = f"The new plan takes the place of run {run.id}." if same else f"Run {run.id} is no longer right once that is done."
    text = f"Plans {service} to {version} alone. {then} You are then the one who asked. {other.text}"
    return button("Plan first step", "rollbot:ask", words, sure=sure("Single steps instead?", clip(text, 300), "Plan the step"))


def _cancel(run: Run) -> Block:
    return sure(f"Cancel run {run.id}?", "The request is withdrawn. Nothing was touched, and nothing will be.", "Cancel the run")


def preview(plan: Plan, approvals: int) -> Message:
    """The plan of a dry run."""
    note = f"Dry run: nothing was opened and nothing waits. It would need {count(approvals, 'approval')}."
    return message(f"{note} {_said(plan)}", section(f"*{title(plan)}*\n{note}"), *body(plan, more=_PRINTED, typed=True))


def body(plan: Plan, more: str = "…and {count} more lines in the thread", *, typed: bool = False) -> tuple[Block, ...]:
    """What the plan does, what it costs, and how sure it is; with `typed`, also what to type for the other plan."""
    # A phone shows about eight lines of it beside the rest.
    why = 200 if len(plan.moves) <= _SPACIOUS // 2 else 90 if len(plan.moves) <= _SPACIOUS or typed else 0
    lines, most = list(_waves(plan, why)), SHOWN + len(plan.waves[:SHOWN])
    if len(plan.moves) > SHOWN:
        lines, most = [f"*{count(len(plan.moves), 'service')} in {count(len(plan.waves), 'wave')}*", *lines], _LONG_LINES
    blocks = [section(listing(lines, most, length=2400, more=more))]
    if not why:
        blocks.append(context("Why each moves: in the thread."))
    if plan.hazards:
        lines = [
            f"• {code(h.service)}: {escape(h.kind)} migration {code(h.migration)} of release {code(h.release)}"
            for h in plan.hazards
        ]
        head = "⚠️ *Data can be lost:* going back crosses migrations that cannot be taken back."
        blocks.append(section(listing([head, *lines], 5 if why else 3)))
    if plan.warnings:
        blocks.append(context(listing((f"⚠️ {escape(warning)}" for warning in plan.warnings), 2 if why else 1, length=800)))
    blocks.append(context(f"{_risk(plan.risk)}{_footing(plan)}{_alternatives(plan, typed=typed)}"))
    return tuple(blocks)


def _footing(plan: Plan) -> str:
    """On what the plan stands, where that is not only what people declared here; the thread always says it."""
    if all(footing.origin is Origin.DECLARED for footing in plan.stands_on):
        return ""
    return f"\nStands on {escape(stands_on(plan))}."


def move(item: Move) -> str:
    """One move, now and then."""
    return f"{code(item.service)} {escape(item.from_version)} → *{escape(item.to_version)}*"


def reason(item: Move) -> str:
    """The constraint that makes this service move; empty where none is known."""
    # In a lockstep group the last reason says why it moves together, the one before why it moves at all.
    why = item.because[:-1] if item.group and len(item.because) > 1 else item.because
    return why[-1] if why else ""


def title(plan: Plan, *, forward: bool = False) -> str:
    """What the plan does, in one line of mrkdwn; `forward` where it takes a rollback back again."""
    target = plan.target
    verb = "Go forward again with" if forward else "Roll back"
    return f"{verb} {code(target.service)} from {code(target.from_version)} to {code(target.to_version)}"


def _asked(run: Run) -> str:
    if run.asked is None:
        return ""
    why = f": “{escape(clip(run.asked.reason, 300))}”" if run.asked.reason else ""
    return f"Asked by {who(run.asked.by, ping=True)}{why}"


def _waves(plan: Plan, most: int) -> Iterable[str]:
    """The moves by wave, each with at most so many characters of its reason."""
    many = len(plan.waves) > 1
    for number, names in enumerate(plan.waves, start=1):
        moves = [item for item in plan.moves if item.wave == number]
        if many:
            yield f"*Wave {number}*" + (f", {len(names)} services" if len(names) > 1 else "")
        for item in moves:
            group = f" _{'in lockstep group ' if most else ''}{escape(item.group)}_" if item.group else ""
            why = f": {escape(clip(reason(item), most))}" if item.because and most else ""
            yield f"• {move(item)}{group}{why}"


def _risk(risk: Risk) -> str:
    # A plan of before this was known has no time for a run in which nothing fails.
    usual = f"{seconds(risk.planned_seconds)} if nothing fails" if risk.planned_seconds else seconds(risk.expected_seconds)
    return (
        f"About {usual}; {risk.success:.0%} likely to go through without a stop. "
        f"Nine in ten end within {seconds(risk.p90_seconds)}."
    )


def _alternatives(plan: Plan, *, typed: bool) -> str:
    if plan.advice and not typed:
        # Each has its button, and the thread their numbers; what has no button is still to be told.
        told = [other for other in plan.alternatives if other.label is not None and not other.asked]
    else:
        told = list(plan.alternatives)
    advice = [escape(clip(plan.advice, 600))] if plan.advice else []
    return "".join(f"\n{line}" for line in [*advice, *(_alternative(plan, other, typed=typed) for other in told[:4])])


def _alternative(plan: Plan, other: Alternative, *, typed: bool) -> str:
    loss = f", {count(other.hazards, 'hazard')}" if other.hazards else ""
    size = f"{count(other.services, 'service')}{loss}, about {seconds(other.risk.expected_seconds)}"
    if other.label is not None:
        asked = f" `{escape(other.asked)}`" if other.asked and typed else ""
        return f"{escape(clip(other.text, 400))} {size}.{asked}"
    target = plan.target
    words = f"/rollback {escape(target.service)} to {escape(target.to_version)} --strategy {other.strategy}"
    return f"This is the {plan.strategy} plan. The {other.strategy} one moves {size}" + (f": `{words}`" if typed else ".")


def _approval(run: Run, policy: Policy) -> str:
    needed = run.planned.approvals if run.planned else policy.needed(run.plan)
    until = f" until {moment(run.planned.expires_at)}" if run.planned else ""
    have = ", ".join(approver(approval) for approval in run.approvals)
    lines = [f"⏳ Needs {count(needed, 'approval')}{until}" + (f"; has {len(run.approvals)}: {have}." if have else ".")]
    escalated = any(event.escalated for event in run.reminded)
    lines[0] = f"{lines[0]} {with_mentions(who_can(policy, escalated=escalated))}"
    findings = run.planned.findings if run.planned else ()
    lines += [f"⚠️ {escape(clip(finding, 400))}" for finding in findings[:6]]
    if len(findings) > 6:
        lines.append(f"…and {count(len(findings) - 6, 'more finding')}: `/rollback show {run.id}`")
    if policy.own_request:
        lines.append("⚠️ *The person who asked may approve it alone*: the policy allows that (`own_request`).")
    lines.append(f"Or type `/rollback approve {run.id}`")
    return "\n".join(lines)


def approver(approval: Approved) -> str:
    """Who approved, and which run where their yes was carried over from that."""
    return who(approval.by) + (f" (on run {approval.carried_from})" if approval.carried_from else "")


def _said(plan: Plan, *, forward: bool = False) -> str:
    target = plan.target
    verb = "Go forward again with" if forward else "Roll back"
    parts = [f"{verb} {target.service} from {target.from_version} to {target.to_version}."]
    moves = [f"{item.service} {item.from_version} to {item.to_version} (wave {item.wave})" for item in plan.moves[:SHOWN]]
    more = f", and {len(plan.moves) - SHOWN} more" if len(plan.moves) > SHOWN else ""
    parts.append(f"{count(len(plan.moves), 'service')} in {count(len(plan.waves), 'wave')}: {', '.join(moves)}{more}.")
    if plan.hazards:
        parts.append(f"Data can be lost: {count(len(plan.hazards), 'migration')} cannot be taken back.")
    return escape(" ".join(parts))


def _spoken(run: Run) -> str:
    needed = run.planned.approvals if run.planned else 1
    until = f" until {run.planned.expires_at:%H:%M} UTC" if run.planned else ""
    missing = f"It waits for {count(needed - len(run.approvals), 'approval')}{until}"
    said = _said(run.plan, forward=is_forward(run))
    return f"Run {run.id}. {said} {missing}: press Approve or Reject, or type /rollback approve {run.id}."
