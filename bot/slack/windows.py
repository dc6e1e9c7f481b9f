"""The way of a press and of a window that was sent: to the form, to a question, or straight to its work."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import structlog

from bot.slack.actions import ActionId, action_id
from bot.slack.actions import decode as decode_press
from bot.slack.calls import Trouble
from bot.slack.form_window import FormWindow
from bot.slack.front import Front
from bot.slack.metadata import Origin, decode
from bot.slack.presses import Deed
from bot.slack.private import Asker, Private
from bot.slack.questions import Questions
from bot.slack.render import asking, form
from bot.slack.render.kit import message, section
from bot.slack.render.view import saying
from bot.slack.shelf import Shelf
from bot.slack.submission import WAIT, Answer, Submissions
from bot.slack.tasks import Tasks
from bot.slack.window import Pane, Window

_log = structlog.get_logger(__name__)
_OLD = "This window is from another version of Rollbot and does nothing any more; nothing was changed."


class Windows:
    """Presses and windows. No method raises."""

    def __init__(self, front: Front, tasks: Tasks) -> None:
        self._front = front
        self._submissions = Submissions(front=front, tasks=tasks)
        shelf = Shelf(front.desk.survey)
        self._questions = Questions(front=front, shelf=shelf, submissions=self._submissions)
        self.form = FormWindow(front=front, shelf=shelf, submissions=self._submissions)
        """The form behind `/rollback` alone."""

    async def press(self, action: str, value: str, origin: Origin, trigger: str, user: str, name: str) -> None:
        """A button: some ask something first, all others do their work."""
        origin = replace(origin, action=action, value=value)
        button, pressed = action_id(action), decode_press(value)
        if button is ActionId.START:
            await self.form.start(trigger, origin, user, name)
            return
        if button is not None and pressed is not None and trigger:
            asked = await self._questions.opened(button, pressed, origin, trigger, user, name)
            if isinstance(asked, Deed):
                await self._front.deed(asked, await self._pressed_by(origin, "", user), name)
                return
            if asked:
                return
        elif await self._questions.about_words(origin, trigger):
            return
        await self._front.press(action, value, await self._pressed_by(origin, trigger, user), name)

    async def submitted(self, view: Mapping[str, Any], user: str, name: str) -> Answer:
        """A window was sent: what to answer at once. The rest follows by itself."""
        origin = decode(str(view.get("private_metadata") or ""))
        match view.get("callback_id"):
            case form.CALLBACK:
                return await self.form.submitted(view, origin, user, name)
            case asking.REASON_CALLBACK:
                return await self._questions.reasoned(view, origin, user, name)
            case asking.WORDS_CALLBACK:
                return await self._questions.worded(view, origin, user, name)
            case asking.VERSION_CALLBACK:
                return await self._questions.versioned(view, origin, user, name)
            case _:
                return {"response_action": "update", "view": saying("Rollbot", message(_OLD, section(_OLD)))}

    def asker(self, origin: Origin, user: str) -> Private:
        """Who is to be answered, where they asked."""
        return self._submissions.asker(origin, user)

    async def _pressed_by(self, origin: Origin, trigger: str, user: str) -> Asker:
        """Who pressed: in a channel they are answered there; elsewhere in a window, the only place that there is."""
        if origin.channel or origin.response_url or not trigger:
            return self.asker(origin, user)
        try:
            window = await Window.open(self._front.client, trigger, saying("Rollbot", message(WAIT, section(WAIT))))
        except Trouble as trouble:
            _log.warning("no window to answer in", user=user, because=trouble.code)
            return Private(client=self._front.client, channel="", user=user)
        return Pane(window=window, title="Rollbot", user=user)
