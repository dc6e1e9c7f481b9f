"""npm's grammar of versions and ranges: text in, comparators out.

It follows the strict mode of npm's own `semver` to the last corner, the odd ones included: build metadata is dropped wherever it
stands, a stray `*` inside a comparator is dropped too, and a range that offers `*` forgets its other alternatives. Every pattern
here has bounded repeats or consumes runs whole, so hostile text takes time in proportion to its length.

`wide` is the reading in which prereleases count as ordinary versions; npm then lets partial versions begin at `-0`.
"""

import re
from dataclasses import dataclass

from planner.ranges_sets import LOWEST_ID, MAX_SAFE, Key

MAX_VERSION = 256
MAX_TEXT = 65_536
"""No range that anybody writes comes near; the limit bounds what hostile text can cost."""

# JavaScript's blanks, which differ from Python's.
_BLANKS = "\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_NUMBER = r"(?:0|[1-9][0-9]{0,256})"
_WORD = r"[a-zA-Z0-9-]"
_ID = rf"(?:[0-9]{{0,256}}[a-zA-Z-]{_WORD}{{0,250}}|{_NUMBER})"
_PRE = rf"-({_ID}(?:\.{_ID})*)"
_BUILD = rf"\+{_WORD}{{1,250}}(?:\.{_WORD}{{1,250}})*"
_X = rf"(?:{_NUMBER}|[xX*])"
_PARTIAL = rf"[v= ]*+({_X})(?:\.({_X})(?:\.({_X})(?:{_PRE})?(?:{_BUILD})?)?)?"
_FULL = rf"v?({_NUMBER})\.({_NUMBER})\.({_NUMBER})(?:{_PRE})?(?:{_BUILD})?"
_LOOSE_ID = rf"(?:[0-9]{{0,256}}[a-zA-Z-]{_WORD}{{0,250}}|[0-9]{{1,256}})"
_THREE = r"[0-9]{1,256}\.[0-9]{1,256}\.[0-9]{1,256}"
_LOOSE = rf"{_THREE}(?:-?{_LOOSE_ID}(?:\.{_LOOSE_ID})*)?(?:{_BUILD})?"
"""What npm skips as one word where it looks for blanks behind operators."""

_RUN = re.compile(f"[{_BLANKS}]+")
_STRIP = re.compile(rf"^[{_BLANKS}]+|(?<![{_BLANKS}])[{_BLANKS}]+\Z")
_ANY_BUILD = re.compile(rf"\+{_WORD}++(?:\.{_WORD}++)*+")
_ONE_BUILD = re.compile(_BUILD)
_VERSION = re.compile(_FULL)
_HYPHEN = re.compile(f" ?({_PARTIAL}) - ({_PARTIAL}) ?")
_BLANK_BEFORE = re.compile(rf"([<>]?[v= ]*+)(?:(?=[0-9xX*])({_LOOSE}|{_PARTIAL}))?+")
_OPERATOR_BLANK = re.compile(r"( ?+[<>]?+=?+) ")
_LONE = re.compile(r"( ?)(~>?|\^) ")
_CARET = re.compile(rf"\^{_PARTIAL}")
_TILDE = re.compile(rf"~>?{_PARTIAL}")
_BARE = re.compile(rf"((?:<|>)?=?) ?{_PARTIAL}")
_STAR = re.compile(r"[<>]?=? ?\*")
_PYTHONS = re.compile(rf"(?:^|[{_BLANKS}|])(?:~=|={{2,3}})")
_COMPARATOR = re.compile(rf"((?:<|>)?=?) ?({_FULL})")


class RangeError(ValueError):
    """Text that is no range; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Comparator:
    """An operator (`""` is "exactly") and a version; `pre` keeps the prerelease as written."""

    operator: str
    key: Key
    pre: str = ""

    def __str__(self) -> str:
        """As npm writes it."""
        return f"{self.operator}{self.key[0]}.{self.key[1]}.{self.key[2]}{'-' + self.pre if self.pre else ''}"


Branch = tuple[Comparator, ...]
"""What must hold together; empty: any version."""

NOTHING_AT_ALL = Comparator("<", (0, 0, 0, 0, LOWEST_ID), "0")


def version_key(text: str) -> Key | None:
    """The key of a version as npm's strict mode takes it (blanks around it, a leading `v`); `None` for anything else."""
    if len(text) > MAX_VERSION:
        return None
    match = _VERSION.fullmatch(trim(text))
    return _key(*match.group(1, 2, 3, 4)) if match else None


def version_parts(text: str) -> tuple[int, int, int, str | None, str | None] | None:
    """Major, minor, patch, prerelease and build of such a version; `None` for anything else."""
    key = version_key(text)
    if key is None:
        return None
    rest, _, build = trim(text).partition("+")
    return key[0], key[1], key[2], rest.partition("-")[2] or None, build or None


def branches(text: str, *, wide: bool) -> tuple[Branch, ...]:
    """The alternatives of a range. Raises `RangeError`."""
    squeezed = trim(_RUN.sub(" ", text))
    if len(squeezed) > MAX_TEXT:
        raise RangeError(f"a range of more than {MAX_TEXT} characters is not read")
    found = [_branch(part.strip(" "), wide=wide) for part in squeezed.split("||")]
    kept = [branch for branch in found if branch != (NOTHING_AT_ALL,)] or found[:1]
    return ((),) if () in kept else tuple(kept)


def refuse_lookalikes(text: str) -> None:
    """Raises `RangeError` for what npm would read, but whoever wrote it meant in another dialect."""
    if "=" in text and _PYTHONS.search(text):
        raise RangeError("~= and == are Python's operators")


def trim(text: str) -> str:
    """The text without the blanks around it, as JavaScript sees blanks."""
    return _STRIP.sub("", text)


def _branch(text: str, *, wide: bool) -> Branch:
    text = _ANY_BUILD.sub("", text)
    hyphen = _HYPHEN.fullmatch(text)
    if hyphen:
        text = f"{_from(hyphen, wide)} {_to(hyphen, wide)}".strip(" ")
    text = _LONE.sub(lambda match: match[1] + match[2][0], _BLANK_BEFORE.sub(_close_up, text))
    comparators = [comparator for word in text.split(" ") for comparator in _word(word, wide)]
    if NOTHING_AT_ALL in comparators:
        return (NOTHING_AT_ALL,)
    return tuple(dict.fromkeys(comparators))


def _close_up(match: re.Match[str]) -> str:
    """`> 1.2` is `>1.2`: the blank between an operator and its version goes, where a version does follow."""
    blank = _OPERATOR_BLANK.match(match[1])
    if match[2] is None or blank is None:
        return match[0]
    return blank[1] + match[1][blank.end() :] + match[2]


def _from(match: re.Match[str], wide: bool) -> str:
    whole, major, minor, patch, pre = match.group(1, 2, 3, 4, 5)
    lowest = "-0" if wide else ""
    if _is_x(major):
        return ""
    if _is_x(minor):
        return f">={major}.0.0{lowest}"
    if _is_x(patch):
        return f">={major}.{minor}.0{lowest}"
    return f">={whole}" if pre else f">={whole}{lowest}"


def _to(match: re.Match[str], wide: bool) -> str:
    whole, major, minor, patch, pre = match.group(6, 7, 8, 9, 10)
    if _is_x(major):
        return ""
    if _is_x(minor):
        return f"<{int(major) + 1}.0.0-0"
    if _is_x(patch):
        return f"<{major}.{int(minor) + 1}.0-0"
    if pre:
        return f"<={major}.{minor}.{patch}-{pre}"
    return f"<{major}.{minor}.{int(patch) + 1}-0" if wide else f"<={whole}"


def _word(word: str, wide: bool) -> Branch:
    """The comparators that one blank-free word stands for; none for "any"."""
    word = _ONE_BUILD.sub("", word, count=1)
    match = _CARET.fullmatch(word)
    if match:
        return _caret(*match.group(1, 2, 3, 4), wide=wide)
    match = _TILDE.fullmatch(word)
    if match:
        return _tilde(*match.group(1, 2, 3, 4), wide=wide)
    match = _BARE.fullmatch(word)
    if match:
        operator, major, minor, patch = match.group(1, 2, 3, 4)
        misplaced = (_is_x(major) and not _is_x(minor)) or (_is_x(minor) and not _is_x(patch))
        if not misplaced and _is_x(patch):
            return _partial(operator, major, minor, wide=wide)
    return _plain(_STAR.sub("", word, count=1), wide=wide)


def _plain(word: str, *, wide: bool) -> Branch:
    if word in ("", ">=0.0.0-0" if wide else ">=0.0.0"):
        return ()
    match = _COMPARATOR.fullmatch(word)
    if match is None or len(match[2]) > MAX_VERSION:
        raise RangeError(f"{_short(word)} is no comparator")
    key = _key(*match.group(3, 4, 5, 6))
    if key is None:
        raise RangeError(f"a number in {_short(word)} is over {MAX_SAFE}")
    return (Comparator("" if match[1] == "=" else match[1], key, match[6] or ""),)


def _caret(major: str, minor: str | None, patch: str | None, pre: str | None, *, wide: bool) -> Branch:
    if _is_x(major):
        return ()
    if major != "0" or _is_x(minor):
        above = (int(major) + 1, 0, 0)
    elif minor != "0" or _is_x(patch):
        above = (0, int(minor or 0) + 1, 0)
    else:
        above = (0, 0, int(patch or 0) + 1)
    return (*_from_here(major, minor, patch, pre, wide=wide), *_bound("<", above, lowest=True, wide=wide))


def _tilde(major: str, minor: str | None, patch: str | None, pre: str | None, *, wide: bool) -> Branch:
    if _is_x(major):
        return ()
    above = (int(major) + 1, 0, 0) if _is_x(minor) else (int(major), int(minor or 0) + 1, 0)
    return (*_from_here(major, minor, patch, pre, wide=wide), *_bound("<", above, lowest=True, wide=wide))


def _from_here(major: str, minor: str | None, patch: str | None, pre: str | None, *, wide: bool) -> Branch:
    if _is_x(minor):
        return _bound(">=", (int(major), 0, 0), lowest=wide, wide=wide)
    if _is_x(patch):
        return _bound(">=", (int(major), int(minor or 0), 0), lowest=wide, wide=wide)
    return _plain(f">={major}.{minor}.{patch}{'-' + pre if pre else ''}", wide=wide)


def _partial(operator: str, major: str, minor: str | None, *, wide: bool) -> Branch:
    """A version with an x in it, after `<`, `<=`, `>`, `>=`, `=` or nothing."""
    if _is_x(major):
        return (NOTHING_AT_ALL,) if operator in ("<", ">") else ()
    low = (int(major), 0 if _is_x(minor) else int(minor or 0), 0)
    high = (low[0] + 1, 0, 0) if _is_x(minor) else (low[0], low[1] + 1, 0)
    match operator:
        case ">" | ">=":
            return _bound(">=", high if operator == ">" else low, lowest=wide, wide=wide)
        case "<" | "<=":
            return _bound("<", low if operator == "<" else high, lowest=True, wide=wide)
        case _:
            return (*_bound(">=", low, lowest=wide, wide=wide), *_bound("<", high, lowest=True, wide=wide))


def _bound(operator: str, core: tuple[int, int, int], *, lowest: bool, wide: bool) -> Branch:
    return _plain(f"{operator}{core[0]}.{core[1]}.{core[2]}{'-0' if lowest else ''}", wide=wide)


def _key(major: str, minor: str, patch: str, pre: str | None) -> Key | None:
    core = (int(major), int(minor), int(patch))
    if max(core) > MAX_SAFE:
        return None
    return (*core, 0, *map(_identifier, pre.split("."))) if pre else (*core, 1)


def _identifier(text: str) -> tuple[int, int | float | str]:
    """A number or a word; numbers that JavaScript cannot hold exactly are compared as it compares them, as floats."""
    if not text.isdigit():
        return (1, text)
    number = int(text)
    return (0, number if number < MAX_SAFE else float(number))


def _is_x(part: str | None) -> bool:
    return part is None or part in ("x", "X", "*")


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "…")
