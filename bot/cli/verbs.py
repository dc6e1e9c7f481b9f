"""Every verb of the command line: the module that does it, and its line of help.

The lines stand here, and not in the modules, so that `rollbot plan` and `rollbot --help` load nothing that they do not need. A
verb's module has `add_arguments(parser)` and `run(args) -> int`; the verb as typed is in `args.verb`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb: its module, and what it does in one line."""

    module: str
    line: str


_WORDS = "bot.cli.words"

VERBS: Mapping[str, Verb] = MappingProxyType(
    {
        "demo": Verb("bot.cli.demo", "the whole bot on this machine, with a local Slack and a small shop that breaks"),
        "plan": Verb("bot.cli.plan", "what a rollback would do, from a catalog file alone"),
        "serve": Verb("bot.cli.serve", "answer Slack, from the settings"),
        "worker": Verb("bot.cli.worker", "carry out runs, without a Slack door"),
        "check": Verb("bot.cli.check", "what is set up, what is missing and what to do about it"),
        "catalog": Verb("bot.cli.catalog", "take services and dependencies over from other sources into the catalog file"),
        "audit": Verb("bot.cli.audit", "verify the log of everything that happened, or export it"),
        "healthcheck": Verb("bot.cli.healthcheck", "whether the bot on this machine lives"),
        "status": Verb(_WORDS, "what runs, waits and is held now"),
        "suggest": Verb(_WORDS, "which service to roll back, from what changed lately and what fails now"),
        "history": Verb(_WORDS, "what was rolled back, by whom, and how it ended"),
        "show": Verb(_WORDS, "one run from its beginning to where it stands"),
        "picture": Verb(_WORDS, "where the picture of a run stands, and in words what it shows"),
        "pack": Verb(_WORDS, "one run for the review after an incident, as a page"),
        "approve": Verb(_WORDS, "approve a waiting plan"),
        "reject": Verb(_WORDS, "say no to a waiting plan"),
        "cancel": Verb(_WORDS, "withdraw a waiting plan, or stop a running one at the next safe point"),
        "retry": Verb(_WORDS, "try the failed steps of a stopped run again"),
        "skip": Verb(_WORDS, "go on without the failed steps of a stopped run, where that is safe"),
        "undo": Verb(_WORDS, "take back what a stopped run did"),
        "leave": Verb(_WORDS, "end a stopped run as it is"),
        "forward": Verb(_WORDS, "go back to where a finished rollback began, as a plan of its own"),
        "again": Verb(_WORDS, "plan a run again that expired, or ended untouched"),
        "ask": Verb(_WORDS, "have whoever holds a service asked to give it back"),
        "lock": Verb(_WORDS, "hold a service by hand: no rollback moves it meanwhile"),
        "unlock": Verb(_WORDS, "give back what you hold by hand, or break another's lock with a reason"),
        "wait": Verb(_WORDS, "be told in Slack when held services are free"),
        "who-can": Verb(_WORDS, "who may approve, break the glass or break a lock"),
        "why-not": Verb(_WORDS, "what speaks against going back to a version"),
        "reviewed": Verb(_WORDS, "confirm the second look at a run that was started without approval"),
        "locks": Verb(_WORDS, "which services are held, by which run or person, since when"),
        "obligations": Verb(_WORDS, "what rollbacks left to be done, whose it is and until when"),
        "bad": Verb("bot.cli.bad", "versions that no plan goes back to; `bad check` for CI"),
    }
)
