"""The gates neighbours and symptom, and the baseline they are held against, through the real worker and the real store."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.engine.steps import Pace
from bot.engine.worker import Worker
from bot.store.runlog import RunLog
from integrations.protocols import CatalogFacts
from integrations.survey import survey
from planner.events import Choice, Decided, Gate, GateJudged
from planner.facts import Check, Edge, Release, Service
from planner.run import Stage, StepState
from planner.verdict import Measurement, Outcome, Verdict
from planner.watch_events import BaselineTaken
from tests.integrations.fake_runtime import FakeRuntime
from tests.making import ANA, NOON, approved, asked, granted, planned

RELEASES = {
    "web-front": ("5.3.0",),
    "order-service": ("1.4.2", "2.0.0"),
    "payment-service": ("2.2.0", "3.0.0"),
    "ledger-service": ("1.1.0",),
    "lonely-service": ("1.0.0",),
}
CALLS = {"web-front": ("order-service",), "order-service": ("payment-service",), "payment-service": ("ledger-service",)}
FAST = Pace(poll=0.01, apply=1.0, converge=0.3, stable=0.02, look=0.1, baseline=1.0, neighbours=1.0)


class Dial:
    """A probe that says of each service what a test has set; "bad" may hold until or from a release on."""

    def __init__(self, runtime: FakeRuntime) -> None:
        self.runtime = runtime
        self.bad: dict[str, object] = {}
        self.asked: list[str] = []

    async def measure(self, check: Check) -> Measurement:
        await asyncio.sleep(0)
        service = check.settings["of"]
        self.asked.append(service)
        rule = self.bad.get(service, False)
        outcome = rule(self.runtime) if callable(rule) else Outcome.FAIL if rule else Outcome.PASS
        return Measurement(outcome=outcome, seen=f"{service} said {outcome}")


def until_back(runtime):
    return Outcome.FAIL if runtime.running("order-service") == "2.0.0" else Outcome.PASS


def once_back(runtime):
    return Outcome.PASS if runtime.running("order-service") == "2.0.0" else Outcome.FAIL


class Bench:
    def __init__(self, log, leases, *, checks=None, settle=0.0) -> None:
        self.now = NOON
        self.log = RunLog(log._redis, log._keys, lambda: self.now)
        self.runtime = FakeRuntime({name: versions[-1] for name, versions in RELEASES.items()})
        self.dial = Dial(self.runtime)
        self.checks = checks or {}
        self.worker = Worker(
            runs=self.log,
            leases=leases,
            survey=lambda: survey(self, {"fake": self.runtime}, {}, limit=0.5),
            runtimes={"fake": self.runtime},
            probes={"fake": self.dial},
            now=lambda: self.now,
            max_parallel=4,
            pace=replace(FAST, settle=settle),
            name="test",
        )

    async def load(self) -> CatalogFacts:
        def of(name):
            check = Check(name="answers", probe="fake", settings={"of": name}, interval=0.01, count=2)
            return self.checks.get(name, (check,))

        return CatalogFacts(
            services={
                name: Service(
                    name=name,
                    owner=f"team-{name.partition('-')[0]}",
                    runtime={"kind": "fake"},
                    checks=of(name),
                    depends_on=tuple(Edge(service=other) for other in CALLS.get(name, ())),
                    releases=tuple(Release(version=version) for version in versions),
                )
                for name, versions in RELEASES.items()
            }
        )

    async def play(self):
        run = await self.log.open((asked(), planned()))
        run = await self.log.append(run, (approved(), granted()))
        return await self.go_on(run)

    async def go_on(self, run):
        await self.worker.work(run.id)
        return await self.log.read(run.id)

    async def gate(self, run, gate, step="order-service"):
        found = [entry.event for entry in await self.log.entries(run.id)]
        return [event for event in found if isinstance(event, GateJudged) and event.gate is gate and event.step == step]


@pytest.fixture
def bench(log, leases):
    return Bench(log, leases)


async def test_the_baseline_is_taken_before_anything_is_touched_and_kept(bench):
    bench.dial.bad["order-service"] = until_back
    run = await bench.play()
    events = [entry.event for entry in await bench.log.entries(run.id)]
    kinds = [event.kind for event in events]
    assert kinds.index("surveyed") < kinds.index("baseline_taken") < kinds.index("step_intended")
    (baseline,) = [event for event in events if isinstance(event, BaselineTaken)]
    told = {(reading.service, reading.verdict) for reading in baseline.readings}
    assert told == {("order-service", "fail"), ("web-front", "pass"), ("ledger-service", "pass")}
    assert "lonely-service" not in bench.dial.asked


async def test_one_hop_around_the_moved_set_is_looked_at_for_each_step(bench):
    run = await bench.play()
    (order,), (payment,) = await bench.gate(run, Gate.NEIGHBOURS), await bench.gate(run, Gate.NEIGHBOURS, "payment-service")
    assert (order.verdict, order.because) == ("pass", "web-front did not get worse: 1 of 1 checks pass")
    assert (payment.verdict, payment.because) == ("pass", "ledger-service did not get worse: 1 of 1 checks pass")
    assert run.ending == "finished"


async def test_a_neighbour_that_got_worse_fails_the_step_and_asks_people(bench):
    bench.dial.bad["web-front"] = once_back
    run = await bench.play()
    assert run.stage is Stage.HALTED
    step = run.steps["order-service"]
    assert (step.state, step.settled) == (StepState.FAILED, True)
    assert "neighbours: web-front: answers passed before the first step and fails now" in step.because
    run = await bench.go_on(await bench.log.append(run, (Decided(by=ANA, choice=Choice.SKIP, reason="known"),)))
    assert run.ending == "finished"


async def test_a_neighbour_that_was_bad_before_is_told_apart_and_fails_nothing(bench):
    bench.dial.bad["web-front"] = True
    run = await bench.play()
    (said,) = await bench.gate(run, Gate.NEIGHBOURS)
    assert (run.ending, said.verdict) == ("finished", "pass")
    assert "web-front: answers failed before the first step too" in said.because


async def test_a_neighbour_of_which_nothing_was_known_leaves_a_doubt(bench):
    bench.dial.bad["web-front"] = lambda runtime: Outcome.ERROR if until_back(runtime) is Outcome.FAIL else Outcome.FAIL
    run = await bench.play()
    (said,) = await bench.gate(run, Gate.NEIGHBOURS)
    assert (run.ending, said.verdict) == ("finished", "inconclusive")
    assert run.steps["order-service"].unclear == (f"neighbours: {said.because}",)


async def test_neighbours_without_checks_are_no_proof(log, leases):
    bench = Bench(log, leases, checks={"web-front": ()})
    run = await bench.play()
    (said,) = await bench.gate(run, Gate.NEIGHBOURS)
    assert (said.verdict, said.because) == ("inconclusive", "none of the neighbours (web-front) has checks")


async def test_the_symptom_is_gone(bench):
    bench.dial.bad["order-service"] = until_back
    run = await bench.play()
    (said,) = await bench.gate(run, Gate.SYMPTOM)
    assert (run.ending, said.verdict) == ("finished", "pass")
    assert said.because.startswith("answers failed before (1 of 1 failed: ")
    assert "and passes now (2 of 2 good" in said.because


async def test_a_symptom_that_stays_is_told_apart_and_fails_nothing(log, leases):
    page = Check(name="checkouts", probe="fake", settings={"of": "shop"}, interval=0.01, count=2, symptom=True)
    fine = Check(name="answers", probe="fake", settings={"of": "order-service"}, interval=0.01, count=2)
    bench = Bench(log, leases, checks={"order-service": (page, fine)})
    bench.dial.bad["shop"] = True
    run = await bench.play()
    (said,) = await bench.gate(run, Gate.SYMPTOM)
    assert (run.ending, said.verdict) == ("finished", "fail")
    assert "checkouts failed before and fails still" in said.because
    assert run.steps["order-service"].state is StepState.VERIFIED


async def test_what_is_called_a_symptom_fails_no_neighbour_and_no_watch(log, leases):
    page = Check(name="sales", probe="fake", settings={"of": "sales"}, interval=0.01, count=1, symptom=True)
    fine = Check(name="answers", probe="fake", settings={"of": "fine"}, interval=0.01, count=1)
    bench = Bench(log, leases, checks={"web-front": (page, fine), "order-service": (page, fine)}, settle=600.0)
    bench.dial.bad["sales"] = once_back
    run = await bench.play()
    (said,) = await bench.gate(run, Gate.NEIGHBOURS)
    assert (run.ending, said.because) == ("finished", "web-front did not get worse: 1 of 1 checks pass")
    (symptom,) = await bench.gate(run, Gate.SYMPTOM)
    assert (symptom.verdict, "sales fails now, and did not before" in symptom.because) == ("inconclusive", True)
    bench.now = NOON + timedelta(seconds=61)
    await bench.worker.work(run.id)
    assert (await bench.log.watch(run.id)).looks == 1
    assert (await bench.log.watch(run.id)).ended is None


async def test_nobody_can_tell_of_a_symptom_that_no_check_showed(bench):
    run = await bench.play()
    (said,) = await bench.gate(run, Gate.SYMPTOM)
    assert said.verdict is Verdict.INCONCLUSIVE
    assert "none of the 1 checks of order-service failed before the first step" in said.because


async def test_checks_wait_until_they_no_longer_see_the_release_before(log, leases, monkeypatch):
    slept, sleep = [], asyncio.sleep

    async def no_time(seconds):
        slept.append(seconds)
        await sleep(0)

    late = Check(name="answers", probe="fake", settings={"of": "order-service"}, interval=0.01, count=1, warmup=300.0)
    bench = Bench(log, leases, checks={"order-service": (late,)})
    monkeypatch.setattr("bot.engine.verifying.asyncio.sleep", no_time)
    run = await bench.play()
    assert run.ending == "finished"
    assert slept.count(300.0) == 1


async def test_a_baseline_that_takes_too_long_is_cut_short_and_the_run_goes_on(bench):
    async def measure(check):
        if check.settings["of"] == "web-front" and bench.runtime.running("order-service") == "2.0.0":
            await asyncio.sleep(3600)
        return Measurement(outcome=Outcome.PASS, seen="fine")

    bench.dial.measure = measure
    run = await bench.play()
    assert run.ending == "finished"
    assert [r.verdict for r in run.baseline.readings if r.service == "web-front"] == ["inconclusive"]
