"""One atomic change: entries appended to logs together with everything that hangs on them."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.fencing import Fence, Fenced, Held
from bot.store.audit_signing import Signer, is_signed
from bot.store.codec import Line, write
from bot.store.connect import Store
from bot.store.durable import ALONE, Copies, call
from bot.store.holds import read_holder, stored
from bot.store.keys import Keys
from commands.ports import Holder, Moved
from planner.events import Event
from planner.names import ServiceName

_SCRIPT = (Path(__file__).parent / "scripts" / "commit.lua").read_text("utf-8")


class Lapsed(Exception):
    """The time of a hold by hand is over and nobody has ended it yet: end it, and try again. Nothing was written."""

    def __init__(self, services: tuple[ServiceName, ...]) -> None:
        super().__init__(", ".join(services))
        self.services = services


class Outrun(Moved):
    """Somebody wrote to this log first; `head` is where it ends now. Nothing was written."""

    def __init__(self, chain: str, head: "Head") -> None:
        super().__init__(chain)
        self.chain = chain
        self.head = head


class Gone(Exception):
    """A hold that was to be ended is not there any more, or not over yet. Nothing was written."""


class Spoilt(Exception):
    """Somebody else wrote into a log, and nothing can be appended to it. Nothing was written, to no log; people must look."""


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
    signer: Signer | None = None
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
            if self.signer is not None and is_signed(event):
                line = replace(line, signature=self.signer.sign(chain, head.seq + offset, line.hash))
            lines.append(line)
            previous = line.hash
        self._chains.append(
            {
                "name": chain,
                "head": self._key(self.keys.head(chain)),
                "log": self._key(self.keys.log(chain)),
                "seq": str(head.seq),
                "hash": head.hash,
                "entries": [
                    {"body": line.body.decode("utf-8"), "hash": line.hash, "signature": line.signature or ""} for line in lines
                ],
            }
        )
        return tuple(lines)

    def fence(self, fence: Fence | None) -> None:
        """Refuse the whole change unless this worker still has the run."""
        if fence is not None:
            self._fence = {"key": self._key(self.keys.lease(fence.run)), "epoch": str(fence.epoch)}

    def lock(self, holder: Holder, instead: str = "") -> None:
        """Hold a service; refuse the whole change where another holds it. It may take the place of a hold of `instead`."""
        fields = [part for pair in stored(holder).items() for part in pair]
        key = self._key(self.keys.lock(holder.service))
        self._locks.append({"key": key, "service": holder.service, "owner": holder.owner, "instead": instead, "fields": fields})

    def unlock(self, service: ServiceName, owner: str, *, must: bool = False, lapsed: bool = False) -> None:
        """Free a service if this owner holds it. `must`: else refuse the whole change; `lapsed`: also if its time is not over."""
        key = self._key(self.keys.lock(service))
        self._unlocks.append({"key": key, "service": service, "owner": owner, "must": must, "lapsed": lapsed})

    def effect(self, command: str, key: str, *arguments: str) -> None:
        """Also do this Redis command."""
        self._effects.append([command, self._key(key), *arguments])

    async def carry_out(self, redis: Store, replicas: Copies = ALONE) -> None:
        """Do it all or nothing. Raises `Moved`, `Fenced`, `Held`, `Lapsed` or `Gone`, or what `STORE_DOWN` names.

        Raises `TooFewReplicas` where it is done but not safe yet; what follows from it must wait.
        """
        feed = self._key(self.keys.feed)
        spec: dict[str, Any] = {
            "chains": self._chains,
            "feed": feed,
            "locks": self._locks,
            "unlocks": self._unlocks,
            "effects": self._effects,
        }
        if self._locks or self._unlocks:
            spec["held"] = self._key(self.keys.held)
        if self._fence is not None:
            spec["fence"] = self._fence
        answer: list[str] = await call(redis, _SCRIPT, self._keys, [json.dumps(spec)], replicas)
        match answer:
            case ["done"]:
                return
            case ["moved", chain, seq, hash_]:
                raise Outrun(chain, Head(seq=int(seq), hash=hash_))
            case ["spoilt", chain]:
                raise Spoilt(f"the log {chain} goes on after what Rollbot wrote, so it takes no more: run `rollbot audit verify`")
            case ["fenced", epoch]:
                raise Fenced(f"the run is in the hands of epoch {epoch or 'nobody'} now")
            case ["held", *rest]:
                raise Held(tuple(filter(None, map(self._holder, rest[0::2], map(_flat, rest[1::2])))))
            case ["lapsed", *locks]:
                raise Lapsed(tuple(self._service(key) for key in locks))
            case ["gone", key]:
                raise Gone(self._service(key))
        raise RuntimeError(f"the commit script answered {answer!r}")

    def _key(self, key: str) -> int:
        if key not in self._keys:
            self._keys.append(key)
        return self._keys.index(key) + 1

    def _service(self, key: str) -> ServiceName:
        return ServiceName(key[len(self.keys.lock("")) :])

    def _holder(self, key: str, fields: Mapping[str, str]) -> Holder | None:
        return read_holder(self._service(key), fields)


def _flat(text: str) -> dict[str, str]:
    parts: list[str] = json.loads(text)
    return dict(zip(parts[0::2], parts[1::2], strict=True))
