"""Kubeconfig files, merged as kubectl merges them: the first file that names a thing wins, and so does its current context.

Relative paths in a file are relative to that file. What Rollbot cannot do is refused by name, with the file and the field.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from integrations.errors import Rejected

_PATHS = {"certificate-authority", "client-certificate", "client-key", "tokenFile"}


class KubeconfigError(Rejected):
    """The kubeconfig cannot be used; the message names file, field and what was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One way into one cluster. `cluster` and `user` are kubeconfig's own mappings, with absolute paths."""

    name: str
    cluster: Mapping[str, Any]
    user: Mapping[str, Any]
    namespace: str
    source: str


def files(environment: Mapping[str, str]) -> tuple[Path, ...]:
    """The files that KUBECONFIG lists, those missing left out; without it the one in the home directory."""
    listed = [Path(part) for part in environment.get("KUBECONFIG", "").split(os.pathsep) if part]
    if not listed:
        listed = [Path(environment.get("HOME", "~")).expanduser() / ".kube" / "config"]
    return tuple(path for path in listed if path.is_file())


def read_context(paths: Iterable[Path], wanted: str | None = None) -> Context:
    """The wanted context, or the current one. Raises `KubeconfigError`."""
    known: dict[str, dict[str, tuple[Mapping[str, Any], Path]]] = {"contexts": {}, "clusters": {}, "users": {}}
    current: str | None = None
    read = []
    for path in paths:
        document = _document(path)
        read.append(path)
        current = current or _text(document.get("current-context"), path, "current-context") or None
        for section, entries in known.items():
            for name, body in _named(document, section, path):
                entries.setdefault(name, (body, path))
    name = wanted or current or ""
    where = ", ".join(map(str, read)) or "no kubeconfig file"
    if not name:
        raise KubeconfigError(f"{where}: current-context is not set; set it, or name a context in the runtime's settings")
    body, path = _find(known["contexts"], name, "context", where)
    cluster, cluster_path = _find(known["clusters"], _named_by(body, "cluster", name, path), "cluster", where)
    user_name = body.get("user")
    user, user_path = _find(known["users"], str(user_name), "user", where) if user_name else ({}, path)
    if not cluster.get("server"):
        raise KubeconfigError(
            f"{cluster_path}: clusters[{body['cluster']}].cluster.server is missing; expected a https:// address"
        )
    return Context(
        name=name,
        cluster=_absolute(cluster, cluster_path),
        user=_absolute(user, user_path),
        namespace=str(body.get("namespace") or "default"),
        source=str(path),
    )


def _document(path: Path) -> Mapping[str, Any]:
    try:
        document = yaml.load(path.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except (OSError, UnicodeError) as error:
        raise KubeconfigError(f"{path}: cannot be read ({type(error).__name__})") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise KubeconfigError(f"{path}{line}: is no YAML") from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise KubeconfigError(f"{path}: expected a mapping with clusters, users and contexts")
    return document


def _named(document: Mapping[str, Any], section: str, path: Path) -> Iterable[tuple[str, Mapping[str, Any]]]:
    entries = document.get(section) or []
    singular = section.removesuffix("s")
    if not isinstance(entries, list):
        raise KubeconfigError(f"{path}: {section} must be a list")
    for place, entry in enumerate(entries):
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            raise KubeconfigError(f"{path}: {section}[{place}].name is missing; expected text")
        body = entry.get(singular) or {}
        if not isinstance(body, dict):
            raise KubeconfigError(f"{path}: {section}[{entry['name']}].{singular} must be a mapping")
        yield entry["name"], body


def _find(
    entries: Mapping[str, tuple[Mapping[str, Any], Path]], name: str, kind: str, where: str
) -> tuple[Mapping[str, Any], Path]:
    if name not in entries:
        raise KubeconfigError(f"{where}: there is no {kind} named {name!r}; known: {', '.join(sorted(entries)) or 'none'}")
    return entries[name]


def _named_by(body: Mapping[str, Any], key: str, context: str, path: Path) -> str:
    name = body.get(key)
    if not isinstance(name, str) or not name:
        raise KubeconfigError(f"{path}: contexts[{context}].context.{key} is missing; expected the name of a {key}")
    return name


def _absolute(body: Mapping[str, Any], path: Path) -> dict[str, Any]:
    return {
        key: str((path.parent / value).resolve()) if key in _PATHS and isinstance(value, str) and value else value
        for key, value in body.items()
    }


def _text(value: Any, path: Path, field: str) -> str:
    if value is not None and not isinstance(value, str):
        raise KubeconfigError(f"{path}: {field} must be text")
    return value or ""
