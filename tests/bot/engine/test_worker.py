"""The worker against the real store and a runtime with faults: what is done, what is written, and what is never done twice."""

import asyncio
from dataclasses import replace

import pytest

from bot.engine.steps import Pace
from bot.engine.worker import Worker
from bot.fencing import LeaseLost
from bot.store.leases import Leases
from bot.store.runlog import RunLog
from integrations.protocols import CatalogFacts, Phase
from integrations.survey import survey
from planner.events import Choice, Decided, GateJudged, StopAsked
from planner.facts import Check, Release, Service
from planner.run import Stage, StepState
from planner.verdict import Measurement, Outcome
from tests.integrations.fake_runtime import FakeRuntime, Fault
from tests.making import ANA, NOON, approved, asked, granted, planned

CHECK = Check(name="answers", probe="fake", interval=0.01, count=2)
RELEASES = {"order-service": ("1.4.2", "2.0.0"), "payment-service": ("2.2.0", "3.0.0"), "ledger-service": ("1.1.0",)}
FAST = Pace(poll=0.01, apply=1.0, converge=0.3, stable=0.02, look=0.1)


class Shelf:
    """A catalog of three services."""

    async def load(self) -> CatalogFacts:
        await asyncio.sleep(0)
        return CatalogFacts(
            services={
                name: Service(
                    name=name,
                    runtime={"kind": "fake"},
                    checks=(CHECK,),
                    releases=tuple(Release(version=version) for version in versions),
                )
                for name, versions in RELEASES.items()
            }
        )


class Runtime(FakeRuntime):
    """Lets a test step in right before an effect."""

    on_apply = None

    async def apply(self, *arguments, **named):
        if self.on_apply is not None:
            step_in, self.on_apply = self.on_apply, None
            step_in()
        await super().apply(*arguments, **named)


class Gauge:
    """A probe that says what it is told to, then "pass"."""

    def __init__(self) -> None:
        self.coming: list[Outcome] = []

    async def measure(self, check: Check) -> Measurement:
        await asyncio.sleep(0)
        outcome = self.coming.pop(0) if self.coming else Outcome.PASS
        return Measurement(outcome=outcome, seen=f"{outcome} seen")


class Bench:
    """Everything a worker needs, over one store."""

    def __init__(self, log: RunLog, leases: Leases) -> None:
        self.log = log
        self.runtime = Runtime({"order-service": "2.0.0", "payment-service": "3.0.0", "ledger-service": "1.1.0"})
        self.gauge = Gauge()
        self.now = NOON
        self.worker = Worker(
            runs=log,
            leases=leases,
            survey=lambda: survey(Shelf(), {"fake": self.runtime}, {}, limit=0.5),
            runtimes={"fake": self.runtime},
            probes={"fake": self.gauge},
            now=lambda: self.now,
            max_parallel=4,
            pace=FAST,
            name="test",
        )

    async def waiting(self):
        return await self.log.open((asked(), planned()))

    async def granted(self):
        return await self.log.append(await self.waiting(), (approved(), granted()))

    async def work(self, run):
        await self.worker.work(run.id)
        return await self.log.read(run.id)

    async def kinds(self, run):
        return [entry.event.kind for entry in await self.log.entries(run.id)]

    @property
    def effects(self):
        return [(service, before, to) for service, before, to, _ in self.runtime.effects]


@pytest.fixture
def bench(log, leases):
    return Bench(log, leases)


PAYMENT, ORDER = ("payment-service", "3.0.0", "2.2.0"), ("order-service", "2.0.0", "1.4.2")


async def test_a_run_is_carried_out_in_order_and_ends(bench):
    run = await bench.work(await bench.granted())
    assert run.ending == "finished"
    assert bench.effects == [PAYMENT, ORDER]
    assert {step.state for step in run.steps.values()} == {StepState.VERIFIED}
    assert [bad.version for bad in await bench.log.bad_versions()] == ["2.0.0"]
    assert await bench.log.all_holders() == ()
    assert run.ended.obligations


async def test_a_run_that_waits_is_not_touched_and_ends_when_its_time_is_over(bench):
    run = await bench.log.open((asked(), planned()))
    assert (await bench.work(run)).stage is Stage.WAITING
    bench.now = run.planned.expires_at
    assert await bench.worker.unfinished() == (run.id,)
    assert (await bench.work(run)).ending == "expired"
    assert bench.effects == []


async def test_a_world_that_moved_ends_the_run_before_anything_is_touched(bench):
    run = await bench.granted()
    bench.runtime.move("payment-service", "3.0.1")
    run = await bench.work(run)
    assert run.ending == "stale"
    assert "payment-service runs 3.0.1 now, not 3.0.0" in run.because
    assert bench.effects == []


async def test_a_world_that_cannot_be_seen_ends_the_run_too(bench):
    run = await bench.granted()
    bench.runtime.fault("payment-service", Fault.SILENT, times=5)
    run = await bench.work(run)
    assert run.ending == "stale"
    assert "nobody could say what payment-service runs" in run.because


async def test_a_run_whose_services_are_held_ends_blocked(bench, leases):
    first, second = await bench.granted(), await bench.granted()
    bench.runtime.fault("payment-service", Fault.REJECTED)
    assert (await bench.work(first)).stage is Stage.HALTED
    second = await bench.work(second)
    assert second.ending == "blocked"
    assert f"held by run {first.id}" in second.because


@pytest.mark.parametrize("fault", [Fault.REJECTED, Fault.UNAVAILABLE, Fault.NEVER_CONVERGES, Fault.WRONG_VERSION, Fault.DIES])
async def test_a_step_that_fails_stops_new_waves_and_asks(bench, fault):
    run = await bench.granted()
    bench.runtime.fault("payment-service", fault)
    run = await bench.work(run)
    assert run.stage is Stage.HALTED
    assert run.steps["payment-service"].state is StepState.FAILED
    assert run.steps["payment-service"].because
    assert run.steps["order-service"].state is StepState.PENDING
    assert not [effect for effect in bench.effects if effect[0] == "order-service"]
    assert {holder.run for holder in await bench.log.all_holders()} == {run.id}


async def test_an_answer_that_was_lost_is_found_out_and_never_asked_twice(bench):
    run = await bench.granted()
    bench.runtime.fault("payment-service", Fault.UNKNOWN_DONE)
    run = await bench.work(run)
    assert run.ending == "finished"
    assert bench.effects == [PAYMENT, ORDER]
    assert "step_unknown" in await bench.kinds(run)


async def test_a_request_that_never_arrived_is_asked_again_once_that_is_sure(bench):
    run = await bench.granted()
    bench.runtime.fault("payment-service", Fault.UNKNOWN_NOT_DONE)
    run = await bench.work(run)
    assert run.ending == "finished"
    assert bench.effects == [PAYMENT, ORDER]
    assert "step_not_taken" in await bench.kinds(run)


async def test_a_runtime_that_died_before_it_wrote_down_what_it_did_is_asked_again_and_goes_on(bench, monkeypatch):
    """The release runs, and the runtime does not know that it started it: only the same request again makes it its own."""
    bench.runtime.fault("payment-service", Fault.UNKNOWN_DONE)
    observe, apply, asked_with = bench.runtime.observe, bench.runtime.apply, []

    async def forgetful(service, to, *, key):
        seen = await observe(service, to, key=key)
        if service.name == "payment-service" and len(asked_with) < 2:
            return replace(seen, phase=Phase.ABSENT, key=None, detail="on the way")
        return seen

    async def told(service, to, *, expect, key):
        if service.name == "payment-service":
            asked_with.append(key)
        await apply(service, to, expect=expect, key=key)

    monkeypatch.setattr(bench.runtime, "observe", forgetful)
    monkeypatch.setattr(bench.runtime, "apply", told)
    run = await bench.work(await bench.granted())
    assert run.ending == "finished", run.because
    assert len(asked_with) == 2
    assert len(set(asked_with)) == 1
    assert bench.effects == [PAYMENT, ORDER]


async def test_a_restart_while_it_should_be_stable_fails_the_step(bench):
    run = await bench.granted()
    bench.runtime.fault("payment-service", Fault.RESTARTS, times=9)
    run = await bench.work(run)
    assert run.stage is Stage.HALTED
    assert "restarted" in run.steps["payment-service"].because


@pytest.mark.parametrize(
    ("wrong", "stage"), [((4,), Stage.ENDED), ((1,), Stage.ENDED), ((4, 6), Stage.HALTED), ((1, 2), Stage.HALTED)]
)
async def test_one_look_that_saw_nothing_is_not_believed_and_two_are(bench, monkeypatch, wrong, stage):
    """As when the worker was paused in the middle of a look. It converges within three, the others see whether it stays."""
    looks, observe = 0, bench.runtime.observe
    bench.worker = replace(bench.worker, pace=replace(FAST, stable=0.2))

    async def paused(service, to, *, key):
        nonlocal looks
        seen = await observe(service, to, key=key)
        looks += service.name == "payment-service"
        if service.name == "payment-service" and looks in wrong:
            return replace(seen, phase=Phase.FAILED, detail="no connection in time")
        return seen

    monkeypatch.setattr(bench.runtime, "observe", paused)
    run = await bench.work(await bench.granted())
    assert (run.stage, looks > max(wrong)) == (stage, stage is Stage.ENDED)


async def test_a_failed_check_halts_with_the_service_on_its_release(bench):
    run = await bench.granted()
    before = [Outcome.PASS] * CHECK.count
    bench.gauge.coming = [*before, Outcome.FAIL]
    run = await bench.work(run)
    assert run.stage is Stage.HALTED
    assert run.steps["payment-service"].settled
    assert "answers: 1 of 1 failed: fail seen" in run.because


async def test_a_check_that_cannot_measure_leaves_a_doubt(bench):
    run = await bench.granted()
    bench.gauge.coming = [Outcome.ERROR] * 20
    run = await bench.work(run)
    assert run.ending == "finished"
    assert any(step.unclear for step in run.steps.values())


async def test_retry_goes_on_where_it_failed(bench):
    run = await bench.granted()
    bench.runtime.fault("payment-service", Fault.REJECTED)
    run = await bench.work(run)
    run = await bench.work(await bench.log.append(run, (Decided(by=ANA, choice=Choice.RETRY),)))
    assert run.ending == "finished"
    assert bench.effects == [PAYMENT, ORDER]


async def test_undo_takes_back_what_was_done(bench):
    run = await bench.granted()
    bench.runtime.fault("order-service", Fault.DIES)
    run = await bench.work(run)
    run = await bench.work(await bench.log.append(run, (Decided(by=ANA, choice=Choice.UNDO),)))
    assert run.ending == "undone"
    assert bench.runtime.running("order-service") == "2.0.0"
    assert bench.runtime.running("payment-service") == "3.0.0"
    assert [effect[0] for effect in bench.effects] == ["payment-service", "order-service", "order-service", "payment-service"]
    assert await bench.log.bad_versions() == ()


async def test_leave_ends_the_run_and_frees_the_services(bench):
    run = await bench.granted()
    bench.runtime.fault("order-service", Fault.REJECTED)
    run = await bench.work(run)
    run = await bench.work(await bench.log.append(run, (Decided(by=ANA, choice=Choice.LEAVE),)))
    assert (run.ending, run.ended.by) == ("left", ANA)
    assert await bench.log.all_holders() == ()


async def test_a_stop_before_the_start_touches_nothing(bench):
    run = await bench.granted()
    run = await bench.work(await bench.log.append(run, (StopAsked(by=ANA),)))
    assert run.ending == "withdrawn"
    assert bench.effects == []


async def test_ten_workers_at_once_do_everything_once(bench):
    run = await bench.granted()
    await asyncio.gather(*(bench.worker.work(run.id) for _ in range(10)))
    assert bench.effects == [PAYMENT, ORDER]
    assert (await bench.kinds(run)).count("lease_taken") == 1


class Dying(RunLog):
    """A log whose worker dies right before or right after its write number `at`."""

    def __init__(self, log: RunLog, at: int, *, after: bool) -> None:
        super().__init__(log._redis, log._keys, log._now)
        self.left = at
        self.after = after

    async def record(self, run, events, **how):
        self.left -= 1
        if self.left == 0 and not self.after:
            raise LeaseLost("killed before the write")
        written = await super().record(run, events, **how)
        if self.left == 0:
            raise LeaseLost("killed after the write")
        return written


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("fault", [None, Fault.UNKNOWN_DONE, Fault.UNKNOWN_NOT_DONE])
async def test_a_worker_may_die_at_every_write_and_the_next_one_ends_the_run_right(bench, log, after, fault):
    at = 0
    while True:
        at += 1
        bench = Bench(log, bench.worker.leases)
        if fault:
            bench.runtime.fault("order-service", fault)
        run = await bench.granted()
        dying = Dying(log, at, after=after)
        first = Bench(dying, bench.worker.leases)
        first.runtime = bench.runtime
        first.worker = Worker(
            **{**{name: getattr(bench.worker, name) for name in Worker.__dataclass_fields__}, "runs": dying, "name": "first"}
        )
        survived = True
        try:
            await first.worker.work(run.id)
        except LeaseLost:
            survived = False
        run = await bench.work(run)
        assert run.ending == "finished", (at, run.because)
        assert bench.effects == [PAYMENT, ORDER], at
        judged = [e.event for e in await log.entries(run.id) if isinstance(e.event, GateJudged)]
        told = [(event.step, event.gate, event.check) for event in judged]
        assert len(told) == len(set(told)), at
        if survived:
            break
    assert at > 15
