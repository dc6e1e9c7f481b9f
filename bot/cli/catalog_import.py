"""`rollbot catalog import --from SOURCE`: prints a difference against the catalog file, and writes only with `--write`."""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from bot.cli.import_words import as_json, as_text
from bot.settings import Settings, load
from integrations.backstage import BackstageCatalog
from integrations.catalog_file import read_catalog
from integrations.catalog_file.difference import difference
from integrations.catalog_file.writing import draft, write
from integrations.compose import ComposeCatalog
from integrations.consul import ConsulCatalog
from integrations.durations import parse_duration
from integrations.kubernetes.catalog import KubernetesCatalog
from integrations.prometheus_edges import HOUR, PrometheusEdges
from integrations.protocols import Catalog

_EDGES_ONLY = ("prometheus",)


class _Usage(Exception):
    """What is missing or wrong in the words."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where from, where to, and what each source needs."""
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="backstage, compose: files or folders")
    parser.add_argument("--from", dest="source", required=True, choices=sorted(SOURCES), help="where to take it from")
    parser.add_argument("--catalog", type=Path, metavar="PATH", help="the catalog, a file or folder (default: the setting's)")
    parser.add_argument("--write", action="store_true", help="write it; without this the difference is only shown")
    parser.add_argument("--no-new", action="store_true", help="add no service that the catalog does not have")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to say it (default: text)")
    parser.add_argument("--url", help="prometheus, consul: the server (default: the setting's)")
    parser.add_argument("--window", metavar="1h", default="1h", help="prometheus: how far to look back (default: 1h)")
    parser.add_argument(
        "--alias", action="append", default=[], metavar="NAME=SERVICE", help="prometheus: what the catalog calls a name"
    )
    parser.add_argument("--namespace", action="append", default=[], metavar="NS", help="kubernetes: where to look (* for all)")
    parser.add_argument("--context", help="kubernetes: a kubeconfig context")
    parser.add_argument("--selector", default="", metavar="LABELS", help="kubernetes: only workloads with these labels")
    parser.add_argument("--ignore", action="append", default=[], metavar="NAME", help="compose: a service or image to leave out")
    parser.add_argument("--keep", action="append", default=[], metavar="NAME", help="compose: a service to take in all the same")


def run(args: argparse.Namespace) -> int:
    """See the module. Raises `IntegrationError` where the source, or the catalog, cannot be had."""
    try:
        source = SOURCES[args.source](args)
    except _Usage as usage:
        print(f"rollbot catalog import: {usage}", file=sys.stderr)
        return 2
    root = args.catalog or _setting("catalog")
    there = read_catalog(root).services if _is_there(root) else {}
    found = asyncio.run(source.load())
    adds = args.source not in _EDGES_ONLY and not args.no_new
    change = difference(there, found.services, args.source, adds=adds)
    head = f"Written by `rollbot catalog import --from {args.source}` on {datetime.now(UTC):%Y-%m-%d}; edit it as you like."
    plan = draft(root, change, args.source, head)
    notes = (*found.warnings, *change.notes, *plan.notes)
    if args.write:
        write(plan.files)
    if args.format == "json":
        value = as_json(args.source, found, change, plan, notes, written=args.write)
        print(json.dumps(value, indent=2, ensure_ascii=False))
    else:
        print(as_text(args.source, root, found, change, plan, notes, written=args.write))
    return 0


def _is_there(root: Path) -> bool:
    return root.exists() and not (root.is_dir() and not any(root.iterdir()))


def _setting(name: str) -> Path:
    # `rollbot plan` takes the variable without loading all settings, and so does this.
    told = os.environ.get("ROLLBOT_CATALOG") if name == "catalog" else None
    return Path(told) if told else load().catalog


def _backstage(args: argparse.Namespace) -> Catalog:
    return BackstageCatalog(_paths(args, "catalog-info.yaml"))


def _compose(args: argparse.Namespace) -> Catalog:
    return ComposeCatalog(_paths(args, "docker-compose.yml"), ignore=args.ignore, keep=args.keep)


def _kubernetes(args: argparse.Namespace) -> Catalog:
    _no_paths(args)
    return KubernetesCatalog(namespaces=args.namespace, context=args.context, selector=args.selector)


def _prometheus(args: argparse.Namespace) -> Catalog:
    _no_paths(args)
    try:
        window = parse_duration(args.window)
    except ValueError as error:
        raise _Usage(f"--window: {error}") from None
    if not 0 < window <= 90 * 24 * HOUR:
        raise _Usage(f"--window: expected at most 90d, found {args.window}")
    url = _url(args, lambda settings: settings.prometheus_url, "ROLLBOT_PROMETHEUS_URL")
    return PrometheusEdges(url, window=window, alias=_aliases(args.alias))


def _consul(args: argparse.Namespace) -> Catalog:
    _no_paths(args)
    settings = load()
    token = settings.consul_token.get_secret_value() if settings.consul_token is not None else None
    return ConsulCatalog(_url(args, lambda settings: settings.consul_url, "ROLLBOT_CONSUL_URL"), token)


SOURCES: Mapping[str, Callable[[argparse.Namespace], Catalog]] = MappingProxyType(
    {"backstage": _backstage, "compose": _compose, "consul": _consul, "kubernetes": _kubernetes, "prometheus": _prometheus}
)
"""Every source by its name: what makes a catalog of the words."""


def _paths(args: argparse.Namespace, example: str) -> list[Path]:
    if not args.paths:
        raise _Usage(f"which files? Say rollbot catalog import --from {args.source} {example}")
    return list(args.paths)


def _no_paths(args: argparse.Namespace) -> None:
    if args.paths:
        raise _Usage(f"--from {args.source} reads no files; found {args.paths[0]}")


def _url(args: argparse.Namespace, setting: Callable[[Settings], str | None], variable: str) -> str:
    url = args.url or setting(load())
    if not url:
        raise _Usage(f"which {args.source.capitalize()}? Say --url https://… or set {variable}")
    if not url.startswith(("http://", "https://")):
        raise _Usage(f"--url: {url.partition('@')[2] or url} is no http:// or https:// address")
    return url


def _aliases(words: list[str]) -> dict[str, str]:
    found = {}
    for word in words:
        name, _, service = word.rpartition("=")
        if not name or not service:
            raise _Usage(f"--alias: expected NAME=SERVICE, found {word}")
        found[name] = service
    return found
