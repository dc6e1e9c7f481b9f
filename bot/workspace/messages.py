"""The messages of all channels, as Slack keeps them: their ts, threads, edits, metadata, and the private ephemeral ones.

Each change is pushed to the pages as it happens. Blocks must have been checked before they come here.
"""

import copy
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.workspace.json_value import Json, as_list, as_object

_OLDER_COPIES = 20


@dataclass(slots=True, kw_only=True)
class Stored:
    """One message: `body` as everybody sees it, `metadata` apart, and copies from before edits for clicks that come late."""

    channel: str
    body: Json
    metadata: Json | None = None
    older: deque[Json] = field(default_factory=lambda: deque(maxlen=_OLDER_COPIES))

    @property
    def ts(self) -> str:
        """Its name within the channel, `seconds.micros`."""
        return str(self.body["ts"])

    @property
    def thread_ts(self) -> str:
        """The ts of its thread's parent, its own for a parent, empty for a message without a thread."""
        return str(self.body.get("thread_ts", ""))


class Messages:
    """Messages by channel and ts, ephemeral ones by channel, person and ts."""

    def __init__(self, clock: Callable[[], float], push: Callable[[Json], None]) -> None:
        self._clock = clock
        self._push = push
        self._last = 0
        self._channels: dict[str, dict[str, Stored]] = {}
        self._private: dict[tuple[str, str, str], Stored] = {}

    def next_ts(self) -> str:
        """Give a ts that no message has and that is later than every other."""
        self._last = max(self._last + 1, int(self._clock() * 1_000_000))
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    def post(self, channel: str, body: Json, metadata: Json | None = None) -> Stored:
        """Store a new message (its ts is given here) and show it; a reply also changes the counts of its parent."""
        stored = Stored(channel=channel, body=body | {"ts": self.next_ts()}, metadata=metadata or None)
        fill_ids(stored.body)
        self._channels.setdefault(channel, {})[stored.ts] = stored
        if stored.thread_ts:
            self._count(stored)
        self._show("posted", stored)
        return stored

    def find(self, channel: str, ts: str) -> Stored | None:
        """Give one message that everybody sees, or None."""
        return self._channels.get(channel, {}).get(ts)

    def edit(self, stored: Stored, body: Json) -> None:
        """Put `body` in the place of a message's content and show it; the ts stays."""
        stored.older.append(stored.body)
        stored.body = body | {"ts": stored.ts}
        fill_ids(stored.body)
        self._show("changed", stored)

    def delete(self, stored: Stored) -> None:
        """Take a message away; replies to it stay."""
        self._channels.get(stored.channel, {}).pop(stored.ts, None)
        self._show("deleted", stored)

    def history(self, channel: str) -> list[Stored]:
        """Give all messages of a channel, oldest first, replies included."""
        return [self._channels[channel][ts] for ts in sorted(self._channels.get(channel, {}), key=_ts_order)]

    def thread(self, channel: str, thread_ts: str) -> list[Stored]:
        """Give a thread, oldest first, the parent first; empty if there is none."""
        return [stored for stored in self.history(channel) if thread_ts in {stored.ts, stored.thread_ts}]

    def whisper(self, channel: str, user: str, body: Json) -> Stored:
        """Show a message to one person only."""
        stored = Stored(channel=channel, body=body | {"ts": self.next_ts(), "ephemeral": True})
        fill_ids(stored.body)
        self._private[(channel, user, stored.ts)] = stored
        self._show_private("ephemeral", user, stored)
        return stored

    def find_whisper(self, channel: str, user: str, ts: str) -> Stored | None:
        """Give an ephemeral message that this person sees, or None."""
        return self._private.get((channel, user, ts))

    def edit_whisper(self, user: str, stored: Stored, body: Json) -> None:
        """Put `body` in the place of an ephemeral message's content."""
        stored.older.append(stored.body)
        stored.body = body | {"ts": stored.ts, "ephemeral": True}
        fill_ids(stored.body)
        self._show_private("ephemeral_changed", user, stored)

    def delete_whisper(self, user: str, stored: Stored) -> None:
        """Take an ephemeral message away."""
        self._private.pop((stored.channel, user, stored.ts), None)
        self._show_private("ephemeral_deleted", user, stored)

    def _count(self, reply: Stored) -> None:
        parent = self.find(reply.channel, reply.thread_ts)
        if parent is None:
            return
        replies = [stored for stored in self.thread(reply.channel, parent.ts) if stored is not parent]
        authors = list(dict.fromkeys(str(stored.body.get("user", "")) for stored in replies))
        parent.body = parent.body | {
            "thread_ts": parent.ts,
            "reply_count": len(replies),
            "reply_users": authors,
            "reply_users_count": len(authors),
            "latest_reply": reply.ts,
        }

    def _show(self, event: str, stored: Stored) -> None:
        self._push({"type": "message", "event": event, "channel": stored.channel, "message": stored.body})

    def _show_private(self, kind: str, user: str, stored: Stored) -> None:
        self._push({"type": kind, "channel": stored.channel, "user": user, "message": stored.body})


def fill_ids(holder: Json) -> None:
    """Give ids to blocks and elements of a message or view that came without, as Slack does; `holder["blocks"]` is copied."""
    if "blocks" not in holder:
        return
    holder["blocks"] = copy.deepcopy(holder["blocks"])
    for block in as_list(holder["blocks"]):
        _fill_block(as_object(block))


def _fill_block(block: Json) -> None:
    block.setdefault("block_id", secrets.token_urlsafe(4))
    if block.get("type") == "rich_text":
        return
    inner = [*as_list(block.get("elements")), *as_list(block.get("actions")), block.get("accessory"), block.get("element")]
    for element in inner:
        if isinstance(element, dict) and element.get("type") not in {None, "image", "plain_text", "mrkdwn", "card"}:
            element.setdefault("action_id", secrets.token_urlsafe(4))
    for child in as_list(block.get("child_blocks")):
        _fill_block(as_object(child))


def _ts_order(ts: str) -> tuple[int, int]:
    seconds, _, micros = ts.partition(".")
    return int(seconds), int(micros)
