"""auth.*, users.*, usergroups.* and bots.*: who is who."""

from bot.workspace.compose_message import SLACKBOT
from bot.workspace.directory import Person, UserGroup
from bot.workspace.errors import SlackError
from bot.workspace.json_value import Json
from bot.workspace.state import State
from bot.workspace.web_api.arguments import Arguments
from bot.workspace.web_api.paging import page_of


def auth_test(state: State, arguments: Arguments) -> Json:
    """auth.test: as whom and where the bot is connected."""
    bot, team = state.directory.bot, state.directory.team
    return {
        "url": f"{state.origin}/",
        "team": team.name,
        "user": bot.name,
        "team_id": team.id,
        "user_id": bot.user_id,
        "bot_id": bot.bot_id,
        "is_enterprise_install": False,
    }


def users_info(state: State, arguments: Arguments) -> Json:
    """users.info."""
    wanted = arguments.required("user")
    found = next((user for user in _everybody(state) if user["id"] == wanted), None)
    if found is None:
        raise SlackError("user_not_found")
    return {"user": found}


def users_lookup_by_email(state: State, arguments: Arguments) -> Json:
    """users.lookupByEmail: whatever the case of the letters."""
    wanted = arguments.required("email").strip().lower()
    found = next((person for person in state.directory.people if person.email and person.email.lower() == wanted), None)
    if found is None:
        raise SlackError("users_not_found")
    return {"user": user_json(state, found)}


def team_info(state: State, arguments: Arguments) -> Json:
    """team.info: of the bot's own workspace; it sees no other."""
    team = state.directory.team
    if arguments.text("team", team.id) != team.id:
        raise SlackError("team_not_found")
    return {
        "team": {"id": team.id, "name": team.name, "domain": team.domain, "email_domain": "", "icon": {"image_default": True}}
    }


def users_list(state: State, arguments: Arguments) -> Json:
    """users.list: people, the bot and Slackbot."""
    items, cursor = page_of(_everybody(state), arguments, default=1_000)
    return {"members": items, "cache_ts": int(state.clock()), "response_metadata": {"next_cursor": cursor}}


def usergroups_list(state: State, arguments: Arguments) -> Json:
    """usergroups.list."""
    with_users = arguments.flag("include_users")
    return {"usergroups": [_group(state, group, with_users=with_users) for group in state.directory.groups]}


def usergroups_users_list(state: State, arguments: Arguments) -> Json:
    """usergroups.users.list."""
    group = state.directory.group(arguments.required("usergroup"))
    if group is None:
        raise SlackError("no_such_subteam")
    return {"users": list(group.members)}


def bots_info(state: State, arguments: Arguments) -> Json:
    """bots.info."""
    bot = state.directory.bot
    if arguments.text("bot", bot.bot_id) != bot.bot_id:
        raise SlackError("bot_not_found")
    shown = {"id": bot.bot_id, "deleted": False, "name": bot.real_name, "app_id": bot.app_id, "user_id": bot.user_id}
    return {"bot": shown | {"updated": 0, "icons": {}}}


def user_json(state: State, person: Person) -> Json:
    """Give a person as the Web API shows them."""
    real_name = person.real_name or person.name
    return {
        "id": person.id,
        "team_id": state.directory.team.id,
        "name": person.name,
        "real_name": real_name,
        "deleted": False,
        "tz": "Etc/UTC",
        "tz_label": "Coordinated Universal Time",
        "tz_offset": 0,
        "is_admin": False,
        "is_owner": False,
        "is_bot": False,
        "is_app_user": False,
        "is_restricted": person.is_guest,
        "is_ultra_restricted": False,
        "profile": {"real_name": real_name, "display_name": person.name, "title": person.title, "email": person.email},
    }


def _everybody(state: State) -> list[Json]:
    bot = state.directory.bot
    robot = user_json(state, Person(id=bot.user_id, name=bot.name, real_name=bot.real_name))
    robot |= {"is_bot": True, "profile": robot["profile"] | {"bot_id": bot.bot_id, "api_app_id": bot.app_id}}
    slackbot = user_json(state, Person(id=SLACKBOT, name="slackbot", real_name="Slackbot"))
    return [*(user_json(state, person) for person in state.directory.people), robot, slackbot]


def _group(state: State, group: UserGroup, *, with_users: bool) -> Json:
    shown: Json = {
        "id": group.id,
        "team_id": state.directory.team.id,
        "is_usergroup": True,
        "name": group.name,
        "description": "",
        "handle": group.handle,
        "is_external": False,
        "date_delete": 0,
        "user_count": len(group.members),
    }
    return shown | ({"users": list(group.members)} if with_users else {})
