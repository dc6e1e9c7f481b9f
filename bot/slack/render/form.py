"""The form behind `/rollback` alone: which service, back to what, how, why, and whether only to look."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.slack.render.kit import Block, bare, clip, code, context, count, escape, section
from bot.slack.render.view import OPTIONS, field, menu, option, search_box, text_box, ticks, window
from commands.choices import ServiceChoices, VersionChoice, search
from commands.grammar import LONGEST_REASON
from commands.nearest import nearest
from planner.facts import Verified
from planner.names import ServiceName
from planner.plan import Strategy
from planner.refusal import Code, Refusal
from planner.snapshot import Snapshot

CALLBACK = "rollbot:form"
SERVICE, VERSION, STRATEGY, REASON, TICKS, CHANNEL = "service", "version", "strategy", "reason", "ticks", "channel"
"""The inputs by their action ids; the block of the versions also names the service, so that a choice never outlives it."""
NEWEST = "(newest)"
"""Stands for the release that Rollbot would choose by itself. No version has brackets."""
DRY, LOSS = "dry-run", "accept-data-loss"
_TITLE = "Roll back a service"
_NEAR = 5000
"""Services up to which a misspelt name is looked for letter by letter."""
_STRATEGIES = {
    Strategy.AUTO: option("Let Rollbot choose", Strategy.AUTO.value, "The least that works; the plan shows the other way too"),
    Strategy.PARTIAL: option("Partial: only what must move", Strategy.PARTIAL.value, "Fewest services, proven"),
    Strategy.FULL: option("Full: everything since then", Strategy.FULL.value, "All that was deployed since goes back too"),
}
_TICKS = {
    DRY: option("Dry run", DRY, "Only show me the plan; nothing is posted or opened"),
    LOSS: option("Accept that data may be lost", LOSS, "Only if the plan cannot do without; needs one approval more"),
}
_FIELD_OF = {
    Code.UNKNOWN_VERSION: VERSION,
    Code.NOT_EARLIER: VERSION,
    Code.BAD_VERSION: VERSION,
    Code.BELOW_FLOOR: VERSION,
    Code.DATA_LOSS: TICKS,
    Code.NO_SAFE_PLAN: STRATEGY,
    Code.TOO_HARD: STRATEGY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What stands in the form. `version` is `NEWEST` or a version."""

    service: str = ""
    version: str = NEWEST
    strategy: Strategy = Strategy.AUTO
    reason: str = ""
    dry_run: bool = False
    accept_data_loss: bool = False
    channel: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The form at one moment. `services` is how many there are to choose from; `asks_channel` where none is known yet."""

    environment: str
    metadata: str
    services: int
    choices: ServiceChoices | None = None
    filled: Filled = Filled()
    asks_channel: bool = False
    problem: Refusal | None = None


def loading(metadata: str = "") -> dict[str, Any]:
    """What is seen until the form is there."""
    return window(_TITLE, [section("Looking at what runs now…")], metadata=metadata)


def working(service: str) -> dict[str, Any]:
    """What is seen while a plan takes longer than a moment."""
    text = f"Working out a safe plan for {code(service)}… You may close this window; the answer comes all the same."
    return window(_TITLE, [section(text)])


def form(sheet: Sheet) -> dict[str, Any]:
    """The form, filled as far as it is."""
    filled = sheet.filled
    blocks: list[Block] = []
    if sheet.problem is not None:
        blocks.append(section(_problem(sheet.problem)))
    chosen = option(filled.service, filled.service) if filled.service else None
    blocks.append(
        field(
            SERVICE,
            "Service",
            search_box(SERVICE, "Type a part of its name", chosen),
            dispatch=True,
            hint=f"{count(sheet.services, 'service')} in {sheet.environment}." if sheet.services else "",
        )
    )
    if not sheet.services:
        blocks.append(context("⚠️ The catalog could not be read just now, so nothing can be searched. Try again in a moment."))
    if sheet.choices is not None:
        blocks += [context(_now(sheet.choices)), _versions(sheet.choices, filled.version)]
    blocks.append(field(STRATEGY, "Strategy", menu(STRATEGY, list(_STRATEGIES.values()), _STRATEGIES[filled.strategy])))
    why = text_box(REASON, "Checkouts fail since 14:05", most=LONGEST_REASON, lines=True, given=filled.reason)
    blocks.append(field(REASON, "Reason", why, optional=True, hint="Stands in the plan, the thread and the audit."))
    on = [_TICKS[name] for name, is_on in ((DRY, filled.dry_run), (LOSS, filled.accept_data_loss)) if is_on]
    blocks.append(field(TICKS, "How", ticks(TICKS, list(_TICKS.values()), on), optional=True))
    if sheet.asks_channel:
        blocks.append(_channel(filled.channel))
    blocks.append(context("Nothing is touched before somebody approves the plan. The same by keyboard: `/rollback help plan`"))
    return window(_TITLE, blocks, callback=CALLBACK, submit="Plan", close="Cancel", metadata=sheet.metadata)


def version_block(service: str) -> str:
    """The id of the block with this service's versions."""
    return f"{VERSION}:{service}"


def service_options(snapshot: Snapshot | None, names: list[ServiceName], query: str) -> list[Block]:
    """The services that answer a query, at most a hundred, each with what it runs."""
    if snapshot is None:
        return []
    found = search(names, query, OPTIONS)
    if not found and len(names) <= _NEAR:
        found = [ServiceName(name) for name in nearest(query.strip().lower(), names)]
    return [option(name, name, f"runs {snapshot.current[name]}") for name in found]


def version_options(choices: ServiceChoices) -> list[Block]:
    """The releases to choose from, the one that Rollbot would choose first."""
    likely = f" ({choices.likely})" if choices.likely else ""
    first = option(f"The newest that will do{likely}", NEWEST, "Bad versions and those below the security floor are passed over")
    return [first, *(_version(one) for one in choices.earlier[:99] if len(one.version) <= 128 and one.version != NEWEST)]


def read(values: Mapping[str, Any]) -> Filled:
    """What stands in a view's `state.values`; anything that is not there is as in an empty form."""
    found: dict[str, Any] = {}
    for name, block in values.items():
        if isinstance(block, dict) and not name.startswith(f"{VERSION}:"):
            found |= {action: state for action, state in block.items() if isinstance(state, dict)}
    on = {str(one.get("value")) for one in found.get(TICKS, {}).get("selected_options") or ()}
    service = _chosen(found.get(SERVICE))
    # A version that was chosen for another service does not count.
    versions = values.get(version_block(service))
    strategy = _chosen(found.get(STRATEGY))
    return Filled(
        service=service,
        version=_chosen(versions.get(VERSION) if isinstance(versions, dict) else None) or NEWEST,
        strategy=Strategy(strategy) if strategy in {one.value for one in Strategy} else Strategy.AUTO,
        reason=str(found.get(REASON, {}).get("value") or ""),
        dry_run=DRY in on,
        accept_data_loss=LOSS in on,
        channel=str(found.get(CHANNEL, {}).get("selected_conversation") or ""),
    )


def errors(refusal: Refusal, filled: Filled, has_versions: bool) -> dict[str, str]:
    """The refusal at the field that it is about, by block id."""
    about = _FIELD_OF.get(refusal.code, SERVICE)
    place = CHANNEL if refusal.code is Code.WRONG_PLACE and filled.channel else about
    if about == VERSION:
        place = version_block(filled.service) if has_versions else SERVICE
    facts = " ".join(f"{bare(fact).rstrip('.')}." for fact in refusal.facts[:2])
    instead = next((hint for hint in refusal.nearest if hint.startswith("/")), "")
    told = " ".join(part for part in (bare(refusal.message), facts, f"Instead: {bare(instead)}" if instead else "") if part)
    return {place: clip(told, 500)}


def _problem(refusal: Refusal) -> str:
    lines = [f"🚫 *{escape(clip(refusal.message, 1000))}*", *(f"• {escape(clip(fact, 300))}" for fact in refusal.facts[:4])]
    lines += [f"Instead: {code(hint) if hint.startswith('/') else escape(hint)}" for hint in refusal.nearest[:2]]
    return "\n".join(lines)


def _now(choices: ServiceChoices) -> str:
    owner = f", owned by {escape(choices.owner)}" if choices.owner else ""
    if not choices.earlier:
        return f"{code(choices.service)} runs {code(choices.current)}{owner}. ⚠️ Nothing earlier of it is known."
    return f"{code(choices.service)} runs {code(choices.current)} now{owner}."


def _versions(choices: ServiceChoices, chosen: str) -> Block:
    options = version_options(choices)
    initial = next((one for one in options if one["value"] == chosen), options[0])
    return field(version_block(choices.service), "Back to", menu(VERSION, options, initial))


def _version(one: VersionChoice) -> Block:
    mark = ""
    if one.bad:
        mark = ", bad"
    elif one.barred:
        mark = ", below the security floor"
    elif one.verified is Verified.GOOD:
        mark = ", verified good"
    when = f"Live since {one.deployed_at:%d %b %Y %H:%M} UTC" if one.deployed_at else "Nobody knows since when it was live"
    return option(f"{clip(one.version, 40)}{mark}", one.version, f"{one.barred}. {when}" if one.barred else when)


def _channel(chosen: str) -> Block:
    element: Block = {
        "type": "conversations_select",
        "action_id": CHANNEL,
        "filter": {"include": ["public", "private"], "exclude_bot_users": True, "exclude_external_shared_channels": True},
    }
    if chosen:
        element["initial_conversation"] = chosen
    return field(CHANNEL, "Post the plan in", element)


def _chosen(state: Any) -> str:
    picked = state.get("selected_option") if isinstance(state, dict) else None
    return str(picked.get("value") or "") if isinstance(picked, dict) else ""
