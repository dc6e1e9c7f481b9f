"""What a page shows, kept from its frames: the current messages, modals, Home tabs and failures."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.workspace.json_value import Json, as_list, as_object


@dataclass(slots=True)
class PageView:
    """The page's memory. Frames must have gone through `with_place`, so that every message carries its `channel`.

    `messages`: channel -> ts -> message; `ephemerals`: (channel, user, ts) -> message; `modals`: user -> stack of views,
    the last one on top; `homes`: user -> view; `streams`: (channel, user, ts) ->
    a message as only that person sees it grow; `failures`: what the page showed as Slackbot's "failed".
    """

    hello: Json = field(default_factory=dict)
    channels: dict[str, Json] = field(default_factory=dict)
    messages: dict[str, dict[str, Json]] = field(default_factory=dict)
    ephemerals: dict[tuple[str, str, str], Json] = field(default_factory=dict)
    modals: dict[str, list[Json]] = field(default_factory=dict)
    homes: dict[str, Json] = field(default_factory=dict)
    streams: dict[tuple[str, str, str], Json] = field(default_factory=dict)
    failures: list[Json] = field(default_factory=list)
    panel: Json | None = None
    bots: int = 0

    def take(self, frame: Json) -> None:
        """Change the memory as this frame says; frames of an unknown type change nothing."""
        match frame.get("type"):
            case "hello":
                self._start(frame)
            case "channel":
                self.channels[str(frame["channel"]["id"])] = frame["channel"]
            case "message":
                self._message(frame)
            case "ephemeral" | "ephemeral_changed" | "ephemeral_deleted":
                self._ephemeral(frame)
            case "view":
                self._modal(frame)
            case "home":
                self.homes[str(frame["user"])] = frame["view"]
            case "stream":
                self.streams[str(frame["channel"]), str(frame["user"]), str(frame["ts"])] = frame["message"]
            case "panel":
                self.panel = frame["panel"]
            case "failed":
                self.failures.append(frame)
            case "connection":
                self.bots = int(frame["bots"])
            case _:
                pass

    def newest_first(self, channel: str | None = None) -> Iterator[Json]:
        """Go through all messages, ephemeral ones included, newest first; of one channel or of all."""
        everything = [message for place in self.messages.values() for message in place.values()]
        everything.extend(self.ephemerals.values())
        for message in sorted(everything, key=lambda message: str(message["ts"]), reverse=True):
            if channel in {None, message["channel"]}:
                yield message

    def thread(self, channel: str, thread_ts: str) -> list[Json]:
        """Give the replies in a thread, oldest first, without the parent."""
        replies = [m for m in self.messages.get(channel, {}).values() if m.get("thread_ts") == thread_ts != m["ts"]]
        return sorted(replies, key=lambda message: str(message["ts"]))

    def _start(self, frame: Json) -> None:
        self.hello = frame
        self.panel = frame.get("panel")
        self.channels = {str(channel["id"]): channel for channel in as_list(frame.get("channels"))}
        self.messages = {
            channel: {str(message["ts"]): message | {"channel": channel} for message in messages}
            for channel, messages in as_object(frame.get("messages")).items()
        }

    def _message(self, frame: Json) -> None:
        place = self.messages.setdefault(str(frame["channel"]), {})
        ts = str(frame["message"]["ts"])
        if frame["event"] == "deleted":
            place.pop(ts, None)
        else:
            place[ts] = frame["message"]

    def _ephemeral(self, frame: Json) -> None:
        channel, user = str(frame["channel"]), str(frame["user"])
        key = (channel, user, str(frame["message"]["ts"]))
        if frame["type"] == "ephemeral_deleted":
            self.ephemerals.pop(key, None)
        else:
            self.ephemerals[key] = frame["message"]

    def _modal(self, frame: Json) -> None:
        stack = self.modals.setdefault(str(frame["user"]), [])
        view = frame["view"]
        at = next((index for index, known in enumerate(stack) if known["id"] == view["id"]), None)
        if frame["event"] == "closed":
            if at is not None:
                del stack[at]
        elif at is not None:
            stack[at] = view
        else:
            stack.append(view)


def with_place(frame: Json) -> Json:
    """Give a frame whose message, if it has one, also carries its `channel`, and an ephemeral one its `shown_to`."""
    if "message" not in frame:
        return frame
    place: Json = {"channel": frame["channel"]}
    if str(frame["type"]).startswith("ephemeral"):
        place |= {"ephemeral": True, "shown_to": frame["user"]}
    return frame | {"message": frame["message"] | place}


def find_element(holder: Mapping[str, Any], action_id: str, value: str | None) -> tuple[str, Json]:
    """Give (block_id, element) of the element with this action_id (and value, if given) in a message or view."""
    seen: list[str] = []
    for block in as_list(holder.get("blocks")):
        for element in elements_of(block):
            if element.get("action_id") == action_id and value in {None, element.get("value")}:
                return str(block.get("block_id", "")), element
            seen.append(str(element.get("action_id")))
    raise LookupError(f"no element {action_id!r} is there; there are: {', '.join(seen) or 'none'}")


def elements_of(block: Json) -> list[Json]:
    """Give the interactive elements of one block, those of blocks inside it included."""
    found = [as_object(element) for element in as_list(block.get("elements")) if block.get("type") != "rich_text"]
    found.extend(as_object(block[key]) for key in ("accessory", "element") if isinstance(block.get(key), dict))
    found.extend(as_object(element) for element in as_list(block.get("actions")))
    for child in as_list(block.get("child_blocks")):
        found.extend(elements_of(as_object(child)))
    return [element for element in found if "action_id" in element]
