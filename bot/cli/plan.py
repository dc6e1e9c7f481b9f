"""`rollbot plan`: what a rollback would do, from a catalog file alone. Starts fast, asks nobody and changes nothing."""

import argparse
import json
import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from math import inf
from pathlib import Path

from bot.cli.verbs import VERBS
from bot.pictures.output import NotHere, put
from commands.views.plan_mermaid import plan_mermaid, refusal_mermaid
from commands.views.plan_text import WIDTH, plan_text, refusal_text
from integrations.catalog_file import read_catalog
from planner.names import ServiceName, Version
from planner.plan import Plan, Request, Strategy
from planner.planning import make_plan
from planner.refusal import Refusal
from planner.snapshot import Snapshot, from_catalog
from planner.wire import plan_to_json, refusal_to_json

FORMATS = ("text", "json", "mermaid", "svg", "png", "prism")
CATALOG = "ROLLBOT_CATALOG"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The same words as in Slack, and where the catalog is."""
    parser.add_argument("service", metavar="SERVICE", help="the service to roll back")
    parser.add_argument(
        "words", nargs="*", metavar="to VERSION", help="the version to go back to (default: the newest that will do)"
    )
    parser.add_argument("--to", metavar="VERSION", help="the same as `to VERSION`")
    parser.add_argument(
        "--strategy",
        choices=[str(strategy) for strategy in Strategy],
        default=str(Strategy.AUTO),
        help="how much goes back: what must (partial), everything since (full), or the planner's choice (auto, the default)",
    )
    parser.add_argument(
        "--accept-data-loss", action="store_true", help="plan although going back crosses migrations that lose data"
    )
    parser.add_argument("--catalog", metavar="PATH", help=f"a catalog file, or a folder of them (default: ${CATALOG})")
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="text",
        help="how to say it (default: text); svg and png draw, prism is for model checkers",
    )
    parser.add_argument("--explain", action="store_true", help="add how the chances were reckoned: the chain and its formulas")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write to a file instead of standard output")


def run(args: argparse.Namespace) -> int:
    """Exit status 0 with a plan, 1 with a refusal, 2 for bad usage. Raises `CatalogError` for a catalog that cannot be used."""
    to = _version(args)
    catalog = args.catalog if args.catalog is not None else os.environ.get(CATALOG)
    if isinstance(to, _Unclear):
        return _bad(str(to))
    if not catalog:
        return _bad(f"which catalog? Say --catalog PATH or set {CATALOG}")
    facts = read_catalog(Path(catalog))
    request = Request(
        service=ServiceName(args.service),
        to=None if to is None else Version(to),
        strategy=Strategy(args.strategy),
        accept_data_loss=args.accept_data_loss,
    )
    snapshot = from_catalog(facts.services, warnings=facts.warnings, taken_at=datetime.now(UTC))
    answer = make_plan(request, snapshot)
    try:
        put(_content(answer, snapshot, args), args.output)
    except NotHere as trouble:
        return _bad(str(trouble))
    return 1 if isinstance(answer, Refusal) else 0


class _Unclear(str):
    """Why the words do not say a version."""

    __slots__ = ()


def _version(args: argparse.Namespace) -> str | _Unclear | None:
    words, option = list(args.words), args.to
    if not words:
        return option if option is None or option.strip() else _Unclear("--to: expected a version")
    if words[0] != "to" or len(words) != 2:
        return _Unclear(f"expected SERVICE to VERSION, found: {args.service} {' '.join(words)}")
    if option is not None and option != words[1]:
        return _Unclear(f"two versions: to {words[1]} and --to {option}; say one")
    return str(words[1])


def _content(answer: Plan | Refusal, snapshot: Snapshot, args: argparse.Namespace) -> str | bytes:
    """What is asked for. A refusal has no picture and no chain: it is said in words."""
    if isinstance(answer, Plan) and args.format in ("svg", "png", "prism"):
        return _exported(answer, args.format)
    shown = _shown(answer, args.format)
    if args.explain and isinstance(answer, Plan) and args.format == "text":
        shown += f"\n\n{_explained(answer, snapshot)}"
    return shown + "\n"


def _explained(plan: Plan, snapshot: Snapshot) -> str:
    from commands.views.chain_text import chain_text
    from commands.views.users_text import users_text
    from planner.graph import graph_of
    from planner.users import users_of

    users = users_text(plan, users_of(graph_of(snapshot), plan.target.service, most=inf))
    return f"{chain_text(plan)}\n\n{users}" if users else chain_text(plan)


def _exported(plan: Plan, form: str) -> str | bytes:
    # Loaded here, for a plan in words must start fast.
    if form == "prism":
        from planner.prism import prism
        from planner.risk import plan_chain

        target = plan.target
        return prism(plan_chain(plan), f"{target.service} {target.from_version} to {target.to_version}\n{plan.digest}") + "\n"
    from planner.drawing.plan import plan_svg

    svg = plan_svg(plan)
    if form == "svg":
        return svg
    from bot.pictures.png import to_png

    return to_png(svg)


def _shown(answer: Plan | Refusal, form: str) -> str:
    if form == "json":
        value = refusal_to_json(answer) if isinstance(answer, Refusal) else plan_to_json(answer)
        return json.dumps(value, indent=2, ensure_ascii=False)
    if isinstance(answer, Refusal):
        return refusal_mermaid(answer) if form == "mermaid" else refusal_text(_retyped(answer), width=_width())
    return plan_mermaid(answer) if form == "mermaid" else plan_text(answer, next_command=True, width=_width())


def _width() -> int:
    """How wide the terminal is, within what can be read well; of files and pipes nobody knows."""
    try:
        return min(max(os.get_terminal_size(sys.stdout.fileno()).columns, 80), 100)
    except (OSError, ValueError):
        return WIDTH


def _retyped(refusal: Refusal) -> Refusal:
    """The same with what would do instead written for a terminal, not for Slack."""
    return replace(refusal, nearest=tuple(_terminal(line) for line in refusal.nearest))


def _terminal(line: str) -> str:
    slash, _, rest = line.partition(" ")
    if slash != "/rollback" or not rest:
        return line
    return f"rollbot {rest}" if rest.split()[0] in VERBS else f"rollbot plan {rest}"


def _bad(line: str) -> int:
    print(f"rollbot plan: {line}", file=sys.stderr)
    return 2
