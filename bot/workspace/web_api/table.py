"""Every method that the workspace has: its handler, the scope it needs, and which of the two tokens may call it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bot.workspace.json_value import Json
from bot.workspace.state import State
from bot.workspace.web_api import chat, conversations, people, reactions, streaming, surfaces, uploads
from bot.workspace.web_api.arguments import Arguments

Handler = Callable[[State, Arguments], Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One method; `scope` empty means that every bot token may call it."""

    handler: Handler
    scope: str = ""
    app_token: bool = False


def _open_connection(state: State, arguments: Arguments) -> Json:
    address = state.origin.replace("http", "ws", 1)
    return {"url": f"{address}/socket?ticket={state.sockets.issue_ticket()}"}


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "apps.connections.open": Method(handler=_open_connection, app_token=True),
        "auth.test": Method(handler=people.auth_test),
        "bots.info": Method(handler=people.bots_info, scope="users:read"),
        "chat.delete": Method(handler=chat.delete, scope="chat:write"),
        "chat.getPermalink": Method(handler=chat.get_permalink),
        "chat.postEphemeral": Method(handler=chat.post_ephemeral, scope="chat:write"),
        "chat.postMessage": Method(handler=chat.post_message, scope="chat:write"),
        "chat.appendStream": Method(handler=streaming.append, scope="chat:write"),
        "chat.startStream": Method(handler=streaming.start, scope="chat:write"),
        "chat.stopStream": Method(handler=streaming.stop, scope="chat:write"),
        "chat.update": Method(handler=chat.update, scope="chat:write"),
        "conversations.history": Method(handler=conversations.history, scope="channels:history"),
        "conversations.info": Method(handler=conversations.info, scope="channels:read"),
        "conversations.list": Method(handler=conversations.list_all, scope="channels:read"),
        "conversations.members": Method(handler=conversations.members, scope="channels:read"),
        "conversations.open": Method(handler=conversations.open_im, scope="im:write"),
        "conversations.replies": Method(handler=conversations.replies, scope="channels:history"),
        "files.completeUploadExternal": Method(handler=uploads.complete_upload, scope="files:write"),
        "files.getUploadURLExternal": Method(handler=uploads.get_upload_url, scope="files:write"),
        "reactions.add": Method(handler=reactions.add, scope="reactions:write"),
        "team.info": Method(handler=people.team_info, scope="team:read"),
        "usergroups.list": Method(handler=people.usergroups_list, scope="usergroups:read"),
        "usergroups.users.list": Method(handler=people.usergroups_users_list, scope="usergroups:read"),
        "users.info": Method(handler=people.users_info, scope="users:read"),
        "users.list": Method(handler=people.users_list, scope="users:read"),
        "users.lookupByEmail": Method(handler=people.users_lookup_by_email, scope="users:read.email"),
        "views.open": Method(handler=surfaces.views_open),
        "views.publish": Method(handler=surfaces.views_publish),
        "views.push": Method(handler=surfaces.views_push),
        "views.update": Method(handler=surfaces.views_update),
    }
)
"""By name; any other name is answered unknown_method."""
