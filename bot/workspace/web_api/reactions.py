"""reactions.*: an emoji of the bot under a message."""

from bot.workspace.errors import SlackError
from bot.workspace.json_value import Json, as_list
from bot.workspace.state import State
from bot.workspace.web_api.arguments import Arguments
from bot.workspace.web_api.chat import open_channel


def add(state: State, arguments: Arguments) -> Json:
    """reactions.add: SlackError already_reacted for the second time."""
    channel = open_channel(state, arguments.required("channel"))
    name = arguments.required("name").strip(":")
    stored = state.messages.find(channel.id, arguments.required("timestamp"))
    if stored is None:
        raise SlackError("message_not_found")
    me = state.directory.bot.user_id
    reactions = [dict(reaction) for reaction in as_list(stored.body.get("reactions"))]
    mine = next((reaction for reaction in reactions if reaction["name"] == name), None)
    if mine is None:
        reactions.append({"name": name, "users": [me], "count": 1})
    elif me in mine["users"]:
        raise SlackError("already_reacted")
    else:
        mine |= {"users": [*mine["users"], me], "count": mine["count"] + 1}
    state.messages.edit(stored, stored.body | {"reactions": reactions})
    return {}
