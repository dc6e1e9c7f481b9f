"""What rollbacks left is looked after: closed when it is seen to be done, called when it is due, against the real store."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.engine.duties import Duties
from bot.engine.worker import Worker
from integrations.errors import Rejected
from integrations.protocols import Finding, FindingLevel
from integrations.read_only import ReadOnly
from planner.duty_events import DeploysReleased, Duty, DutyClosed, DutyReminded, Leftover
from planner.events import BadCleared, Planned
from planner.facts import Release
from planner.obligations import MOST_REMINDERS
from planner.run import Stage
from tests.bot.engine import test_verifying
from tests.bot.engine.test_verifying import Bench
from tests.making import ANA, NOON, SHOP, approved, asked, granted

GIT = Leftover(duty=Duty.GIT, service="payment-service", words="Revert Git for payment-service.")


class Argo:
    """A runtime that says that Git is not reverted, until it is."""

    def __init__(self, runtime):
        self.runtime = runtime
        self.reverted = False

    def __getattr__(self, name):
        return getattr(self.runtime, name)

    async def preflight(self, service, to):
        if self.reverted or service.name != "payment-service":
            return ()
        return (Finding(level=FindingLevel.WARN, text="belongs to Argo CD", leaves=Duty.GIT),)


@pytest.fixture
def bench(log, leases):
    found = Bench(log, leases)
    found.argo = Argo(found.runtime)
    found.duties = Duties(log=found.log, catalog=found, runtimes={"fake": found.argo}, now=lambda: found.now)
    return found


async def finished(bench):
    planned = Planned(plan=SHOP, approvals=1, expires_at=NOON + timedelta(minutes=20), leftovers=(GIT,))
    run = await bench.log.open((asked(), planned))
    return await bench.go_on(await bench.log.append(run, (approved(), granted())))


async def open_duties(bench):
    await bench.duties.tend()
    return [(one.owed.duty.value, one.owed.service) for one in await bench.log.obligations()]


async def told(bench, run, kind):
    return [entry.event for entry in await bench.log.afterwards(run.id) if isinstance(entry.event, kind)]


ALL = [
    ("fix", "order-service"),
    ("git", "payment-service"),
    ("deploy_lock", "payment-service"),
    ("deploy_lock", "order-service"),
]


async def test_a_finished_rollback_leaves_these_with_owner_and_time(bench):
    run = await finished(bench)
    assert await open_duties(bench) == ALL
    first, git, *_ = await bench.log.obligations()
    assert (first.id, first.owed.owner, first.owed.version) == ("r1.1", "team-order", "2.0.0")
    assert git.owed.due_at == NOON + timedelta(hours=2)
    assert len(run.ended.obligations) == len(run.ended.owed) == 4
    assert [hold.service for hold in await bench.log.deploy_holds()] == ["order-service", "payment-service"]


async def test_a_lock_that_was_let_go_closes_what_it_was(bench):
    run = await finished(bench)
    await bench.log.note(DeploysReleased(run=run.id, service="order-service", by=ANA))
    assert await open_duties(bench) == ALL[:-1]
    (closed,) = await told(bench, run, DutyClosed)
    assert (closed.number, closed.because, closed.by) == (4, "forward deploys of order-service go again", None)


async def test_git_that_was_reverted_is_seen_by_the_runtime(bench):
    run = await finished(bench)
    bench.argo.reverted = True
    assert ("git", "payment-service") not in await open_duties(bench)
    (closed,) = await told(bench, run, DutyClosed)
    assert closed.because == "what runs payment-service no longer speaks of it"


async def test_a_newer_release_is_the_fix(bench, monkeypatch):
    await finished(bench)
    monkeypatch.setitem(test_verifying.RELEASES, "order-service", ("1.4.2", "2.0.0", "2.0.1"))
    bench.runtime.move("order-service", "2.0.1")
    assert ("fix", "order-service") not in await open_duties(bench)


async def test_a_version_that_was_cleared_needs_no_fix(bench):
    await finished(bench)
    await bench.log.note(BadCleared(service="order-service", version="2.0.0", by=ANA, reason="it was the network"))
    assert ("fix", "order-service") not in await open_duties(bench)


async def test_what_is_due_is_called_once_a_day_and_not_for_ever(bench):
    run = await finished(bench)
    bench.now = NOON + timedelta(hours=3)
    for _ in range(3):
        await bench.duties.tend()
    (reminded,) = await told(bench, run, DutyReminded)
    assert (reminded.number, reminded.owner, reminded.whom, reminded.times) == (2, "team-payment", ANA, 1)
    for day in range(1, 20):
        bench.now = NOON + timedelta(hours=3, days=day)
        await bench.duties.tend()
    git = [event for event in await told(bench, run, DutyReminded) if event.number == 2]
    assert [event.times for event in git] == list(range(1, MOST_REMINDERS + 1))


async def test_the_way_forward_lets_deploys_go_and_ends_the_watch(log, leases):
    bench = Bench(log, leases, settle=600.0)
    run = await bench.play()
    back = replace(
        SHOP,
        moves=tuple(replace(move, from_version=move.to_version, to_version=move.from_version) for move in SHOP.moves),
        target=replace(SHOP.target, from_version="1.4.2", to_version="2.0.0"),
        facts={"order-service": "1.4.2", "payment-service": "2.2.0"},
    )
    forward = await bench.log.open(
        (replace(asked(), forward_of=run.id), Planned(plan=back, approvals=1, expires_at=NOON + timedelta(minutes=20)))
    )
    forward = await bench.go_on(await bench.log.append(forward, (approved(), granted())))
    assert forward.ending == "finished"
    assert await bench.log.deploy_holds() == ()
    watch = await bench.log.watch(run.id)
    assert (watch.ended.verdict, watch.ended.because) == ("inconclusive", f"run {forward.id} took it forward again")


async def test_a_read_only_worker_touches_nothing_and_lets_plans_expire(bench):
    waiting = await bench.log.open((asked(), Planned(plan=SHOP, approvals=1, expires_at=NOON + timedelta(minutes=20))))
    ready = await bench.log.open((asked(), Planned(plan=SHOP, approvals=1, expires_at=NOON + timedelta(minutes=20))))
    ready = await bench.log.append(ready, (approved(), granted()))
    fields = {name: getattr(bench.worker, name) for name in Worker.__dataclass_fields__}
    worker = Worker(**{**fields, "read_only": True, "runtimes": {"fake": ReadOnly(bench.runtime)}})
    bench.now = NOON + timedelta(minutes=21)
    assert await worker.unfinished() == (waiting.id,)
    for run in (waiting, ready):
        await worker.work(run.id)
    assert (await bench.log.read(waiting.id)).ending == "expired"
    assert (await bench.log.read(ready.id)).stage is Stage.GRANTED
    assert bench.runtime.effects == []


async def test_no_apply_goes_through_a_read_only_runtime(bench):
    world = await bench.worker.survey()
    service = world.services["order-service"]
    wall = ReadOnly(bench.runtime)
    with pytest.raises(Rejected, match="read-only"):
        await wall.apply(service, Release(version="1.4.2"), expect="2.0.0", key="k")
    assert bench.runtime.asked == 0
    assert await wall.current(service) == "2.0.0"
    assert (await wall.observe(service, Release(version="2.0.0"), key="")).running == "2.0.0"
