"""What people type, and what it is taken for."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands import approve, bad, cancel, decide, guide, history, locks, reject, rollback, show, status
from commands.table import VERBS, understand
from commands.verb import Ready
from planner.events import Choice
from planner.names import RunId, ServiceName, Version
from planner.plan import Strategy
from planner.refusal import Code, Refusal

ORDER = ServiceName("order-service")
R12 = RunId("r12")


def intent(raw: str) -> Any:
    ready = understand(raw)
    assert isinstance(ready, Ready), ready
    return ready.intent


def refusal(raw: str) -> Refusal:
    answer = understand(raw)
    assert isinstance(answer, Refusal), answer
    return answer


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("order-service", rollback.Rollback(service=ORDER)),
        ("Order-Service", rollback.Rollback(service=ORDER)),
        ("order-service to 1.4.2", rollback.Rollback(service=ORDER, to=Version("1.4.2"))),
        ("order-service TO 1.4.2", rollback.Rollback(service=ORDER, to=Version("1.4.2"))),
        ("order-service --to 1.4.2", rollback.Rollback(service=ORDER, to=Version("1.4.2"))),
        ("plan status", rollback.Rollback(service=ServiceName("status"))),
        ('"status"', rollback.Rollback(service=ServiceName("status"))),
        ("--dry-run order-service", rollback.Rollback(service=ORDER, dry_run=True)),
        (
            "order-service to 1.4.2 --strategy=full —accept-data-loss --reason “it’s bad”",
            rollback.Rollback(
                service=ORDER, to=Version("1.4.2"), strategy=Strategy.FULL, accept_data_loss=True, reason="it's bad"
            ),
        ),
        ("status", status.Status()),
        ("STATUS order-service", status.Status(service=ORDER)),
        ("history", history.History()),
        ("history r12", history.History(run=R12)),
        ("history order-service", history.History(service=ORDER)),
        ("show 12", show.Show(run=R12)),
        ("cancel #12", cancel.Cancel(run=R12)),
        ("approve r12", approve.Approve(run=R12)),
        ("reject r12 not tonight, please", reject.Reject(run=R12, reason="not tonight, please")),
        ("reject r12", reject.Reject(run=R12)),
        ("retry r12 disk was full", decide.Decide(run=R12, choice=Choice.RETRY, reason="disk was full")),
        ("skip r12 flaky", decide.Decide(run=R12, choice=Choice.SKIP, reason="flaky")),
        ("undo r12", decide.Decide(run=R12, choice=Choice.UNDO)),
        ("leave r12", decide.Decide(run=R12, choice=Choice.LEAVE)),
        ("locks", locks.Locks()),
        ("bad", bad.ListBad()),
        ("bad list", bad.ListBad()),
        ("bad add order-service 1.4.1 loses carts", bad.AddBad(service=ORDER, version=Version("1.4.1"), reason="loses carts")),
        ("bad clear order-service 1.4.1 fixed", bad.ClearBad(service=ORDER, version=Version("1.4.1"), reason="fixed")),
    ],
)
def test_words_are_understood(raw: str, expected: object):
    assert intent(raw) == expected


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ("order-service --strategi full", "Did you mean --strategy?"),
        ("order-service --force", "no flag --force"),
        ("order-service --strategy fast", "auto, partial or full"),
        ("order-service --strategy", "needs a value"),
        ("order-service --reason --dry-run", "needs a value"),
        ("order-service --dry-run=yes", "takes no value"),
        ("order-service --dry-run --dry-run", "given twice"),
        ("order-service 1.4.2", "after order-service"),
        ("order-service to", "to which version"),
        ("order-service to 1 to 2", "do not understand"),
        ("order_service", "not a service's name"),
        ("statsu order-service", "Did you mean the verb status?"),
        ("show", "which run"),
        ("show me everything", "which run"),
        ("cancel order-service", "not a run"),
        ("approve r0", "not a run"),
        ("bad add order-service 1.0", "reason"),
        ("bad remove x", "list, add or clear"),
        ("help aprove", "no verb"),
        ('order-service --reason "half', "never closed"),
        ("locks now", "no words"),
        ("status a b", "One service"),
    ],
)
def test_nonsense_is_refused_with_what_would_do(raw: str, says: str):
    answer = refusal(raw)
    assert answer.code is Code.BAD_COMMAND
    assert says in answer.message
    assert answer.nearest


def test_a_version_without_to_is_offered_with_it():
    assert refusal("order-service 1.4.2").nearest[0] == "/rollback order-service to 1.4.2"


def test_a_misspelt_verb_is_offered_with_its_words():
    assert refusal("statsu order-service").nearest[0] == "/rollback status order-service"


@pytest.mark.parametrize("raw", ["", "   ", "help", "--help"])
def test_no_word_at_all_asks_for_help(raw: str):
    assert intent(raw) == guide.Ask(verbs=tuple(verb.usage for verb in VERBS))


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_every_verb_explains_itself_with_examples_that_work(verb: Any):
    assert intent(f"help {verb.name}").verbs == (verb.usage,)
    for example in verb.usage.examples:
        assert isinstance(understand(example.removeprefix("/rollback")), Ready), example


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_a_service_named_like_a_verb_can_be_rolled_back(verb: Any):
    assert intent(f"plan {verb.name}") == rollback.Rollback(service=ServiceName(verb.name))


@given(st.text(max_size=300))
def test_any_text_is_understood_or_refused_in_words(raw: str):
    answer = understand(raw)
    if isinstance(answer, Refusal):
        assert answer.message
        assert len(answer.message) < 600
