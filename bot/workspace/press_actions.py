"""What people press and choose in messages, modals and Home tabs, and the options of external selects."""

from dataclasses import dataclass

from bot.workspace import payloads
from bot.workspace.ack import NoAck
from bot.workspace.composition_rules import check_option_list
from bot.workspace.directory import Person
from bot.workspace.errors import SlackError
from bot.workspace.findings import Findings
from bot.workspace.inputs import all_values, chosen, state_key
from bot.workspace.json_value import Json, as_list, as_object
from bot.workspace.limits import is_stateful
from bot.workspace.messages import Stored
from bot.workspace.page_view import elements_of
from bot.workspace.state import State
from bot.workspace.typing_actions import channel_in, person_in, show_failure
from bot.workspace.words import PageError


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """What was pressed: the element, and the copy of the message (or the view) in which the person saw it."""

    element: Json
    block_id: str
    seen: Json
    stored: Stored | None

    @property
    def view(self) -> Json | None:
        return self.seen if self.stored is None else None


async def press(state: State, body: Json) -> Json:
    """Carry a press to the bot. A button of an older copy of the message works too, as with a page that lags behind."""
    person = person_in(state, body)
    target = _find(state, body, person)
    action = _action(target, body)
    key = (person.id, str(body.get("channel", "")), str(target.seen.get("ts") or target.seen.get("id")))
    state.chosen[key] = _merged(state.chosen.get(key, {}), as_object(body.get("values")))
    if is_stateful(target.element):
        choice = {target.block_id: {str(target.element["action_id"]): _choice(body)}}
        state.chosen[key] = _merged(state.chosen[key], choice)
    values = all_values(as_list(target.seen.get("blocks")), state.chosen[key])
    if target.stored is None:
        view = target.seen | {"state": {"values": values}}
        payload = payloads.view_actions(state, person, view, action)
    else:
        payload = payloads.message_actions(state, person, target.stored, target.seen, action, values)
    outcome = await state.delivery.deliver("interactive", payload)
    if isinstance(outcome, NoAck):
        label = as_object(target.element.get("text")).get("text") or "The choice"
        return show_failure(state, person, str(body.get("channel", "")), f"“{label}”", outcome.value)
    return {"acknowledged": True}


async def options(state: State, body: Json) -> Json:
    """Ask the bot for the options of an external select; PageError if it gives none or none that Slack would show."""
    person = person_in(state, body)
    target = _find(state, body, person)
    query = str(body.get("query", ""))
    names = target.block_id, str(target.element["action_id"])
    payload = payloads.block_suggestion(state, person, *names, query, view=target.view, stored=target.stored)
    outcome = await state.delivery.deliver("interactive", payload)
    if isinstance(outcome, NoAck):
        raise PageError("The options could not be loaded: the app did not answer in time. Type again.")
    found = Findings()
    answer = outcome.payload
    if "option_groups" in answer:
        for group in found.items("/option_groups", answer["option_groups"], 100, 0):
            check_option_list(found, "/option_groups/options", group.get("options"), 100, least=0)
    else:
        check_option_list(found, "/options", answer.get("options", []), 100, least=0)
    if found.messages:
        raise PageError(f"The app's options are not valid: {'; '.join(found.messages[:3])}")
    return {"options": as_list(answer.get("options")), "option_groups": as_list(answer.get("option_groups"))}


def _find(state: State, body: Json, person: Person) -> _Target:
    block_id, action_id = str(body.get("block_id", "")), str(body.get("action_id", ""))
    value = body.get("value")
    stored: Stored | None = None
    if body.get("view_id"):
        copies = [_view(state, str(body["view_id"]), person)]
    else:
        stored = _message(state, body, person)
        copies = [stored.body, *reversed(stored.older)]
    for wanted in (value, None):
        for seen in copies:
            element = _element(seen, block_id, action_id, wanted)
            if element is not None:
                return _Target(element=element, block_id=block_id, seen=seen, stored=stored)
    raise PageError("That button is not in the message any more.")


def _element(seen: Json, block_id: str, action_id: str, value: object) -> Json | None:
    for block in as_list(seen.get("blocks")):
        for element in elements_of(block):
            if element["action_id"] != action_id or block_id not in {"", str(block.get("block_id"))}:
                continue
            if element.get("type") != "button" or value is None or element.get("value") == value:
                return element
    return None


def _view(state: State, view_id: str, person: Person) -> Json:
    try:
        owner, view = state.views.find(view_id=view_id)
    except SlackError:
        raise PageError("That window is closed.") from None
    if owner != person.id:
        raise PageError("That window is somebody else's.")
    return view


def _message(state: State, body: Json, person: Person) -> Stored:
    channel = channel_in(state, body, person)
    ts = str(body.get("ts", ""))
    private = state.messages.find_whisper(channel.id, person.id, ts)
    stored = private or (None if body.get("ephemeral") else state.messages.find(channel.id, ts))
    if stored is None:
        raise PageError("That message is gone.")
    return stored


def _action(target: _Target, body: Json) -> Json:
    element = target.element
    # The value comes from the message and never from the page: nobody can press a button that the bot did not show.
    action: Json = {"type": element["type"], "action_id": element["action_id"], "block_id": target.block_id}
    if element["type"] == "button":
        action |= {key: element[key] for key in ("text", "value", "style") if key in element}
    elif element["type"] == "overflow" or is_stateful(element):
        choice = chosen(element, _choice(body))
        if choice[state_key(element)] is None and element["type"] == "overflow":
            raise PageError("Choose one of the menu's options.")
        action |= choice
    if "placeholder" in element:
        action["placeholder"] = element["placeholder"]
    return action


def _choice(body: Json) -> Json:
    kept = {key: value for key, value in body.items() if key.startswith("selected_") or key in {"value", "rich_text_value"}}
    return kept or {"value": None}


def _merged(old: Json, new: Json) -> Json:
    return {key: as_object(old.get(key)) | as_object(new.get(key)) for key in {**old, **new}}
