"""Takes secrets out of text that comes from other people's programs, before it reaches a chat message or the log."""

import re
from collections.abc import Iterable, Mapping

MASK = "•••"

_SECRET_WORD = r"(?:passw(?:or)?d|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|authorization)"  # noqa: S105 (a pattern)
_SECRET_NAME = re.compile(_SECRET_WORD, re.IGNORECASE)
_PATTERNS = (
    # Authorization: Bearer abc, Basic abc
    (re.compile(r"\b(bearer|basic)(\s+)[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE), rf"\1\2{MASK}"),
    # https://user:password@host
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^\s/@]+@", re.IGNORECASE), rf"\1{MASK}@"),
    # db_password=abc, "api_key": "abc", --token abc
    (
        re.compile(
            rf"([\w-]*{_SECRET_WORD}[\w-]*[\"']?(?:\s*[=:]\s*|\s+(?=\S*\d)))([\"']?)(?!bearer|basic)[^\s\"',;&•]+", re.IGNORECASE
        ),
        rf"\1\2{MASK}",
    ),
    # well-known shapes: Slack, GitHub, AWS, JSON web tokens
    (re.compile(r"\bx(?:ox[a-z]|app)-[\w-]{8,}|\bgh[pousr]_\w{16,}|\bAKIA[0-9A-Z]{12,}|\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*"), MASK),
)


def mask(text: str, secrets: Iterable[str] = ()) -> str:
    """The text with every given secret and everything that looks like one replaced."""
    for secret in sorted({s for s in secrets if len(s) >= 4}, key=len, reverse=True):
        text = text.replace(secret, MASK)
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


def secrets_of(settings: Mapping[str, str]) -> tuple[str, ...]:
    """The values whose names say that they are secret."""
    return tuple(value for name, value in settings.items() if _SECRET_NAME.search(name))
