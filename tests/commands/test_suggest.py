"""`suggest`: what may be at fault, what speaks for it, and the words that plan its rollback."""

from dataclasses import replace
from datetime import timedelta

from commands.reply import Refused, Suggested
from commands.table import answer
from commands.views.reply_text import reply_text
from integrations.symptoms import Examined, examine
from planner.facts import Check, Edge
from planner.refusal import Code
from planner.snapshot import Snapshot
from planner.suspects import Symptom
from planner.verdict import Measurement, Outcome
from tests.commands.fakes import ANA, NOON, Office, call, shop


def soon(world: Snapshot) -> Snapshot:
    """The shop an hour after the newest order release, with somebody who calls it."""
    order = world.services["order-service"]
    last = order.releases[-1]._replace(deployed_at=NOON - timedelta(hours=1))
    order = replace(order, releases=(*order.releases[:-1], last))
    caller = replace(world.services["orphan-service"], depends_on=(Edge(service="order-service"),))
    return replace(world, services={**world.services, "order-service": order, "orphan-service": caller})


async def test_the_young_release_below_what_fails_is_suggested_with_the_words_for_it():
    office = Office(world=soon(shop()))
    reply = await answer(office.desk, call(ANA, "suggest orphan-service"))
    assert isinstance(reply, Suggested)
    first = reply.suggestions[0]
    assert first.suspect.service == "order-service"
    assert first.suspect.evidence[0].startswith("2.0.0 went live 60 min ago")
    assert first.command == "/rollback plan order-service to 1.4.2"
    assert "1. order-service 2.0.0" in reply_text(reply)
    assert "no check could be measured" in reply.looked


async def test_failing_checks_are_evidence():
    office = Office(world=soon(shop()))
    asked = []

    async def measured(services):
        asked.extend(service.name for service in services)
        return Examined(symptoms=(Symptom(service="order-service", words="its check “ready” fails: 500"),), measured=3, unknown=1)

    reply = await answer(replace(office.desk, examine=measured), call(ANA, "suggest"))
    assert "order-service" in asked
    assert "its check “ready” fails: 500" in reply.suggestions[0].suspect.evidence
    assert "1 of 3 checks fail now, 1 gave no answer" in reply.looked


async def test_where_nothing_changed_lately_it_says_so():
    office = Office()
    office.clock.go(90 * 86400)
    reply = await answer(office.desk, call(ANA, "suggest"))
    assert reply.suggestions == ()
    assert "a rollback is probably not the answer" in reply_text(reply)


async def test_a_service_that_nobody_knows_is_refused():
    reply = await answer(Office().desk, call(ANA, "suggest order-servce"))
    assert isinstance(reply, Refused)
    assert reply.refusal.code is Code.UNKNOWN_SERVICE
    assert reply.refusal.facts[0].startswith("Did you mean order-service")


class Said:
    """A probe that says what it was told to, or breaks."""

    def __init__(self, outcome):
        self.outcome = outcome

    async def measure(self, check):
        return Measurement(outcome=self.outcome, seen="500")


class Now:
    """A probe of which every third measurement fails."""

    def __init__(self):
        self.asked = 0

    async def measure(self, check):
        self.asked += 1
        return Measurement(outcome=Outcome.FAIL if self.asked % 3 == 0 else Outcome.PASS, seen="500")


async def test_what_fails_now_and_then_is_measured_until_it_does():
    service = shop().services["order-service"]
    check = Check(name="ready", probe="http", count=5, interval=0.01)
    found = await examine([replace(service, checks=(check,))], {"http": Now()}, limit=20.0)
    assert found.symptoms == (Symptom(service="order-service", words="its check “ready” fails: 500"),)
    probe = Now()
    found = await examine([replace(service, checks=(replace(check, interval=30.0),))], {"http": probe}, limit=20.0)
    assert (found.healthy, probe.asked) == ({"order-service"}, 1)


async def test_every_check_is_measured():
    probes = {"http": Said(Outcome.FAIL), "tcp": Said(Outcome.PASS), "prometheus": Said(Outcome.ERROR)}
    service = shop().services["order-service"]
    checks = tuple(Check(name=kind, probe=kind) for kind in (*probes, "unheard-of"))
    found = await examine([replace(service, checks=checks)], probes, limit=1.0)
    assert found.symptoms == (Symptom(service="order-service", words="its check “http” fails: 500"),)
    assert (found.measured, found.unknown, found.healthy) == (2, 1, frozenset())
    well = await examine([replace(service, checks=(Check(name="tcp", probe="tcp"),))], probes, limit=1.0)
    assert well.healthy == {"order-service"}
