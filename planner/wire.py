"""Plans and refusals as plain JSON values, in the public form, and the fingerprint by which a plan is approved.

`canonical` is the one way bytes are made from a value: keys sorted, no blanks, UTF-8. A plan's digest covers what will be
done and what it stands on (facts, target, moves, order, hazards, accepted data loss, policy), not the words that explain it
nor the estimates.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from planner.facts import MigrationKind, Origin
from planner.names import ServiceName, Version
from planner.plan import Alternative, Footing, Hazard, Move, OrderEdge, Plan, Risk, Strategy, Target
from planner.refusal import Refusal

PLAN_SCHEMA = "rollbot/plan/v1"
REFUSAL_SCHEMA = "rollbot/refusal/v1"
_RISK = tuple(field.name for field in fields(Risk))


def canonical(value: object) -> bytes:
    """The bytes of a JSON value, the same for equal values on every machine."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def digest(value: object) -> str:
    """`sha256:` and 64 hex digits over the canonical bytes."""
    return "sha256:" + hashlib.sha256(canonical(value)).hexdigest()


def plan_digest(plan: Plan) -> str:
    """The digest the plan must carry."""
    whole = plan_to_json(plan)
    body: dict[str, Any] = {
        key: whole[key] for key in ("schema", "target", "waves", "hazards", "facts", "data_loss_accepted", "policy")
    }
    body["moves"] = [{key: move[key] for key in ("service", "from", "to", "wave", "group")} for move in whole["moves"]]
    body["order"] = [[edge["before"], edge["after"]] for edge in whole["order"]]
    return digest(body)


def sealed(plan: Plan) -> Plan:
    """The same plan with its right digest."""
    return replace(plan, digest=plan_digest(plan))


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """The plan in the public form `rollbot/plan/v1`, with `facts`, `stands_on`, `data_loss_accepted` and `policy` besides."""
    return {
        "schema": PLAN_SCHEMA,
        "digest": plan.digest,
        "strategy": plan.strategy.value,
        "target": {"service": plan.target.service, "from": plan.target.from_version, "to": plan.target.to_version},
        "moves": [
            {
                "service": move.service,
                "from": move.from_version,
                "to": move.to_version,
                "wave": move.wave,
                "group": move.group,
                "because": list(move.because),
            }
            for move in plan.moves
        ],
        "waves": [list(wave) for wave in plan.waves],
        "order": [{"before": edge.before, "after": edge.after, "because": edge.because} for edge in plan.order],
        "hazards": [
            {"service": hazard.service, "release": hazard.release, "migration": hazard.migration, "kind": hazard.kind.value}
            for hazard in plan.hazards
        ],
        "warnings": list(plan.warnings),
        "risk": _risk_to_json(plan.risk),
        "alternatives": [_alternative_to_json(other) for other in plan.alternatives],
        "advice": plan.advice,
        "compared": list(plan.compared),
        "facts": {name: plan.facts[name] for name in sorted(plan.facts)},
        "stands_on": [_footing_to_json(footing) for footing in plan.stands_on],
        "data_loss_accepted": plan.data_loss_accepted,
        "policy": plan.policy,
    }


def plan_from_json(value: Mapping[str, Any]) -> Plan:
    """The plan that `plan_to_json` wrote. Keys it does not know are passed over. Raises `ValueError` for anything else."""
    if value.get("schema") != PLAN_SCHEMA:
        raise ValueError(f"not a plan of the form {PLAN_SCHEMA}: {value.get('schema')!r}")
    try:
        return _plan(value)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a whole plan: {type(error).__name__} {error}") from error


def refusal_to_json(refusal: Refusal) -> dict[str, Any]:
    """The refusal in the public form `rollbot/refusal/v1`."""
    return {
        "schema": REFUSAL_SCHEMA,
        "code": refusal.code.value,
        "message": refusal.message,
        "facts": list(refusal.facts),
        "nearest": list(refusal.nearest),
    }


def _plan(value: Mapping[str, Any]) -> Plan:
    target = value["target"]
    return Plan(
        digest=value["digest"],
        strategy=Strategy(value["strategy"]),
        target=Target(service=target["service"], from_version=target["from"], to_version=target["to"]),
        moves=tuple(
            Move(
                service=move["service"],
                from_version=move["from"],
                to_version=move["to"],
                wave=move["wave"],
                group=move["group"],
                because=tuple(move["because"]),
            )
            for move in value["moves"]
        ),
        waves=tuple(tuple(ServiceName(name) for name in wave) for wave in value["waves"]),
        order=tuple(OrderEdge(before=edge["before"], after=edge["after"], because=edge["because"]) for edge in value["order"]),
        hazards=tuple(
            Hazard(
                service=item["service"], release=item["release"], migration=item["migration"], kind=MigrationKind(item["kind"])
            )
            for item in value["hazards"]
        ),
        warnings=tuple(value["warnings"]),
        risk=_risk(value["risk"]),
        alternatives=tuple(_alternative(item) for item in value["alternatives"]),
        advice=value.get("advice", ""),
        compared=tuple(value.get("compared", ())),
        facts=MappingProxyType({ServiceName(name): Version(version) for name, version in value["facts"].items()}),
        stands_on=tuple(_footing(item) for item in value.get("stands_on", ())),
        data_loss_accepted=value["data_loss_accepted"],
        policy=value["policy"],
    )


def _footing(value: Mapping[str, Any]) -> Footing:
    seen = value["oldest_seen_at"]
    return Footing(
        origin=Origin(value["origin"]),
        source=value["source"],
        edges=value["edges"],
        oldest_seen_at=None if seen is None else datetime.fromisoformat(seen),
        some=tuple(value["some"]),
    )


def _footing_to_json(footing: Footing) -> dict[str, Any]:
    seen = footing.oldest_seen_at
    return {
        "origin": footing.origin.value,
        "source": footing.source,
        "edges": footing.edges,
        "oldest_seen_at": None if seen is None else seen.isoformat(),
        "some": list(footing.some),
    }


def _alternative(value: Mapping[str, Any]) -> Alternative:
    return Alternative(
        strategy=Strategy(value["strategy"]),
        services=value["services"],
        hazards=value["hazards"],
        risk=_risk(value["risk"]),
        label=value.get("label"),
        text=value.get("text", ""),
        asked=value.get("asked", ""),
        moves=tuple((ServiceName(item["service"]), Version(item["to"])) for item in value.get("moves", ())),
    )


def _alternative_to_json(other: Alternative) -> dict[str, Any]:
    short = {
        "strategy": other.strategy.value,
        "services": other.services,
        "hazards": other.hazards,
        "risk": _risk_to_json(other.risk),
    }
    if other.label is None:
        return short
    moves = [{"service": service, "to": version} for service, version in other.moves]
    return {**short, "label": other.label, "text": other.text, "moves": moves, "asked": other.asked}


def _risk(value: Mapping[str, Any]) -> Risk:
    return Risk(**{name: value[name] for name in _RISK if name in value})


def _risk_to_json(risk: Risk) -> dict[str, Any]:
    return {name: getattr(risk, name) for name in _RISK}
