"""What people type: slash commands, messages, and the opening of the app's Home tab."""

from bot.workspace import payloads
from bot.workspace.ack import NoAck
from bot.workspace.compose_message import person_body
from bot.workspace.directory import Channel, Person
from bot.workspace.errors import SlackError
from bot.workspace.json_value import Json
from bot.workspace.messages import Stored
from bot.workspace.replies import answer_at_once
from bot.workspace.state import State
from bot.workspace.words import PageError, failed, not_in_threads, unknown_command

MOST_TYPED = 12_000


def person_in(state: State, body: Json) -> Person:
    """Give the person who acts; PageError if nobody has this id."""
    person = state.directory.person(str(body.get("user", "")))
    if person is None:
        known = ", ".join(one.id for one in state.directory.people)
        raise PageError(f"There is no person {body.get('user')!r} in this workspace; there are: {known}.")
    return person


def channel_in(state: State, body: Json, person: Person) -> Channel:
    """Give the channel in which the person acts; PageError if it is unknown, closed to them, or archived."""
    channel = state.channels.find(str(body.get("channel", "")))
    if channel is None or (channel.is_private and person.id not in channel.members):
        raise PageError(f"{person.name} sees no channel {body.get('channel')!r}.")
    if channel.is_archived:
        raise PageError(f"#{channel.name} is archived; nobody can write there any more.")
    if person.is_guest and person.id not in channel.members:
        raise PageError(f"{person.name} is a guest and was not invited to #{channel.name}.")
    return channel


async def command(state: State, body: Json) -> Json:
    """Carry a slash command to the bot and show what its acknowledgement says; a missing one is shown as Slack does."""
    person = person_in(state, body)
    channel = channel_in(state, body, person)
    word, _, rest = str(body.get("text", "")).strip().partition(" ")
    registered = state.directory.command(word)
    if registered is None:
        raise PageError(unknown_command(word))
    if body.get("thread_ts"):
        raise PageError(not_in_threads(word))
    if len(rest) > MOST_TYPED:
        raise PageError(f"That is too long: {len(rest)} characters, and Slack takes {MOST_TYPED}.")
    payload = payloads.slash_command(state, person, channel, registered, rest.strip())
    outcome = await state.delivery.deliver("slash_commands", payload)
    if isinstance(outcome, NoAck):
        return show_failure(state, person, channel.id, word, outcome.value)
    try:
        answer_at_once(state, channel.id, person.id, outcome.payload)
    except SlackError as refusal:
        return show_failure(state, person, channel.id, word, refusal.code)
    return {"acknowledged": True}


def show_failure(state: State, person: Person, channel: str, what: str, reason: str) -> Json:
    """Show Slackbot's failure to one person; the answer to the page is that it was shown."""
    state.feed.push({"type": "failed", "user": person.id, "channel": channel, "text": failed(what, reason)})
    return {"acknowledged": False}


async def say(state: State, body: Json) -> Json:
    """Post a person's message, and tell the bot about it where it is a member and asked for such events."""
    person = person_in(state, body)
    channel = channel_in(state, body, person)
    text, thread_ts = str(body.get("text", "")), str(body.get("thread_ts") or "")
    if not text.strip():
        raise PageError("There is nothing to send.")
    if len(text) > MOST_TYPED:
        raise PageError(f"That is too long: {len(text)} characters, and Slack takes {MOST_TYPED}.")
    parent = state.messages.find(channel.id, thread_ts) if thread_ts else None
    if thread_ts and parent is None:
        raise PageError("The thread's first message is gone.")
    channel = state.channels.join(channel, person.id)
    root = "" if parent is None else parent.thread_ts or parent.ts
    stored = state.messages.post(channel.id, person_body(state.directory, person.id, text, thread_ts=root))
    if state.channels.bot_is_in(channel):
        _tell(state, channel, stored)
    return {"ts": stored.ts}


async def home(state: State, body: Json) -> Json:
    """Open the app's Home tab: the bot hears of it, and what it published before is shown at once."""
    person = person_in(state, body)
    view = state.views.home(person.id)
    if view is not None:
        state.feed.push({"type": "home", "user": person.id, "view": view})
    if "app_home_opened" in state.directory.events:
        event: Json = {
            "type": "app_home_opened",
            "user": person.id,
            "channel": state.channels.open_im(person.id).id,
            "tab": "home",
            "event_ts": state.messages.next_ts(),
        }
        state.delivery.announce(payloads.event_callback(state, event | ({"view": view} if view is not None else {})))
    return {"view": view}


def _tell(state: State, channel: Channel, stored: Stored) -> None:
    kind = "im" if channel.is_im else "group" if channel.is_private else "channel"
    event = stored.body | {"channel": channel.id, "event_ts": stored.ts}
    subscribed = state.directory.events
    if f"message.{kind}s" in subscribed or f"message.{kind}" in subscribed:
        state.delivery.announce(payloads.event_callback(state, event | {"channel_type": kind}))
    mentioned = f"<@{state.directory.bot.user_id}" in str(stored.body["text"])
    if mentioned and not channel.is_im and "app_mention" in subscribed:
        state.delivery.announce(payloads.event_callback(state, event | {"type": "app_mention"}))
