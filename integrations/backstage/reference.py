"""Backstage's entity references, `[<kind>:][<namespace>/]<name>`, exactly as Backstage itself reads them. Pure.

Source: `parseEntityRef` of @backstage/catalog-model. Only the first colon and the first slash count; a slash before the colon
makes all the rest the name. What is there but empty is an error. Identity is case-insensitive.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DEFAULT_NAMESPACE = "default"

NAME = re.compile(r"[A-Za-z0-9]+(?:[-_.]+[A-Za-z0-9]+)*", re.ASCII)
_NAMESPACE = re.compile(r"[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*", re.ASCII)
_KIND = re.compile(r"[A-Za-z][A-Za-z0-9]*", re.ASCII)
_LONGEST = 63
_FORM = "[<kind>:][<namespace>/]<name>"


class BadReference(ValueError):
    """A text, or a value, that is no reference; the message says why."""


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """An entity's identity, all lower-case."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """The canonical form."""
        return f"{self.kind}:{self.namespace}/{self.name}"


def parse(value: Any, *, kind: str | None, namespace: str) -> Ref:
    """The reference that stands in a field whose default kind is `kind` (`None`: it must be said). Raises `BadReference`."""
    if isinstance(value, Mapping):
        parts = [value.get(key) for key in ("kind", "namespace", "name")]
        if any(part is not None and not isinstance(part, str) for part in parts):
            raise BadReference(f"the reference {dict(value)!r} has something else than texts in kind, namespace and name")
        given_kind, given_namespace, name = parts
        shown = str(dict(value))
    elif isinstance(value, str):
        given_kind, given_namespace, name = _split(value)
        shown = repr(value)
    else:
        raise BadReference(f"{value!r} is no reference: expected a text of the form {_FORM}")
    if "" in (given_kind, given_namespace, name) or name is None:
        raise BadReference(f"{shown} has an empty part: expected {_FORM}")
    if given_kind is None and kind is None:
        raise BadReference(f"{shown} says no kind, and this field has no default: write component:{name} or resource:{name}")
    found = Ref((given_kind or kind or "").lower(), (given_namespace or namespace).lower(), name.lower())
    _check(found, shown)
    return found


def is_name(text: Any) -> bool:
    """Whether a value may be an entity's name."""
    return isinstance(text, str) and len(text) <= _LONGEST and NAME.fullmatch(text) is not None


def is_namespace(text: Any) -> bool:
    """Whether a value may be an entity's namespace."""
    return isinstance(text, str) and len(text) <= _LONGEST and _NAMESPACE.fullmatch(text) is not None


def is_kind(text: Any) -> bool:
    """Whether a value may be an entity's kind."""
    return isinstance(text, str) and len(text) <= _LONGEST and _KIND.fullmatch(text) is not None


def _split(text: str) -> tuple[str | None, str | None, str]:
    colon, slash = text.find(":"), text.find("/")
    if slash != -1 and slash < colon:
        colon = -1
    kind = None if colon == -1 else text[:colon]
    namespace = None if slash == -1 else text[colon + 1 : slash]
    return kind, namespace, text[max(colon + 1, slash + 1) :]


def _check(ref: Ref, shown: str) -> None:
    for what, fits, part in (
        ("kind", is_kind, ref.kind),
        ("namespace", is_namespace, ref.namespace),
        ("name", is_name, ref.name),
    ):
        if not fits(part):
            raise BadReference(f"{shown}: {part!r} can be no {what} of an entity")
