"""Answers that one person sees: by the response_url of what they did, and where that fails by an ephemeral message."""

import asyncio
from dataclasses import dataclass
from typing import Protocol

import aiohttp
import structlog
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.slack.calls import Later, Trouble, ask
from bot.slack.render.kit import Message

_log = structlog.get_logger(__name__)
_PATIENCE = 10
"""Seconds for one try."""
_TRIES = 4
_LONGEST_WAIT = 30.0
"""Seconds between two tries where Slack asks for patience."""


class Asker(Protocol):
    """Somebody to answer, wherever they look."""

    @property
    def user(self) -> str:
        """Who it is, by the id that Slack signed."""
        ...

    @property
    def channel(self) -> str:
        """Where they asked; empty where that was no channel."""
        ...

    @property
    def thread(self) -> str | None:
        """The thread in which they asked, if it was one."""
        ...

    async def say(self, message: Message) -> bool:
        """Whether the answer reached Slack. Never raises."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Private:
    """Somebody to answer: where they are, and the address that Slack gave for answers (five of them, for half an hour)."""

    client: AsyncWebClient
    channel: str
    user: str
    response_url: str | None = None
    thread: str | None = None

    async def say(self, message: Message) -> bool:
        """Whether the answer reached Slack. Never raises: there is nobody left to tell."""
        if self.response_url and await self._respond(self.response_url, message):
            return True
        if not self.channel:
            _log.error("a private answer was lost", user=self.user, because="no channel")
            return False
        for left in range(_TRIES - 1, -1, -1):
            try:
                await ask(
                    self.client.chat_postEphemeral(
                        channel=self.channel, user=self.user, text=message.text, blocks=message.blocks, thread_ts=self.thread
                    )
                )
            except Later as later:
                if left == 0:
                    return self._lost(later)
                # Nothing happened, so nothing is said twice; somebody waits for it.
                await asyncio.sleep(min(later.seconds, _LONGEST_WAIT))
            except Trouble as trouble:
                return self._lost(trouble)
            else:
                return True
        return False

    def _lost(self, trouble: Trouble) -> bool:
        _log.error("a private answer was lost", user=self.user, channel=self.channel, because=trouble.code)
        return False

    async def _respond(self, url: str, message: Message) -> bool:
        hook = AsyncWebhookClient(url, timeout=_PATIENCE, proxy=self.client.proxy, ssl=self.client.ssl)
        # The SDK takes a proxy from the environment where none is given, also for this machine itself.
        hook.proxy = self.client.proxy
        body = {"text": message.text, "blocks": list(message.blocks), "response_type": "ephemeral", "replace_original": False}
        try:
            answer = await hook.send_dict(body)
        except (aiohttp.ClientError, SlackClientError, TimeoutError, OSError) as error:
            _log.warning("response_url failed, trying an ephemeral message", because=type(error).__name__)
            return False
        if answer.status_code != 200:
            _log.warning("response_url refused, trying an ephemeral message", status=answer.status_code)
        return answer.status_code == 200
