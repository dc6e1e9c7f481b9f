"""The Slack app as one table: its command and its scopes, each with the reason for it. `slack/manifest.yaml` is made from this.

python -m bot.slack.manifest > slack/manifest.yaml
"""

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


def manifest_text() -> str:
    """The manifest as YAML."""
    head = "# The Slack app, to be pasted at api.slack.com/apps, Create New App, From a manifest.\n"
    reasons = "".join(f"#   {scope}: {why}\n" for scope, why in (SCOPES | APP_SCOPES).items())
    made = "# Made by `python -m bot.slack.manifest`; do not edit. Why each scope:\n"
    return head + made + reasons + yaml.safe_dump(manifest(), sort_keys=False, allow_unicode=True, width=110)


if __name__ == "__main__":
    sys.stdout.write(manifest_text())
