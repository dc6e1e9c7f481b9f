"""The catalog file with what other sources say right now, merged as an import would merge it. Nothing is written.

The file has the last word. A source that does not answer is told, and what it said before is used; so a plan that stood on it
can still be carried out.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from integrations.catalog_file.difference import difference
from integrations.errors import IntegrationError
from integrations.protocols import Catalog, CatalogFacts
from planner.facts import Service
from planner.names import ServiceName

FRESH = 10.0
"""Seconds for which what a source said is good: several looks at the world at once ask it once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Another catalog by its name. Without `adds` it only adds to services that are known already."""

    name: str
    catalog: Catalog
    adds: bool = True


@dataclass(slots=True)
class _Said:
    """What a source said last, and what went wrong since."""

    facts: CatalogFacts | None = None
    at: datetime | None = None
    trouble: str = ""


class LiveCatalog:
    """A `Catalog`: the file, and each source in turn. `limit` is in seconds, for each source; `now` gives the time in UTC."""

    def __init__(self, file: Catalog, sources: Sequence[Source], *, limit: float, now: Callable[[], datetime]) -> None:
        self._file = file
        self._sources = tuple(sources)
        self._limit = limit
        self._now = now
        self._said = {source.name: _Said() for source in sources}
        self._asking = asyncio.Lock()

    async def load(self) -> CatalogFacts:
        """Everything now. Warns only of sources that do not answer; see `notes` for the rest. Raises as the file does."""
        facts, said = await self._all()
        services, _ = self._merged(facts)
        return CatalogFacts(services=MappingProxyType(services), warnings=(*facts.warnings, *said))

    async def notes(self) -> tuple[str, ...]:
        """What the sources themselves find odd, and what the file says otherwise: for whoever looks after the catalog."""
        facts, _ = await self._all()
        found = [
            f"{source.name}: {note}"
            for source in self._sources
            if (known := self._said[source.name].facts)
            for note in known.warnings
        ]
        return (*found, *self._merged(facts)[1])

    async def _all(self) -> tuple[CatalogFacts, list[str]]:
        facts = await self._file.load()
        async with self._asking:
            await asyncio.gather(*(self._ask(source) for source in self._sources))
        return facts, [text for source in self._sources if (text := self._trouble(source.name))]

    async def _ask(self, source: Source) -> None:
        said, now = self._said[source.name], self._now()
        if said.at is not None and not said.trouble and (now - said.at).total_seconds() < FRESH:
            return
        try:
            async with asyncio.timeout(self._limit):
                said.facts, said.trouble = await source.catalog.load(), ""
            said.at = now
        except TimeoutError:
            said.trouble = f"no answer within {self._limit:g} s"
        except IntegrationError as error:
            said.trouble = " ".join(str(error).split())

    def _trouble(self, name: str) -> str:
        said = self._said[name]
        if not said.trouble:
            return ""
        instead = f"what it said at {said.at:%H:%M:%S} UTC is used" if said.at else "nothing of it is known"
        return f"{name} could not be asked for services ({said.trouble}): {instead}"

    def _merged(self, facts: CatalogFacts) -> tuple[dict[ServiceName, Service], list[str]]:
        services, notes = dict(facts.services), []
        for source in self._sources:
            known = self._said[source.name].facts
            if known is None:
                continue
            found = difference(services, known.services, source.name, adds=source.adds)
            services |= {change.name: change.after for change in found.changes}
            notes += [f"{source.name}: {note}" for note in found.notes]
        return services, notes
