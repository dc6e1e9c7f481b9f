"""A chain in the language of the PRISM model checker, which Storm reads too, so that somebody else's program can judge ours.

Ask it `P=? [F "partial"]`, and the same of the labels `full`, `by_hand` and `lost`; `R{"seconds"}=? [F "done"]`, and the same
of `down_seconds` and `hazards`.
"""

from collections.abc import Iterator

from planner.chain import Chain

LABELS = ("partial", "full", "by_hand", "lost")


def prism(chain: Chain, title: str = "", labels: tuple[str, ...] = LABELS) -> str:
    """The chain as a `dtmc`, without a line break at its end. Probabilities are written so that they read back exactly."""
    return "\n".join(_lines(chain, title, labels))


def _lines(chain: Chain, title: str, labels: tuple[str, ...]) -> Iterator[str]:
    size = len(chain.states)
    if title:
        yield from (f"// {line}" for line in title.splitlines())
    yield "dtmc"
    yield "module rollback"
    yield f"  s : [0..{size + len(chain.ends) - 1}] init 0;"
    for at, state in enumerate(chain.states):
        leads: dict[int, float] = {}
        for to, p in (*chain.steps[at], *((size + end, p) for end, p in chain.exits[at])):
            leads[to] = leads.get(to, 0.0) + p
        ways = " + ".join(f"{p!r} : (s'={to})" for to, p in leads.items() if p > 0)
        yield f"  [] s={at} -> {ways}; // {_comment(state.name)}"
    yield from (f"  [] s={size + end} -> 1 : (s'={size + end}); // {_comment(name)}" for end, name in enumerate(chain.ends))
    yield "endmodule"
    yield from (f'label "{label}" = s={size + end};' for end, label in enumerate(labels[: len(chain.ends)]))
    yield f'label "done" = s>={size};'
    for reward, values in (
        ("seconds", [state.seconds for state in chain.states]),
        ("down_seconds", [state.down for state in chain.states]),
        ("hazards", [state.hazards for state in chain.states]),
    ):
        # A block without any line would be an error.
        yield f'rewards "{reward}"'
        yield from [f"  s={at} : {value!r};" for at, value in enumerate(values) if value] or ["  s=0 : 0;"]
        yield "endrewards"


def _comment(text: str) -> str:
    return " ".join(text.split())
