"""The payloads that the bot receives, field by field as Slack documents them."""

import secrets

from bot.workspace.compose_message import command_text
from bot.workspace.directory import Channel, Person, SlashCommand
from bot.workspace.json_value import Json
from bot.workspace.messages import Stored
from bot.workspace.state import State


def slash_command(state: State, person: Person, channel: Channel, command: SlashCommand, text: str) -> Json:
    """Give the payload of a typed slash command; all its values are strings, and it never tells a thread."""
    team = state.directory.team
    return {
        "token": state.tokens.verification,
        "team_id": team.id,
        "team_domain": team.domain,
        "channel_id": channel.id,
        "channel_name": _channel_name(channel),
        "user_id": person.id,
        "user_name": person.name,
        "command": command.command,
        "text": command_text(state.directory, command, text),
        "api_app_id": state.directory.bot.app_id,
        "is_enterprise_install": "false",
        "response_url": response_url(state, state.hooks.issue(channel.id, person.id), "commands"),
        "trigger_id": state.triggers.issue(person.id),
    }


def message_actions(state: State, person: Person, stored: Stored, seen: Json, action: Json, values: Json) -> Json:
    """Give block_actions for a press in a message; `seen` is the copy of it that the person saw, maybe an older one."""
    channel = state.channels.for_bot(stored.channel)
    private = bool(seen.get("ephemeral"))
    container = {"type": "message", "message_ts": stored.ts, "channel_id": channel.id, "is_ephemeral": private}
    if stored.thread_ts:
        container["thread_ts"] = stored.thread_ts
    message = {key: value for key, value in seen.items() if key != "ephemeral"}
    if stored.metadata and not private:
        message["metadata"] = stored.metadata
    payload = _interaction(state, "block_actions", person) | {
        "container": container,
        "trigger_id": state.triggers.issue(person.id),
        "channel": {"id": channel.id, "name": _channel_name(channel)},
        "state": {"values": values},
        "response_url": response_url(state, state.hooks.issue(channel.id, person.id, seen), "actions"),
        "actions": [action | {"action_ts": state.messages.next_ts()}],
    }
    # Slack sends no copy of an ephemeral message, only its container.
    return payload if private else payload | {"message": message}


def view_actions(state: State, person: Person, view: Json, action: Json) -> Json:
    """Give block_actions for a press in a modal or Home tab; there is no channel and no response URL."""
    return _interaction(state, "block_actions", person) | {
        "container": {"type": "view", "view_id": view["id"]},
        "trigger_id": state.triggers.issue(person.id, str(view["id"])),
        "view": view,
        "actions": [action | {"action_ts": state.messages.next_ts()}],
    }


def view_submission(state: State, person: Person, view: Json) -> Json:
    """Give the payload of a submitted modal; it carries no channel and no message."""
    trigger_id = state.triggers.issue(person.id, str(view["id"]))
    return _interaction(state, "view_submission", person) | {"trigger_id": trigger_id, "view": view, "response_urls": []}


def view_closed(state: State, person: Person, view: Json, *, is_cleared: bool) -> Json:
    """Give the payload of a modal that was closed unsubmitted."""
    return _interaction(state, "view_closed", person) | {"view": view, "is_cleared": is_cleared}


def block_suggestion(
    state: State, person: Person, block_id: str, action_id: str, query: str, *, view: Json | None, stored: Stored | None
) -> Json:
    """Give the question for the options of an external select."""
    payload = _interaction(state, "block_suggestion", person)
    payload |= {"block_id": block_id, "action_id": action_id, "value": query}
    if view is not None:
        return payload | {"container": {"type": "view", "view_id": view["id"]}, "view": view}
    if stored is not None:
        channel = state.channels.for_bot(stored.channel)
        container = {"type": "message", "message_ts": stored.ts, "channel_id": channel.id, "is_ephemeral": False}
        where = {"id": channel.id, "name": _channel_name(channel)}
        return payload | {"container": container, "channel": where, "message": stored.body}
    return payload


def event_callback(state: State, event: Json) -> Json:
    """Wrap an event as the Events API sends it."""
    bot, team = state.directory.bot, state.directory.team
    return {
        "token": state.tokens.verification,
        "team_id": team.id,
        "context_team_id": team.id,
        "api_app_id": bot.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": f"Ev{secrets.token_hex(5).upper()}",
        "event_time": int(state.clock()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": team.id,
                "user_id": bot.user_id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
    }


def response_url(state: State, key: str, kind: str) -> str:
    """Give the whole address of a response URL."""
    return f"{state.origin}/{kind}/{state.directory.team.id}/{key}"


def _interaction(state: State, kind: str, person: Person) -> Json:
    team = {"id": state.directory.team.id, "domain": state.directory.team.domain}
    return {
        "type": kind,
        "user": {"id": person.id, "username": person.name, "name": person.name, "team_id": team["id"]},
        "api_app_id": state.directory.bot.app_id,
        "token": state.tokens.verification,
        "team": team,
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _channel_name(channel: Channel) -> str:
    if channel.is_im:
        return "directmessage"
    return "privategroup" if channel.is_private else channel.name
