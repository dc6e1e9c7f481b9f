"""A store in which something happened, for tests of the audit."""

from datetime import timedelta

from bot.store.audit_lines import Record
from bot.store.audit_reader import records
from bot.store.audit_signing import Signer
from bot.store.runlog import RunLog
from planner.events import BadMarked, CommandRefused, Ended, Ending
from planner.refusal import Code
from tests.making import ANA, GUS, NOON, RAJ, SHOP, approved, asked, granted, plan, planned

KEY = "k" * 40
OLD_KEY = "o" * 40
STOCK = plan({"stock-service": ("5.0.0", "4.9.0")})


class Days:
    """A clock that stands still until told."""

    def __init__(self):
        self.at = NOON

    def __call__(self):
        return self.at

    def go(self, **span):
        self.at += timedelta(**span)


async def one_run(log, of=SHOP, by=ANA, end=True):
    run = await log.open((asked(of.target.service, by), planned(of)))
    run = await log.append(run, (approved(RAJ), granted()))
    if end:
        run = await log.append(
            run, (Ended(ending=Ending.WITHDRAWN, because="never mind", by=by, obligations=("tell the team",)),)
        )
    return run


async def story(store, keys, days=None, key=KEY):
    """Five runs, a day apart: r1, r2, r4 ended, r3 and r5 open; and something that belongs to no run."""
    days = days or Days()
    signer = Signer(keys.environment, key) if key else None
    log = RunLog(store, keys, days, signer=signer)
    await one_run(log)
    days.go(days=1)
    await log.note(CommandRefused(by=GUS, words="/rollback moon", code=Code.UNKNOWN_SERVICE, message="there is no moon"))
    await one_run(log, STOCK, GUS)
    days.go(days=1)
    await one_run(log, end=False)
    days.go(days=1)
    await one_run(log, STOCK, ANA)
    await log.note(BadMarked(service="order-service", version="2.0.0", reason="=loses carts", by=ANA))
    days.go(days=1)
    await one_run(log, by=GUS, end=False)
    return log, days


async def everything(store, keys) -> list[Record]:
    return [record async for record in records(store, keys)]
