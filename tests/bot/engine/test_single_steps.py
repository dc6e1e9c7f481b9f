"""A lockstep group carried out in single steps: the requests that its offer names, one run after another, through the engine."""

import asyncio

from bot.engine.steps import Pace
from bot.engine.worker import Worker
from integrations.protocols import CatalogFacts
from integrations.survey import survey
from planner.facts import Release, Service
from planner.plan import Request, Strategy
from planner.planning import make_plan
from planner.ranges import Range
from tests.integrations.fake_runtime import FakeRuntime
from tests.making import NOON, approved, asked, granted, planned

NEEDS = {
    "caller": {"1.0.0": {"callee": "^1"}, "1.5.0": {"callee": "1.x || 2.x"}, "2.0.0": {"callee": "^2"}},
    "callee": {"1.0.0": {"caller": "<2"}, "2.0.0": {"caller": ">=1.5"}},
}
FAST = Pace(poll=0.01, apply=1.0, converge=0.3, stable=0.02, look=0.1)


class Shelf:
    """Two services whose newest releases only know each other; one release between knows both."""

    async def load(self) -> CatalogFacts:
        await asyncio.sleep(0)
        return CatalogFacts(services={name: self._service(name, releases) for name, releases in NEEDS.items()})

    def _service(self, name, releases):
        made = tuple(
            Release(version=version, requires={other: Range.parse(text) for other, text in needs.items()})
            for version, needs in releases.items()
        )
        return Service(name=name, runtime={"kind": "fake"}, releases=made)


async def test_each_request_of_a_bridge_is_a_run_of_one_safe_step(log, leases):
    runtime = FakeRuntime({"caller": "2.0.0", "callee": "2.0.0"})

    async def look():
        return await survey(Shelf(), {"fake": runtime}, {}, limit=0.5)

    worker = Worker(
        runs=log,
        leases=leases,
        survey=look,
        runtimes={"fake": runtime},
        probes={},
        now=lambda: NOON,
        max_parallel=4,
        pace=FAST,
        name="test",
    )
    plan = make_plan(Request(service="caller", to="1.0.0", strategy=Strategy.PARTIAL), await look())
    assert plan.waves == (("callee", "caller"),)
    assert {move.group for move in plan.moves} == {"lockstep-1"}
    (bridge,) = [other for other in plan.alternatives if other.label == "bridge"]
    assert bridge.asked == "/rollback plan caller to 1.5.0 --strategy partial"
    for service, version in bridge.moves:
        step = make_plan(Request(service=service, to=version, strategy=Strategy.PARTIAL), await look())
        run = await log.open((asked(service), planned(step)))
        run = await log.append(run, (approved(digest=step.digest), granted()))
        await worker.work(run.id)
        assert (await log.read(run.id)).ending == "finished"
    assert [(service, before, to) for service, before, to, _ in runtime.effects] == [
        ("caller", "2.0.0", "1.5.0"),
        ("callee", "2.0.0", "1.0.0"),
        ("caller", "1.5.0", "1.0.0"),
    ]
