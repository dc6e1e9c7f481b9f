"""Who plays in the demo: the people, the channels, and what the policy lets them do."""

from bot.slack.manifest import EVENTS, SCOPES, manifest
from bot.workspace.directory import Bot, Channel, Directory, Person, SlashCommand, Team, UserGroup

ANA = Person(id="U0ANA", name="ana", real_name="Ana Lindqvist", title="On call")
RAJ = Person(id="U0RAJ", name="raj", real_name="Raj Mehta", title="May approve")
GUS = Person(id="U0GUS", name="gus", real_name="Gus Okafor", title="Guest, no rights", is_guest=True)
PEOPLE = (ANA, RAJ, GUS)
BOT = Bot()
INCIDENTS = Channel(
    id="C0INCIDENTS", name="incidents", topic="One thread for each rollback", members=(*(p.id for p in PEOPLE), BOT.user_id)
)
GENERAL = Channel(id="C0GENERAL", name="general", topic="Everything else", members=(*(p.id for p in PEOPLE), BOT.user_id))
APPROVERS = (RAJ.id,)


def directory() -> Directory:
    """The demo's workspace; its command and scopes are those of the app's manifest."""
    command = manifest()["features"]["slash_commands"][0]
    return Directory(
        people=PEOPLE,
        channels=(INCIDENTS, GENERAL),
        groups=(UserGroup(id="S0SRE", handle="sre", name="SRE", members=(RAJ.id,)),),
        commands=(
            SlashCommand(
                command=command["command"],
                description=command["description"],
                usage_hint=command["usage_hint"],
                should_escape=command["should_escape"],
            ),
        ),
        bot=BOT,
        team=Team(id="T0DEMO", name="Demo shop", domain="demo"),
        scopes=tuple(SCOPES),
        events=tuple(EVENTS),
    )
