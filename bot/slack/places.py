"""Whether a channel is a fit place for a plan: people who may approve must see it, and nobody else's company."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.calls import Trouble, ask
from planner.refusal import Code, Refusal

_log = structlog.get_logger(__name__)
_PATIENCE = 1.5
"""Seconds that a lookup may take; without an answer the place counts as fit, and posting shows the rest."""
_MOST = 1000
_DRY = "To only look, add --dry-run: that is answered to you alone."


class Places:
    """Looks channels up in Slack; what was found is kept for `ttl` seconds."""

    def __init__(self, client: AsyncWebClient, *, ttl: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._ttl = ttl
        self._clock = clock
        self._known: dict[str, tuple[float, Refusal | None]] = {}

    async def unfit(self, channel: str) -> Refusal | None:
        """Why no plan should be posted there, and what to do; `None` where it may be, or where nobody can tell. Never raises."""
        if channel.startswith("D"):
            return _DIRECT
        if not channel:
            return None
        until, known = self._known.get(channel, (0.0, None))
        if self._clock() < until:
            return known
        try:
            async with asyncio.timeout(_PATIENCE):
                answer = await ask(self._client.conversations_info(channel=channel))
        except (Trouble, TimeoutError) as trouble:
            # A private channel that the bot is not in looks like this too; the plan is then shown to whoever asked.
            _log.info("channel not looked up", channel=channel, because=str(trouble) or "too slow")
            return None
        found = answer.get("channel")
        refusal = _judge(channel, found if isinstance(found, dict) else {})
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[channel] = (self._clock() + self._ttl, refusal)
        return refusal


def _judge(channel: str, found: Mapping[str, Any]) -> Refusal | None:
    if found.get("is_im") or found.get("is_mpim"):
        return _DIRECT
    if found.get("is_archived"):
        return Refusal(
            code=Code.WRONG_PLACE,
            message="This channel is archived, so no plan can be posted here; nothing was done.",
            nearest=("Ask again in a channel that is in use.", _DRY),
        )
    if found.get("is_ext_shared") or found.get("is_pending_ext_shared"):
        return Refusal(
            code=Code.WRONG_PLACE,
            message=f"<#{channel}> is shared with another organisation, so no plan is posted here; nothing was done.",
            facts=("A plan names your services and their versions, and everybody in the channel could press its buttons.",),
            nearest=("Ask again in a channel of your own organisation.", _DRY),
        )
    return None


_DIRECT = Refusal(
    code=Code.WRONG_PLACE,
    message="This is a direct message: nobody who could approve a plan would see it here; nothing was done.",
    nearest=("Ask again in the incident's channel.", _DRY),
)
