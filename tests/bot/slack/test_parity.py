"""Every button has a typed twin, and every scope and event is used: two tables held against what really happens."""

from dataclasses import replace

import pytest

from bot.slack.actions import ActionId, Press
from bot.slack.manifest import EVENTS, SCOPES
from bot.slack.presses import Deed, do, twin
from bot.workspace.web_api.table import METHODS
from commands.reply import Reply
from commands.table import answer, understand
from commands.verb import Ready
from planner.events import Ended, Ending
from planner.names import RunId
from planner.run import Run
from tests.bot.slack.runs import asking, failing, granting, plan, starting
from tests.bot.slack.stage import DIRECTORY, live, stage
from tests.commands.fakes import ANA, BEN, HERE, Office, call, release, service, snapshot

BUTTONS = [button for button in ActionId if button is not ActionId.START]
HALTED = {ActionId.RETRY, ActionId.SKIP, ActionId.UNDO, ActionId.LEAVE}


async def office_with(button: ActionId) -> tuple[Office, Run]:
    """A run on which this button is legal."""
    world = snapshot(
        service("order-service", release("1.4.1", 1), release("1.4.2", 2), release("2.0.0", 20)),
        service("other-service", release("1.0.0", 3), release("1.1.0", 25)),
    )
    office = Office(world=world)
    await answer(office.desk, call(ANA, "order-service --reason slow"))
    run = await office.runs.read(RunId("r1"))
    assert run is not None
    if button is ActionId.AGAIN:
        run = await office.runs.append(run, [Ended(ending=Ending.STALE, because="the world moved")])
    if button in HALTED:
        run = await office.runs.append(run, [*granting(run.plan), *starting(run.plan), *failing(run.plan.moves[0])])
    return office, run


def outcome(reply: Reply) -> str:
    return f"{type(reply).__name__} {getattr(reply, 'text', '')}"


@pytest.mark.parametrize("button", BUTTONS)
async def test_a_button_does_what_its_typed_twin_does(button: ActionId):
    pressed_at, run = await office_with(button)
    typed_at, _ = await office_with(button)
    reason = "why" if button in HALTED | {ActionId.REJECT} else None
    words = twin(button, run).removeprefix("/rollback ").replace("REASON", "").strip()
    words = f"{words} {reason}" if reason else words
    assert isinstance(understand(words), Ready)
    press = Press(run=run.id, digest=run.plan.digest.removeprefix("sha256:")[:16], decisions=len(run.decisions))
    deed = Deed(button=button, pressed=press, reason=reason, version=run.plan.target.to_version)
    pressed = await do(pressed_at.desk, BEN, HERE, deed)
    typed = await answer(typed_at.desk, call(BEN, words))
    assert outcome(pressed) == outcome(typed)
    for name in ("r1", "r2"):
        one, other = await pressed_at.runs.entries(RunId(name)), await typed_at.runs.entries(RunId(name))
        assert [type(entry.event) for entry in one] == [type(entry.event) for entry in other]


async def test_the_form_is_typed_without_a_word():
    assert twin(ActionId.START, (await office_with(ActionId.START))[1]) == "/rollback"


async def test_every_scope_and_event_is_used_and_none_is_missing():
    """Exactly the table's scopes: a call that needs more would be refused, a scope that nothing needs is found here."""
    directory = replace(DIRECTORY, scopes=tuple(SCOPES), events=tuple(EVENTS))
    async with stage(directory=directory) as s, live(s):
        first = await s.plan("order-service")
        await s.settled()
        await s.page.say("ben", "incident", "@rollbot approve", thread_ts=first["ts"])
        await s.whisper("ben", "You approved run r1")
        await s.page.home("ana")
        await s.page.wait_for(lambda frame: frame["type"] == "home")
        await s.workspace.fault("drop_answer", method="chat.postMessage", times=2)
        await s.office.runs.open(asking(plan(100)))
        await s.page.wait_message(lambda message: any(file["name"].endswith(".md") for file in message.get("files") or ()))
        calls = list(s.workspace.calls)
    refused = {call.method: call.answer.get("error") for call in calls if call.answer.get("error")}
    assert "missing_scope" not in refused.values()
    used = {METHODS[call.method].scope for call in calls} - {""}
    # Slack itself asks for these: to send the command and the events, and to act in channels of other kinds.
    implied = {"commands", "app_mentions:read", "chat:write.public", "groups:history", "groups:read"}
    assert used | implied == set(SCOPES)
