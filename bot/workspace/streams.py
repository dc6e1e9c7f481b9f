"""Messages that are being streamed: who sees them grow, and when Slack gives up on one.

Slack publishes no lifetime; five minutes from the start and half a minute without news are what others report, and hold
here. In a channel only the named recipient sees the message grow; everybody else sees its first state, then its last.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.workspace.errors import SlackError
from bot.workspace.json_value import Json, as_list, as_object

_LIFE = 300.0
_IDLE = 30.0
_KEPT = 1_000
MARKDOWN = 12_000
SHORT = 256
"""Characters of the titles and other texts of a chunk."""
_STATUSES = {"pending", "in_progress", "complete", "error"}


@dataclass(slots=True, kw_only=True)
class Stream:
    """One message that grows. `recipient` is empty where everybody sees it grow (a direct message)."""

    channel: str
    ts: str
    recipient: str
    began: float
    heard: float
    text: str = ""
    title: str = ""
    tasks: dict[str, Json] = field(default_factory=dict)
    blocks: list[Json] = field(default_factory=list)
    over: bool = False

    def take(self, markdown: str, chunks: list[Json]) -> None:
        """Add what came; SlackError invalid_chunks or msg_too_long, and then nothing was added."""
        for chunk in chunks:
            _check(chunk)
        text = markdown + "".join(str(chunk["text"]) for chunk in chunks if chunk["type"] == "markdown_text")
        if len(self.text) + len(text) > MARKDOWN:
            raise SlackError("msg_too_long")
        self.text += text
        for chunk in chunks:
            match chunk["type"]:
                case "task_update":
                    known = self.tasks.get(str(chunk["id"]), {})
                    self.tasks[str(chunk["id"])] = known | {key: value for key, value in chunk.items() if key != "type"}
                case "plan_update":
                    self.title = str(chunk["title"])
                case "blocks":
                    self.blocks += as_list(chunk["blocks"])
                case _:
                    pass

    def shown(self) -> list[Json]:
        """The blocks of the message as it is now."""
        blocks: list[Json] = [{"type": "markdown", "text": self.text}] if self.text else []
        if self.tasks:
            tasks = [_task(task) for task in self.tasks.values()]
            done = all(task["status"] == "complete" for task in tasks)
            # Without a title of its own the client makes one up, true or not.
            blocks.append({"type": "plan", "title": self.title or ("Thinking completed" if done else "Thinking"), "tasks": tasks})
        return blocks + self.blocks


class Streams:
    """The streams of the workspace; the oldest are forgotten."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._known: dict[tuple[str, str], Stream] = {}

    def begin(self, channel: str, ts: str, recipient: str) -> Stream:
        """A new one, for the message that was just posted."""
        now = self._clock()
        self._known[channel, ts] = stream = Stream(channel=channel, ts=ts, recipient=recipient, began=now, heard=now)
        while len(self._known) > _KEPT:
            del self._known[next(iter(self._known))]
        return stream

    def open(self, channel: str, ts: str) -> Stream:
        """The one that still takes news, and note that it was heard of; SlackError message_not_in_streaming_state."""
        stream = self._known.get((channel, ts))
        if stream is None or not self._alive(stream):
            raise SlackError("message_not_in_streaming_state")
        stream.heard = self._clock()
        return stream

    def busy(self, channel: str, ts: str) -> bool:
        """Whether this message is being streamed, so that nothing else may edit it."""
        stream = self._known.get((channel, ts))
        return stream is not None and self._alive(stream)

    def _alive(self, stream: Stream) -> bool:
        now = self._clock()
        return not stream.over and now - stream.began <= _LIFE and now - stream.heard <= _IDLE


def _check(chunk: object) -> None:
    found = as_object(chunk)
    match found.get("type"):
        case "markdown_text":
            right = isinstance(found.get("text"), str)
        case "plan_update":
            right = _short(found, "title")
        case "task_update":
            right = _short(found, "id") and _short(found, "title") and found.get("status") in _STATUSES
            right = right and all(key not in found or _short(found, key) for key in ("details", "output"))
        case "blocks":
            right = 0 < len(as_list(found.get("blocks"))) <= 50
        case _:
            right = False
    if not right:
        raise SlackError("invalid_chunks")


def _short(chunk: Json, key: str) -> bool:
    return isinstance(chunk.get(key), str) and 0 < len(chunk[key]) <= SHORT


def _task(chunk: Json) -> Json:
    task: Json = {"task_id": chunk["id"], "title": chunk["title"], "status": chunk["status"]}
    for key in ("details", "output"):
        if key in chunk:
            words = {"type": "rich_text_section", "elements": [{"type": "text", "text": chunk[key]}]}
            task[key] = {"type": "rich_text", "elements": [words]}
    return task
