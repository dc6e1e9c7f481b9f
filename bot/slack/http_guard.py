"""What stands before Bolt in HTTP mode: whether a request comes from Slack, and what it says.

Bolt answers 500 to a timestamp that is no number and to a signature that is not ASCII, and loses a command in whose text the word
"payload" stands. So both are settled here: who cannot be Slack gets 401 and never more than that, and Bolt gets parsed values.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from multidict import CIMultiDictProxy

SIGNATURE = "X-Slack-Signature"
TIMESTAMP = "X-Slack-Request-Timestamp"
FRESH = 300
"""Seconds: an older request may be a replayed one, a newer one is a wrong clock. Slack's own number."""
MOST_BODY = 2_000_000
"""Bytes. A modal has 250 kB at most and a message 50 blocks; both grow when they are form-encoded."""
_MOST_FIELDS = 100
_STAMP = re.compile(r"[0-9]{1,12}", re.ASCII)
_SIGNED = re.compile(r"v0=[0-9a-f]{64}", re.ASCII)


class NotSlack(Exception):
    """The request cannot be shown to come from Slack; the text is for our log and holds nothing that was sent."""


class Unreadable(Exception):
    """The request is signed, yet it is no request that Slack makes."""


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The signature that Slack puts on this body at this time."""
    text = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def check(headers: CIMultiDictProxy[str], body: bytes, secret: str, now: float) -> None:
    """Return if these bytes were signed with the secret within the last minutes. Raises `NotSlack`, and nothing else ever.

    `now` is seconds since the epoch. Raises `ValueError` for an empty secret: that is our own mistake, and it never opens.
    """
    if not secret:
        raise ValueError("the signing secret is empty")
    timestamp, signature = _only(headers, TIMESTAMP), _only(headers, SIGNATURE)
    if not _STAMP.fullmatch(timestamp):
        raise NotSlack("the timestamp is no number")
    if abs(now - int(timestamp)) > FRESH:
        raise NotSlack("the timestamp is too old, or this machine's clock is wrong")
    if not _SIGNED.fullmatch(signature):
        raise NotSlack("the signature has another form")
    if not hmac.compare_digest(sign(secret, timestamp, body), signature):
        raise NotSlack("the signature does not fit: is SLACK_SIGNING_SECRET the one of this app?")


def read(content_type: str, body: bytes) -> dict[str, Any]:
    """What the request says: the fields of a command, or the JSON of an event or a press. Raises `Unreadable`."""
    try:
        text = body.decode("utf-8")
        if content_type == "application/json":
            return _object(json.loads(text))
        fields = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict"))
        # Only a field of that name is a payload; the word may stand in any command's text.
        return _object(json.loads(fields["payload"])) if "payload" in fields else dict(fields)
    except (ValueError, RecursionError) as error:
        raise Unreadable(type(error).__name__) from error


def kind_of(said: Mapping[str, Any]) -> str:
    """Slack's word for the request, out of a closed list; `other` for the rest."""
    if "command" in said:
        return "command"
    kind = said.get("type")
    return kind if isinstance(kind, str) and kind in _KINDS else "other"


_KINDS = {
    "block_actions",
    "block_suggestion",
    "event_callback",
    "message_action",
    "shortcut",
    "url_verification",
    "view_closed",
    "view_submission",
}


def _only(headers: CIMultiDictProxy[str], name: str) -> str:
    found = headers.getall(name, [])
    if len(found) != 1:
        raise NotSlack(f"{name} is there {len(found)} times")
    return found[0]


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Unreadable("no JSON object")
    return value
