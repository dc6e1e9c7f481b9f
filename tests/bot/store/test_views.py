"""Which message shows which run, and which are not shown to their end."""

from dataclasses import replace

from bot.store.views import Views
from bot.view import View
from planner.names import RunId


async def test_a_view_is_read_back_and_is_undrawn_until_all_is_shown(store, keys):
    views, view = Views(store, keys), View(channel="C1", ts="1.5", drawn=3, written=2, trouble="no & <b>")
    assert await views.read(RunId("r2")) is None
    for run in ("environment", "r10", "r2"):
        await views.write(RunId(run), view)
    assert await views.read(RunId("r2")) == view
    assert await views.run_at("C1", "1.5") == "r2"
    assert await views.undrawn() == ("r2", "r10")
    await views.drawn(RunId("r2"))
    assert await views.undrawn() == ("r10",)
    await views.write(RunId("r2"), replace(view, drawn=4))
    assert await views.undrawn() == ("r2", "r10")


async def test_one_draws_at_a_time(store, keys):
    views = Views(store, keys)
    assert await views.hold(RunId("r1"), "one", 60)
    assert not await views.hold(RunId("r1"), "two", 60)
    assert await views.hold(RunId("r1"), "one", 0.001)
