"""What people do with modals: submit them, with everything the bot may answer to that, and close them."""

from bot.workspace import payloads
from bot.workspace.ack import NoAck
from bot.workspace.directory import Person
from bot.workspace.errors import SlackError
from bot.workspace.inputs import all_values, incomplete
from bot.workspace.json_value import Json, as_list, as_object
from bot.workspace.limits import check_view
from bot.workspace.state import State
from bot.workspace.typing_actions import person_in
from bot.workspace.words import TROUBLE, PageError


async def submit(state: State, body: Json) -> Json:
    """Carry a submission to the bot and do what it answers; PageError carries `errors` by block_id for the form."""
    person = person_in(state, body)
    view = _mine(state, body, person)
    blocks = as_list(view["blocks"])
    values = all_values(blocks, as_object(body.get("values")))
    if errors := incomplete(blocks, values):
        raise PageError("Something is missing in the form.", errors=errors)
    sent = view | {"state": {"values": values}}
    outcome = await state.delivery.deliver("interactive", payloads.view_submission(state, person, sent))
    if isinstance(outcome, NoAck):
        raise PageError(TROUBLE)
    try:
        _answer(state, person, view, outcome.payload)
    except SlackError as refusal:
        raise PageError(f"{TROUBLE} The app's answer was not valid: {refusal.code} {refusal.more.get('errors', '')}") from None
    return {"acknowledged": True}


async def close(state: State, body: Json) -> Json:
    """Close a modal, or with `all` the whole stack; the bot hears of those that asked for it."""
    person = person_in(state, body)
    view = _mine(state, body, person)
    whole = bool(body.get("all")) or bool(view.get("clear_on_close"))
    if whole:
        closed = state.views.clear(person.id)
    else:
        state.views.close(person.id, view)
        closed = [view]
    for one in closed:
        if one.get("notify_on_close"):
            payload = payloads.view_closed(state, person, one, is_cleared=whole)
            await state.delivery.deliver("interactive", payload)
    return {}


def _answer(state: State, person: Person, view: Json, payload: Json) -> None:
    match payload.get("response_action"):
        case None:
            _close_if_open(state, person, view)
        case "errors":
            _refuse(view, as_object(payload.get("errors")))
        case "update":
            state.views.update(view, _fresh(payload))
        case "push":
            state.views.push(person.id, _fresh(payload))
        case "clear":
            state.views.clear(person.id)
        case other:
            raise SlackError("invalid_arguments", errors=[f"unknown response_action: {other}"])


def _close_if_open(state: State, person: Person, view: Json) -> None:
    # The bot may have updated the view in the meantime, so it is looked up again.
    try:
        _, current = state.views.find(view_id=str(view["id"]))
    except SlackError:
        return
    state.views.close(person.id, current)


def _refuse(view: Json, errors: Json) -> None:
    inputs = {block["block_id"] for block in as_list(view["blocks"]) if block.get("type") == "input"}
    strangers = sorted(set(errors) - inputs)
    if strangers or not errors:
        raise SlackError("invalid_arguments", errors=[f"errors for what is no input block: {', '.join(strangers) or 'none'}"])
    raise PageError("The form was not accepted.", errors={key: str(value) for key, value in errors.items()})


def _fresh(payload: Json) -> Json:
    view = as_object(payload.get("view"))
    check_view(view)
    return view


def _mine(state: State, body: Json, person: Person) -> Json:
    try:
        owner, view = state.views.find(view_id=str(body.get("view_id", "")))
    except SlackError:
        raise PageError("That window is closed.") from None
    if owner != person.id or view["type"] != "modal":
        raise PageError("That window is somebody else's." if owner != person.id else "A Home tab cannot be submitted or closed.")
    return view
