"""The form behind `/rollback` alone: opened at once, filled later, and what is submitted goes the way of the typed command."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import structlog

from bot.slack.calls import Trouble
from bot.slack.front import Front
from bot.slack.metadata import Origin, decode
from bot.slack.render import form
from bot.slack.shelf import Shelf
from bot.slack.submission import Answer, Submissions, errors, values
from bot.slack.window import Window
from commands import rollback
from commands.choices import choices
from commands.grammar import reason, service_name, version
from commands.table import VERBS
from commands.twin import typed
from commands.verb import Ready
from planner.events import Place
from planner.names import ServiceName
from planner.refusal import Code, Refusal

_log = structlog.get_logger(__name__)
_PLAN = next(verb for verb in VERBS if verb.name == "plan")


@dataclass(frozen=True, slots=True, kw_only=True)
class FormWindow:
    """Opens, fills and reads the form. No method raises."""

    front: Front
    shelf: Shelf
    submissions: Submissions

    async def start(self, trigger: str, origin: Origin, user: str, name: str) -> None:
        """Open the form; where that fails, answer with the help."""
        asker = self.submissions.asker(origin, user)
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
        filled = form.read(values(view))
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

    async def submitted(self, view: Mapping[str, Any], origin: Origin, user: str, name: str) -> Answer:
        """The form was sent: what to answer at once. The rest follows by itself."""
        filled = form.read(values(view))
        has_versions = form.version_block(filled.service) in values(view)
        intent = _intent(filled)
        if isinstance(intent, Refusal):
            return errors(form.errors(intent, filled, has_versions))
        here = replace(origin, channel=origin.channel or filled.channel)
        work = self.front.ready(Ready(verb=_PLAN, intent=intent), Place(channel=here.channel), typed(intent))
        return await self.submissions.planned(
            view,
            work,
            here,
            user,
            name,
            refused=lambda no: form.errors(no, filled, has_versions),
            waiting=form.working(filled.service),
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
