"""A plan or a refusal as a Mermaid flowchart: waves from left to right, lockstep groups as boxes, order edges as arrows."""

import re
from collections.abc import Iterator

from planner.plan import Move, Plan
from planner.refusal import Refusal

_SAFE = re.compile(r"[^\w .,:+/>()=<~^*|-]")
_REASON = 80


def plan_mermaid(plan: Plan) -> str:
    """The flowchart, without a line break at its end. Texts are escaped; ids are made here, so no name can break the drawing."""
    ids: dict[str, str] = {move.service: f"s{number}" for number, move in enumerate(plan.moves, start=1)}
    risky = {hazard.service for hazard in plan.hazards}
    lines = [
        "flowchart LR",
        f"  %% {plan.digest}",
    ]
    for number, wave in enumerate(plan.waves, start=1):
        moves = [move for name in wave if (move := plan.move(name)) is not None]
        lines += [f'  subgraph wave{number}["Wave {number}"]', *_wave(number, moves, ids), "  end"]
    lines += [f"  wave{number} --> wave{number + 1}" for number in range(1, len(plan.waves))]
    for edge in plan.order:
        if edge.before in ids and edge.after in ids:
            lines.append(f'  {ids[edge.before]} -. "{_text(edge.because, _REASON)}" .-> {ids[edge.after]}')
    lines.append("  classDef target stroke-width:3px")
    if plan.target.service in ids:
        lines.append(f"  class {ids[plan.target.service]} target")
    if risky & ids.keys():
        lines.append("  classDef hazard stroke-dasharray:4 3")
        lines.append(f"  class {','.join(ids[name] for name in sorted(risky & ids.keys()))} hazard")
    return "\n".join(lines)


def refusal_mermaid(refusal: Refusal) -> str:
    """The refusal with its facts around it, without a line break at its end."""
    lines = ["flowchart LR", f'  no["No: {_text(refusal.message)}"]']
    for number, fact in enumerate(refusal.facts, start=1):
        lines += [f'  fact{number}["{_text(fact)}"]', f"  fact{number} --> no"]
    for number, line in enumerate(refusal.nearest, start=1):
        lines += [f'  instead{number}(["{_text(line)}"])', f"  no -.-> instead{number}"]
    return "\n".join(lines)


def _wave(number: int, moves: list[Move], ids: dict[str, str]) -> Iterator[str]:
    groups: dict[str, list[Move]] = {}
    for move in moves:
        if move.group is None:
            yield f"    {_node(move, ids)}"
        else:
            groups.setdefault(move.group, []).append(move)
    for place, (group, together) in enumerate(groups.items(), start=1):
        yield f'    subgraph wave{number}group{place}["{_text(group)}: in one step"]'
        yield from (f"      {_node(move, ids)}" for move in together)
        yield "    end"


def _node(move: Move, ids: dict[str, str]) -> str:
    return f'{ids[move.service]}["{_text(move.service)}<br/>{_text(move.from_version)} to {_text(move.to_version)}"]'


def _text(text: str, longest: int = 400) -> str:
    """Text inside a label: what Mermaid could take for its own is written as a character code."""
    shown = text if len(text) <= longest else text[: longest - 1] + "…"
    coded = _SAFE.sub(lambda match: f"#{ord(match[0])};", shown)
    return coded.replace("<", "#lt;").replace(">", "#gt;")
