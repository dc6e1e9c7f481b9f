"""Events are delivered at least once, over both ways: each is let through once, whichever replica it comes to."""

from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from slack_bolt.response import BoltResponse

from bot.slack.ports import Seen

_log = structlog.get_logger(__name__)
Middleware = Callable[..., Awaitable[BoltResponse | None]]


def only_once(seen: Seen) -> Middleware:
    """Bolt's middleware that answers 200 to an event that was delivered before, and does nothing else with it.

    Where the store cannot say, the event is let through: done twice is better than not at all, and every verb bears it.
    """

    async def once(body: dict[str, Any], next_: Callable[[], Awaitable[Any]]) -> BoltResponse | None:
        event = body.get("event_id") if body.get("type") == "event_callback" else None
        if isinstance(event, str) and event:
            try:
                first = await seen.first(event)
            except Exception as error:  # the store's errors are its own
                _log.warning("nobody can say whether this event came before", id=event[:40], because=type(error).__name__)
                first = True
            if not first:
                return BoltResponse(status=200, body="")
        await next_()
        return None

    return once
