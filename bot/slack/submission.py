"""A window was sent: Slack waits three seconds for an answer and a plan may take longer, so the answer comes at once or later."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.slack.front import Front, Work
from bot.slack.metadata import Origin
from bot.slack.private import Private
from bot.slack.render.kit import message, section
from bot.slack.render.view import saying
from bot.slack.tasks import Tasks
from bot.slack.window import Pane, Window
from commands.reply import Refused, Reply
from planner.refusal import Refusal

_AT_ONCE = 1.2
"""Seconds that a submission waits for its plan, so that a no stands at the fields; after that the window says to wait."""
_SETTLED = 0.5
"""Seconds after which Slack has taken an acknowledgement: what is shown in a window before that would be overwritten by it."""
Answer = dict[str, Any]
"""What a submission is acknowledged with; empty closes the window."""
WAIT = "One moment…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submissions:
    """Answers what was submitted. No method raises."""

    front: Front
    tasks: Tasks

    def asker(self, origin: Origin, user: str) -> Private:
        """Who is to be answered, where the window was opened."""
        return Private(
            client=self.front.client,
            channel=origin.channel,
            user=user,
            response_url=origin.response_url or None,
            thread=origin.thread or None,
        )

    async def planned(
        self,
        view: Mapping[str, Any],
        work: Work,
        origin: Origin,
        user: str,
        name: str,
        *,
        refused: Callable[[Refusal], Mapping[str, str]],
        waiting: dict[str, Any],
    ) -> Answer:
        """Errors at the fields where the no comes soon; else the window `waiting`, and the answer when it is there."""
        task, done = await self._begun(work, user, name)
        asker = self.asker(origin, user)
        if not done:
            self.tasks.begin(self._late(task, asker, _of(self.front, view)), f"late answer to {user}")
            return {"response_action": "update", "view": waiting}
        reply = task.result()
        if isinstance(reply, Refused):
            return errors(refused(reply.refusal))
        self.tasks.begin(self._tell(reply, asker), f"answer to {user}")
        return {}

    async def shown(self, view: Mapping[str, Any], work: Work, origin: Origin, user: str, name: str) -> Answer:
        """For a window that was opened from no channel: it is the only place where the answer can stand."""
        task, done = await self._begun(work, user, name)
        if done:
            return {"response_action": "update", "view": saying("Rollbot", await self.front.told(task.result()))}
        self.tasks.begin(self._late(task, self.asker(origin, user), _of(self.front, view)), f"late answer to {user}")
        return {"response_action": "update", "view": saying("Rollbot", message(WAIT, section(WAIT)))}

    async def _begun(self, work: Work, user: str, name: str) -> tuple["asyncio.Task[Reply]", bool]:
        task = asyncio.create_task(self.front.reply(user, name, work), name=f"submission by {user}")
        done, _ = await asyncio.wait({task}, timeout=_AT_ONCE)
        return task, bool(done)

    async def _tell(self, reply: Reply, asker: Private) -> None:
        await asker.say(await self.front.told(reply))

    async def _late(self, task: "asyncio.Task[Reply]", asker: Private, window: Window) -> None:
        """Both in the window and privately: the window may be closed by now, or show that it is waiting a moment longer."""
        told = await self.front.told(await task)
        await asyncio.sleep(_SETTLED)
        await Pane(window=window, title="Rollbot", user=asker.user).say(told)
        await asker.say(told)


def errors(found: Mapping[str, str]) -> Answer:
    """A no at the fields of the window."""
    return {"response_action": "errors", "errors": dict(found)}


def values(view: Mapping[str, Any]) -> Mapping[str, Any]:
    """What stands in the fields, by block."""
    state = view.get("state")
    found = state.get("values") if isinstance(state, dict) else None
    return found if isinstance(found, dict) else {}


def _of(front: Front, view: Mapping[str, Any]) -> Window:
    return Window(client=front.client, id=str(view.get("id") or ""))
