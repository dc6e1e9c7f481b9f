"""Did you mean: the known names nearest to what somebody typed."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, known: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """At most `most` names like `word`, the likeliest first; the same answer for the same names in any order."""
    names = sorted(set(known))
    close = get_close_matches(word, names, n=most, cutoff=0.6)
    begun = [name for name in names if word and (name.startswith(word) or word in name.split("-")) and name not in close]
    return tuple((close + begun)[:most])
