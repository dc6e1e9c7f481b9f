"""The whole engine on a virtual clock, with faults from a seed: the real code over a modelled store and a modelled world.

python -m tests.bot.chaos.simulation --seed 17          plays one schedule again and prints its logs
python -m tests.bot.chaos.simulation --from 1 --to 2000 plays many and stops at the first that breaks a law
"""

import argparse
import asyncio
import json
import logging
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from bot.engine.steps import Pace
from bot.engine.worker import Worker
from bot.fencing import LeaseLost
from bot.store.connect import STORE_DOWN
from bot.store.keys import Keys
from bot.store.leases import Leases
from commands import approve, cancel, decide, reject
from commands.ports import Call, Desk
from integrations.survey import survey
from planner.approval import Actor
from planner.events import Asked, Choice, Person, Planned
from planner.names import ActorId, RunId
from planner.next_actions import next_actions
from planner.plan import Plan, Request
from planner.policy import Policy
from planner.run import Stage
from planner.snapshot import Snapshot
from tests.bot.chaos import virtual
from tests.bot.chaos.laws import Broken, Laws
from tests.bot.chaos.model_store import Server
from tests.bot.chaos.simulated import RELEASES, Gauge, Host, Line, Log, Reach, Shelf, Weather, World, forget, now, seconds
from tests.integrations.fake_runtime import Fault
from tests.making import ANA, plan

CALM_AFTER = 90.0
"""Seconds during which things go wrong; after them everybody gets the time to finish."""
PATIENCE = 2500.0
FREEZES_END_BEFORE_PEOPLE_DECIDE = 40.0
"""People need longer to decide than a request can be frozen: a target that only compares releases cannot tell the two apart."""
BACK = ("2.0.0", "1.0.0")
PLANS = (
    plan({"basket": BACK}, {"api": BACK}),
    plan({"cart": BACK, "depot": BACK}, {"basket": BACK}, {"api": BACK}),
    plan({"email": BACK, "cart": BACK}, {"depot": BACK, "basket": BACK}, groups={"depot": "g", "basket": "g"}),
    plan({"depot": BACK}),
)
PACE = Pace(poll=0.5, apply=5.0, converge=8.0, stable=1.0, look=4.0, baseline=3.0, neighbours=5.0, settle=24.0)
RAJ = Actor(person=Person(id=ActorId("U_RAJ"), name="Raj"))
ASKER = Actor(person=ANA)
POLICY = Policy(users=frozenset({RAJ.id}))
STEP_FAULTS = tuple(fault for fault in Fault if fault is not Fault.CONFLICT)


@dataclass
class Post:
    """The wake-ups: some are lost, some come twice."""

    chance: random.Random
    seen: Counter[str]
    queues: list[asyncio.Queue[RunId]] = field(default_factory=list)
    bad: float = 0.2

    async def wake(self, run: RunId) -> None:
        if self.chance.random() < self.bad:
            self.seen["wake-up lost"] += 1
            return
        times = 2 if self.chance.random() < self.bad else 1
        self.seen["wake-up doubled"] += times - 1
        for _ in range(times):
            if self.queues:
                self.chance.choice(self.queues).put_nowait(run)

    async def wake_at(self, run, when) -> None:
        pass  # the sweep is what must find it


class Simulation:
    """One schedule."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.seen: Counter[str] = Counter()
        self.server = Server(lambda: int((now().timestamp() + 1e-9) * 1_000_000))
        self.world = World()
        self.world.seen = self.seen
        self.keys = Keys("sim")
        self.weather = Weather()
        self.laws = Laws(self.server, self.world, self.keys, self.seen)
        self.post = Post(self.chance, self.seen)
        self.calm = False
        self.parallel = self.chance.choice((1, 2, 4))
        self.bad = self.chance.choice((0.0, 0.0, 0.05, 0.2))
        self.fails: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.front = Host("front", self.chance, self.seen)
        self.log = Log(Line(self.server, self.front, self.weather), self.keys, now)
        self.desk = Desk(runs=self.log, wake=self.post, survey=self.blind, policy=POLICY, now=now, environment="sim")

    async def blind(self) -> Snapshot:
        """Approvers see nothing of the world, so a press never plans anew; the worker's own survey must stop a stale run."""
        return Snapshot(services={}, current={}, unseen=frozenset(RELEASES))

    async def play(self) -> Counter[str]:
        names = [await self.open(chosen) for chosen in self.chance.sample(PLANS, self.chance.choice((1, 1, 2)))]
        tasks = [asyncio.create_task(self.machine(number)) for number in range(self.chance.choice((1, 2, 3)))]
        tasks += [asyncio.create_task(self.people(name)) for name in names]
        tasks.append(asyncio.create_task(self.trouble()))
        try:
            async with asyncio.timeout(PATIENCE):
                await self.until_over(names, tasks)
        except TimeoutError:
            pass
        self.laws.finally_(names)
        return self.seen

    async def until_over(self, names, tasks) -> None:
        while True:
            over = all(self.laws.run(name).ended for name in names) and not self.laws.watched()
            if self.laws.broken or (over and seconds() > 60):
                return
            for task in tasks:
                if task.done() and task.exception():
                    raise task.exception()
            await asyncio.sleep(5)

    async def open(self, chosen: Plan) -> RunId:
        asked = Asked(by=ANA, words="rollback", request=Request(service=chosen.target.service))
        planned = Planned(plan=chosen, approvals=1, expires_at=now() + timedelta(seconds=self.chance.choice((30, 1200, 1200))))
        return (await self.log.open((asked, planned))).id

    # machines

    async def machine(self, number: int) -> None:
        """A machine whose process is started again whenever it has died."""
        life = 0
        while True:
            host = Host(f"m{number}.{life}", self.chance, self.seen)
            if not self.calm and self.chance.random() < 0.7:
                host.dies_at = self.chance.randrange(1, 160)
            if not self.calm and self.chance.random() < 0.4:
                host.freezes_at = self.chance.randrange(1, 160)
            if not self.calm:
                host.freezes_when_asking = self.chance.choice((0.0, 0.3))
                host.dies_when_asking = self.chance.choice((0.0, 0.2))
            await self.process(host)
            life += 1
            await asyncio.sleep(self.chance.choice((0.5, 2.0, 12.0)))

    async def process(self, host: Host) -> None:
        line = Line(self.server, host, self.weather)
        runs = Log(line, self.keys, now)
        reach = Reach(self.world, host)
        worker = Worker(
            runs=runs,
            leases=Leases(line, self.keys, ttl=10.0, clock=seconds),
            survey=lambda: survey(Shelf(), {"fake": reach}, {}, limit=30.0),
            runtimes={"fake": reach},
            probes={"gauge": Gauge(host, 0.0 if self.calm else self.bad)},
            now=now,
            max_parallel=self.parallel,
            pace=PACE,
            name=host.name,
        )
        queue: asyncio.Queue[RunId] = asyncio.Queue()
        self.post.queues.append(queue)
        loops = [host.start(self.listen(host, worker, queue)), host.start(self.sweep(host, worker))]
        await asyncio.wait(loops)
        self.post.queues.remove(queue)
        for task in loops:
            if not host.dead and task.exception():
                raise task.exception()

    async def listen(self, host: Host, worker: Worker, queue) -> None:
        while True:
            host.start(self.work(host, worker, await queue.get()))

    async def sweep(self, host: Host, worker: Worker) -> None:
        while True:
            await asyncio.sleep(5)
            try:
                for run in await worker.unfinished():
                    await self.post.wake(run)
            except STORE_DOWN:
                self.seen["sweep found no store"] += 1

    async def work(self, host: Host, worker: Worker, run: RunId) -> None:
        try:
            await worker.work(run)
        except LeaseLost:
            self.seen["worker stopped: lease lost"] += 1
        except STORE_DOWN:
            self.seen["worker stopped: no store"] += 1
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            self.fail(error)

    def fail(self, error: BaseException) -> None:
        if not self.fails.done():
            self.fails.set_exception(error)

    # people

    async def people(self, name: RunId) -> None:
        """Somebody approves, or not, or too late, or often; others press what they like; in the end somebody decides."""
        await asyncio.sleep(self.chance.choice((0.5, 5.0, 29.0, 29.99, 45.0)))
        if self.chance.random() < 0.1:
            await self.press(reject.act, RAJ, reject.Reject(run=name))
        else:
            presses = self.chance.choice((1, 1, 3))
            who = [self.press(approve.act, RAJ, approve.Approve(run=name)) for _ in range(presses)]
            if self.chance.random() < 0.1:
                who.append(self.press(cancel.act, self.chance.choice((ASKER, RAJ)), cancel.Cancel(run=name)))
            await asyncio.gather(*who)
        halted_since: float | None = None
        decisions = 0
        while True:
            await asyncio.sleep(self.chance.choice((3.0, 8.0, 15.0)))
            run = self.laws.run(name)
            if run.ended:
                return
            if run.stage is not Stage.HALTED:
                halted_since = None
                if run.stage is Stage.WAITING:
                    await self.press(approve.act, RAJ, approve.Approve(run=name))
                elif self.chance.random() < 0.03:
                    await self.press(cancel.act, ASKER, cancel.Cancel(run=name))
                continue
            halted_since = seconds() if halted_since is None else halted_since
            if next_actions(run, 4) or seconds() - halted_since < FREEZES_END_BEFORE_PEOPLE_DECIDE:
                continue
            decisions += 1
            choice = self.chance.choice(list(Choice)) if decisions < 8 else Choice.LEAVE
            await self.press(
                decide.act, self.chance.choice((ASKER, RAJ)), decide.Decide(run=name, choice=choice, reason="as we agreed")
            )
            halted_since = None

    async def press(self, act, who, intent) -> None:
        try:
            await act(self.desk, Call(actor=who, place=None, words=""), intent)
        except STORE_DOWN:
            self.seen["a press found no store"] += 1

    # trouble

    async def trouble(self) -> None:
        for service in ("api", "basket", "cart", "depot", "email"):
            if self.chance.random() < 0.35:
                self.world.fault(service, self.chance.choice(STEP_FAULTS), self.chance.choice((1, 1, 2, 8)))
        self.weather.loses = self.chance.choice((0.0, 0.0, 0.02, 0.1))
        while seconds() < CALM_AFTER:
            await asyncio.sleep(self.chance.choice((1.0, 5.0, 20.0)))
            match self.chance.randrange(12):
                case 0:
                    self.weather.down_until = seconds() + self.chance.choice((0.3, 3.0, 15.0))
                    self.seen["store down"] += 1
                case 1:
                    self.weather.full_until = seconds() + self.chance.choice((1.0, 12.0))
                case 2 if self.chance.random() < 0.3:
                    await self.failover()
        self.calm = True
        self.weather.loses = 0.0
        self.post.bad = 0.0

    async def failover(self) -> None:
        """The replica that takes over lacks the last moments."""
        kept = self.server.copy()
        await asyncio.sleep(self.chance.choice((0.01, 0.2, 1.0)))
        self.server.data = kept
        self.laws.rewound = True
        self.seen["failover"] += 1
        self.weather.down_until = seconds() + 2.0


def play(seed: int) -> tuple[Counter[str], Laws]:
    """One schedule. Raises `Broken`, or whatever broke."""

    forget()

    async def main():
        simulation = Simulation(seed)
        playing = asyncio.ensure_future(simulation.play())
        await asyncio.wait({playing, simulation.fails}, return_when=asyncio.FIRST_COMPLETED)
        if simulation.fails.done():
            playing.cancel()
            return simulation, simulation.fails.exception()
        simulation.fails.cancel()
        return simulation, playing.exception()

    simulation, error = virtual.run(main())
    if error is not None:
        error.laws = simulation.laws
        raise error
    return simulation.seen, simulation.laws


def tell(laws: Laws) -> None:
    """The logs of a schedule, and what happened in the world."""
    for name in sorted(key.rpartition(":")[2] for key in laws.server.data if ":log:r" in key):
        print(f"--- {name}")
        for entry in laws.entries(name):
            print(f"{entry.seq:4} {entry.at:%H:%M:%S.%f} {str(entry.event)[:170]}")
    print("--- effects")
    for effect in laws.effects:
        print(*effect)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--from", dest="first", type=int, default=1)
    parser.add_argument("--to", dest="last", type=int, default=500)
    parser.add_argument("--step", type=int, default=1, help="play every so many of them only, for several processes side by side")
    parser.add_argument("--json", action="store_true", help="print what happened how often as JSON")
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    seeds = [given.seed] if given.seed is not None else range(given.first, given.last + 1, given.step)
    total: Counter[str] = Counter()
    began = time.monotonic()
    for seed in seeds:
        try:
            seen, laws = play(seed)
        except BaseException as error:
            if given.seed is not None and hasattr(error, "laws"):
                tell(error.laws)
            print(f"seed {seed}: {type(error).__name__}: {error}", file=sys.stderr)
            if given.seed is not None and not isinstance(error, Broken):
                raise
            return 1
        total += seen
        if given.seed is not None:
            tell(laws)
    if given.json:
        print(json.dumps(total))
        return 0
    for what, count in sorted(total.items()):
        print(f"{count:8} {what}")
    print(f"{len(seeds)} schedules in {time.monotonic() - began:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
