"""Which runs an audit is about: by service, by person, by time. From indexes, without reading any log."""

from dataclasses import dataclass
from datetime import datetime

from bot.store.connect import Store
from bot.store.holds import milliseconds
from bot.store.keys import Keys
from planner.events import Entry, RunOpened, RunSealed
from planner.involved import doer, run_named, services
from planner.names import ActorId, RunId, ServiceName


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What somebody wants to know; what is `None` does not matter. Times are those at which a run was asked for."""

    run: RunId | None = None
    service: ServiceName | None = None
    by: ActorId | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def about_all(self) -> bool:
        """Whether nothing was asked in particular."""
        return self == Question()

    def fits(self, entry: Entry) -> bool:
        """Whether an entry of the environment's log, which belongs to no run, is asked for."""
        if self.about_all:
            return True
        event = entry.event
        if isinstance(event, RunOpened | RunSealed):
            return False
        person = doer(event)
        return (
            (self.run is None or run_named(event) == self.run)
            and (self.service is None or self.service in services(event))
            and (self.by is None or (person is not None and person.id == self.by))
            and (self.since is None or entry.at >= self.since)
            and (self.until is None or entry.at < self.until)
        )


async def runs_of(store: Store, keys: Keys, question: Question) -> tuple[RunId, ...]:
    """The runs that were asked for from `since` on and before `until`, oldest first. Raises what `STORE_DOWN` names."""
    indexes = [keys.runs_of(question.service)] if question.service else []
    indexes += [keys.runs_by(question.by)] if question.by else []
    lowest = milliseconds(question.since) if question.since else "-inf"
    highest = f"({milliseconds(question.until)}" if question.until else "+inf"
    async with store.pipeline(transaction=False) as pipeline:
        for key in indexes or [keys.runs]:
            pipeline.zrangebyscore(key, lowest, highest)
        first, *others = await pipeline.execute()
    in_all = set(first).intersection(*others)
    return tuple(RunId(run) for run in first if run in in_all and question.run in (None, run))
