"""Changes put into the text of one catalog file, so that everything else in it stays: comments, order, layout.

YAML goes through ruamel.yaml, which keeps what it does not touch; JSON has no comments and is written with the indent it had.
"""

import io
import json
import re
from collections.abc import Iterable
from typing import Any

from integrations.catalog_file.difference import Change
from integrations.catalog_file.plain import edge_data, plain, release_data, service_data
from planner.facts import Edge

_ORDER = ("name", "owner", "tier", "current", "runtime", "registry", "depends_on", "checks", "security_floor", "releases")
_FIRST_ITEM = re.compile(r"^services:[^\n]*\n(?:[ \t]*(?:#[^\n]*)?\n)*([ ]*)- ", re.MULTILINE)
_COMMENT = re.compile(r"(?:^|\s)(#.*)$", re.MULTILINE)


class CannotEdit(Exception):
    """A place in the file that cannot be changed without changing others; the message says which. `change` asked for it."""

    def __init__(self, change: Change, why: str) -> None:
        super().__init__(f"{change.name}: {why}")
        self.change = change


def new_file(changes: Iterable[Change], head: str, *, as_json: bool) -> str:
    """A file of its own for new services; `head` says in a comment where it comes from."""
    services = [service_data(change.after) for change in changes]
    if as_json:
        return json.dumps({"version": 1, "services": services}, indent=2, ensure_ascii=False) + "\n"
    document = _loaded("version: 1\n")
    document["services"] = [_quoted(service) for service in services]
    return f"# {head}\n{_written(document, '')}"


def edited(text: str, changes: Iterable[Change], *, as_json: bool) -> str:
    """The text with these changes in it; services that it does not have are added at its end. Raises `CannotEdit`."""
    if as_json:
        data = json.loads(text)
        _apply(data, changes)
        return json.dumps(data, indent=_indent(text), ensure_ascii=False) + ("\n" if text.endswith("\n") else "")
    document = _loaded(text)
    _apply(document, changes)
    return _written(document, text)


def lost_comments(before: str, after: str) -> tuple[str, ...]:
    """Comments that stood in the text before and do not any more."""
    left = _COMMENT.findall(after)
    lost = []
    for comment in _COMMENT.findall(before):
        if comment in left:
            left.remove(comment)
        else:
            lost.append(comment)
    return tuple(lost)


def _apply(document: Any, changes: Iterable[Change]) -> None:
    if document.get("services") is None:
        document["services"] = []
    services = document["services"]
    places = {service.get("name"): service for service in services}
    for change in changes:
        service = places.get(change.name)
        if service is None:
            services.append(_quoted(service_data(change.after)))
        else:
            _change(service, change)


def _change(service: Any, change: Change) -> None:
    for key in change.keys:
        _own(service, key, change)
        _put(service, key, _quoted(plain(getattr(change.after, key))))
    if change.edges or change.sighted:
        edges = _list(service, "depends_on", change)
        for edge in change.sighted:
            _sight(edges, edge, change)
        edges.extend(_quoted(edge_data(edge)) for edge in change.edges)
    if change.releases:
        _list(service, "releases", change).extend(_quoted(release_data(release)) for release in change.releases)


def _list(service: Any, key: str, change: Change) -> Any:
    _own(service, key, change)
    if service.get(key) is None:
        _put(service, key, [])
    found = service[key]
    anchor = getattr(found, "anchor", None)
    if anchor is not None and anchor.value is not None:
        raise CannotEdit(change, f"{key} is shared by the anchor &{anchor.value}: write it out for this service first")
    return found


def _own(service: Any, key: str, change: Change) -> None:
    """A key that comes by a merge (`<<`) or a service that is an anchor's belongs to others too."""
    anchor = getattr(service, "anchor", None)
    if anchor is not None and anchor.value is not None:
        raise CannotEdit(change, f"the whole service is shared by the anchor &{anchor.value}: it cannot be changed alone")
    if getattr(service, "merge", None) and key in service and key not in list(_own_keys(service)):
        raise CannotEdit(change, f"{key} comes from another mapping by <<: write it out for this service first")


def _own_keys(service: Any) -> Iterable[str]:
    return (key for key, _ in service.non_merged_items())


def _sight(edges: Any, edge: Edge, change: Change) -> None:
    """Tell anew how old an edge is, in the place where it stands."""
    for place, item in enumerate(edges):
        name = item if isinstance(item, str) else item.get("service")
        kind = "calls" if isinstance(item, str) else item.get("kind") or "calls"
        if name != edge.service or kind != edge.kind:
            continue
        data = edge_data(edge)
        if isinstance(item, str) or isinstance(data, str):
            edges[place] = _quoted(data)
            return
        for key in ("origin", "source"):
            if key in item and key not in data:
                del item[key]
        for key, value in _quoted(data).items():
            if item.get(key) != value:
                item[key] = value
        return
    # The edge stands in another file of the folder: it is told here besides, and both are one.
    edges.append(_quoted(edge_data(edge)))


def _put(service: Any, key: str, value: Any) -> None:
    """Set a key, a new one at its usual place."""
    if key in service or not hasattr(service, "insert"):
        service[key] = value
        return
    before = [name for name in _ORDER[: _ORDER.index(key)] if name in service]
    keys = list(service)
    service.insert(keys.index(before[-1]) + 1 if before else len(keys), key, value)


def _yaml(text: str) -> Any:
    from ruamel.yaml import YAML  # only who writes a catalog needs it

    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 4096
    first = _FIRST_ITEM.search(text)
    offset = len(first[1]) if first else 2
    yaml.indent(mapping=2, sequence=offset + 2, offset=offset)
    return yaml


def _loaded(text: str) -> Any:
    return _yaml(text).load(text)


def _written(document: Any, text: str) -> str:
    out = io.StringIO()
    _yaml(text).dump(document, out)
    return out.getvalue()


def _quoted(value: Any) -> Any:
    """Texts in quotes where a reader of YAML would take them for something else, as 1.10 for a number."""
    if isinstance(value, dict):
        return {key: _quoted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_quoted(item) for item in value]
    return _safe(value) if isinstance(value, str) else value


def _safe(text: str) -> str:
    import yaml
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    tag = yaml.SafeLoader("").resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    return text if tag == "tag:yaml.org,2002:str" else DoubleQuotedScalarString(text)


def _indent(text: str) -> int | str | None:
    """The indent of a JSON text; `None` where it stands on one line."""
    found = re.search(r"\n([ \t]+)\S", text)
    return found[1] if found else None
