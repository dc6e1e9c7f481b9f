"""One atomic change: entries appended to logs together with everything that hangs on them."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.fencing import Fence, Fenced, Held
from bot.store.codec import Line, write
from bot.store.connect import Store
from bot.store.keys import Keys
from commands.ports import Holder, Moved
from planner.events import Event
from planner.names import RunId, ServiceName

_SCRIPT = (Path(__file__).parent / "scripts" / "commit.lua").read_text("utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where a log ends: the last entry's number and hash; 0 and the empty text where it is empty."""

    seq: int = 0
    hash: str = ""


@dataclass(slots=True)
class Commit:
    """Collects one atomic change and carries it out. Use each one once."""

    keys: Keys
    at: datetime
    _writer: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    _keys: list[str] = field(default_factory=list)
    _chains: list[dict[str, Any]] = field(default_factory=list)
    _locks: list[dict[str, Any]] = field(default_factory=list)
    _unlocks: list[dict[str, Any]] = field(default_factory=list)
    _effects: list[list[Any]] = field(default_factory=list)
    _fence: dict[str, Any] | None = None

    def append(self, chain: str, head: Head, events: Sequence[Event]) -> tuple[Line, ...]:
        """Append these events to a log that ends with `head`; the lines that will stand there."""
        lines: list[Line] = []
        previous = head.hash
        for offset, event in enumerate(events, start=1):
            line = write(chain, head.seq + offset, self.at, event, previous, self._writer)
            lines.append(line)
            previous = line.hash
        self._chains.append(
            {
                "name": chain,
                "head": self._key(self.keys.head(chain)),
                "log": self._key(self.keys.log(chain)),
                "seq": str(head.seq),
                "hash": head.hash,
                "entries": [{"body": line.body.decode("utf-8"), "hash": line.hash} for line in lines],
            }
        )
        return tuple(lines)

    def fence(self, fence: Fence | None) -> None:
        """Refuse the whole change unless this worker still has the run."""
        if fence is not None:
            self._fence = {"key": self._key(self.keys.lease(fence.run)), "epoch": str(fence.epoch)}

    def lock(self, service: ServiceName, run: RunId) -> None:
        """Hold a service for a run; refuse the whole change where another holds it."""
        self._locks.append({"key": self._key(self.keys.lock(service)), "run": run, "since": self.at.isoformat()})

    def unlock(self, service: ServiceName, run: RunId) -> None:
        """Free a service if this run holds it."""
        self._unlocks.append({"key": self._key(self.keys.lock(service)), "run": run})

    def effect(self, command: str, key: str, *arguments: str) -> None:
        """Also do this Redis command."""
        self._effects.append([command, self._key(key), *arguments])

    async def carry_out(self, redis: Store) -> None:
        """Do it all or nothing. Raises `Moved`, `Fenced` or `Held`, or what `STORE_DOWN` names."""
        feed = self._key(self.keys.feed)
        spec: dict[str, Any] = {
            "chains": self._chains,
            "feed": feed,
            "locks": self._locks,
            "unlocks": self._unlocks,
            "effects": self._effects,
        }
        if self._fence is not None:
            spec["fence"] = self._fence
        answer: list[str] = await redis.register_script(_SCRIPT)(keys=self._keys, args=[json.dumps(spec)])
        match answer:
            case ["done"]:
                return
            case ["moved", chain]:
                raise Moved(chain)
            case ["fenced", epoch]:
                raise Fenced(f"the run is in the hands of epoch {epoch or 'nobody'} now")
            case ["held", *rest]:
                raise Held(self._holders(rest))
        raise RuntimeError(f"the commit script answered {answer!r}")

    def _key(self, key: str) -> int:
        if key not in self._keys:
            self._keys.append(key)
        return self._keys.index(key) + 1

    def _holders(self, flat: list[str]) -> tuple[Holder, ...]:
        prefix = len(self.keys.lock(""))
        return tuple(
            Holder(service=ServiceName(key[prefix:]), run=RunId(run), since=datetime.fromisoformat(since))
            for key, run, since in zip(flat[0::3], flat[1::3], flat[2::3], strict=True)
        )
