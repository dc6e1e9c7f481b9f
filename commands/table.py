"""The one table of verbs: name, usage, one line, three examples, how it is read and what it does. Help is made from it."""

from typing import Any

from commands import (
    again,
    approve,
    ask,
    bad,
    cancel,
    decide,
    forward,
    guide,
    history,
    lock,
    locks,
    obligations,
    pack,
    picture,
    reject,
    reviewed,
    rights,
    rollback,
    show,
    status,
    suggest,
    wait,
)
from commands.grammar import bad_command, clip
from commands.nearest import nearest
from commands.ports import Call, Desk
from commands.reply import Refused, Reply, Usage
from commands.verb import Ready, Verb
from commands.words import Unclosed, split
from planner.events import Choice
from planner.refusal import Refusal


def _usage(name: str, usage: str, line: str, *examples: str) -> Usage:
    first, second, third = examples
    return Usage(name=name, usage=usage, line=line, examples=(first, second, third))


def _choice(choice: Choice, line: str, *examples: str) -> Verb[decide.Decide]:
    usage = _usage(choice.value, decide.usage(choice), line, *examples)
    return Verb(usage=usage, read=decide.reader(choice), act=decide.act)


_PLAN: Verb[rollback.Rollback] = Verb(
    usage=_usage(
        "plan",
        rollback.USAGE.replace("/rollback ", "/rollback plan ", 1),
        "Plan a rollback and post it for approval; `plan` may be left out unless the service is named like a verb.",
        "/rollback order-service",
        '/rollback order-service to 1.4.2 --reason "checkouts fail"',
        "/rollback plan order-service --strategy full --dry-run",
    ),
    read=rollback.read,
    act=rollback.act,
)

VERBS: tuple[Verb[Any], ...] = (
    _PLAN,
    Verb(
        usage=_usage(
            "status",
            status.USAGE,
            "What runs, waits and is held now; or one service with what it could go back to.",
            "/rollback status",
            "/rollback status order-service",
            "/rollback status payment-service",
        ),
        read=status.read,
        act=status.act,
    ),
    Verb(
        usage=_usage(
            "suggest",
            suggest.USAGE,
            "Which service to roll back, from what changed lately, what fails now and who depends on whom.",
            "/rollback suggest",
            "/rollback suggest web-front",
            "/rollback suggest web-front order-service",
        ),
        read=suggest.read,
        act=suggest.act,
    ),
    Verb(
        usage=_usage(
            "history",
            history.USAGE,
            "What was rolled back, by whom, and how it ended.",
            "/rollback history",
            "/rollback history order-service",
            "/rollback history r12",
        ),
        read=history.read,
        act=history.act,
    ),
    Verb(
        usage=_usage(
            "show",
            show.USAGE,
            "One run from its beginning to where it stands.",
            "/rollback show r12",
            "/rollback show R12",
            "/rollback show 12",
        ),
        read=show.read,
        act=show.act,
    ),
    Verb(
        usage=_usage(
            "picture",
            picture.USAGE,
            "Where the picture of a run stands, and in words what it shows.",
            "/rollback picture r12",
            "/rollback picture 12",
            "/rollback show r12",
        ),
        read=picture.read,
        act=picture.act,
    ),
    Verb(
        usage=_usage(
            "pack",
            pack.USAGE,
            "One run for the review after an incident, as files in its thread: a page, the same as JSON, a picture.",
            "/rollback pack r12",
            "/rollback pack 12",
            "/rollback show r12",
        ),
        read=pack.read,
        act=pack.act,
    ),
    Verb(
        usage=_usage(
            "approve",
            approve.USAGE,
            "Approve a waiting plan, like the button.",
            "/rollback approve r12",
            "/rollback approve #12",
            '/rollback approve r12 --break-glass "checkouts are down and nobody answers"',
        ),
        read=approve.read,
        act=approve.act,
    ),
    Verb(
        usage=_usage(
            "reject",
            reject.USAGE,
            "Say no to a waiting plan; the reason goes into its log.",
            "/rollback reject r12",
            "/rollback reject r12 the migration is not ready",
            '/rollback reject 12 "wrong service"',
        ),
        read=reject.read,
        act=reject.act,
    ),
    Verb(
        usage=_usage(
            "cancel",
            cancel.USAGE,
            "Withdraw a waiting plan, or stop a running one at the next safe point.",
            "/rollback cancel r12",
            "/rollback cancel 12",
            "/rollback cancel #12",
        ),
        read=cancel.read,
        act=cancel.act,
    ),
    _choice(
        Choice.RETRY,
        "A run has stopped: look at its failed steps again, and try them again.",
        "/rollback retry r12",
        "/rollback retry r12 the disk was full, is not now",
        "/rollback retry 12",
    ),
    _choice(
        Choice.SKIP,
        "A run has stopped: go on without its failed steps, where that is safe.",
        "/rollback skip r12 the check is wrong",
        '/rollback skip r12 "asks the old port"',
        "/rollback skip 12 known flaky",
    ),
    _choice(
        Choice.UNDO,
        "A run has stopped: take back what it did, in the reverse order.",
        "/rollback undo r12",
        "/rollback undo r12 it did not help",
        "/rollback undo 12",
    ),
    _choice(
        Choice.LEAVE,
        "A run has stopped: end it as it is, and go on by hand.",
        "/rollback leave r12",
        "/rollback leave r12 finishing by hand",
        "/rollback leave 12",
    ),
    Verb(
        usage=_usage(
            "forward",
            forward.USAGE,
            "Take a finished rollback back again, by the way that was kept with it.",
            "/rollback forward r12",
            "/rollback forward r12 the fault is mended",
            '/rollback forward 12 "it was not the deploy"',
        ),
        read=forward.read,
        act=forward.act,
    ),
    Verb(
        usage=_usage(
            "again",
            again.USAGE,
            "Plan a run again that expired, or ended untouched because the world moved or something was held.",
            "/rollback again r12",
            "/rollback again 12",
            "/rollback history order-service",
        ),
        read=again.read,
        act=again.act,
    ),
    Verb(
        usage=_usage(
            "locks",
            locks.USAGE,
            "Which services are held, by which run or person, since when.",
            "/rollback locks",
            "/rollback status order-service",
            "/rollback show r12",
        ),
        read=locks.read,
        act=locks.act,
    ),
    Verb(
        usage=_usage(
            "lock",
            lock.LOCK,
            "Hold a service by hand: no rollback moves it meanwhile.",
            "/rollback lock order-service for 2h comparing carts by hand",
            "/rollback lock order-service waiting for the database team",
            '/rollback lock order-service "for now I watch it"',
        ),
        read=lock.read_lock,
        act=lock.lock,
    ),
    Verb(
        usage=_usage(
            "unlock",
            lock.UNLOCK,
            "Give back what you hold by hand; approvers may break another's lock, who is told.",
            "/rollback unlock order-service",
            "/rollback unlock order-service carts are fine",
            "/rollback unlock order-service --break Ana is asleep and checkouts fail",
        ),
        read=lock.read_unlock,
        act=lock.unlock,
    ),
    Verb(
        usage=_usage(
            "wait",
            wait.USAGE,
            "Be told here, once, when held services are free.",
            "/rollback wait order-service",
            "/rollback wait order-service payment-service",
            "/rollback locks",
        ),
        read=wait.read,
        act=wait.act,
    ),
    Verb(
        usage=_usage(
            "ask",
            ask.USAGE,
            "Have whoever holds a service asked to give it back, with what you want it for.",
            "/rollback ask order-service checkouts fail, I want to roll it back",
            "/rollback ask payment-service to roll order-service back to 1.4.2",
            "/rollback locks",
        ),
        read=ask.read,
        act=ask.act,
    ),
    Verb(
        usage=_usage(
            "obligations",
            obligations.USAGE,
            "What rollbacks left to be done, whose it is and until when; close what is done.",
            "/rollback obligations",
            "/rollback obligations r12",
            "/rollback obligations close r12.1 reverted in Git, 4f2c1a",
        ),
        read=obligations.read,
        act=obligations.act,
    ),
    Verb(
        usage=_usage(
            "who-can",
            rights.WHO_CAN,
            "Who may approve, break the glass or break a lock, and which freezes are on.",
            "/rollback who-can order-service",
            "/rollback who-can payment-service",
            "/rollback help approve",
        ),
        read=rights.read_who,
        act=rights.who_can,
    ),
    Verb(
        usage=_usage(
            "why-not",
            rights.WHY_NOT,
            "What speaks against going back to a version, or that nothing does.",
            "/rollback why-not order-service 1.4.1",
            "/rollback why-not order-service to 1.4.2",
            "/rollback order-service to 1.4.2 --dry-run",
        ),
        read=rights.read_why,
        act=rights.why_not,
    ),
    Verb(
        usage=_usage(
            "reviewed",
            reviewed.USAGE,
            "Confirm the second look at a run that was started without approval.",
            "/rollback reviewed r12",
            "/rollback reviewed r12 was right, nobody was awake",
            "/rollback status",
        ),
        read=reviewed.read,
        act=reviewed.act,
    ),
    Verb(
        usage=_usage(
            "bad",
            bad.USAGE,
            "Versions that no plan goes back to.",
            "/rollback bad list",
            "/rollback bad add order-service 1.4.1 loses carts",
            "/rollback bad clear order-service 1.4.1 fixed by a patch of the database",
        ),
        read=bad.read,
        act=bad.act,
    ),
    Verb(
        usage=_usage(
            "help",
            guide.USAGE,
            "This list, or one verb with examples.",
            "/rollback help",
            "/rollback help plan",
            "/rollback help cancel",
        ),
        read=guide.reader(lambda: tuple(verb.usage for verb in VERBS)),
        act=guide.act,
    ),
)
"""Every verb, in the order of the help."""

_BY_NAME = {verb.name: verb for verb in VERBS}


def understand(raw: str) -> Ready[Any] | Refusal:
    """What these words ask for, or why they ask for nothing. No word at all asks for help; nothing is done yet."""
    try:
        words = split(raw)
    except Unclosed:
        return bad_command("A quote was opened and never closed; nothing was done.", rollback.USAGE)
    if not words or words[0].text.lower() in {"--help", "-h", "?"}:
        return _BY_NAME["help"].ready(words[1:])
    first = words[0].text.lower()
    verb = None if words[0].quoted else _BY_NAME.get(first)
    if verb is not None:
        return verb.ready(words[1:])
    ready = _PLAN.ready(words)
    close = nearest(first, _BY_NAME, most=1)
    if isinstance(ready, Refusal) and close:
        rest = " ".join(word.text for word in words[1:])
        meant = clip(f"/rollback {close[0]} {rest}".strip(), 120)
        return Refusal(
            code=ready.code,
            message=f"{ready.message} Did you mean the verb {close[0]}?",
            facts=ready.facts,
            nearest=(meant, *ready.nearest),
        )
    return ready


async def answer(desk: Desk, call: Call) -> Reply:
    """The reply to a command. Raises `integrations.errors.IntegrationError` where the world outside is broken."""
    ready = understand(call.words)
    return Refused(refusal=ready) if isinstance(ready, Refusal) else await ready.answer(desk, call)
