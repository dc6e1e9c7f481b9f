"""The rules of locks as a machine: whatever people and runs do in whatever order, the real store agrees with a plain model."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from bot.fencing import Held
from bot.store.connect import connect
from bot.store.keys import Keys
from bot.store.leases import Leases
from bot.store.runlog import RunLog
from planner.events import Ended, Ending, LocksTaken
from planner.lock_events import LockExpired, Unlocked, WaitAsked, WaiterCalled
from planner.names import RunId, ServiceName
from tests.bot.store.test_locks import lock
from tests.making import ANA, GUS, NOON, RAJ, approved, asked, granted, planned

PAIR = (ServiceName("payment-service"), ServiceName("order-service"))
SERVICES = (*PAIR, ServiceName("stock-service"))
services, people = st.sampled_from(SERVICES), st.sampled_from((ANA, RAJ, GUS))
_numbers = iter(range(10**9))


class LockMachine(RuleBasedStateMachine):
    """`held` maps a service to the person or run that has it, `over` are holds whose time is past and that nobody has ended."""

    url = ""

    @initialize()
    def begin(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.store = connect(self.url)
        keys = Keys(f"machine{next(_numbers)}")
        self.log, self.leases = RunLog(self.store, keys, lambda: NOON), Leases(self.store, keys, ttl=60)
        self.held: dict[str, str] = {}
        self.over: dict[str, str] = {}
        self.waiting: list[tuple[str, tuple[str, ...]]] = []
        self.called: list[tuple[str, tuple[str, ...]]] = []
        self.expired = 0
        self.runs = {}

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            self.loop.run_until_complete(self.store.aclose())
            self.loop.close()

    def do(self, coroutine):
        return self.loop.run_until_complete(coroutine)

    @rule(service=services, by=people, over=st.booleans())
    def take_by_hand(self, service, by, over) -> None:
        until = datetime.now(UTC) - timedelta(seconds=1) if over else None
        others = self.do(self.log.hold(lock(service, by=by, until=until)))
        holder = self.held.get(service)
        assert [h.owner if h.run else h.person.id for h in others] == ([holder] if holder not in (None, by.id) else [])
        if others:
            return
        self._end(service)
        self.held.pop(service, None)
        (self.over if over else self.held)[service] = by.id

    @rule(service=services, by=people)
    def give_back(self, service, by) -> None:
        found = [h for h in self.do(self.log.holders([service])) if h.person == by]
        assert bool(found) == (self.held.get(service) == by.id)
        if found:
            assert self.do(self.log.release(Unlocked(service=service, by=by), found[0]))
            assert not self.do(self.log.release(Unlocked(service=service, by=by), found[0]))
            del self.held[service]
            self._call([service])

    @rule()
    def sweep(self) -> None:
        assert set(self.do(self.log.expire_holds())) == set(self.over)
        for service in sorted(self.over):
            self._end(service)

    @rule()
    def take_by_run(self) -> None:
        run = self.do(self.log.append(self.do(self.log.open((asked(), planned()))), (approved(), granted())))

        async def take():
            async with self.leases.hold(run.id, "w") as lease:
                return await self.log.record(run, (LocksTaken(services=PAIR),), fence=lease.fence, lock=True)

        blocked = {service for service in PAIR if service in self.held}
        if blocked:
            with pytest.raises(Held) as no:
                self.do(take())
            assert {holder.service for holder in no.value.holders} == blocked
            self.do(self.log.append(self.do(self.log.read(run.id)), (Ended(ending=Ending.BLOCKED, because=""),)))
            return
        self.runs[run.id] = self.do(take())
        for service in PAIR:
            self._end(service)
            self.held[service] = run.id

    @rule()
    def end_runs(self) -> None:
        for name in list(self.runs):
            run = self.do(self.log.read(name))
            self.do(self.log.append(run, (Ended(ending=Ending.LEFT, because=""),)))
            del self.runs[name]
            for service in PAIR:
                del self.held[service]
            self._call(PAIR)

    @rule(wanted=st.sets(services, min_size=1), by=people)
    def begin_to_wait(self, wanted, by) -> None:
        names = tuple(sorted(wanted))
        held = self.do(self.log.wait(WaitAsked(services=names, by=by)))
        assert {holder.service for holder in held} == {name for name in names if name in self.held}
        if held and (by.id, names) not in self.waiting:
            self.waiting.append((by.id, names))

    @invariant()
    def the_store_agrees(self) -> None:
        if not hasattr(self, "loop"):
            return
        holders = self.do(self.log.all_holders())
        assert {h.service: h.run or h.person.id for h in holders} == self.held
        told = [entry.event for entry in self.do(self.log.entries(RunId("environment")))]
        assert [(e.waiter.id, e.services) for e in told if isinstance(e, WaiterCalled)] == self.called
        assert sum(isinstance(e, LockExpired) for e in told) == self.expired

    def _end(self, service) -> None:
        """A hold whose time is over gets its end, once."""
        if self.over.pop(service, None) is not None:
            self.expired += 1
            self._call([service])

    def _call(self, freed) -> None:
        now = [w for w in self.waiting if set(w[1]) & set(freed) and not set(w[1]) & set(self.held)]
        self.called += now
        self.waiting = [w for w in self.waiting if w not in now]


def test_the_rules_of_locks_hold_in_any_order(store_url):
    LockMachine.url = store_url
    run_state_machine_as_test(
        LockMachine,
        settings=settings(
            max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
        ),
    )
