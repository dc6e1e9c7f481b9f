"""chat.*: posting, editing and deleting messages."""

from bot.workspace.compose_message import bot_body
from bot.workspace.directory import Channel
from bot.workspace.errors import SlackError
from bot.workspace.json_value import Json, as_list, as_object
from bot.workspace.limits import MARKDOWN, POST_TEXT, UPDATE_TEXT, check_message, check_metadata
from bot.workspace.messages import Stored
from bot.workspace.state import State
from bot.workspace.web_api.arguments import Arguments


def post_message(state: State, arguments: Arguments) -> Json:
    """chat.postMessage: a message in a channel or a thread."""
    channel = open_channel(state, arguments.required("channel"), "chat:write.public")
    content = _content(state, arguments)
    metadata = check_metadata(arguments.value("metadata"))
    parent = _thread(state, channel, arguments.text("thread_ts"))
    body = bot_body(state.directory, content, thread_ts=parent)
    if parent:
        root = state.messages.find(channel.id, parent)
        body["parent_user_id"] = root.body.get("user", "") if root is not None else ""
        if arguments.flag("reply_broadcast"):
            body["subtype"] = "thread_broadcast"
    stored = state.messages.post(channel.id, body, metadata)
    answer: Json = {"channel": channel.id, "ts": stored.ts, "message": with_metadata(stored)}
    if len(arguments.text("text")) > POST_TEXT:
        answer["response_metadata"] = {"warnings": ["message_truncated"]}
    return answer


def update(state: State, arguments: Arguments) -> Json:
    """chat.update: another content for the bot's own message. Text without blocks erases the blocks."""
    channel = open_channel(state, arguments.required("channel"), "chat:write.public")
    stored = _own(state, channel, arguments.required("ts"), "cant_update_message")
    if state.streams.busy(channel.id, stored.ts):
        raise SlackError("streaming_state_conflict")
    if len(arguments.text("text")) > UPDATE_TEXT:
        raise SlackError("msg_too_long")
    content = _content(state, arguments)
    content.setdefault("files", stored.body.get("files"))
    if arguments.given("metadata"):
        stored.metadata = check_metadata(arguments.value("metadata")) or None
    body = bot_body(state.directory, content)
    kept = ("thread_ts", "parent_user_id", "reply_count", "reply_users", "reply_users_count", "latest_reply", "subtype")
    body |= {key: stored.body[key] for key in (*kept, "reactions", "edited") if key in stored.body}
    if not content.get("blocks"):
        # Slack marks a message as edited only where its text changed, not where blocks were exchanged.
        body["edited"] = {"user": state.directory.bot.user_id, "ts": state.messages.next_ts()}
    state.messages.edit(stored, body)
    return {"channel": channel.id, "ts": stored.ts, "text": body["text"], "message": with_metadata(stored)}


def delete(state: State, arguments: Arguments) -> Json:
    """chat.delete: take the bot's own message away."""
    channel = open_channel(state, arguments.required("channel"), "chat:write.public")
    stored = _own(state, channel, arguments.required("ts"), "cant_delete_message")
    state.messages.delete(stored)
    return {"channel": channel.id, "ts": stored.ts}


def post_ephemeral(state: State, arguments: Arguments) -> Json:
    """chat.postEphemeral: a message for one person, which no later call can edit."""
    channel = open_channel(state, arguments.required("channel"))
    user = arguments.required("user")
    if user not in channel.members:
        raise SlackError("user_not_in_channel")
    content = _content(state, arguments)
    thread_ts = _thread(state, channel, arguments.text("thread_ts"))
    stored = state.messages.whisper(channel.id, user, bot_body(state.directory, content, thread_ts=thread_ts))
    return {"message_ts": stored.ts}


def get_permalink(state: State, arguments: Arguments) -> Json:
    """chat.getPermalink: an address of this workspace's page for a message."""
    channel = state.channels.for_bot(arguments.required("channel"))
    stored = state.messages.find(channel.id, arguments.required("message_ts"))
    if stored is None:
        raise SlackError("message_not_found")
    link = f"{state.origin}/archives/{channel.id}/p{stored.ts.replace('.', '')}"
    if stored.thread_ts not in {"", stored.ts}:
        link += f"?thread_ts={stored.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def open_channel(state: State, name: str, instead: str = "") -> Channel:
    """Give a channel in which the bot may act: a member, or (scope `instead`) anybody's public channel."""
    channel = state.channels.for_bot(name)
    if channel.is_archived:
        raise SlackError("is_archived")
    public_is_enough = not channel.is_private and instead in state.directory.scopes
    if not state.channels.bot_is_in(channel) and not public_is_enough:
        raise SlackError("not_in_channel")
    return channel


def with_metadata(stored: Stored) -> Json:
    """Give a message's body with its metadata, as its author gets it."""
    return stored.body | ({"metadata": stored.metadata} if stored.metadata else {})


def _own(state: State, channel: Channel, ts: str, refusal: str) -> Stored:
    stored = state.messages.find(channel.id, ts)
    if stored is None:
        raise SlackError("message_not_found")
    if stored.body.get("bot_id") != state.directory.bot.bot_id:
        raise SlackError(refusal)
    return stored


def _thread(state: State, channel: Channel, thread_ts: str) -> str:
    if not thread_ts:
        return ""
    stored = state.messages.find(channel.id, thread_ts)
    if stored is None:
        raise SlackError("thread_not_found")
    # A reply to a reply lands in the same thread.
    return stored.thread_ts or stored.ts


def _content(state: State, arguments: Arguments) -> Json:
    content = {key: arguments.value(key) for key in ("text", "blocks", "attachments", "username", "icon_emoji", "icon_url")}
    markdown = arguments.text("markdown_text")
    if markdown:
        if content["text"] or content["blocks"]:
            raise SlackError("markdown_text_conflict")
        if len(markdown) > MARKDOWN:
            raise SlackError("msg_too_long")
        content |= {"text": markdown, "blocks": [{"type": "markdown", "text": markdown}]}
    check_message(blocks=content["blocks"], attachments=content["attachments"])
    if not (content["text"] or content["blocks"] or content["attachments"]):
        raise SlackError("no_text")
    for block in as_list(content["blocks"]):
        _check_file(state, block)
    return content


def _check_file(state: State, block: Json) -> None:
    wanted = as_object(block.get("slack_file")).get("id")
    if block.get("type") == "image" and wanted is not None and state.files.find(str(wanted)) is None:
        raise SlackError.explained("invalid_blocks", [f"[ERROR] invalid slack file: {wanted}"])
