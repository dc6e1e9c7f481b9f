"""What Consul's health API says of a service's instances. Pure.

An instance can be found while no check of it or of its node is critical, and is well only when all pass, the node's own serf
check among them: the checks of a dead node stay as they were. `/catalog` is never asked, for it knows no health.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from integrations.errors import Rejected
from integrations.protocols import Instance
from planner.names import Version

SERF = "serfHealth"
_HELD = "_service_maintenance:"
_NODE_HELD = "_node_maintenance"
_GUESS = re.compile(r"(?:version[=:-])(.+)|(v?\d+\.\d+\S*)", re.IGNORECASE)

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An instance with what is needed to speak to its agent."""

    instance: Instance
    service_id: str
    node: str
    address: str
    kind: str
    meta: Mapping[str, str]


def entries(body: Any, *, meta: str = "version", tag: str | None = None, guess: bool = False) -> tuple[Entry, ...]:
    """Every instance in an answer, by id. With `guess`, a tag that looks like a version will do. Raises `Rejected`."""
    try:
        found = [_entry(item, meta, tag, guess=guess) for item in body]
    except (KeyError, TypeError, AttributeError):
        raise Rejected("Consul answered in a shape that is not its own; is this its address?") from None
    return tuple(sorted(found, key=lambda entry: entry.instance.id))


def _entry(item: Json, meta: str, tag: str | None, *, guess: bool) -> Entry:
    node, service, checks = item["Node"], item["Service"], item.get("Checks") or []
    service_id, name = str(service["ID"]), str(node["Node"])
    statuses = [str(check.get("Status")) for check in checks]
    alive = any(check.get("CheckID") == SERF and check.get("Status") == "passing" for check in checks)
    wrong = [check for check in checks if check.get("Status") != "passing"]
    said: Mapping[str, str] = service.get("Meta") or {}
    return Entry(
        instance=Instance(
            id=f"{service_id}@{name}",
            version=_version(said, service.get("Tags") or [], meta, tag, guess=guess),
            listed="critical" not in statuses,
            passing=alive and not wrong,
            held=_held(checks, service_id),
            detail=_words(wrong, alive=alive),
        ),
        service_id=service_id,
        node=name,
        address=str(node.get("Address") or ""),
        kind=str(service.get("Kind") or ""),
        meta=said,
    )


def _version(said: Mapping[str, str], tags: Iterable[str], meta: str, tag: str | None, *, guess: bool) -> Version | None:
    if tag is not None:
        found = next((str(one)[len(tag) :] for one in tags if str(one).startswith(tag)), "")
    else:
        found = str(said.get(meta) or "")
    if not found and guess:
        found = next((match[1] or match[2] for one in tags if (match := _GUESS.fullmatch(str(one)))), "")
    found = found.strip()
    return Version(found) if found and not any(character.isspace() for character in found) else None


def _held(checks: Iterable[Json], service_id: str) -> str | None:
    """The reason of the instance's maintenance mode; of its node's, where that is on."""
    for check in checks:
        if check.get("CheckID") in (f"{_HELD}{service_id}", _NODE_HELD):
            return str(check.get("Notes") or "maintenance")
    return None


def _words(wrong: list[Json], *, alive: bool) -> str:
    told = [f"{check.get('Name') or check.get('CheckID')}: {check.get('Status')}" for check in wrong]
    if not alive and not any(check.get("CheckID") == SERF for check in wrong):
        told.append("its node has no serf check: nobody can tell whether it lives")
    return "; ".join(told)[:300]
