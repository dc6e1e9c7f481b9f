"""`rollbot VERB …`: finds the verb, loads its module and nothing else, and turns every expected failure into words.

Exit status: 0 done, 1 an honest no, 2 bad usage or bad input, 130 stopped by Ctrl-C.
"""

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from bot.cli.verbs import VERBS
from integrations.errors import IntegrationError, Rejected


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Does what the arguments say (default: those of the process) and gives the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        status = _main(words)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the output has gone; nothing may be written at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status


def _main(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        print(overview())
        return 0 if words else 2
    name, *rest = words
    if name in ("-V", "--version"):
        print(f"rollbot {_version()}")
        return 0
    verb = VERBS.get(name)
    if verb is None:
        return _unknown(name)
    module = import_module(verb.module)
    parser = _Parser(prog=f"rollbot {name}", description=verb.line, allow_abbrev=False)
    module.add_arguments(parser)
    parser.set_defaults(verb=name)
    try:
        return int(module.run(_parse(parser, rest)))
    except KeyboardInterrupt:
        return 130
    except IntegrationError as error:
        return _say(name, error, 2 if isinstance(error, Rejected) else 1)
    except _cannot_start() as error:
        return _say(name, error, 2)


def overview() -> str:
    """What `rollbot --help` says."""
    width = max(map(len, VERBS))
    verbs = "\n".join(f"  {name:<{width}}  {verb.line}" for name, verb in VERBS.items())
    return f"usage: rollbot VERB …\n\n{verbs}\n\n`rollbot VERB --help` says more of each. Begin with `rollbot demo`."


def _parse(parser: argparse.ArgumentParser, words: list[str]) -> argparse.Namespace:
    """Options may stand between the words, but for verbs that take all the rest or have verbs of their own."""
    greedy = (argparse.REMAINDER, argparse.PARSER)
    if any(action.nargs in greedy for action in parser._actions):
        return parser.parse_args(words)
    return parser.parse_intermixed_args(words)


def _unknown(name: str) -> int:
    from difflib import get_close_matches

    near = get_close_matches(name, VERBS, n=1)
    hint = f"did you mean `rollbot {near[0]}`?" if near else "`rollbot --help` lists the verbs"
    print(f"rollbot: there is no verb {name[:60]!a}; {hint}", file=sys.stderr)
    return 2


def _cannot_start() -> type[Exception]:
    """Looked up only where something was raised: the settings take long to load."""
    from bot.settings import CannotStart

    return CannotStart


def _say(name: str, error: Exception, status: int) -> int:
    for line in str(error).splitlines():
        print(f"rollbot {name}: {line}", file=sys.stderr)
    return status


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # a fifth of a quick start

    try:
        return version("rollbot")
    except PackageNotFoundError:
        return "(not installed)"


if __name__ == "__main__":
    sys.exit(main())
