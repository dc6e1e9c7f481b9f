"""`rollbot serve`: the bot behind its Slack door, until Ctrl-C or SIGTERM."""

import argparse
import asyncio
import sys

import structlog

from bot import serving
from bot.cli.stop import until_stopped
from bot.log import set_up
from bot.settings import Mode, Settings, load

log = structlog.get_logger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Two options."""
    parser.add_argument("--no-worker", action="store_true", help="only answer; `rollbot worker` elsewhere carries the runs out")
    parser.add_argument("--read-only", action="store_true", help="plan, carry nothing out (ROLLBOT_READ_ONLY)")


def run(args: argparse.Namespace) -> int:
    """Exit status 0 after a clean stop, 2 where the settings do not do."""
    settings = load(read_only=True) if args.read_only else load()
    set_up(level=settings.log_level)
    missing = unset(settings)
    if missing:
        print("\n".join(missing), file=sys.stderr)
        return 2
    asyncio.run(until_stopped(serving.serve(settings, hands=not args.no_worker)))
    return 0


def unset(settings: Settings) -> list[str]:
    """What the mode needs and nobody set, each with where to get it."""
    lines = []
    several = settings.mode is Mode.HTTP and settings.slack_client_id
    if several and not serving.secret(settings.slack_client_secret):
        lines.append("SLACK_CLIENT_SECRET is not set: the Client Secret of Basic Information, App Credentials.")
    if several and not settings.slack_teams:
        lines.append('ROLLBOT_SLACK_TEAMS is not set: the workspaces and organisations that may install, as ["T0123", "E0123"].')
    if settings.slack_bot_token is None and not several:
        lines.append("SLACK_BOT_TOKEN is not set: the xoxb-… token of OAuth & Permissions, after the app was installed.")
    if settings.mode is Mode.HTTP and not serving.secret(settings.slack_signing_secret):
        lines.append("SLACK_SIGNING_SECRET is not set, or empty: the Signing Secret of Basic Information, App Credentials.")
    if settings.mode is Mode.SOCKET and settings.slack_app_token is None:
        lines.append(
            "SLACK_APP_TOKEN is not set: an xapp-… token of Basic Information, App-Level Tokens, scope connections:write."
        )
    return [*lines, "Without a Slack of your own, try `rollbot demo`."] if lines else []
