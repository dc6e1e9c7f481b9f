"""files.*: the two calls around an upload; the bytes themselves go to the address that the first one gives."""

from bot.workspace.compose_message import bot_body
from bot.workspace.errors import SlackError
from bot.workspace.files import MOST_BYTES, file_json
from bot.workspace.json_value import Json, as_list, as_object
from bot.workspace.limits import check_message
from bot.workspace.state import State
from bot.workspace.web_api.arguments import Arguments
from bot.workspace.web_api.chat import open_channel


def get_upload_url(state: State, arguments: Arguments) -> Json:
    """files.getUploadURLExternal."""
    name = arguments.required("filename").replace("/", "_")
    try:
        length = int(arguments.required("length"))
    except ValueError:
        raise SlackError("invalid_arguments") from None
    if not 0 < length <= MOST_BYTES:
        raise SlackError("file_upload_size_restricted" if length > 0 else "invalid_arguments")
    upload = state.files.reserve(name, length, arguments.text("alt_txt"))
    return {"upload_url": f"{state.origin}/upload/{upload.id}/{upload.secret}", "file_id": upload.id}


def complete_upload(state: State, arguments: Arguments) -> Json:
    """files.completeUploadExternal: share uploaded files in a channel or thread, as one message."""
    entries = as_list(arguments.value("files"))
    if not entries:
        raise SlackError.explained("invalid_arguments", ["[ERROR] missing required field: files"])
    user = state.directory.bot.user_id
    files = [
        file_json(state.files.finished(str(entry.get("id"))), str(entry.get("title") or ""), user, state.origin)
        for entry in map(as_object, entries)
    ]
    check_message(blocks=arguments.value("blocks"), attachments=None)
    wanted = arguments.text("channel_id") or arguments.text("channels")
    for name in filter(None, wanted.split(",")):
        channel = open_channel(state, name)
        content: Json = {"text": arguments.text("initial_comment"), "files": files, "blocks": arguments.value("blocks")}
        thread_ts = arguments.text("thread_ts")
        if thread_ts and state.messages.find(channel.id, thread_ts) is None:
            raise SlackError("thread_not_found")
        state.messages.post(channel.id, bot_body(state.directory, content, thread_ts=thread_ts))
    return {"files": files}
