"""On which kind of dependency a plan stands, in one line for people."""

from planner.facts import Origin
from planner.plan import Footing, Plan


def stands_on(plan: Plan) -> str:
    """Declared, imported and observed dependencies counted, each with its source and age; empty where none was weighed."""
    return "; ".join(_words(footing) for footing in plan.stands_on)


def _words(footing: Footing) -> str:
    number = f"{footing.edges} {footing.origin} {'dependency' if footing.edges == 1 else 'dependencies'}"
    match footing.origin:
        case Origin.DECLARED:
            return number
        case Origin.IMPORTED:
            return f"{number} (from {footing.source or 'another catalog'})"
        case Origin.OBSERVED:
            least = "seen" if footing.edges == 1 else "each seen"
            when = footing.oldest_seen_at
            seen = f"{least} {when:%Y-%m-%d %H:%M} UTC or later" if when else "nobody knows when"
            return f"{number} ({footing.source or 'of calls'}, {seen})"
