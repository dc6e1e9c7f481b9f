"""`who-can SERVICE` and `why-not SERVICE VERSION`: the answer before anybody presses anything."""

from dataclasses import dataclass
from datetime import datetime

from commands.grammar import arguments, bad_command, service_name, version
from commands.occupied import claims
from commands.ports import Call, Desk
from commands.reply import Refused, Reply, Said
from commands.rollback import planned
from commands.status import unknown_service
from commands.words import Word
from integrations.durations import say_duration
from planner.approval import freeze_words, mentions
from planner.names import ServiceName, Version
from planner.plan import Plan, Request
from planner.policy import Policy
from planner.refusal import Refusal

WHO_CAN = "/rollback who-can SERVICE"
WHY_NOT = "/rollback why-not SERVICE VERSION"


@dataclass(frozen=True, slots=True, kw_only=True)
class WhoCan:
    """Who decides on rollbacks of this service."""

    service: ServiceName


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyNot:
    """What speaks against going back to this version."""

    service: ServiceName
    version: Version


def read_who(words: tuple[Word, ...]) -> WhoCan | Refusal:
    """`SERVICE`."""
    found = arguments(words, {}, WHO_CAN)
    if isinstance(found, Refusal):
        return found
    if len(found.places) != 1:
        return bad_command("Say one service.", WHO_CAN)
    service = service_name(found.places[0], WHO_CAN)
    return service if isinstance(service, Refusal) else WhoCan(service=service)


def read_why(words: tuple[Word, ...]) -> WhyNot | Refusal:
    """`SERVICE VERSION`, with or without `to` between them."""
    found = arguments(words, {}, WHY_NOT)
    if isinstance(found, Refusal):
        return found
    places = [place for at, place in enumerate(found.places) if at != 1 or place.lower() != "to"]
    if len(places) != 2:
        return bad_command("Say a service and a version.", WHY_NOT, "/rollback status SERVICE")
    service, which = service_name(places[0], WHY_NOT), version(places[1], WHY_NOT)
    if isinstance(service, Refusal):
        return service
    return which if isinstance(which, Refusal) else WhyNot(service=service, version=which)


async def who_can(desk: Desk, call: Call, intent: WhoCan) -> Reply:
    """The rules that hold for this service now, and what they mean for whoever asks. Changes nothing."""
    snapshot = await desk.survey()
    if intent.service not in snapshot.services:
        return Refused(refusal=unknown_service(intent.service, snapshot))
    policy, actor = desk.policy, call.actor
    may = "may" if policy.names(actor.id, actor.groups) else "may not"
    own = " (not what you asked for yourself)" if may == "may" and not policy.own_request else ""
    lines = [*_rules(policy), *_freezes(policy, intent.service, desk.now()), f"You {may} approve{own}."]
    return Said(text=f"Who decides on a rollback of {intent.service} in {desk.environment}", lines=tuple(lines))


async def why_not(desk: Desk, call: Call, intent: WhyNot) -> Reply:
    """The planner's refusal, or that there is a plan and what stands before its start. Changes nothing."""
    del call
    snapshot = await desk.survey()
    plan = await planned(Request(service=intent.service, to=intent.version), snapshot)
    if isinstance(plan, Refusal):
        return Refused(refusal=plan)
    lines = [f"The {plan.strategy} plan moves {_services(plan)}."]
    now = desk.now()
    needed = desk.policy.needed(plan, now)
    lines.append(f"It needs {needed} approval{'' if needed == 1 else 's'}.")
    for claim in await claims(desk, [move.service for move in plan.moves]):
        who = claim.holder.who if claim.holder else f"run {claim.run.id}" if claim.run else "somebody"
        lines.append(f"Held now: {', '.join(claim.services)} by {who}.")
    lines += [freeze_words(freeze) for freeze in desk.policy.frozen(plan, now)]
    lines.append(f"/rollback {intent.service} to {intent.version}")
    return Said(text=f"There is a safe plan for {intent.service} {intent.version}.", lines=tuple(lines))


def _rules(policy: Policy) -> list[str]:
    who = mentions(policy.approvers)
    if not who:
        lines = ["Nobody may approve: the policy names no approvers. Set policy.approvers in rollbot.yaml."]
    else:
        count = "1 of them" if policy.approvals == 1 else f"{policy.approvals} of them"
        lines = [f"Approve: {who}; {count}, and one more for data that can be lost or services that move in lockstep."]
    own = "may approve it too" if policy.own_request else "may not approve it, but may withdraw it"
    lines.append(f"Whoever asked {own}.")
    if policy.escalate_to:
        late = say_duration(policy.expires * 0.8)
        lines.append(f"When nobody has decided after {late}, also: {mentions(policy.escalate_to)}.")
    glass = mentions(policy.break_glass)
    lines.append(f"Start without approval (break-glass): {glass or 'nobody'}.")
    lines.append(f"Break somebody's lock: {who or 'nobody'}.")
    return lines


def _freezes(policy: Policy, service: ServiceName, now: datetime) -> list[str]:
    return [freeze_words(freeze) for freeze in policy.freezes if freeze.covers([service], now)]


def _services(plan: Plan) -> str:
    names = [f"{move.service} to {move.to_version}" for move in plan.moves[:4]]
    return ", ".join(names) + (f" and {len(plan.moves) - 4} more" if len(plan.moves) > 4 else "")
