"""One clock for all machines: the store's, whatever happens to this machine's own."""

from datetime import UTC, datetime, timedelta

import pytest

from bot import clock
from bot.app import assemble
from bot.settings import Settings
from bot.store.store_clock import StoreClock
from planner.events import Ending, Planned
from planner.run import Stage
from tests.making import SHOP, asked


class Steady:
    at = 1000.0

    def __call__(self) -> float:
        return self.at


async def test_it_is_the_stores_time_and_goes_on_by_the_steady_clock(store):
    steady = Steady()
    now = StoreClock(store, steady)
    await now.ask()
    seconds, _ = await store.time()
    first = now()
    assert abs(first - datetime.fromtimestamp(seconds, UTC)) < timedelta(seconds=30)
    steady.at += 60
    assert now() - first == timedelta(seconds=60)


async def test_it_never_goes_back_and_believes_no_slow_answer(store):
    steady = Steady()
    now = StoreClock(store, steady)
    await now.ask()
    steady.at += 60
    first = now()
    await now.ask()  # by the store hardly any time has passed
    assert now() == first

    class Slow:
        async def time(self):
            steady.at += 5
            return 0, 0

    now._store = Slow()
    await now.ask()
    assert now() >= first
    with pytest.raises(RuntimeError):
        StoreClock(store)()


@pytest.mark.parametrize("hours", [-48, 48])
async def test_a_machine_whose_clock_was_set_ends_nobodys_plan(tmp_path, monkeypatch, hours):
    """The whole bot, put together as always, on a machine that believes it is another day."""
    right = clock.now
    monkeypatch.setattr(clock, "now", lambda: right() + timedelta(hours=hours))
    (tmp_path / "services.yaml").write_text("version: 1\nservices: []\n")
    async with assemble(Settings(catalog=tmp_path / "services.yaml", state_dir=tmp_path / "state")) as parts:
        (seconds, _), now = await parts.store.time(), parts.desk.now()
        assert abs(now - datetime.fromtimestamp(seconds, UTC)) < timedelta(seconds=30)
        soon = Planned(plan=SHOP, approvals=1, expires_at=now + timedelta(minutes=20))
        over = Planned(plan=SHOP, approvals=1, expires_at=now - timedelta(seconds=1))
        waits, ends = await parts.runs.open((asked(), soon)), await parts.runs.open((asked(), over))
        assert await parts.worker.unfinished() == (ends.id,)
        for run in (waits, ends):
            await parts.worker.work(run.id)
        assert (await parts.runs.read(waits.id)).stage is Stage.WAITING
        assert (await parts.runs.read(ends.id)).ending is Ending.EXPIRED
        (*_, last) = await parts.runs.entries(ends.id)
        assert now <= last.at < now + timedelta(minutes=5)
