"""How a plan's chances were reckoned: the chain as a table, and the formulas used. Plain text, for a terminal or a code block."""

from collections import defaultdict
from collections.abc import Iterator

from planner.chain import Chain, Solution, solve
from planner.plan import Plan
from planner.rates import PRIOR, Rates
from planner.risk import plan_chain

MOST_ROWS = 40
FORMULAS = (
    "P = [[Q, R], [0, I]]        one step of the chain; Q among states, R into the ends",
    "N = (I - Q)^-1              fundamental matrix: expected visits",
    "B = N R                     probability of each end",
    "T = N c                     expected seconds, c: mean seconds of a visit",
    "M = N (s + 2 c * Q T)       second moment of the time, s: second moment of a visit",
    "p ~ Beta(works, fails)      odds of each part, pooled over services; the second try knows of the first",
)


def chain_text(plan: Plan, rates: Rates = PRIOR) -> str:
    """The table and the formulas, without a line break at its end."""
    chain = plan_chain(plan, rates)
    return "\n".join(_lines(plan, rates, chain, solve(chain)))


def _lines(plan: Plan, rates: Rates, chain: Chain, solved: Solution) -> Iterator[str]:
    record = f"{rates.runs} runs of record" if rates.runs else "declared rates: there is no record yet"
    yield f"How this is reckoned: a Markov chain of {len(chain.states)} states, from {record}"
    yield ""
    yield "  End                         Chance   Mean time to it"
    for name, chance, seconds in zip(chain.ends, solved.ends, solved.seconds, strict=True):
        yield f"  {name:<26} {chance:>7.2%}   {_time(seconds / chance) if chance else '-':>8}"
    risk = plan.risk
    yield f"  Restored by this plan: with 90 % certainty between {risk.success_low:.1%} and {risk.success_high:.1%}"
    between = f"{_time(risk.planned_low)} to {_time(risk.planned_high)}"
    yield f"  Without a failure: {_time(risk.planned_seconds)}, 9 times in 10 {between}"
    yield f"  Expected: {risk.down_minutes:g} service-minutes down, {risk.data_at_risk:g} migrations crossed that can lose data"
    yield ""
    yield "  Service                       Part     Works first   Median   Visits   Time in it"
    rows = list(_rows(plan, rates, chain, solved))
    yield from rows[:MOST_ROWS]
    if len(rows) > MOST_ROWS:
        yield f"  …and {len(rows) - MOST_ROWS} more rows"
    yield ""
    yield "Formulas"
    yield from (f"  {formula}" for formula in FORMULAS)
    yield f"  At most {rates.parallel} moves of a wave at once: its first tries share a clock that runs as long as the longest."
    yield "  Services are taken as independent."


def _rows(plan: Plan, rates: Rates, chain: Chain, solved: Solution) -> Iterator[str]:
    """Each part of each service with its tries added up, then what people do."""
    visits: dict[tuple[str, str], float] = defaultdict(float)
    spent: dict[tuple[str, str], float] = defaultdict(float)
    for state, count in zip(chain.states, solved.visits, strict=True):
        service, _, what = state.name.rpartition(": ") if "retry of" not in state.name else _retry(state.name)
        key = (service, "decide" if what.startswith("decide") else what)
        visits[key] += count
        spent[key] += count * state.seconds
    for move in plan.moves:
        for part, rate in rates.step(move.service).parts:
            key = (move.service, part.value)
            yield _row(move.service, part.value, f"{rate.odds.mean:.1%}", _time(rate.time.median), visits[key], spent[key])
    for what, median in (("decide", rates.decide.median), ("undo", None)):
        many = sum(count for (_, name), count in visits.items() if name == what)
        long = sum(seconds for (_, name), seconds in spent.items() if name == what)
        yield _row("(any)", what, "-", "-" if median is None else _time(median), many, long)
    for what in ("full plan", "people"):
        if ("", what) in visits:
            yield _row(f"({what})", "", "-", "-", visits["", what], spent["", what])


def _retry(name: str) -> tuple[str, str, str]:
    service, _, rest = name.partition(": ")
    return service, ": ", rest.rpartition(": ")[2]


def _row(service: str, part: str, works: str, median: str, visits: float, seconds: float) -> str:
    name = service if len(service) <= 28 else f"{service[:27]}…"
    return f"  {name:<28}  {part:<8} {works:>11}   {median:>6}   {visits:>6.3f}   {_time(seconds):>8}"


def _time(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
