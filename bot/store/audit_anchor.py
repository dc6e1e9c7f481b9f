"""Which heads of the environment's log go outside, and how far that has come. Nothing that a run does waits for it.

Every entry that seals a run is one such head; where only other things happened, the last entry is, once an hour. Heads go in
order, and the store remembers the last that was kept: what fails is tried again at the next turn.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bot.store.audit_lines import Record
from bot.store.audit_reader import Reader
from bot.store.audit_signing import Signer
from bot.store.codec import parse
from bot.store.connect import Store
from bot.store.keys import ENVIRONMENT_CHAIN, Keys
from planner.events import RunSealed

log = structlog.get_logger(__name__)
HOUR = timedelta(hours=1)
_MOST = 100
"""Heads in one turn: a turn is short even where the outside is slow."""


class NotKept(Exception):
    """A head was not, or may not have been, written down; the message says why and holds no secret. Doing it again is safe."""


class Anchor(Protocol):
    """Writes heads down. The same head twice does no harm."""

    @property
    def name(self) -> str:
        """What people call it; never holds a secret."""
        ...

    async def keep(self, head: Mapping[str, object]) -> None:
        """Returns once the head is safe. Raises `NotKept`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far anchoring has come: up to entry `seq`, at `at`; and since when and why it does not go on, if it does not."""

    seq: int = 0
    hash: str = ""
    at: datetime | None = None
    failing_since: datetime | None = None
    why: str = ""


async def standing(store: Store, keys: Keys) -> Standing:
    """How far anchoring has come. Raises what `STORE_DOWN` names."""
    stored = await store.hgetall(keys.anchored)
    return Standing(
        seq=int(stored.get("seq", "0")),
        hash=stored.get("hash", ""),
        at=_time(stored.get("at", "")),
        failing_since=_time(stored.get("since", "")),
        why=stored.get("why", ""),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Notary:
    """Has heads written down outside. One for a process; several at once only write the same head twice."""

    store: Store
    keys: Keys
    anchor: Anchor
    signer: Signer | None
    now: Callable[[], datetime]

    async def keep_heads(self) -> None:
        """One turn: what has to go outside goes. Raises what `STORE_DOWN` names, and nothing where the outside fails."""
        before = await standing(self.store, self.keys)
        kept = 0
        for head in await self._due(before):
            try:
                await self.anchor.keep(head)
            except NotKept as why:
                await self._failed(before, str(why))
                return
            kept += 1
            fields = {"seq": str(head["seq"]), "hash": str(head["hash"])}
            await self._note({**fields, "at": self.now().isoformat(), "since": "", "why": ""})
        if kept and before.failing_since:
            log.info("heads of the log are written down outside again", where=self.anchor.name, heads=kept)

    async def _due(self, before: Standing) -> list[Mapping[str, object]]:
        """The heads that should be outside and are not, oldest first."""
        seq, hash_ = await self.store.hmget(self.keys.head(ENVIRONMENT_CHAIN), ["seq", "hash"])
        lost = before.seq and not await self._still_there(before, int(seq or 0))
        if lost:
            text = "the log is not the one whose head was written down outside: run `rollbot audit verify --heads`"
            log.error(text, entry=before.seq)
        if not before.seq or lost:
            # The present head covers all that came before.
            return [self._head(int(seq), hash_, None)] if seq and hash_ else []
        heads: list[Mapping[str, object]] = []
        last: Mapping[str, object] | None = None
        async for batch in Reader(self.store, self.keys, after=before.seq).environment():
            for record in batch:
                if not isinstance(record, Record):
                    continue
                body = parse(record.body)
                sealed = body.event if isinstance(body.event, RunSealed) else None
                last = self._head(body.seq, record.hash, sealed)
                if sealed is not None:
                    heads.append(last)
                if len(heads) >= _MOST:
                    return heads
        if not heads and last is not None and (before.at is None or self.now() - before.at >= HOUR):
            heads.append(last)
        return heads

    async def _still_there(self, before: Standing, newest: int) -> bool:
        """Whether the last head that was kept is still in the log, or may have left it for an archive."""
        if newest < before.seq:
            return False
        rows = await self.store.xrange(self.keys.log(ENVIRONMENT_CHAIN), min=f"{before.seq}-0", max=f"{before.seq}-0")
        return not rows or rows[0][1].get("h") == before.hash

    def _head(self, seq: int, hash_: str, sealed: RunSealed | None) -> Mapping[str, object]:
        head: dict[str, object] = {
            "environment": self.keys.environment,
            "log": ENVIRONMENT_CHAIN,
            "seq": seq,
            "hash": hash_,
            "at": self.now().isoformat(),
        }
        if sealed is not None:
            head["sealed"] = {"log": sealed.run, "seq": sealed.seq, "hash": sealed.hash}
        if self.signer is not None:
            head["signature"] = self.signer.sign(ENVIRONMENT_CHAIN, seq, hash_)
        return head

    async def _failed(self, before: Standing, why: str) -> None:
        if why != before.why:
            log.warning("a head of the log was not written down outside; trying again", where=self.anchor.name, why=why)
        since = before.failing_since or self.now()
        await self._note({"since": since.isoformat(), "why": why})

    async def _note(self, fields: dict[str, str]) -> None:
        await self.store.hset(self.keys.anchored, mapping=fields)


def _time(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
