"""Makes the body of a message from who wrote it and what it says."""

import re

from bot.workspace.directory import Directory, SlashCommand
from bot.workspace.json_value import Json
from bot.workspace.limits import POST_TEXT

SLACKBOT = "USLACKBOT"
_MENTION = re.compile(r"(?<![\w&])([@#])([a-z0-9][a-z0-9._-]*)", re.IGNORECASE)
_KEPT = re.compile(r"(<@[UW][A-Z0-9]+(?:\|[^<>]*)?>|<#[CDG][A-Z0-9]+(?:\|[^<>]*)?>|<!subteam\^S[A-Z0-9]+(?:\|[^<>]*)?>)")


def bot_body(directory: Directory, content: Json, *, thread_ts: str = "") -> Json:
    """Give the body of a message by the bot; `content` holds text, blocks, attachments, files as far as there are any."""
    bot = directory.bot
    body: Json = {
        "type": "message",
        "user": bot.user_id,
        "bot_id": bot.bot_id,
        "app_id": bot.app_id,
        "team": directory.team.id,
        "bot_profile": {"id": bot.bot_id, "app_id": bot.app_id, "name": bot.real_name, "team_id": directory.team.id},
        "text": str(content.get("text") or "")[:POST_TEXT],
    }
    kept = ("blocks", "attachments", "files", "username", "icon_emoji", "icon_url")
    body |= {key: content[key] for key in kept if content.get(key)}
    return body | ({"thread_ts": thread_ts} if thread_ts else {})


def person_body(directory: Directory, user: str, text: str, *, thread_ts: str = "") -> Json:
    """Give the body of a message that a person typed."""
    body: Json = {"type": "message", "user": user, "team": directory.team.id, "text": resolve(directory, text, names=False)}
    return body | ({"thread_ts": thread_ts} if thread_ts else {})


def command_text(directory: Directory, command: SlashCommand, text: str) -> str:
    """Give a command's text as the app receives it: entities escaped, mentions resolvable only where the command asks so."""
    return resolve(directory, text, names=True) if command.should_escape else escape(text)


def escape(text: str) -> str:
    """Escape the three characters that mean something to Slack."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def resolve(directory: Directory, text: str, *, names: bool) -> str:
    """Escape a typed text and turn @name and #channel into mentions (`<@U1>`, or `<@U1|ana>` with `names`).

    Mentions that already stand in Slack's form are kept; a word that names nobody stays a word.
    """
    people = {person.name: person.id for person in directory.people}
    people |= {directory.bot.name: directory.bot.user_id}
    channels = {channel.name: channel.id for channel in directory.channels}
    groups = {group.handle: group.id for group in directory.groups}

    def mention(found: re.Match[str]) -> str:
        sign, name = found.group(1), found.group(2).rstrip(".")
        rest = found.group(2)[len(name) :]
        tail = f"|{name}" if names else ""
        if sign == "@" and name in people:
            return f"<@{people[name]}{tail}>{rest}"
        if sign == "@" and name in groups:
            return f"<!subteam^{groups[name]}{'|@' + name if names else ''}>{rest}"
        if sign == "#" and name in channels:
            return f"<#{channels[name]}{tail}>{rest}"
        return found.group(0)

    parts = _KEPT.split(text)
    return "".join(part if index % 2 else _MENTION.sub(mention, escape(part)) for index, part in enumerate(parts))
