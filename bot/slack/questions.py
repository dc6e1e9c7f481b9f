"""What a button asks before it does its work: why, or which version. Never asked where it is too late or not allowed."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from bot.slack.actions import BREAK, TYPED, ActionId, Press, action_id
from bot.slack.actions import decode as decode_press
from bot.slack.calls import Trouble
from bot.slack.front import Front
from bot.slack.metadata import Origin
from bot.slack.presses import Deed, twin
from bot.slack.render import asking, form
from bot.slack.render.kit import message, section
from bot.slack.shelf import Shelf
from bot.slack.submission import Answer, Submissions, errors, values
from bot.slack.window import Window
from commands.choices import choices
from commands.grammar import reason
from planner.approval import reject
from planner.deciding import decide
from planner.events import Place
from planner.names import RunId, Version
from planner.next_actions import skippable
from planner.refusal import Refusal
from planner.run import Run, Stage

_log = structlog.get_logger(__name__)
_READ = 1.0
_RIGHTS = 0.8
UNASKED = "(not asked: Slack did not open the window for the reason)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """Puts the questions and reads the answers. No method raises."""

    front: Front
    shelf: Shelf
    submissions: Submissions

    async def opened(self, button: ActionId, pressed: Press, origin: Origin, trigger: str, user: str, name: str) -> bool | Deed:
        """Whether the question was put; or what to do without it, since Slack did not open the window."""
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
                return Deed(button=button, pressed=pressed, reason=UNASKED if button is ActionId.SKIP else None)
            note = f"Slack did not open the window for it; nothing was done. Type instead: `{twin(button, run)}`"
            await self.submissions.asker(origin, user).say(message(note.replace("`", ""), section(note)))
        return True

    async def about_words(self, origin: Origin, trigger: str) -> bool:
        """Whether it was asked what to add to the typed words that a button stands for."""
        if origin.action != BREAK or not trigger or not origin.value.startswith(TYPED[BREAK]):
            return False
        try:
            await Window.open(self.front.client, trigger, asking.break_lock(origin.value, origin.encode()))
        except Trouble as trouble:
            # Without a reason the verb says that it needs one, and how it is typed.
            _log.warning("a window did not open", button=origin.action, because=trouble.code)
            return False
        return True

    async def reasoned(self, view: Mapping[str, Any], origin: Origin, user: str, name: str) -> Answer:
        """The reason was sent."""
        why = asking.said(values(view))
        button, pressed = action_id(origin.action), decode_press(origin.value)
        if button is None or pressed is None:
            return {}
        if button is ActionId.SKIP and reason(why) is None:
            return errors({asking.REASON: "Skipping needs a reason: somebody will read it after the incident."})
        deed = Deed(button=button, pressed=pressed, reason=reason(why))
        if origin.channel:
            work = self.front.deed(deed, self.submissions.asker(origin, user), name)
            self.submissions.tasks.begin(work, f"{button} by {user}")
            return {}
        return await self.submissions.shown(view, self.front.doing(deed, Place(channel="")), origin, user, name)

    async def worded(self, view: Mapping[str, Any], origin: Origin, user: str, name: str) -> Answer:
        """What is added to typed words was sent."""
        why = reason(asking.said(values(view)))
        if why is None:
            return errors({asking.REASON: "Say why: the holder is told it, and it stays in the audit."})
        if origin.action not in TYPED or not origin.value.startswith(TYPED[origin.action]):
            return {}
        quoted = why.replace('"', "'")
        work = self.front.command(f'{origin.value} "{quoted}"', self.submissions.asker(origin, user), name)
        self.submissions.tasks.begin(work, f"{origin.action} by {user}")
        return {}

    async def versioned(self, view: Mapping[str, Any], origin: Origin, user: str, name: str) -> Answer:
        """Another version was chosen."""
        picked = asking.picked(values(view))
        pressed = decode_press(origin.value)
        if pressed is None:
            return {}
        to = None if picked in {"", form.NEWEST} else Version(picked)
        deed = Deed(button=ActionId.VERSION, pressed=pressed, version=to)
        return await self.submissions.planned(
            view,
            self.front.doing(deed, Place(channel=origin.channel)),
            origin,
            user,
            name,
            refused=lambda no: {asking.VERSION: next(iter(form.errors(no, form.Filled(), has_versions=False).values()))},
            waiting=form.working(f"run {pressed.run}"),
        )

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
