"""Texts encrypted before they reach the store: who reads the store, its files or its backups reads no token.

Fernet of the package cryptography (AES-128-CBC and HMAC-SHA256), with keys made of the setting by HKDF-SHA256.
"""

import base64
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_MARK = "fernet:"
_FOR = b"rollbot tokens at rest v1"


class CannotOpen(Exception):
    """The text was encrypted with a key that is not here, or was changed. Holds nothing of it."""


class Safe:
    """Closes with the first of the keys, opens with any. Without keys it closes nothing, and opens only what is plain."""

    def __init__(self, keys: Sequence[str] = ()) -> None:
        each = [Fernet(_derived(key)) for key in keys]
        self._newest = each[0] if each else None
        self._fernet = MultiFernet(each) if each else None

    @property
    def locks(self) -> bool:
        """Whether anything is encrypted."""
        return self._fernet is not None

    def is_newest(self, stored: str) -> bool:
        """Whether the text was closed with the key that closes now."""
        try:
            return self._newest is not None and bool(self._newest.decrypt(stored.removeprefix(_MARK).encode()))
        except (InvalidToken, ValueError):
            return False

    def close(self, text: str) -> str:
        """The text as it may stand in the store."""
        return text if self._fernet is None else _MARK + self._fernet.encrypt(text.encode()).decode()

    def open(self, stored: str) -> str:
        """The text again, also one that was stored before there was a key. Raises `CannotOpen`."""
        if not stored.startswith(_MARK):
            return stored
        if self._fernet is None:
            raise CannotOpen("encrypted, and no key is set")
        try:
            return self._fernet.decrypt(stored.removeprefix(_MARK).encode()).decode()
        except (InvalidToken, ValueError):
            raise CannotOpen("encrypted with another key, or changed") from None


def _derived(key: str) -> bytes:
    made = HKDF(algorithm=SHA256(), length=32, salt=None, info=_FOR).derive(key.encode())
    return base64.urlsafe_b64encode(made)
