"""The Slack app as one table: its command and its scopes, each with the reason for it. `slack/manifest.yaml` is made from this.

python -m bot.slack.manifest > slack/manifest.yaml
python -m bot.slack.manifest --url https://rollbot.example.com [--several [--rotating]]      the same app in HTTP mode
"""

import argparse
import sys
from typing import Any

import yaml

SCOPES = {
    "app_mentions:read": "hear @rollbot in threads, where slash commands do not work",
    "channels:read": "see whether a channel is archived or shared with others before a plan is posted",
    "channels:history": "find its own line in a public channel's thread before posting it again after a crash",
    "chat:write": "post the plan and edit it",
    "chat:write.public": "post in public channels it was not invited to",
    "commands": "receive /rollback",
    "files:write": "put a plan of hundreds of services into its thread as a file",
    "groups:history": "the same in private channels",
    "groups:read": "look the same up of private channels it is in",
    "usergroups:read": "see who is in the groups that may approve",
    "users:read": "show people's names in the log",
}
"""Every bot scope, and what breaks without it."""

EVENTS = {
    "app_home_opened": "show what runs and what waits, when somebody looks at its Home tab",
    "app_mention": "hear @rollbot in threads",
}
"""Every event, and what it is for."""

APP_SCOPES = {"connections:write": "open the Socket Mode connection"}
"""Every scope of the app-level token."""

DESCRIPTION = "Plans, approves, runs and verifies rollbacks over many services, in an order that is safe at every moment."


def manifest() -> dict[str, Any]:
    """The app's manifest as plain values, in the shape that Slack's schema asks for."""
    return {
        "display_information": {"name": "Rollbot", "description": DESCRIPTION, "background_color": "#1f2933"},
        "features": {
            "app_home": {"home_tab_enabled": True, "messages_tab_enabled": False},
            "bot_user": {"display_name": "rollbot", "always_online": True},
            "slash_commands": [
                {
                    "command": "/rollback",
                    "description": "Plan a rollback and ask for approval",
                    "usage_hint": "order-service [to 1.4.2] [--dry-run] | status | history | help",
                    "should_escape": True,
                }
            ],
        },
        "oauth_config": {"scopes": {"bot": sorted(SCOPES)}},
        "settings": {
            "event_subscriptions": {"bot_events": sorted(EVENTS)},
            "interactivity": {"is_enabled": True},
            "org_deploy_enabled": False,
            "socket_mode_enabled": True,
            "token_rotation_enabled": False,
        },
    }


def http_manifest(url: str, *, several: bool = False, rotating: bool = False) -> dict[str, Any]:
    """The same app in HTTP mode, under this https:// address; with `several` others can install it.

    With `rotating` tokens of installations end after twelve hours and are renewed; Slack lets nobody switch that off again.
    """
    made, base = manifest(), url.rstrip("/")
    events = f"{base}/slack/events"
    for command in made["features"]["slash_commands"]:
        command["url"] = events
    made["settings"] |= {
        "event_subscriptions": {"request_url": events, "bot_events": sorted([*EVENTS, *(_REMOVED if several else ())])},
        "interactivity": {"is_enabled": True, "request_url": events, "message_menu_options_url": events},
        "org_deploy_enabled": several,
        "socket_mode_enabled": False,
    }
    if several:
        made["oauth_config"]["redirect_urls"] = [f"{base}/slack/oauth_redirect"]
        made["settings"]["token_rotation_enabled"] = rotating
    return made


_REMOVED = ("app_uninstalled", "tokens_revoked")
"""Events after which a workspace's token is forgotten."""


def manifest_text() -> str:
    """The manifest as YAML."""
    head = "# The Slack app, to be pasted at api.slack.com/apps, Create New App, From a manifest.\n"
    reasons = "".join(f"#   {scope}: {why}\n" for scope, why in (SCOPES | APP_SCOPES).items())
    made = "# Made by `python -m bot.slack.manifest`; do not edit. Why each scope:\n"
    return head + made + reasons + yaml.safe_dump(manifest(), sort_keys=False, allow_unicode=True, width=110)


def _main() -> None:
    parser = argparse.ArgumentParser(description="The Slack app's manifest, as YAML.")
    parser.add_argument("--url", help="HTTP mode: the https:// address at which Slack reaches the bot")
    parser.add_argument("--several", action="store_true", help="HTTP mode: other workspaces and organisations can install it")
    parser.add_argument("--rotating", action="store_true", help="with --several: tokens end after 12 hours and are renewed")
    args = parser.parse_args()
    made = http_manifest(args.url, several=args.several, rotating=args.rotating) if args.url else None
    sys.stdout.write(yaml.safe_dump(made, sort_keys=False, allow_unicode=True, width=110) if made else manifest_text())


if __name__ == "__main__":
    _main()
