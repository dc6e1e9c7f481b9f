"""`rollbot healthcheck`: whether the bot on this machine lives; for containers."""

import argparse
import sys

import httpx

from bot.settings import load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One option."""
    parser.add_argument("--ready", action="store_true", help="also whether Slack and the store answer it")


def run(args: argparse.Namespace) -> int:
    """Exit status 0 where it does, 1 where it does not, 2 where nobody said on which port it would answer."""
    port = load().ops_port
    if port is None:
        print("ROLLBOT_OPS_PORT is not set, so the bot answers on no port.", file=sys.stderr)
        return 2
    page = "readyz" if args.ready else "healthz"
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/{page}", timeout=4.0, trust_env=False)
    except httpx.HTTPError as error:
        print(f"nobody answers on port {port} ({type(error).__name__})", file=sys.stderr)
        return 1
    sys.stdout.write(answer.text)
    return 0 if answer.status_code == httpx.codes.OK else 1
