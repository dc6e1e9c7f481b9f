"""Slack's kinds of secrets, told apart by how they begin: most bots that do not start were given the wrong one."""

import re

_KINDS = (
    ("xoxe.xox", "a rotating token, which ends after twelve hours: take one of an app without token rotation, or serve by OAuth"),
    ("xoxe-", "a refresh token of token rotation: take the token of an app without it, or serve by OAuth (docs/slack.md)"),
    ("xoxb-", "a bot token, which belongs in SLACK_BOT_TOKEN"),
    ("xapp-", "an app-level token, which belongs in SLACK_APP_TOKEN"),
    ("xoxp-", "a user token: take the Bot User OAuth Token, which stands below it on the same page"),
    ("xoxa-", "a legacy workspace token, which Slack has retired: create an app from slack/manifest.yaml"),
    ("xoxc-", "a browser's session token, which no app may use"),
    ("xoxd-", "a browser's session cookie, which no app may use"),
    ("xwfp-", "a workflow token"),
    ("https://hooks.slack.com/", "an incoming webhook's address"),
)
_HEX = re.compile(r"[0-9a-f]{32}")


def kind_of(secret: str) -> str:
    """What this is, and what to do with it, in words that do not hold the secret; empty for what looks like nothing known."""
    if _HEX.fullmatch(secret):
        return "32 hex digits, so a signing secret (SLACK_SIGNING_SECRET) or a client secret (SLACK_CLIENT_SECRET)"
    return next((what for start, what in _KINDS if secret.startswith(start)), "")
