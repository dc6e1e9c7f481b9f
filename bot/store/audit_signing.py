"""Signatures of heads, by HMAC-SHA256 with a key that is not in the store.

A head is where a log stood: its number and hash, which covers every entry before it. Signed are the last entry of each run, each
entry of the environment's log that seals a run, and each checkpoint of a trim. Who can write into the store but has no key cannot
make a log that verifies with the key. What a signature does not prove: an HMAC convinces only those who trust everybody that
holds the key, for whoever can check can also sign; and it says nothing of what was cut off after the last head somebody knows.
"""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from planner.events import Ended, Event, RunSealed, Trimmed
from planner.wire import canonical

SIGNED = (RunSealed, Ended, Trimmed)
"""The events whose entries are signed."""


class Trust(StrEnum):
    """What a signature is worth."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"
    """Made with a key that was not given."""


def is_signed(event: Event) -> bool:
    """Whether the entry of this event is signed where there is a key."""
    return isinstance(event, SIGNED)


def key_id(key: str) -> str:
    """The public name of a key: 8 hex digits."""
    return hashlib.sha256(key.encode()).hexdigest()[:8]


def head_bytes(environment: str, log: str, seq: int, hash_: str) -> bytes:
    """What is signed of a head."""
    return canonical({"environment": environment, "log": log, "seq": seq, "hash": hash_})


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs for one environment. The key never leaves it, not even in a traceback."""

    environment: str
    _key: str = field(repr=False)

    @property
    def key_id(self) -> str:
        """The public name of its key."""
        return key_id(self._key)

    def sign(self, log: str, seq: int, hash_: str) -> str:
        """The signature of a head: the key's name, a colon, 64 hex digits."""
        return self.sign_bytes(head_bytes(self.environment, log, seq, hash_))

    def sign_bytes(self, message: bytes) -> str:
        """The signature of anything else that says itself what it is."""
        return f"{self.key_id}:{_mac(self._key, message)}"


class Keyring:
    """Checks signatures of one environment, also those made with older keys."""

    def __init__(self, environment: str, keys: Iterable[str]) -> None:
        self._environment = environment
        self._keys = {key_id(key): key for key in keys}

    def __bool__(self) -> bool:
        return bool(self._keys)

    def check(self, signature: str, log: str, seq: int, hash_: str) -> Trust:
        """What this signature of a head is worth."""
        return self.check_bytes(signature, head_bytes(self._environment, log, seq, hash_))

    def check_bytes(self, signature: str, message: bytes) -> Trust:
        """What this signature of these bytes is worth."""
        name, _, mac = signature.partition(":")
        key = self._keys.get(name)
        if key is None:
            return Trust.UNKNOWN
        return Trust.GOOD if hmac.compare_digest(_mac(key, message).encode(), mac.encode("utf-8", "replace")) else Trust.BAD


def _mac(key: str, message: bytes) -> str:
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()
