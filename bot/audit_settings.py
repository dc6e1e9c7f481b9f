"""The settings of the audit: what a key must be, and where heads may be written down."""

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr

SHORTEST = 32
"""Characters of the shortest key that is taken."""
_HERE = {"127.0.0.1", "localhost", "::1"}


def read_key(path: Path) -> str:
    """The key in this file, without the blanks and line breaks around it. Raises `ValueError`, which names the file only."""
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"audit_key_file: {path} cannot be read ({type(error).__name__})") from None


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _long_enough(key: SecretStr) -> SecretStr:
    if len(key.get_secret_value()) < SHORTEST:
        raise ValueError(f"expected at least {SHORTEST} characters, for example those of `openssl rand -hex 32`")
    return key


def _safe_place(anchor: SecretStr) -> SecretStr:
    text = anchor.get_secret_value()
    if "://" not in text:
        return anchor
    url = urlsplit(text)
    if url.scheme != "https" and not (url.scheme == "http" and url.hostname in _HERE):
        raise ValueError("expected a path or a URL that begins with https:// (http:// only to this machine)")
    return anchor


AuditKey = Annotated[SecretStr, BeforeValidator(_stripped), AfterValidator(_long_enough)]
Anchor = Annotated[SecretStr, BeforeValidator(_stripped), AfterValidator(_safe_place)]
