"""The verbs of Slack's grammar at a terminal: `rollbot history order-service` is `/rollback history order-service`.

For the day on which Slack is down: the same verbs, rights and audit. The person is `cli:NAME`, and may approve only if the policy
names them so.
"""

import argparse
import asyncio
import getpass
import shlex

from bot import app
from bot.cli import run_picture
from bot.settings import load
from commands.ports import Call
from commands.reply import Refused
from commands.table import answer
from commands.views.reply_text import reply_text
from planner.approval import Actor
from planner.events import Person
from planner.names import ActorId


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whatever the verb takes."""
    parser.add_argument("words", nargs=argparse.REMAINDER, help="as after /rollback in Slack")


def run(args: argparse.Namespace) -> int:
    """Exit status 1 where the answer is no. A history that is to be drawn is not a matter of words."""
    if args.verb == "history" and run_picture.wanted(args.words):
        return run_picture.run(args.words)
    return asyncio.run(_say(shlex.join([args.verb, *args.words])))


async def _say(words: str) -> int:
    name = getpass.getuser()
    call = Call(actor=Actor(person=Person(id=ActorId(f"cli:{name}"), name=f"{name} (terminal)")), place=None, words=words)
    async with app.assemble(load()) as parts:
        reply = await answer(parts.desk, call)
    print(reply_text(reply))
    return 1 if isinstance(reply, Refused) else 0
