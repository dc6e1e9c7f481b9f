"""The logs of a living store, in a stream: nothing is missed, and nothing looks broken because somebody writes meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import cast

from bot.store.audit_lines import CutShort, Record
from bot.store.codec import BrokenEntry, parse
from bot.store.connect import Store
from bot.store.keys import ENVIRONMENT_CHAIN, Keys
from planner.events import RunOpened, RunSealed, Trimmed

_SCRIPT = (Path(__file__).parent / "scripts" / "read.lua").read_text("utf-8")
_LONG = 2000
"""Entries of one long log in one answer: some milliseconds of the server's time."""
_SIDE = 64
"""Logs read side by side, and entries of each in one answer: most runs have fewer."""

Batch = list[Record | CutShort]


class Reader:
    """Reads the logs of one environment. Remembers how far it came in each, so use one for one pass.

    `after` is an entry of the environment's log that is known from elsewhere: reading begins behind it. `skip` are runs whose
    logs are. Memory grows with the number of runs.
    """

    def __init__(self, store: Store, keys: Keys, *, after: int = 0, skip: Collection[str] = frozenset()) -> None:
        self._store = store
        self._keys = keys
        self._skip = skip
        self._last: dict[str, str] = {ENVIRONMENT_CHAIN: f"{after}-0"} if after else {}
        self._named: dict[str, None] = {}

    async def everything(self) -> AsyncIterator[Batch]:
        """Every log, the environment's first, some thousand entries at a time. Raises what `STORE_DOWN` names.

        What was opened or sealed while the others were read is read afterwards, so that all logs agree with the environment's.
        """
        async for batch in self.environment():
            yield batch
        listed = reversed(await self._store.zrevrange(self._keys.runs, 0, -1))
        chains: Iterable[str] = dict.fromkeys([*listed, *self._named])
        while True:
            self._named = {}
            async for batch in self.runs(chain for chain in chains if chain not in self._skip):
                yield batch
            async for batch in self.environment():
                yield batch
            if not self._named:
                return
            chains = self._named

    async def runs(self, chains: Iterable[str]) -> AsyncIterator[Batch]:
        """The logs of these runs, each whole before the next. Raises what `STORE_DOWN` names."""
        waiting = iter(chains)
        asked = self._ask_ahead(waiting)
        try:
            while asked is not None:
                side, answer = asked
                batches = await answer
                asked = self._ask_ahead(waiting)
                await asyncio.sleep(0)  # the question goes out before anybody works on the answer to the last one
                for chain, (batch, whole) in zip(side, batches, strict=True):
                    yield batch
                    while not whole:
                        ((more, whole),) = await self._ask([chain], _LONG)
                        yield more
        finally:
            if asked is not None:
                asked[1].cancel()

    def _ask_ahead(self, waiting: Iterator[str]) -> tuple[list[str], "asyncio.Task[list[tuple[Batch, bool]]]"] | None:
        """The next logs side by side, and their answer to come; the server works on it while the one before is looked at."""
        side = list(islice(waiting, _SIDE))
        return (side, asyncio.create_task(self._ask(side, _SIDE), name="read ahead")) if side else None

    async def environment(self) -> AsyncIterator[Batch]:
        """The environment's log from where reading stands. Raises what `STORE_DOWN` names."""
        whole = False
        while not whole:
            ((batch, whole),) = await self._ask([ENVIRONMENT_CHAIN], _LONG)
            for record in batch:
                if isinstance(record, Record):
                    self._note(record.body)
            yield batch

    def _note(self, body: str) -> None:
        if not any(kind in body for kind in ('"run_opened"', '"run_sealed"', '"trimmed"')):
            return
        try:
            event = parse(body).event
        except BrokenEntry:
            return
        match event:
            case RunOpened(run=run) | RunSealed(run=run):
                self._named[run] = None
            case Trimmed(open=runs):
                self._named |= dict.fromkeys(runs)
            case _:
                pass

    async def _ask(self, chains: list[str], count: int) -> list[tuple[Batch, bool]]:
        """For each log its next entries, and whether those were the last."""
        keys = [key for chain in chains for key in (self._keys.log(chain), self._keys.head(chain))]
        begins = [f"({self._last[chain]}" if chain in self._last else "-" for chain in chains]
        script = cast("Callable[..., Awaitable[list[tuple[str, str, str]]]]", self._store.register_script(_SCRIPT))
        answers = await script(keys=keys, args=[str(count), *begins])
        return [self._take(chain, text, seq, hash_, count) for chain, (text, seq, hash_) in zip(chains, answers, strict=True)]

    def _take(self, chain: str, text: str, seq: str, hash_: str, count: int) -> tuple[Batch, bool]:
        lines = text.split("\n") if text else []
        batch: Batch = [
            Record(chain, body, found, signature or None)
            for found, signature, body in zip(lines[1::4], lines[2::4], lines[3::4], strict=True)
        ]
        if lines:
            self._last[chain] = lines[-4]
        whole = len(batch) < count
        if whole and (chain in self._last or seq):
            last = self._last.get(chain, "")
            if last != f"{seq}-0" or (lines and lines[-3] != hash_):
                batch.append(CutShort(chain, int(seq) if seq.isdecimal() else 0))
        return batch, whole


async def records(store: Store, keys: Keys) -> AsyncIterator[Record | CutShort]:
    """Every line of every log, one by one; see `Reader.everything`."""
    async for batch in Reader(store, keys).everything():
        for record in batch:
            yield record
