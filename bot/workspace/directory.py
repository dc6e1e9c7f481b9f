"""Who and what exists in the local workspace: values given once, at the start, by whoever composes it.

A file of its own because it is what other parts of the bot construct; nothing here changes while the workspace runs.
"""

from dataclasses import dataclass

DEFAULT_SCOPES = (
    "app_mentions:read",
    "channels:history",
    "channels:read",
    "chat:write",
    "chat:write.public",
    "commands",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "reactions:write",
    "team:read",
    "usergroups:read",
    "users:read",
    "users:read.email",
)
"""Every bot scope that some method here asks for."""

DEFAULT_EVENTS = ("app_home_opened", "app_mention")
"""Events sent unless the directory names others. More of them: message.channels, message.groups, message.im."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who may sit at the keyboard; `id` begins with U or W."""

    id: str
    name: str
    real_name: str = ""
    title: str = ""
    is_guest: bool = False
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A conversation: `members` are ids of people, and the bot's own user id where it was invited."""

    id: str
    name: str
    topic: str = ""
    purpose: str = ""
    is_private: bool = False
    is_archived: bool = False
    is_im: bool = False
    is_ext_shared: bool = False
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UserGroup:
    """A user group such as @sre; `id` begins with S."""

    id: str
    handle: str
    name: str
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """The app under test as Slack knows it: its user, its bot id and its app id."""

    user_id: str = "U0ROLLBOT"
    bot_id: str = "B0ROLLBOT"
    app_id: str = "A0ROLLBOT"
    name: str = "rollbot"
    real_name: str = "Rollbot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """The workspace itself."""

    id: str = "T0LOCAL"
    name: str = "Local workspace"
    domain: str = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlashCommand:
    """A command that the app registered; with `should_escape` mentions arrive resolvable, as `<@U1|ana>`."""

    command: str
    description: str = ""
    usage_hint: str = ""
    should_escape: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """The whole workspace at its start; later changes (direct messages opened, people joining) are kept elsewhere."""

    people: tuple[Person, ...]
    channels: tuple[Channel, ...]
    groups: tuple[UserGroup, ...] = ()
    commands: tuple[SlashCommand, ...] = ()
    bot: Bot = Bot()
    team: Team = Team()
    scopes: tuple[str, ...] = DEFAULT_SCOPES
    events: tuple[str, ...] = DEFAULT_EVENTS

    def person(self, user_id: str) -> Person | None:
        """Give the person with this id, or None; the bot is no person."""
        return next((person for person in self.people if person.id == user_id), None)

    def group(self, group_id: str) -> UserGroup | None:
        """Give the user group with this id, or None."""
        return next((group for group in self.groups if group.id == group_id), None)

    def command(self, word: str) -> SlashCommand | None:
        """Give the registered slash command written as `/word`, or None."""
        return next((command for command in self.commands if command.command == word), None)
