"""A model of the store in plain Python: the commands that Rollbot uses and its two scripts, on a clock of the test's choice.

The scripts are written a second time here, on purpose: `test_model_store.py` holds the model to the contract of every run log and
compares it with a real server, answer for answer.
"""

import copy
import fnmatch
import json
from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import Any


class Server:
    """What a server remembers, and what it answers at once. `microseconds` is its clock."""

    def __init__(self, microseconds: Callable[[], int]) -> None:
        self.data: dict[str, Any] = {}
        self.ends: dict[str, int] = {}
        self.microseconds = microseconds
        self.on_write: Callable[[str, str | None], None] = lambda claimed, real: None
        self.on_append: Callable[[str, str], None] = lambda chain, body: None

    def copy(self) -> dict[str, Any]:
        return copy.deepcopy(self.data)

    def do(self, command: str, *arguments: Any) -> Any:
        return getattr(self, "_" + command.lower())(*arguments)

    # hashes
    def _hget(self, key, field):
        return self.data.get(key, {}).get(field)

    def _hmget(self, key, fields):
        return [self.data.get(key, {}).get(field) for field in fields]

    def _hgetall(self, key):
        return dict(self.data.get(key, {}))

    def _hset(self, key, *flat):
        self.data.setdefault(key, {}).update(zip(flat[::2], flat[1::2], strict=True))

    def _hdel(self, key, *fields):
        for field in fields:
            self.data.get(key, {}).pop(field, None)

    def _time(self):
        return list(divmod(self.microseconds(), 1_000_000))

    # strings
    def _get(self, key):
        if self.microseconds() >= self.ends.get(key, 1 << 62):
            self._del(key)
        return self.data.get(key)

    def _set(self, key, value, unit="PX", length=None):
        assert unit == "PX"
        self._del(key)
        self.data[key] = value
        if length is not None:
            self.ends[key] = self.microseconds() + int(length) * 1000

    def _incr(self, key):
        self.data[key] = str(int(self.data.get(key, "0")) + 1)
        return int(self.data[key])

    def _del(self, *keys):
        for key in keys:
            self.data.pop(key, None)
            self.ends.pop(key, None)

    # sets and sorted sets
    def _sadd(self, key, *members):
        self.data.setdefault(key, set()).update(members)

    def _srem(self, key, *members):
        self.data.get(key, set()).difference_update(members)

    def _smembers(self, key):
        return set(self.data.get(key, ()))

    def _zadd(self, key, *flat):
        self.data.setdefault(key, {}).update(zip(flat[1::2], map(float, flat[::2]), strict=True))

    def _zrem(self, key, *members):
        for member in members:
            self.data.get(key, {}).pop(member, None)

    def _zrevrange(self, key, start, end):
        members = sorted(self.data.get(key, {}), key=lambda member: (self.data[key][member], member), reverse=True)
        return members[start : None if end == -1 else end + 1]

    def _zrangebyscore(self, key, low, high):
        low, high = (float(str(edge).replace("+inf", "inf")) for edge in (low, high))
        scored = self.data.get(key, {})
        return sorted((m for m, score in scored.items() if low <= score <= high), key=lambda m: (scored[m], m))

    # streams, as the run log uses them: ids are NUMBER-0
    def _xadd(self, key, number, *flat):
        self.data.setdefault(key, []).append((number, dict(zip(flat[::2], flat[1::2], strict=True))))

    def _xrange(self, key, low="-", high="+", count=None):
        def number(edge: str) -> int:
            return int(edge.lstrip("(").partition("-")[0])

        rows = self.data.get(key, [])
        first = 0 if low == "-" else number(low) - (0 if low[0] == "(" else 1)
        last = len(rows) if high == "+" else number(high)
        return rows[first:last][:count]

    # the scripts
    def script(self, text: str, keys, arguments) -> list[str]:
        if "commit" not in text:
            return self._lease(keys, arguments)
        commit = json.loads(arguments[0])
        answer = self._commit(keys, commit)
        if answer == ["done"] and (fence := commit.get("fence")):
            self.on_write(fence["epoch"], self._hget(keys[fence["key"] - 1], "epoch"))
        return answer

    def _lease(self, keys, arguments):
        lease, epoch = keys
        now = self.microseconds()
        kept = self.data.get(lease, {})
        live = kept and int(kept["until"]) > now // 1000
        match list(arguments):
            case ["take", owner, ttl]:
                if live and kept["owner"] != owner:
                    return ["held", kept["owner"]]
                number = max(int(self.data.get(epoch, "0")) + 1, now)
                self.data[epoch] = str(number)
                self.data[lease] = {"owner": owner, "epoch": str(number), "until": str(now // 1000 + int(ttl))}
                return ["taken", str(number), "1" if kept and kept["until"] != "0" else "0"]
            case [verb, number, *rest]:
                if not live or kept["epoch"] != number:
                    return ["lost"]
                kept["until"] = str(now // 1000 + int(rest[0])) if verb == "renew" else "0"
                return ["renewed" if verb == "renew" else "released"]
        raise ValueError(arguments)

    def _commit(self, keys, commit):
        at = {place: keys[place - 1] for place in range(1, len(keys) + 1)}
        if fence := commit.get("fence"):
            epoch = self._hget(at[fence["key"]], "epoch")
            if epoch != fence["epoch"]:
                return ["fenced", epoch or ""]
        for chain in commit["chains"]:
            seq, last = self._hmget(at[chain["head"]], ("seq", "hash"))
            if (seq or "0", last or "") != (chain["seq"], chain["hash"]):
                return ["moved", chain["name"], seq or "0", last or ""]
        for chain in commit["chains"]:
            rows = self.data.get(at[chain["log"]], [])
            if rows and int(rows[-1][0].partition("-")[0]) > int(chain["seq"]):
                return ["spoilt", chain["name"]]
        refused = self._unlocks(at, commit) or self._holds(at, commit)
        if refused:
            return refused
        for chain in commit["chains"]:
            seq = int(chain["seq"])
            for entry in chain["entries"]:
                seq += 1
                signed = ("s", entry["signature"]) if entry.get("signature") else ()
                self._xadd(at[chain["log"]], f"{seq}-0", "b", entry["body"], "h", entry["hash"], *signed)
            self._hset(at[chain["head"]], "seq", str(seq), "hash", chain["entries"][-1]["hash"])
        for lock in commit["locks"]:
            key = at[lock["key"]]
            if lock["instead"] != "" or self._hget(key, "owner") != lock["owner"]:
                self._del(key)
                self._hset(key, *lock["fields"])
                self._sadd(at[commit["held"]], lock["service"])
        for unlock in commit["unlocks"]:
            if self._hget(at[unlock["key"]], "owner") == unlock["owner"]:
                self._del(at[unlock["key"]])
                self._srem(at[commit["held"]], unlock["service"])
        for command, key, *rest in commit["effects"]:
            self.do(command, at[key], *rest)
        for chain in commit["chains"]:
            for entry in chain["entries"]:
                self.on_append(chain["name"], entry["body"])
        return ["done"]

    def _over(self, until: str | None) -> bool:
        return bool(until) and int(until) <= self.microseconds() // 1000

    def _unlocks(self, at, commit):
        for unlock in commit["unlocks"]:
            owner, until = self._hmget(at[unlock["key"]], ("owner", "until"))
            if unlock["must"] and (owner != unlock["owner"] or (unlock["lapsed"] and not self._over(until))):
                return ["gone", at[unlock["key"]]]
        return None

    def _holds(self, at, commit):
        held, lapsed = ["held"], ["lapsed"]
        for lock in commit["locks"]:
            key = at[lock["key"]]
            owner, until = self._hmget(key, ("owner", "until"))
            if owner and owner != lock["owner"] and self._over(until):
                lapsed.append(key)
            elif owner and owner not in (lock["owner"], lock["instead"]):
                held += [key, json.dumps([part for pair in self._hgetall(key).items() for part in pair])]
        return held if len(held) > 1 else lapsed if len(lapsed) > 1 else None


class Wire:
    """A client of the server. Every command goes through `ask`, where a test may make it slow, or lose it."""

    def __init__(self, server: Server) -> None:
        self.server = server

    async def ask(self, do: Callable[[], Any]) -> Any:
        return do()

    def register_script(self, text: str):
        async def call(*, keys, args):
            return await self.ask(lambda: self.server.script(text, keys, args))

        return call

    @asynccontextmanager
    async def pipeline(self, *, transaction):
        yield _Pipeline(self)

    async def scan_iter(self, *, match, count):
        pattern = match.replace("\\{", "{").replace("\\}", "}").replace("[", "[[]")
        for key in await self.ask(lambda: fnmatch.filter(self.server.data, pattern)):
            yield key

    async def xrange(self, key, *, min="-", max="+", count=None):  # noqa: A002 (the store's own names)
        return await self.ask(lambda: self.server.do("xrange", key, min, max, count))

    async def hset(self, key, *, mapping):
        return await self.ask(lambda: self.server.do("hset", key, *(part for pair in mapping.items() for part in pair)))

    def __getattr__(self, command):
        async def call(*arguments):
            return await self.ask(lambda: self.server.do(command, *arguments))

        return call


class _Pipeline:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._asked: list[tuple[Any, ...]] = []

    def __getattr__(self, command):
        return lambda *arguments: self._asked.append((command, *arguments))

    async def execute(self):
        asked, self._asked = self._asked, []
        return await self._wire.ask(lambda: [self._wire.server.do(*one) for one in asked])
