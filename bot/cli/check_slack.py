"""What `rollbot check` says about Slack: are the tokens right, of one app, with all scopes, and is the app ours alone."""

from collections.abc import AsyncIterator

from bot import serving
from bot.cli.finding import Finding, Mark
from bot.settings import Mode, Settings
from bot.slack.calls import Trouble, ask
from bot.slack.identity import Identity
from bot.slack.self_test import app_of, can_connect, greet, identify
from bot.slack.web import web_client
from bot.store.replicas import Replica, strangers

_REINSTALL = "Add them on the app's page (OAuth & Permissions; slack/manifest.yaml has the list), then reinstall the app there"
_ALONE = (
    "another bot uses this app and takes a share of the commands. Stop it, or give it an app (and tokens) of its own; "
    "replicas of one environment may share an app, if they share the store"
)


async def findings(settings: Settings, live: tuple[Replica, ...]) -> AsyncIterator[Finding]:
    """Everything about Slack that can be told without posting. `live` are our own replicas that serve now."""
    serving.forget_proxy(settings.slack_api_url)
    app_id = None
    if settings.mode is Mode.HTTP and settings.slack_client_id:
        yield _http(settings)
        yield _several(settings)
        return
    if settings.slack_bot_token is None:
        text = "SLACK_BOT_TOKEN is not set: create the app from slack/manifest.yaml and install it."
        yield Finding(Mark.MISSING, "slack", text)
    else:
        identity = await identify(settings.slack_bot_token.get_secret_value(), settings.slack_api_url)
        if isinstance(identity, str):
            yield Finding(Mark.MISSING, "slack", f"SLACK_BOT_TOKEN: {identity}")
        else:
            yield _identity(identity)
            app_id = await app_of(settings.slack_bot_token.get_secret_value(), settings.slack_api_url, identity.bot_id)
            async for finding in _approvers(settings):
                yield finding
    if settings.mode is Mode.HTTP:
        yield _http(settings)
    else:
        async for finding in _socket(settings, live, app_id):
            yield finding


def _identity(who: Identity) -> Finding:
    where = f"connected as @{who.name} ({who.user_id}) in {who.team} ({who.team_id})"
    if not who.missing:
        return Finding(Mark.OK, "slack", where)
    return Finding(Mark.MISSING, "slack", f"{where}, but scopes are missing: {', '.join(who.missing)}. {_REINSTALL}.")


def _http(settings: Settings) -> Finding:
    if not serving.secret(settings.slack_signing_secret):
        text = "SLACK_SIGNING_SECRET is not set: Basic Information, App Credentials. Without it nobody could be told from Slack."
        return Finding(Mark.MISSING, "slack", text)
    address = f"http://{settings.http_host}:{settings.http_port}/slack/events"
    text = f"HTTP mode: Slack's requests come to {address}, through your TLS proxy"
    return Finding(Mark.OK, "slack", text)


def _several(settings: Settings) -> Finding:
    if not serving.secret(settings.slack_client_secret):
        return Finding(Mark.MISSING, "slack", "SLACK_CLIENT_SECRET is not set: Basic Information, App Credentials.")
    if not settings.slack_teams:
        text = "nobody may install the app: name workspaces (T…) and organisations (E…) in ROLLBOT_SLACK_TEAMS"
        return Finding(Mark.MISSING, "slack", text)
    text = f"several workspaces: {', '.join(settings.slack_teams)} may install at /slack/install"
    if settings.token_key is None:
        text += ". Their tokens stand in the store as they are: set ROLLBOT_TOKEN_KEY (openssl rand -hex 32) to encrypt them"
        return Finding(Mark.WARN, "slack", text)
    return Finding(Mark.OK, "slack", f"{text}; their tokens are encrypted")


async def _socket(settings: Settings, live: tuple[Replica, ...], app_id: str | None) -> AsyncIterator[Finding]:
    if settings.slack_app_token is None:
        yield Finding(Mark.MISSING, "slack", "SLACK_APP_TOKEN is not set: App-Level Tokens, with the scope connections:write.")
        return
    token = settings.slack_app_token.get_secret_value()
    if live:
        # A socket of our own beside a working bot would take requests that nobody answers.
        trouble = await can_connect(token, settings.slack_api_url)
        if trouble:
            yield Finding(Mark.MISSING, "slack", f"SLACK_APP_TOKEN: {trouble}")
            return
        names = ", ".join(replica.name for replica in live)
        yield Finding(Mark.OK, "slack", f"Socket Mode opens; serving now: {names}")
        if strangers(live, max(replica.connections for replica in live)):
            yield Finding(Mark.WARN, "slack", _ALONE)
        return
    opened = await greet(token, settings.slack_api_url)
    if isinstance(opened, str):
        yield Finding(Mark.MISSING, "slack", f"SLACK_APP_TOKEN: {opened}")
        return
    if app_id and opened.app_id and app_id != opened.app_id:
        text = (
            f"the tokens belong to two apps: SLACK_BOT_TOKEN to {app_id}, SLACK_APP_TOKEN to {opened.app_id}. Take both from one."
        )
        yield Finding(Mark.MISSING, "slack", text)
        return
    yield Finding(Mark.OK, "slack", "Socket Mode opens")
    if strangers((), opened.connections):
        yield Finding(
            Mark.WARN, "slack", f"{opened.connections - 1} more connections are open although nobody serves here: {_ALONE}"
        )


async def _approvers(settings: Settings) -> AsyncIterator[Finding]:
    """Approvers that Slack does not know: whoever waits for them waits in vain."""
    client = web_client(serving.secret(settings.slack_bot_token), settings.slack_api_url)
    for user in settings.policy.approvers.users:
        if user.startswith("cli:"):
            continue
        try:
            found = (await ask(client.users_info(user=user))).get("user")
        except Trouble as trouble:
            yield Finding(
                Mark.WARN, "policy", f"approver {user}: Slack says {trouble.code}. Take the id from the person's profile."
            )
            continue
        if isinstance(found, dict) and found.get("deleted"):
            yield Finding(Mark.WARN, "policy", f"approver {user} has left the workspace: they can approve nothing any more")
    for group in settings.policy.approvers.groups:
        try:
            members = (await ask(client.usergroups_users_list(usergroup=group))).get("users")
        except Trouble as trouble:
            text = f"approver group {group}: Slack says {trouble.code}, so it counts as empty. Name people instead."
            yield Finding(Mark.WARN, "policy", text)
            continue
        if not members:
            yield Finding(Mark.WARN, "policy", f"approver group {group} has nobody in it")
