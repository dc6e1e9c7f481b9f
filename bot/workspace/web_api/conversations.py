"""conversations.*: channels, their members and what was said in them."""

from bot.workspace.directory import Channel
from bot.workspace.errors import SlackError
from bot.workspace.json_value import Json
from bot.workspace.messages import Stored
from bot.workspace.state import State
from bot.workspace.web_api.arguments import Arguments
from bot.workspace.web_api.chat import with_metadata
from bot.workspace.web_api.paging import page_of


def info(state: State, arguments: Arguments) -> Json:
    """conversations.info."""
    channel = _visible(state, arguments)
    shown = channel_json(state, channel)
    if arguments.flag("include_num_members"):
        shown["num_members"] = len(channel.members)
    return {"channel": shown}


def list_all(state: State, arguments: Arguments) -> Json:
    """conversations.list: public channels, and private ones the bot is in, by `types`."""
    types = set(arguments.text("types", "public_channel").split(","))
    skip_archived = arguments.flag("exclude_archived")
    shown = [
        channel_json(state, channel)
        for channel in state.channels.all()
        if _kind(channel) in types
        and (not channel.is_private or state.channels.bot_is_in(channel))
        and not (skip_archived and channel.is_archived)
    ]
    items, cursor = page_of(shown, arguments, default=100)
    return {"channels": items, "response_metadata": {"next_cursor": cursor}}


def members(state: State, arguments: Arguments) -> Json:
    """conversations.members."""
    items, cursor = page_of(list(_visible(state, arguments).members), arguments, default=100)
    return {"members": items, "response_metadata": {"next_cursor": cursor}}


def history(state: State, arguments: Arguments) -> Json:
    """conversations.history: newest first, without replies that were not broadcast."""
    channel = _readable(state, arguments)
    shown = [stored for stored in reversed(state.messages.history(channel.id)) if _in_channel(stored)]
    return _messages(shown, arguments, default=100)


def replies(state: State, arguments: Arguments) -> Json:
    """conversations.replies: a thread, its parent first, oldest first."""
    channel = _readable(state, arguments)
    thread = state.messages.thread(channel.id, arguments.required("ts"))
    if not thread:
        raise SlackError("thread_not_found")
    return _messages(thread, arguments, default=1_000)


def open_im(state: State, arguments: Arguments) -> Json:
    """conversations.open: the direct message with one person."""
    if arguments.given("channel"):
        channel = state.channels.for_bot(arguments.text("channel"))
    else:
        users = arguments.required("users").split(",")
        if len(users) != 1:
            raise SlackError("not_enough_users" if not users[0] else "too_many_users")
        channel = state.channels.open_im(users[0])
    shown = channel_json(state, channel) if arguments.flag("return_im") else {"id": channel.id}
    return {"channel": shown}


def channel_json(state: State, channel: Channel) -> Json:
    """Give a channel as the Web API shows it."""
    shown: Json = {
        "id": channel.id,
        "is_channel": not channel.is_private,
        "is_group": channel.is_private and not channel.is_im,
        "is_im": channel.is_im,
        "is_mpim": False,
        "is_private": channel.is_private,
        "is_archived": channel.is_archived,
        "is_shared": channel.is_ext_shared,
        "is_ext_shared": channel.is_ext_shared,
        "is_general": channel.name == "general",
        "is_member": state.channels.bot_is_in(channel),
        "context_team_id": state.directory.team.id,
    }
    if channel.is_im:
        return shown | {"user": channel.members[0]}
    words = {"creator": "", "last_set": 0}
    return shown | {
        "name": channel.name,
        "name_normalized": channel.name,
        "topic": {"value": channel.topic} | words,
        "purpose": {"value": channel.purpose} | words,
    }


def _visible(state: State, arguments: Arguments) -> Channel:
    channel = state.channels.for_bot(arguments.required("channel"))
    if channel.is_private and not state.channels.bot_is_in(channel):
        raise SlackError("channel_not_found")
    return channel


def _readable(state: State, arguments: Arguments) -> Channel:
    channel = _visible(state, arguments)
    if not state.channels.bot_is_in(channel):
        raise SlackError("not_in_channel")
    return channel


def _messages(stored: list[Stored], arguments: Arguments, default: int) -> Json:
    oldest, latest = arguments.text("oldest", "0"), arguments.text("latest")
    inclusive = arguments.flag("inclusive")
    kept = [one for one in stored if _between(one.ts, oldest, latest, inclusive=inclusive)]
    items, cursor = page_of(kept, arguments, default=default)
    everything = arguments.flag("include_all_metadata")
    answer: Json = {"messages": [with_metadata(one) if everything else one.body for one in items], "has_more": bool(cursor)}
    return answer | ({"response_metadata": {"next_cursor": cursor}} if cursor else {})


def _between(ts: str, oldest: str, latest: str, *, inclusive: bool) -> bool:
    try:
        at, low, high = float(ts), float(oldest), float(latest or "inf")
    except ValueError:
        raise SlackError("invalid_ts_latest" if latest else "invalid_ts_oldest") from None
    return low <= at <= high if inclusive else low < at < high


def _in_channel(stored: Stored) -> bool:
    return stored.thread_ts in {"", stored.ts} or stored.body.get("subtype") == "thread_broadcast"


def _kind(channel: Channel) -> str:
    if channel.is_im:
        return "im"
    return "private_channel" if channel.is_private else "public_channel"
