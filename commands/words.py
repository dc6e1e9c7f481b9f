"""The text of a command as Slack really sends it, taken apart into words.

People paste from phones and documents: curly quotes, dashes that were two hyphens, spaces that do not break, entities for
`& < >`, and mentions as `<@U1|ana>`. All of that becomes plain words here, once, so that no verb has to know of it.
"""

import re
from dataclasses import dataclass

_ENTITY = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_DOUBLE = str.maketrans(dict.fromkeys("“”„‟«»＂″", '"'))
_SINGLE = str.maketrans(dict.fromkeys("‘’‚‛＇′", "'"))
_LONG_DASH = re.compile(r"^[—–―‒]-?(?=[a-z])", re.IGNORECASE)

LONGEST = 4000
"""Characters of a command that are read; what comes after is not a command any more."""


class Unclosed(ValueError):
    """A quote was opened and never closed."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word. `quoted` says that it stood in quotes, so it is never a flag or a verb."""

    text: str
    quoted: bool = False


def plain(raw: str) -> str:
    """The text with Slack's and the keyboard's marks made plain. Mentions and links become what a reader sees."""
    text = _ENTITY.sub(_readable, raw[:LONGEST])
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    text = _CONTROL.sub("", _INVISIBLE.sub("", text))
    return text.translate(_DOUBLE).translate(_SINGLE)


def split(raw: str) -> tuple[Word, ...]:
    """The words of a command. Raises `Unclosed` where a double quote is never closed.

    A quote counts only where a word begins or after `=`: the apostrophe in `it's` is just a letter.
    """
    words: list[Word] = []
    rest = plain(raw).strip()
    while rest:
        word, rest = _take(rest)
        words.append(word)
        rest = rest.lstrip()
    return tuple(words)


def _take(text: str) -> tuple[Word, str]:
    mark = text[0]
    if mark == '"' or (mark == "'" and _closes(text)):
        end = text.find(mark, 1)
        if end < 0:
            raise Unclosed(text)
        return Word(text[1:end], quoted=True), text[end + 1 :]
    bare, *_ = text.split(None, 1)
    flag, equals, value = bare.partition("=")
    if equals and value.startswith('"') and (flag.startswith("--") or _LONG_DASH.match(flag)):
        inner, rest = _take(text[len(flag) + 1 :])
        return Word(f"{_dashes(flag)}={inner.text}"), rest
    return Word(_dashes(bare)), text[len(bare) :]


def _closes(text: str) -> bool:
    end = text.find("'", 1)
    return end > 0 and (end + 1 == len(text) or text[end + 1].isspace())


def _dashes(text: str) -> str:
    # Phones turn "--reason" into a long dash.
    return _LONG_DASH.sub("--", text)


def _readable(found: re.Match[str]) -> str:
    sign, target, label = found.group(1), found.group(2), found.group(3)
    if sign == "#":
        return label or target
    if sign == "@":
        return f"@{(label or target).removeprefix('@')}"
    if sign == "!":
        return f"@{(label or target.partition('^')[2] or target).removeprefix('@')}"
    return label or target
