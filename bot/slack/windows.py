"""The windows: the form behind `/rollback` alone, and what a button asks before it does its work.

What is submitted goes the way of the typed command, and is answered like it.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import structlog

from bot.slack.actions import ActionId, Press, action_id
from bot.slack.actions import decode as decode_press
from bot.slack.calls import Trouble
from bot.slack.front import Front, Work
from bot.slack.metadata import Origin, decode
from bot.slack.presses import Deed, twin
from bot.slack.private import Asker, Private
from bot.slack.render import asking, form
from bot.slack.render.kit import message, section
from bot.slack.render.view import saying
from bot.slack.shelf import Shelf
from bot.slack.tasks import Tasks
from bot.slack.window import Pane, Window
from commands import rollback
from commands.choices import choices
from commands.grammar import reason, service_name, version
from commands.reply import Refused, Reply
from commands.table import VERBS
from commands.twin import typed
from commands.verb import Ready
from planner.approval import decide, reject
from planner.events import Place
from planner.names import RunId, ServiceName, Version
from planner.next_actions import skippable
from planner.refusal import Code, Refusal
from planner.run import Run, Stage

_log = structlog.get_logger(__name__)
_AT_ONCE = 1.2
"""Seconds that a submission waits for its plan, so that a no stands at the fields; after that the window says to wait."""
_SETTLED = 0.5
"""Seconds after which Slack has taken an acknowledgement: what is shown in a window before that would be overwritten by it."""
_READ = 1.0
_RIGHTS = 0.8
_PLAN = next(verb for verb in VERBS if verb.name == "plan")
Answer = dict[str, Any]
"""What a submission is acknowledged with; empty closes the window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """Opens, fills and reads windows. No method raises."""

    front: Front
    shelf: Shelf
    tasks: Tasks

    async def start(self, trigger: str, origin: Origin, user: str, name: str) -> None:
        """Open the form; where that fails, answer with the help."""
        asker = self.asker(origin, user)
        try:
            window = await Window.open(self.front.client, trigger, form.loading())
        except Trouble as trouble:
            _log.warning("the form did not open, answering with the help", because=trouble.code)
            await self.front.command("", asker, name)
            return
        sheet = await self._sheet(origin, form.Filled())
        try:
            await window.show(form.form(sheet))
        except Trouble as trouble:
            if trouble.code != "not_found":
                _log.warning("the form could not be filled, answering with the help", because=trouble.code)
                await self.front.command("", asker, name)

    async def chosen(self, view: Mapping[str, Any]) -> None:
        """A service was chosen in the form: show its versions."""
        filled = form.read(_values(view))
        sheet = await self._sheet(decode(str(view.get("private_metadata") or "")), filled)
        window = Window(client=self.front.client, id=str(view.get("id") or ""), hash=str(view.get("hash") or ""))
        try:
            await window.show(form.form(sheet))
        except Trouble as trouble:
            # A conflict means that something newer is shown already.
            _log.info("the form was not refilled", because=trouble.code)

    async def options(self, query: str) -> list[Answer]:
        """The services that answer what was typed into the search."""
        snapshot = await self.shelf.look(patience=1.5)
        return form.service_options(snapshot, self.shelf.names, query)

    async def press(self, action: str, value: str, origin: Origin, trigger: str, user: str, name: str) -> None:
        """A button: some ask something first, all others do their work."""
        origin = replace(origin, action=action, value=value)
        button, pressed = action_id(action), decode_press(value)
        if button is ActionId.START:
            await self.start(trigger, origin, user, name)
            return
        if (
            button is not None
            and pressed is not None
            and trigger
            and await self._asked(button, pressed, origin, trigger, user, name)
        ):
            return
        await self.front.press(action, value, await self._pressed_by(origin, trigger, user), name)

    async def submitted(self, view: Mapping[str, Any], user: str, name: str) -> Answer:
        """A window was sent: what to answer at once. The rest follows by itself."""
        origin = decode(str(view.get("private_metadata") or ""))
        values = _values(view)
        match view.get("callback_id"):
            case form.CALLBACK:
                return await self._planned(view, origin, form.read(values), user, name)
            case asking.REASON_CALLBACK:
                return await self._reasoned(view, origin, asking.said(values), user, name)
            case asking.VERSION_CALLBACK:
                return await self._set(view, origin, asking.picked(values), user, name)
            case _:
                return {"response_action": "update", "view": saying("Rollbot", message(_OLD, section(_OLD)))}

    def asker(self, origin: Origin, user: str) -> Private:
        """Who is to be answered, where the window was opened."""
        return Private(
            client=self.front.client,
            channel=origin.channel,
            user=user,
            response_url=origin.response_url or None,
            thread=origin.thread or None,
        )

    async def _sheet(self, origin: Origin, filled: form.Filled) -> form.Sheet:
        snapshot = await self.shelf.look()
        service = ServiceName(filled.service)
        return form.Sheet(
            environment=self.front.desk.environment,
            metadata=Origin(channel=origin.channel, thread=origin.thread, response_url=origin.response_url).encode(),
            services=len(snapshot.services) if snapshot is not None else 0,
            choices=choices(snapshot, service) if snapshot is not None and filled.service else None,
            filled=filled,
            asks_channel=not origin.channel,
        )

    async def _planned(self, view: Mapping[str, Any], origin: Origin, filled: form.Filled, user: str, name: str) -> Answer:
        has_versions = form.version_block(filled.service) in _values(view)
        intent = _intent(filled)
        if isinstance(intent, Refusal):
            return _errors(form.errors(intent, filled, has_versions))
        here = replace(origin, channel=origin.channel or filled.channel)
        work = self.front.ready(Ready(verb=_PLAN, intent=intent), Place(channel=here.channel), typed(intent))
        return await self._soon(
            view, work, here, user, name, refused=lambda no: form.errors(no, filled, has_versions), waiting=filled.service
        )

    async def _set(self, view: Mapping[str, Any], origin: Origin, picked: str, user: str, name: str) -> Answer:
        pressed = decode_press(origin.value)
        if pressed is None:
            return {}
        to = None if picked in {"", form.NEWEST} else Version(picked)
        deed = Deed(button=ActionId.VERSION, pressed=pressed, version=to)
        work = self.front.doing(deed, Place(channel=origin.channel))
        return await self._soon(
            view,
            work,
            origin,
            user,
            name,
            refused=lambda no: {asking.VERSION: next(iter(form.errors(no, form.Filled(), has_versions=False).values()))},
            waiting=f"run {pressed.run}",
        )

    async def _soon(
        self,
        view: Mapping[str, Any],
        work: Work,
        origin: Origin,
        user: str,
        name: str,
        *,
        refused: Any,
        waiting: str,
    ) -> Answer:
        """Errors at the fields where the no comes soon; else a window that says to wait, and the answer when it is there."""
        task = asyncio.create_task(self.front.reply(user, name, work), name=f"submission by {user}")
        done, _ = await asyncio.wait({task}, timeout=_AT_ONCE)
        asker = self.asker(origin, user)
        if not done:
            window = Window(client=self.front.client, id=str(view.get("id") or ""))
            self.tasks.begin(self._late(task, asker, window), f"late answer to {user}")
            return {"response_action": "update", "view": form.working(waiting)}
        reply = task.result()
        if isinstance(reply, Refused):
            return _errors(refused(reply.refusal))
        self.tasks.begin(self._tell(reply, asker), f"answer to {user}")
        return {}

    async def _tell(self, reply: Reply, asker: Asker) -> None:
        await asker.say(await self.front.told(reply))

    async def _late(self, task: "asyncio.Task[Reply]", asker: Private, window: Window) -> None:
        """Both in the window and privately: the window may be closed by now, or show that it is waiting a moment longer."""
        told = await self.front.told(await task)
        await asyncio.sleep(_SETTLED)
        await Pane(window=window, title="Rollbot", user=asker.user).say(told)
        await asker.say(told)

    async def _reasoned(self, view: Mapping[str, Any], origin: Origin, why: str, user: str, name: str) -> Answer:
        button, pressed = action_id(origin.action), decode_press(origin.value)
        if button is None or pressed is None:
            return {}
        if button is ActionId.SKIP and reason(why) is None:
            return _errors({asking.REASON: "Skipping needs a reason: somebody will read it after the incident."})
        deed = Deed(button=button, pressed=pressed, reason=reason(why))
        if origin.channel:
            self.tasks.begin(self.front.deed(deed, self.asker(origin, user), name), f"{button} by {user}")
            return {}
        work = self.front.doing(deed, Place(channel=""))
        task = asyncio.create_task(self.front.reply(user, name, work), name=f"{button} by {user}")
        done, _ = await asyncio.wait({task}, timeout=_AT_ONCE)
        if done:
            return {"response_action": "update", "view": saying("Rollbot", await self.front.told(task.result()))}
        window = Window(client=self.front.client, id=str(view.get("id") or ""))
        self.tasks.begin(self._late(task, self.asker(origin, user), window), f"late answer to {user}")
        return {"response_action": "update", "view": saying("Rollbot", message(_WAIT, section(_WAIT)))}

    async def _pressed_by(self, origin: Origin, trigger: str, user: str) -> Asker:
        """Who pressed: in a channel they are answered there; elsewhere in a window, the only place that there is."""
        if origin.channel or origin.response_url:
            return self.asker(origin, user)
        if not trigger:
            return self.asker(origin, user)
        try:
            window = await Window.open(self.front.client, trigger, saying("Rollbot", message(_WAIT, section(_WAIT))))
        except Trouble as trouble:
            _log.warning("no window to answer in", user=user, because=trouble.code)
            return Private(client=self.front.client, channel="", user=user)
        return Pane(window=window, title="Rollbot", user=user)

    async def _asked(self, button: ActionId, pressed: Press, origin: Origin, trigger: str, user: str, name: str) -> bool:
        """Whether the question was put, or could not be and that was said. Never put where it is too late or not allowed."""
        if button not in asking.ASKING and button is not ActionId.VERSION:
            return False
        run = await self._read(pressed.run)
        if run is None or not _fits(run, button, pressed) or not await self._may(run, button, user, name):
            return False
        meta = origin.encode()
        try:
            if button is ActionId.VERSION:
                window = await Window.open(self.front.client, trigger, asking.version(run, None, meta))
                snapshot = await self.shelf.look()
                found = choices(snapshot, run.plan.target.service) if snapshot is not None else None
                await window.show(asking.version(run, found, meta))
            else:
                await Window.open(self.front.client, trigger, asking.reason(run, button, meta))
        except Trouble as trouble:
            _log.warning("a window did not open", button=button, because=trouble.code)
            if button is not ActionId.VERSION:
                # A button that was pressed on purpose works without its window too: it may be Slack that is broken tonight.
                deed = Deed(button=button, pressed=pressed, reason=_UNASKED if button is ActionId.SKIP else None)
                await self.front.deed(deed, await self._pressed_by(origin, "", user), name)
                return True
            note = f"Slack did not open the window for it; nothing was done. Type instead: `{twin(button, run)}`"
            await self.asker(origin, user).say(message(note.replace("`", ""), section(note)))
        return True

    async def _read(self, run: RunId) -> Run | None:
        try:
            async with asyncio.timeout(_READ):
                found = await self.front.desk.runs.read(run)
        except Exception as error:  # the store's errors are its own; the press goes on and is answered
            _log.warning("the run could not be read in time", run=run, because=type(error).__name__)
            return None
        return found if found is not None and found.planned is not None else None

    async def _may(self, run: Run, button: ActionId, user: str, name: str) -> bool:
        """Whether the rules would let this person do it, as far as that can be told in time."""
        try:
            async with asyncio.timeout(_RIGHTS):
                actor = (await self.front.people.known(user, name)).actor
        except TimeoutError:
            return True
        desk, choice = self.front.desk, button.choice
        if button is ActionId.REJECT:
            return not isinstance(reject(run, desk.policy, actor, desk.now()), Refusal)
        return choice is None or decide(run, desk.policy, actor, choice) is None


def _fits(run: Run, button: ActionId, pressed: Press) -> bool:
    if button in {ActionId.REJECT, ActionId.VERSION}:
        return run.stage is Stage.WAITING
    right = run.stage is Stage.HALTED and len(run.decisions) == pressed.decisions
    return right and (button is not ActionId.SKIP or skippable(run))


def _intent(filled: form.Filled) -> rollback.Rollback | Refusal:
    if not filled.service:
        return Refusal(code=Code.BAD_COMMAND, message="Choose which service to roll back.")
    service = service_name(filled.service, rollback.USAGE)
    if isinstance(service, Refusal):
        return service
    to = None if filled.version == form.NEWEST else version(filled.version, rollback.USAGE)
    if isinstance(to, Refusal):
        return to
    return rollback.Rollback(
        service=service,
        to=to,
        strategy=filled.strategy,
        accept_data_loss=filled.accept_data_loss,
        reason=reason(filled.reason),
        dry_run=filled.dry_run,
    )


def _errors(errors: Mapping[str, str]) -> Answer:
    return {"response_action": "errors", "errors": dict(errors)}


def _values(view: Mapping[str, Any]) -> Mapping[str, Any]:
    state = view.get("state")
    values = state.get("values") if isinstance(state, dict) else None
    return values if isinstance(values, dict) else {}


_WAIT = "One moment…"
_UNASKED = "(not asked: Slack did not open the window for the reason)"
_OLD = "This window is from another version of Rollbot and does nothing any more; nothing was changed."
