"""What comes of a delivery to the bot: acknowledged, with what it carried, or why not."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bot.workspace.json_value import Json


class NoAck(StrEnum):
    """Why nobody acknowledged an envelope, in Slack's words."""

    NOT_CONNECTED = "dispatch_failed"
    TIMEOUT = "operation_timeout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """The bot's acknowledgement and what it carried."""

    payload: Json


class Delivery(Protocol):
    """How the bot is reached: by its sockets, or at its request URL."""

    async def deliver(self, kind: str, payload: Json) -> Ack | NoAck:
        """Send one slash_commands or interactive payload and wait for its acknowledgement; never sent twice by itself."""
        ...

    def announce(self, payload: Json) -> None:
        """Send an event in the background, again until it is acknowledged or the retries are used up."""
        ...
