"""Who somebody is, asked of a real workspace; what cannot be read counts as no."""

from bot.slack.door import web_client
from bot.slack.people import People
from bot.workspace.rates import NO_LIMITS
from bot.workspace.server import Workspace
from tests.bot.slack.stage import DIRECTORY


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_names_and_groups_are_looked_up_and_kept_for_a_minute():
    workspace, clock = Workspace(DIRECTORY, rates=NO_LIMITS), Clock()
    await workspace.start()
    try:
        people = People(web_client(workspace.bot_token, workspace.api_url), frozenset({"SSRE"}), clock=clock)
        for _ in range(5):
            sue = await people.known("USUE")
        assert (sue.actor.person.name, sue.actor.groups, sue.unread) == ("Sue", {"SSRE"}, ())
        ben = await people.known("UBEN")
        assert (ben.actor.id, ben.actor.groups) == ("UBEN", frozenset())
        asked = [call.method for call in workspace.calls]
        assert (asked.count("usergroups.users.list"), asked.count("users.info")) == (1, 2)
        clock.now = 61.0
        await people.known("USUE")
        assert [call.method for call in workspace.calls].count("usergroups.users.list") == 2
    finally:
        await workspace.stop()


async def test_a_group_that_cannot_be_read_has_nobody_in_it_not_even_from_before():
    workspace, clock = Workspace(DIRECTORY, rates=NO_LIMITS), Clock()
    await workspace.start()
    people = People(web_client(workspace.bot_token, workspace.api_url), frozenset({"SSRE"}), clock=clock)
    try:
        assert (await people.known("USUE")).actor.groups == {"SSRE"}
        clock.now = 61.0
        await workspace.fault("rate_limit", method="usergroups.users.list", times=1)
        sue = await people.known("USUE")
        assert (sue.actor.groups, sue.unread) == (frozenset(), ("SSRE",))
    finally:
        await workspace.stop()
    gone = await people.known("USOMEBODY", "somebody")
    assert (gone.actor.person.name, gone.actor.groups, gone.unread) == ("somebody", frozenset(), ("SSRE",))


async def test_a_group_that_does_not_exist_grants_nothing():
    workspace = Workspace(DIRECTORY, rates=NO_LIMITS)
    await workspace.start()
    try:
        people = People(web_client(workspace.bot_token, workspace.api_url), frozenset({"SGONE"}))
        assert (await people.known("USUE")).unread == ("SGONE",)
    finally:
        await workspace.stop()
