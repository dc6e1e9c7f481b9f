"""Names the dialect of a range that is not npm's, and says how npm would write it.

Rollbot reads one grammar, so that a catalog means the same to everybody; people who come from Python, Java, Ruby or Helm should
not have to guess what is wrong.
"""

import re
from collections.abc import Callable

EXPECTED = "expected npm's way, for example ^1.2, ~1.2.3, >=1.2 <2, 1.x, 1.2 - 2.3 or ^1.2 || ^2"

_INTERVAL = re.compile(r"\s*([\[(])\s*([^\s,\[\]()]*)\s*(?:(,)\s*([^\s,\[\]()]*)\s*)?([\])])\s*")
_COMPATIBLE = re.compile(r"~=\s*v?(\d{1,9})\.(\d{1,9})((?:\.\d{1,9})*)")
_EXACT_STAR = re.compile(r"={2,3}\s*v?([\d.]{1,40})\.\*")
_EXACT = re.compile(r"={2,3}\s*v?([\w.+-]{1,80})")
_NOT = re.compile(r"!=\s*v?([\w.+-]{1,80})")
_PYTHON_TAIL = re.compile(r"\d(?:\.?(?:post|dev)\d{0,9}|(?:a|b|rc)\d{1,9})\b")
_READ = 300
"""Dialects are looked for in texts up to this length; longer ones are just wrong."""


def explain(text: str, found: str, is_range: Callable[[str], bool]) -> str:
    """The whole message for a text that is no range: what was found, whose dialect it is, and what to write instead."""
    shown = repr(text if len(text) <= 80 else text[:77] + "…")
    if len(text) > _READ:
        return f"{shown} is no version range ({found}); {EXPECTED}"
    dialect, instead = _dialect(text)
    if dialect is None:
        return f"{shown} is no version range ({found}); {EXPECTED}"
    if instead is not None and is_range(instead):
        return f"{shown} is {dialect}, not npm's grammar; write {instead!r}"
    return f"{shown} is {dialect}, not npm's grammar; {EXPECTED}"


def _dialect(text: str) -> tuple[str | None, str | None]:
    """Whose dialect this is, and the same in npm's, where either can be told."""
    match = _INTERVAL.fullmatch(text)
    if match:
        return "a Maven range", _from_maven(match)
    if text.lstrip()[:1] in ("[", "(") and text.rstrip()[-1:] in ("]", ")"):
        return "a Maven range", " || ".join(filter(None, map(_from_maven, _INTERVAL.finditer(text)))) or None
    parts = [part.strip(" \t'\"") for part in text.split(",")]
    if "~=" in text or "==" in text or "!=" in text or _PYTHON_TAIL.search(text):
        written = [_from_python(part) for part in parts]
        return "Python's (PEP 440)", _joined([part for part in written if part]) if all(written) else None
    if len(parts) > 1:
        whose = "Ruby's with commas" if "~>" in text or "'" in text or '"' in text else "a comma-separated range"
        return whose, " ".join(part for part in parts if part)
    if text.strip()[:1] in ("'", '"'):
        return "a range in quotes of its own", parts[0]
    if "=>" in text or "=<" in text:
        return "an operator the wrong way round", text.replace("=>", ">=").replace("=<", "<=")
    if "&&" in text or re.search(r"\band\b", text):
        return "a range joined by a word", re.sub(r"\s*(?:&&|\band\b)\s*", " ", text)
    if re.search(r"(?<!\|)\|(?!\|)", text) or re.search(r"\bor\b", text):
        return "alternatives joined another way", re.sub(r"\s*(?:\bor\b|\|)\s*", " || ", text)
    return None, None


def _from_maven(match: re.Match[str]) -> str | None:
    opening, low, comma, high, closing = match.groups()
    if not comma:
        return low or None
    above = f"{'>=' if opening == '[' else '>'}{low}" if low else ""
    below = f"{'<=' if closing == ']' else '<'}{high}" if high else ""
    return f"{above} {below}".strip() or "*"


def _from_python(part: str) -> str | None:
    match = _COMPATIBLE.fullmatch(part)
    if match:
        major, minor, rest = match.groups()
        patch = rest.split(".")[1] if rest else "0"
        above = f"{major}.{int(minor) + 1}" if rest else str(int(major) + 1)
        return f">={major}.{minor}.{patch} <{above}"
    match = _EXACT_STAR.fullmatch(part)
    if match:
        return f"{match[1]}.x"
    match = _EXACT.fullmatch(part)
    if match:
        return match[1]
    match = _NOT.fullmatch(part)
    if match:
        return f"<{match[1]} || >{match[1]}"
    return None if _PYTHON_TAIL.search(part) else part


def _joined(parts: list[str]) -> str | None:
    """All of them together; `!=` brings alternatives, which are only joined where one part has them."""
    either = [part for part in parts if "||" in part]
    rest = " ".join(part for part in parts if "||" not in part)
    if len(either) > 1:
        return None
    if not either:
        return rest
    return " || ".join(f"{rest} {side.strip()}".strip() for side in either[0].split("||"))
