"""What happens after Slack was answered: who is it, do what they asked, tell them what came of it, whatever came of it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.actions import TYPED, action_id, decode
from bot.slack.calls import advice
from bot.slack.courier import deliver
from bot.slack.meter import SILENT, Meter
from bot.slack.people import Known, People
from bot.slack.places import Places
from bot.slack.ports import Views
from bot.slack.presses import Deed, do
from bot.slack.private import Asker
from bot.slack.render.kit import Message, message, section
from bot.slack.render.reply import private, refused
from bot.slack.render.run import parent
from commands import forward, rollback
from commands.ports import Call, Desk
from commands.reply import Opened, Packed, Refused, Reply
from commands.table import understand
from commands.verb import Ready
from integrations.errors import IntegrationError, Rejected
from planner.events import CommandRefused, Place
from planner.names import RunId
from planner.refusal import Code, Refusal

_log = structlog.get_logger(__name__)
_POSTED_WITHIN = 5.0
"""Seconds in which the plan is expected in the channel; after that the person is told that it is late."""
_LOOK_EVERY = 0.1
Work = Callable[[Known], Awaitable[Reply]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """The counter at which Slack's people are served."""

    desk: Desk
    client: AsyncWebClient
    people: People
    views: Views
    places: Places
    meter: Meter = SILENT

    async def command(self, words: str, asker: Asker, fallback: str) -> None:
        """Carry out a typed command and answer it privately. Never raises."""
        await self.serve(asker, fallback, self.typed(words, Place(channel=asker.channel, thread=asker.thread)))

    async def press(self, action: str, value: str, asker: Asker, fallback: str) -> None:
        """Carry out the press of a button and answer it privately, however old the button is. Never raises."""
        if action in TYPED and value.startswith(TYPED[action]):
            await self.serve(asker, fallback, self.typed(value, Place(channel=asker.channel, thread=asker.thread)))
            return
        button, pressed = action_id(action), decode(value)
        if button is None or pressed is None:
            await asker.say(refused(OLD))
            return
        await self.deed(Deed(button=button, pressed=pressed), asker, fallback)

    async def deed(self, deed: Deed, asker: Asker, fallback: str) -> None:
        """Carry out what a button stands for, with what its window asked. Never raises."""
        await self.serve(asker, fallback, self.doing(deed, Place(channel=asker.channel, thread=asker.thread)))

    async def serve(self, asker: Asker, fallback: str, work: Work) -> None:
        """Do it for this person and answer them. Never raises."""
        await asker.say(await self.told(await self.reply(asker.user, fallback, work)))

    def typed(self, words: str, place: Place) -> Work:
        """What these words ask for, here."""
        ready = understand(words)
        self.meter.asked("none" if isinstance(ready, Refusal) else ready.verb.name)
        return self._refuse(ready) if isinstance(ready, Refusal) else self.ready(ready, place, words)

    def ready(self, ready: Ready, place: Place, words: str) -> Work:  # type: ignore[type-arg]
        """What is understood already, here. A plan that would be posted where it must not be is refused."""

        async def work(known: Known) -> Reply:
            call = Call(actor=known.actor, place=place, words=words)
            intent = ready.intent
            posts = isinstance(intent, forward.Forward) or (isinstance(intent, rollback.Rollback) and not intent.dry_run)
            if posts:
                unfit = await self.places.unfit(place.channel)
                if unfit is not None:
                    note = CommandRefused(by=known.actor.person, words=words[:1000], code=unfit.code, message=unfit.message)
                    await self.desk.runs.note(note)
                    return Refused(refusal=unfit)
            return await ready.answer(self.desk, call)

        return work

    def doing(self, deed: Deed, place: Place) -> Work:
        """What a button stands for, here."""
        self.meter.pressed(deed.button.value.removeprefix("rollbot:"))

        async def work(known: Known) -> Reply:
            return await do(self.desk, known.actor, place, deed)

        return work

    async def reply(self, user: str, fallback: str, work: Work) -> Reply:
        """What comes of it, for this person. Never raises: what broke is a no, in words."""
        try:
            known = await self.people.known(user, fallback)
            reply = _with_unread(await work(known), known)
        except IntegrationError as error:
            reply = Refused(refusal=_unavailable(error))
        except Exception:  # a person waits for an answer, whatever broke
            _log.exception("a command failed", user=user)
            reply = Refused(refusal=_broken())
        if isinstance(reply, Refused):
            self.meter.refused(reply.refusal.code.value)
        return reply

    async def told(self, reply: Reply) -> Message:
        """The reply as a message; of a plan, once it stands in the channel. Never raises."""
        try:
            if isinstance(reply, Packed):
                reply = replace(reply, placed=await deliver(self.client, self.views, self.desk.environment, reply))
            return await self._placed(reply.run.id, private(reply)) if isinstance(reply, Opened) else private(reply)
        except Exception:  # as above
            _log.exception("an answer could not be drawn")
            return refused(_broken())

    @staticmethod
    def _refuse(refusal: Refusal) -> Work:
        async def work(known: Known) -> Reply:
            del known
            await asyncio.sleep(0)
            return Refused(refusal=refusal)

        return work

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


def _with_unread(reply: Reply, known: Known) -> Reply:
    """A no for want of rights says so where a user group could not be read."""
    if not isinstance(reply, Refused) or reply.refusal.code is not Code.NOT_ALLOWED or not known.unread:
        return reply
    groups = ", ".join(f"<!subteam^{group}>" for group in known.unread)
    fact = f"Slack did not tell who is in {groups}, so it counted as empty. Try again in a minute."
    return Refused(refusal=replace(reply.refusal, facts=(*reply.refusal.facts, fact)))


OLD = Refusal(
    code=Code.STALE,
    message="This button is from another version of Rollbot and does nothing any more; nothing was changed.",
    nearest=("/rollback status", "/rollback help"),
)
"""The answer to a button that we never drew, or do not draw any more."""


def _unavailable(error: IntegrationError) -> Refusal:
    why = str(error)
    # What was refused for what it is, a catalog with a mistake for one, does not mend by itself.
    again = "Correct that, then ask again." if isinstance(error, Rejected) else "Try again in a moment."
    return Refusal(
        code=Code.UNAVAILABLE,
        message="Rollbot could not see what it needs to see, so nothing was done.",
        facts=(why,) if why else (),
        nearest=(again, "/rollback status"),
    )


def _broken() -> Refusal:
    return Refusal(
        code=Code.UNAVAILABLE,
        message="Something inside Rollbot failed before it could answer. It may or may not have written what you asked for.",
        facts=("The fault is in its log, with this time.",),
        nearest=("/rollback status", "Look there before you try again."),
    )
