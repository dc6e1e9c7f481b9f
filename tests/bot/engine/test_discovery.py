"""Discovery while a run moves services: out before anything stops, in again before a step is done, and never forgotten."""

import asyncio
from dataclasses import replace

import pytest

from bot.engine.duties import Duties
from bot.fencing import LeaseLost
from integrations.protocols import CatalogFacts
from integrations.survey import survey
from planner.duty_events import Duty
from planner.events import Choice, Decided, StopAsked
from planner.facts import Service
from planner.run import Stage, StepState
from tests.bot.engine.test_worker import ORDER, PAYMENT, Bench, Shelf
from tests.integrations.fake_registry import FakeRegistry, RegistryFault
from tests.integrations.fake_runtime import Fault
from tests.making import ANA

FINDABLE = ("order-service", "payment-service")


class FoundShelf(Shelf):
    """The same catalog; two of its services are found through a registry."""

    async def load(self) -> CatalogFacts:
        facts = await super().load()
        return CatalogFacts(services={name: self._registered(service) for name, service in facts.services.items()})

    def _registered(self, service: Service) -> Service:
        return replace(service, registry={"kind": "fake"}) if service.name in FINDABLE else service


class FoundBench(Bench):
    """Processes that register themselves, two for each service, under ids that they keep."""

    def __init__(self, log, leases) -> None:
        super().__init__(log, leases)
        self.registry = FakeRegistry()
        self.seen_at_effect: list[tuple[str, list[str | None]]] = []
        self.other_ids = False
        for name in FINDABLE:
            self._start(name, str(self.runtime.running(name)))
        self.worker = replace(
            self.worker,
            registries={"fake": self.registry},
            survey=lambda: survey(FoundShelf(), {"fake": self.runtime}, {}, limit=0.5),
            pace=replace(self.worker.pace, discover=20.0),
        )
        really = self.runtime._do

        def move(name, to, expect, key):
            before = len(self.runtime.effects)
            really(name, to, expect, key)
            if len(self.runtime.effects) > before and name in FINDABLE:
                self.seen_at_effect.append((name, self.registry.versions(name)))
                if self.runtime.running(name) is not None:
                    self._start(name, self.runtime.running(name))

        self.runtime._do = move

    def _start(self, name: str, version: str) -> None:
        for number in (1, 2):
            self.registry.register(name, f"{name}-{version}-{number}" if self.other_ids else f"{name}-{number}", version)

    def found(self) -> dict[str, list[str | None]]:
        return {name: self.registry.versions(name) for name in FINDABLE}

    def held(self) -> list[str]:
        return [reason for name in FINDABLE for reason in self.registry.holds(name)]


@pytest.fixture
def bench(log, leases) -> FoundBench:
    return FoundBench(log, leases)


@pytest.fixture
def impatient(bench) -> FoundBench:
    """A bench that gives up soon, for what never comes."""
    bench.worker = replace(bench.worker, pace=replace(bench.worker.pace, discover=1.0))
    return bench


async def decide(bench, run, choice):
    return await bench.log.append(run, (Decided(by=ANA, choice=choice),))


BEFORE = {"order-service": ["2.0.0"] * 2, "payment-service": ["3.0.0"] * 2}
AFTER = {"order-service": ["1.4.2"] * 2, "payment-service": ["2.2.0"] * 2}


async def test_the_new_release_is_out_of_discovery_before_it_stops_and_the_old_one_in_it_before_the_step_is_done(bench):
    run = await bench.work(await bench.granted())
    assert run.ending == "finished"
    assert bench.seen_at_effect == [("payment-service", []), ("order-service", [])]
    assert bench.found() == AFTER
    assert bench.held() == []
    kinds = [kind for kind in await bench.kinds(run) if kind.startswith(("step", "drain", "restor", "gate"))]
    step = ["step_intended", "drain_intended", "drained", "step_accepted", "restore_intended", "restored", "gate_judged"]
    assert kinds[:7] == step
    identity = [e.event for e in await bench.log.entries(run.id) if e.event.kind == "gate_judged" and e.event.gate == "identity"]
    assert "2 of 2 instances of 2.2.0 can be found and are passing" in identity[0].because
    assert not any("discovery" in todo for todo in run.ended.obligations)


async def test_what_cannot_be_taken_out_is_not_touched_and_what_was_is_put_back(bench):
    bench.registry.fault(RegistryFault.DRAIN_REJECTED)
    run = await bench.work(await bench.granted())
    assert (run.stage, bench.runtime.asked) == (Stage.HALTED, 0)
    assert "could not be taken out of discovery: the registry refuses" in run.because
    assert (bench.found(), bench.held()) == (BEFORE, [])
    run = await bench.work(await decide(bench, run, Choice.RETRY))
    assert (run.ending, bench.found()) == ("finished", AFTER)


@pytest.mark.parametrize("fault", [Fault.REJECTED, Fault.CONFLICT, Fault.UNAVAILABLE])
async def test_a_runtime_that_refuses_leaves_the_service_where_it_was_found(bench, fault):
    bench.runtime.fault("payment-service", fault)
    run = await bench.work(await bench.granted())
    assert run.stage is Stage.HALTED
    assert (bench.found(), bench.held()) == (BEFORE, [])
    assert bench.effects == []


@pytest.mark.parametrize("fault", [Fault.UNKNOWN_DONE, Fault.UNKNOWN_NOT_DONE])
async def test_an_answer_that_is_lost_changes_nothing_of_it(bench, fault):
    bench.runtime.fault("payment-service", fault)
    bench.registry.fault(RegistryFault.DRAIN_UNKNOWN_DONE)
    run = await bench.work(await bench.granted())
    assert run.ending == "finished"
    assert (bench.effects, bench.found(), bench.held()) == ([PAYMENT, ORDER], AFTER, [])


async def test_a_release_that_does_not_come_up_is_not_kept_out_for_ever(bench):
    bench.runtime.fault("payment-service", Fault.NEVER_CONVERGES)
    run = await bench.work(await bench.granted())
    assert (run.stage, bench.held()) == (Stage.HALTED, [])


async def test_an_old_release_that_nobody_can_find_does_not_pass(impatient):
    bench = impatient
    start = bench._start

    def sick(name, version):
        start(name, version)
        for number in (1, 2):
            bench.registry.sicken(name, f"{name}-{number}")

    bench._start = sick
    run = await bench.work(await bench.granted())
    assert run.stage is Stage.HALTED
    assert "identity" in run.because and "no healthy instance of 2.2.0 can be found" in run.because
    assert bench.held() == []


async def test_an_old_release_that_says_no_version_fails_the_gate_and_is_not_kept_out(impatient):
    bench = impatient
    start = bench._start
    bench._start = lambda name, version: start(name, None)
    run = await bench.work(await bench.granted())
    assert run.stage is Stage.HALTED
    assert "no healthy instance of 2.2.0 can be found" in run.because
    assert bench.held() == []
    assert bench.registry.versions("payment-service") == [None, None]


async def test_what_others_hold_is_theirs(bench):
    bench.registry.hold("payment-service", "payment-service-1", "ana debugs")
    run = await bench.work(await bench.granted())
    assert run.ending == "finished"
    assert bench.held() == ["ana debugs"]
    assert ("drain", "payment-service-1") not in [(what, instance) for what, instance, _ in bench.registry.effects]


async def test_a_dead_registration_of_the_new_release_stays_out_and_somebody_is_told(bench):
    bench.other_ids = True
    run = await bench.work(await bench.granted())
    assert (run.ending, bench.found()) == ("finished", AFTER)
    todo = "\n".join(run.ended.obligations)
    assert "Deregister payment-service-1, payment-service-2 of payment-service" in todo


async def test_what_cannot_be_put_back_is_said_and_tried_again_by_undo(impatient):
    bench = impatient
    bench.runtime.fault("payment-service", Fault.REJECTED)
    bench.registry.fault(RegistryFault.RESTORE_UNAVAILABLE, times=10_000)
    run = await bench.work(await bench.granted())
    assert run.stage is Stage.HALTED
    assert "OUT OF DISCOVERY still: payment-service-1, payment-service-2" in run.because
    bench.registry.fault(RegistryFault.RESTORE_UNAVAILABLE, times=0)
    run = await bench.work(await decide(bench, run, Choice.UNDO))
    assert (run.ending, bench.found(), bench.held()) == ("undone", BEFORE, [])


async def test_what_is_left_out_of_discovery_is_owed(impatient):
    bench = impatient
    bench.runtime.fault("payment-service", Fault.REJECTED)
    bench.registry.fault(RegistryFault.RESTORE_REJECTED, times=10_000)
    run = await bench.work(await bench.granted())
    run = await bench.work(await decide(bench, run, Choice.LEAVE))
    assert run.ending == "left"
    todo = "\n".join(run.ended.obligations)
    assert "Put payment-service-1, payment-service-2 of payment-service back into discovery (the registry refuses)" in todo


async def test_that_it_is_owed_ends_when_it_is_seen_that_somebody_did_it(impatient):
    bench = impatient
    bench.runtime.fault("payment-service", Fault.REJECTED)
    bench.registry.fault(RegistryFault.RESTORE_REJECTED, times=10_000)
    run = await bench.work(await decide(bench, await bench.work(await bench.granted()), Choice.LEAVE))
    one = bench.worker
    duties = Duties(log=bench.log, catalog=FoundShelf(), runtimes=one.runtimes, registries=one.registries, now=one.now)

    async def owed() -> list[str]:
        await duties.tend()
        return [item.words for item in await bench.log.obligations() if item.owed.duty is Duty.DISCOVERY]

    assert [words.startswith("Put payment-service-1") for words in await owed()] == [True]
    bench.registry.fault(RegistryFault.SILENT)
    assert len(await owed()) == 1
    bench.registry.fault(RegistryFault.RESTORE_REJECTED, times=0)
    for number in (1, 2):
        bench.registry.deregister("payment-service", f"payment-service-{number}")
    assert await owed() == []
    assert run.ending == "left"


async def test_undo_drains_and_restores_in_the_other_direction(bench):
    bench.runtime.fault("order-service", Fault.REJECTED)
    run = await bench.work(await bench.granted())
    assert bench.found() == {**BEFORE, "payment-service": AFTER["payment-service"]}
    run = await bench.work(await decide(bench, run, Choice.UNDO))
    assert (run.ending, bench.found(), bench.held()) == ("undone", BEFORE, [])
    assert bench.seen_at_effect[-1] == ("payment-service", [])


async def test_stopping_after_the_drain_puts_everything_back(bench):
    run = await bench.granted()
    bench.runtime.fault("payment-service", Fault.UNKNOWN_NOT_DONE)
    record, stopped = bench.log.record, False

    async def and_stop(run_, events, **named):
        nonlocal stopped
        after = await record(run_, events, **named)
        if not stopped and any(event.kind == "drained" for event in events):
            stopped = True
            await bench.log.append(await bench.log.read(run_.id), (StopAsked(by=ANA),))
        return after

    bench.log.record = and_stop
    run = await bench.work(run)
    assert stopped and run.stage is Stage.HALTED
    assert (bench.effects, bench.found(), bench.held()) == ([], BEFORE, [])


async def test_a_worker_that_dies_at_any_entry_leaves_nothing_out_of_discovery(bench, log, leases):
    """Once for each entry up to the end of the first step: right before it is written and right after."""
    for place in range(2, 18):
        for after in (False, True):
            one = FoundBench(log, leases)
            one.worker = replace(one.worker, pace=replace(one.worker.pace, stable=0.0, poll=0.002))
            run = await one.granted()
            assert await _dies_at(one, run, place, after=after)
            run = await one.work(run)
            assert run.ending == "finished", (place, after, run.because)
            assert (one.effects, one.found(), one.held()) == ([PAYMENT, ORDER], AFTER, [])
            assert all(seen == [] for _, seen in one.seen_at_effect)
            assert {step.state for step in run.steps.values()} == {StepState.VERIFIED}


async def _dies_at(bench: FoundBench, run, place: int, *, after: bool) -> bool:
    """Work until the worker's write number `place`; whether there was one."""
    record, written = bench.log.record, 0

    async def mortal(run_, events, **named):
        nonlocal written
        written += 1
        if written == place + 1 and not after:
            raise LeaseLost("killed")
        done = await record(run_, events, **named)
        if written == place + 1:
            raise LeaseLost("killed")
        return done

    bench.log.record = mortal
    try:
        await bench.worker.work(run.id)
    except LeaseLost:
        return True
    finally:
        bench.log.record = record
        await asyncio.sleep(0)
    return False
