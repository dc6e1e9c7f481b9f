"""What is left out in a run's thread is that run; everything else means what it means elsewhere."""

import pytest

from commands.in_thread import in_thread
from tests.bot.slack.runs import at, plan, stories

RUN = at(stories(plan(2))["waiting"])


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("approve", "approve r12"),
        ("Approve", "approve r12"),
        ("approve r7", "approve r7"),
        ("reject the migration is not ready", "reject r12 the migration is not ready"),
        ("reject 2 of the checks are red", "reject r12 2 of the checks are red"),
        ("undo", "undo r12"),
        ("status", "show r12"),
        ("", "show r12"),
        ("history", "show r12"),
        ("status ledger-service", "status ledger-service"),
        ("why-not 1.4.1", "why-not order-service 1.4.1"),
        ("why-not ledger-service 5.0.0", "why-not ledger-service 5.0.0"),
        ("who-can", "who-can order-service"),
        ("full plan", "plan order-service to 1.4.2 --strategy full"),
        ("partial", "plan order-service to 1.4.2 --strategy partial"),
        ("to 1.4.1", "plan order-service to 1.4.1"),
        ("ledger-service to 5.0.0", "ledger-service to 5.0.0"),
        ("help", "help"),
    ],
)
def test_words_in_a_thread(said: str, meant: str):
    assert in_thread(said, RUN) == meant
