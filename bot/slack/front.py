"""What happens after Slack was answered: who is it, do what they asked, tell them what came of it, whatever came of it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.actions import ActionId, Press, action_id, decode
from bot.slack.calls import advice
from bot.slack.meter import SILENT, Meter
from bot.slack.people import Known, People
from bot.slack.ports import Views
from bot.slack.private import Private
from bot.slack.render.kit import Message, message, section
from bot.slack.render.reply import private, refused
from bot.slack.render.run import parent
from commands import approve, cancel, decide, reject, rollback
from commands.ports import Call, Desk
from commands.reply import Opened, Refused, Reply
from commands.table import answer, understand
from commands.verb import Ready
from integrations.errors import IntegrationError
from planner.events import Place
from planner.names import RunId
from planner.refusal import Code, Refusal

_log = structlog.get_logger(__name__)
_POSTED_WITHIN = 5.0
"""Seconds in which the plan is expected in the channel; after that the person is told that it is late."""
_LOOK_EVERY = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """The counter at which Slack's people are served."""

    desk: Desk
    client: AsyncWebClient
    people: People
    views: Views
    meter: Meter = SILENT

    async def command(self, words: str, asker: Private, fallback: str) -> None:
        """Carry out a slash command and answer it privately. Never raises."""
        ready = understand(words)
        self.meter.asked(ready.verb.name if isinstance(ready, Ready) else "unknown")

        async def do(known: Known) -> Reply:
            return await answer(self.desk, Call(actor=known.actor, place=Place(channel=asker.channel), words=words))

        await self._serve(asker, fallback, do)

    async def press(self, action: str, value: str, asker: Private, fallback: str) -> None:
        """Carry out the press of a button and answer it privately, however old the button is. Never raises."""
        button, pressed = action_id(action), decode(value)
        self.meter.pressed(button.value.removeprefix("rollbot:") if button else "unknown")
        if button is None or pressed is None:
            await asker.say(refused(_OLD))
            return

        async def do(known: Known) -> Reply:
            place = Place(channel=asker.channel, thread=asker.thread)
            call = Call(actor=known.actor, place=place, words=f"{button} {pressed.run}")
            return await _do(self.desk, call, button, pressed)

        await self._serve(asker, fallback, do)

    async def _serve(self, asker: Private, fallback: str, do: Callable[[Known], Awaitable[Reply]]) -> None:
        try:
            known = await self.people.known(asker.user, fallback)
            reply = _with_unread(await do(known), known)
            if isinstance(reply, Refused):
                self.meter.refused(reply.refusal.code)
            told = await self._placed(reply.run.id, private(reply)) if isinstance(reply, Opened) else private(reply)
        except IntegrationError as error:
            self.meter.refused(Code.UNAVAILABLE)
            told = refused(_unavailable(str(error)))
        except Exception:  # a person waits for an answer, whatever broke
            _log.exception("a command failed", user=asker.user)
            told = refused(_broken())
        await asker.say(told)

    async def _placed(self, run: RunId, told: Message) -> Message:
        """The answer once the plan stands in the channel, or what to do because it cannot."""
        try:
            async with asyncio.timeout(_POSTED_WITHIN):
                while True:
                    view = await self.views.read(run)
                    if view is not None and view.ts:
                        return told
                    if view is not None and view.trouble:
                        return await self._unplaced(run, advice(view.trouble))
                    await asyncio.sleep(_LOOK_EVERY)
        except TimeoutError:
            return await self._unplaced(run, "Slack does not take the message at present. It is tried again until it does.")

    async def _unplaced(self, run: RunId, why: str) -> Message:
        """The plan itself, for the eyes of the person who asked, since the channel does not have it yet."""
        found = await self.desk.runs.read(run)
        note = f"⚠️ *Run {run} has its plan, but the channel cannot see it yet.* {why}"
        if found is None or found.planned is None:
            return message(note, section(note))
        shown = parent(found, self.desk.policy)
        return message(f"{note} {shown.text}", section(note), *shown.blocks)


def at_once(words: str) -> str:
    """What to say in the acknowledgement, while the real answer is worked out; empty where it comes at once anyway."""
    ready = understand(words)
    if isinstance(ready, Ready) and isinstance(ready.intent, rollback.Rollback):
        return f"Working out a safe plan for {ready.intent.service}…"
    return ""


async def _do(desk: Desk, call: Call, button: ActionId, pressed: Press) -> Reply:
    choice = button.choice
    if choice is not None:
        return await decide.act(desk, call, decide.Decide(run=pressed.run, choice=choice, seen=pressed.decisions))
    match button:
        case ActionId.APPROVE:
            return await approve.act(desk, call, approve.Approve(run=pressed.run, digest=pressed.digest))
        case ActionId.REJECT:
            return await reject.act(desk, call, reject.Reject(run=pressed.run))
        case _:
            return await cancel.act(desk, call, cancel.Cancel(run=pressed.run))


def _with_unread(reply: Reply, known: Known) -> Reply:
    """A no for want of rights says so where a user group could not be read."""
    if not isinstance(reply, Refused) or reply.refusal.code is not Code.NOT_ALLOWED or not known.unread:
        return reply
    groups = ", ".join(f"<!subteam^{group}>" for group in known.unread)
    fact = f"Slack did not tell who is in {groups}, so it counted as empty. Try again in a minute."
    return Refused(refusal=replace(reply.refusal, facts=(*reply.refusal.facts, fact)))


_OLD = Refusal(
    code=Code.STALE,
    message="This button is from another version of Rollbot and does nothing any more; nothing was changed.",
    nearest=("/rollback status", "/rollback help"),
)


def _unavailable(why: str) -> Refusal:
    return Refusal(
        code=Code.UNAVAILABLE,
        message="Rollbot could not see what it needs to see, so nothing was done.",
        facts=(why,) if why else (),
        nearest=("Try again in a moment.", "/rollback status"),
    )


def _broken() -> Refusal:
    return Refusal(
        code=Code.UNAVAILABLE,
        message="Something inside Rollbot failed before it could answer. It may or may not have written what you asked for.",
        facts=("The fault is in its log, with this time.",),
        nearest=("/rollback status", "Look there before you try again."),
    )
