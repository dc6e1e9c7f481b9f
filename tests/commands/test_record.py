"""What the logs teach the next plan, through the verbs."""

from commands.record import Record, calibration_lines
from planner.calibration import calibrate, compare
from planner.rates import PRIOR
from tests.making import NOON, SHOP
from tests.planner.drawing.runs import finished


class Logs:
    """Run logs as they were written; counts how often each is read."""

    def __init__(self, **logs):
        self.logs, self.read_of = logs, []

    async def recent(self, limit, service=None):
        return tuple(self.logs)[:limit]

    async def entries(self, run):
        self.read_of.append(run)
        return tuple(self.logs[run])


async def test_nothing_happened_yet():
    assert await Record(Logs()).rates(NOON) == PRIOR


async def test_runs_teach_and_ended_ones_are_read_once():
    logs = Logs(r2=finished(SHOP)[:-1], r1=finished(SHOP))
    record = Record(logs, parallel=7)
    rates = await record.rates(NOON)
    await record.rates(NOON)
    assert (rates.runs, rates.parallel) == (2, 7)
    assert "order-service" in rates.services
    assert logs.read_of == ["r2", "r1", "r2"]


def test_the_comparison_in_words():
    found = calibrate([compare("r1", finished(SHOP)), compare("r2", finished(SHOP, failing=1))])
    lines = calibration_lines(found)
    assert lines[0].startswith("Went through: 2 of 2")
    assert lines[-1].startswith("r2: predicted 97%")
    assert "nothing to compare" in calibration_lines(calibrate([]))[0]
