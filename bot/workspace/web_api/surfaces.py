"""views.*: modals and Home tabs."""

from bot.workspace.errors import SlackError
from bot.workspace.json_value import Json
from bot.workspace.limits import check_view
from bot.workspace.state import State
from bot.workspace.web_api.arguments import Arguments


def views_open(state: State, arguments: Arguments) -> Json:
    """views.open: a new modal for the person whose action gave the trigger id."""
    view = _view(arguments, "modal")
    user, _ = state.triggers.exchange(arguments.required("trigger_id"))
    return {"view": state.views.open(user, view)}


def views_push(state: State, arguments: Arguments) -> Json:
    """views.push: a modal on top of the one in which the person acted."""
    view = _view(arguments, "modal")
    user, view_id = state.triggers.exchange(arguments.required("trigger_id"))
    if not view_id:
        raise SlackError("invalid_trigger_id")
    return {"view": state.views.push(user, view)}


def views_update(state: State, arguments: Arguments) -> Json:
    """views.update: another content for a view, by view_id or external_id; `hash` guards against races."""
    view_id, external_id = arguments.text("view_id"), arguments.text("external_id")
    if not view_id and not external_id:
        raise SlackError.explained("invalid_arguments", ["[ERROR] either view_id or external_id must be provided"])
    _, current = state.views.find(view_id=view_id, external_id=external_id)
    view = _view(arguments, str(current["type"]))
    return {"view": state.views.update(current, view, expected_hash=arguments.text("hash"))}


def views_publish(state: State, arguments: Arguments) -> Json:
    """views.publish: a person's Home tab."""
    user = arguments.required("user_id")
    if state.directory.person(user) is None:
        raise SlackError.explained("invalid_arguments", [f"[ERROR] invalid user_id: {user}"])
    view = _view(arguments, "home")
    return {"view": state.views.publish(user, view, expected_hash=arguments.text("hash"))}


def _view(arguments: Arguments, kind: str) -> Json:
    view = arguments.value("view")
    if not isinstance(view, dict):
        raise SlackError.explained("invalid_arguments", ["[ERROR] missing required field: view"])
    if view.get("type") != kind:
        raise SlackError.explained("invalid_arguments", [f"[ERROR] must be one of: {kind} [json-pointer:/view/type]"])
    check_view(view)
    return view
