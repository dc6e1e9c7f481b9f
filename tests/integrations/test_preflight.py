"""What is found before anybody approves, from several systems at once."""

import asyncio
from dataclasses import replace

from commands.leftovers import leftovers
from integrations.errors import Unavailable
from integrations.preflight import preflight
from integrations.protocols import Finding, FindingLevel
from planner.duty_events import Duty
from planner.facts import Release, Service
from planner.snapshot import from_catalog
from tests.integrations.fake_registry import FakeRegistry, RegistryFault
from tests.integrations.fake_runtime import FakeRuntime
from tests.making import SHOP


def world(kind: str | None = "fake"):
    return from_catalog(
        {
            name: Service(
                name=name,
                runtime={"kind": kind} if kind else None,
                releases=tuple(Release(version=version) for version in versions),
            )
            for name, versions in {"order-service": ("1.4.2", "2.0.0"), "payment-service": ("2.2.0", "3.0.0")}.items()
        }
    )


class Runtime(FakeRuntime):
    def __init__(self, answer) -> None:
        super().__init__({})
        self.answer = answer

    async def preflight(self, service, to):
        if self.answer == "hang":
            await asyncio.sleep(60)
        if isinstance(self.answer, Exception):
            raise self.answer
        return (Finding(level=FindingLevel.WARN, text=f"{service.name}: {self.answer}"),)


async def found(answer, kind="fake"):
    return [(f.level.value, f.text) for f in await preflight(SHOP, world(kind), {"fake": Runtime(answer)}, limit=0.05)]


async def test_findings_know_whose_they_are_and_what_they_leave():
    class Argo(FakeRuntime):
        async def preflight(self, service, to):
            return (Finding(level=FindingLevel.WARN, text="Argo CD", leaves=Duty.GIT),)

    said = await preflight(SHOP, world(), {"fake": Argo({})}, limit=1.0)
    assert {(finding.service, finding.leaves) for finding in said} == {(move.service, Duty.GIT) for move in SHOP.moves}
    assert [(left.duty, left.service) for left in leftovers((*said, *said))] == [(Duty.GIT, move.service) for move in SHOP.moves]
    assert "Revert Git for order-service" in leftovers(said)[-1].words


async def test_findings_come_in_the_order_of_the_moves():
    assert await found("paused") == [("warn", "payment-service: paused"), ("warn", "order-service: paused")]


async def test_a_system_that_does_not_answer_is_a_warning():
    assert all(level == "warn" and "no answer within" in text for level, text in await found("hang"))
    assert all(level == "warn" and "connection refused" in text for level, text in await found(Unavailable("connection refused")))


async def test_a_kind_nobody_knows_is_a_block():
    assert [level for level, _ in await found("", kind="nomad")] == ["block", "block"]
    assert [level for level, _ in await found("", kind=None)] == ["block", "block"]


async def test_a_release_that_is_gone_is_a_block():
    answers = await preflight(SHOP, from_catalog({}), {}, limit=0.05)
    assert [answer.level for answer in answers] == [FindingLevel.BLOCK] * 2


async def registered(*versions: str | None, kind: str = "fake", fault: RegistryFault | None = None, held: bool = False):
    registry = FakeRegistry()
    for number, version in enumerate(versions):
        registry.register("order-service", f"order-{number}", version)
    if held:
        registry.hold("order-service", "order-0", "ana debugs")
    if fault is not None:
        registry.fault(fault)
    seen = world()
    order = replace(seen.services["order-service"], registry={"kind": kind})
    seen = replace(seen, services={**seen.services, "order-service": order})
    found = await preflight(SHOP, seen, {"fake": FakeRuntime({})}, {"fake": registry}, limit=0.05)
    return [(one.level.value, one.text.removeprefix("order-service: ")) for one in found]


async def test_what_a_registry_knows_is_asked_before_anybody_approves():
    assert await registered("2.0.0", "2.0.0") == []
    assert await registered() == [("warn", "fake knows no instance of it; it must know a healthy one before the step is done")]
    assert await registered("2.0.0", held=True) == [("warn", "held out of discovery already, and left so: order-0 (ana debugs)")]
    ((level, text),) = await registered("2.0.0", None)
    assert (level, text.startswith("order-1 in fake: it says no version")) == ("block", True)
    ((level, text),) = await registered("2.0.0", kind="eureka")
    assert (level, text) == ("block", "nobody here knows the registry 'eureka'; known: fake")
    ((level, text),) = await registered("2.0.0", fault=RegistryFault.SILENT)
    assert (level, text.startswith("who can be found could not be asked")) == ("warn", True)
