"""chat.startStream, chat.appendStream and chat.stopStream: one message that grows before the eyes of one person."""

from bot.workspace.compose_message import bot_body
from bot.workspace.errors import SlackError
from bot.workspace.json_value import Json, as_list
from bot.workspace.limits import check_message, check_metadata
from bot.workspace.messages import Stored
from bot.workspace.state import State
from bot.workspace.streams import Stream
from bot.workspace.web_api.arguments import Arguments
from bot.workspace.web_api.chat import open_channel, with_metadata

_KEPT = ("thread_ts", "parent_user_id", "reply_count", "reply_users", "reply_users_count", "latest_reply")


def start(state: State, arguments: Arguments) -> Json:
    """chat.startStream: in a channel it must say for whom."""
    channel = open_channel(state, arguments.required("channel"))
    recipient = arguments.text("recipient_user_id")
    if not channel.is_im:
        for name in ("recipient_user_id", "recipient_team_id"):
            if not arguments.text(name):
                raise SlackError(f"missing_{name}")
        if state.directory.person(recipient) is None:
            raise SlackError("user_not_found")
    if arguments.text("task_display_mode", "timeline") not in {"timeline", "plan"}:
        raise SlackError("invalid_arguments")
    thread_ts = arguments.text("thread_ts")
    if thread_ts and state.messages.find(channel.id, thread_ts) is None:
        raise SlackError("thread_not_found")
    markdown, chunks = _news(arguments, optional=True)
    trial = Stream(channel=channel.id, ts="", recipient="", began=0.0, heard=0.0)
    trial.take(markdown, chunks)
    check_message(blocks=trial.shown(), attachments=None)
    content: Json = {"text": trial.text, "blocks": trial.shown()}
    stored = state.messages.post(channel.id, bot_body(state.directory, content, thread_ts=thread_ts))
    stream = state.streams.begin(channel.id, stored.ts, "" if channel.is_im else recipient)
    stream.take(markdown, chunks)
    return {"channel": channel.id, "ts": stored.ts}


def append(state: State, arguments: Arguments) -> Json:
    """chat.appendStream: exactly one of markdown_text and chunks."""
    stored, stream = _streamed(state, arguments)
    markdown, chunks = _news(arguments)
    stream.take(markdown, chunks)
    body = _body(state, stored, stream)
    if stream.recipient:
        frame = {"type": "stream", "channel": stored.channel, "user": stream.recipient, "ts": stored.ts, "message": body}
        state.feed.push(frame)
    else:
        state.messages.edit(stored, body)
    return {"channel": stored.channel, "ts": stored.ts}


def stop(state: State, arguments: Arguments) -> Json:
    """chat.stopStream: the last words, and blocks below them; from here on everybody sees all of it."""
    stored, stream = _streamed(state, arguments)
    markdown, chunks = _news(arguments, optional=True)
    more = as_list(arguments.value("blocks"))
    check_message(blocks=more, attachments=None)
    metadata = check_metadata(arguments.value("metadata"))
    stream.take(markdown, chunks)
    stream.blocks += more
    stream.over = True
    if metadata:
        stored.metadata = metadata
    state.messages.edit(stored, _body(state, stored, stream))
    return {"channel": stored.channel, "ts": stored.ts, "message": with_metadata(stored)}


def _streamed(state: State, arguments: Arguments) -> tuple[Stored, Stream]:
    channel = open_channel(state, arguments.required("channel"))
    stored = state.messages.find(channel.id, arguments.required("ts"))
    if stored is None:
        raise SlackError("message_not_found")
    if stored.body.get("bot_id") != state.directory.bot.bot_id:
        raise SlackError("message_not_owned_by_app")
    return stored, state.streams.open(channel.id, stored.ts)


def _news(arguments: Arguments, *, optional: bool = False) -> tuple[str, list[Json]]:
    markdown, chunks = arguments.text("markdown_text"), arguments.value("chunks")
    if chunks is not None and not isinstance(chunks, list):
        raise SlackError("invalid_chunks")
    if (markdown and chunks) or (not optional and not markdown and not chunks):
        raise SlackError.explained("invalid_arguments", ["[ERROR] exactly one of markdown_text and chunks must be provided"])
    return markdown, chunks or []


def _body(state: State, stored: Stored, stream: Stream) -> Json:
    body = bot_body(state.directory, {"text": stream.text, "blocks": stream.shown()})
    return body | {key: stored.body[key] for key in _KEPT if key in stored.body} | {"ts": stored.ts}
