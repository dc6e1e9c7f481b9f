"""What the bot answers outside the Web API: payloads of acknowledgements and posts to response URLs."""

from bot.workspace.compose_message import bot_body
from bot.workspace.errors import SlackError
from bot.workspace.json_value import Json
from bot.workspace.limits import check_message
from bot.workspace.messages import Stored
from bot.workspace.state import State
from bot.workspace.triggers import Hook


def answer_at_once(state: State, channel: str, user: str, payload: Json) -> None:
    """Show what an acknowledgement of a command carried; nothing for an empty one. SlackError for bad blocks."""
    if payload.get("text") or payload.get("blocks") or payload.get("attachments"):
        _show_new(state, Hook(channel=channel, user=user, born=state.clock()), payload)


def answer_by_url(state: State, key: str, payload: Json) -> None:
    """Do what one post to a response URL asks: a new message, another content for the last one, or its removal.

    SlackError expired_url, used_url, no_text, invalid_blocks and the like; a refused post counts too.
    """
    hook = state.hooks.use(key)
    if _is_true(payload.get("delete_original")):
        _delete(state, hook)
        return
    check_message(blocks=payload.get("blocks"), attachments=payload.get("attachments"))
    if not (payload.get("text") or payload.get("blocks") or payload.get("attachments")):
        raise SlackError("no_text")
    if _is_true(payload.get("replace_original")) and hook.ts:
        _replace(state, hook, payload)
    else:
        _show_new(state, hook, payload)


def _show_new(state: State, hook: Hook, payload: Json) -> None:
    check_message(blocks=payload.get("blocks"), attachments=payload.get("attachments"))
    thread_ts = str(payload.get("thread_ts") or "")
    body = bot_body(state.directory, payload, thread_ts=thread_ts)
    if payload.get("response_type") == "in_channel":
        stored = state.messages.post(hook.channel, body)
    else:
        stored = state.messages.whisper(hook.channel, hook.user, body)
    if not hook.ts:
        hook.ts, hook.ephemeral = stored.ts, payload.get("response_type") != "in_channel"


def _replace(state: State, hook: Hook, payload: Json) -> None:
    stored = _original(state, hook)
    body = bot_body(state.directory, payload, thread_ts=stored.thread_ts)
    if hook.ephemeral:
        state.messages.edit_whisper(hook.user, stored, body)
    else:
        state.messages.edit(stored, body)


def _delete(state: State, hook: Hook) -> None:
    stored = _original(state, hook)
    if hook.ephemeral:
        state.messages.delete_whisper(hook.user, stored)
    else:
        state.messages.delete(stored)


def _original(state: State, hook: Hook) -> Stored:
    if hook.ephemeral:
        stored = state.messages.find_whisper(hook.channel, hook.user, hook.ts)
    else:
        stored = state.messages.find(hook.channel, hook.ts)
    if stored is None:
        raise SlackError("message_not_found")
    return stored


def _is_true(value: object) -> bool:
    return value is True or value == "true"
