"""Who can find a service while it is moved: the new release is out of discovery before its processes stop, the old one back in.

Every effect is written to the log before it happens, and what came of it is looked at, never assumed. An instance that somebody
else keeps out is left alone. All of it may be done again after a crash at any point.
"""

import asyncio
from collections.abc import Sequence

from bot.engine.hand import Hand
from integrations.errors import IntegrationError, Rejected
from integrations.protocols import Discovery, Instance, Registry
from planner.facts import Service
from planner.names import Version
from planner.registry_events import Drained, DrainIntended, Restored, RestoreFailed, RestoreIntended
from planner.run import Run, Step
from planner.verdict import Judgement, Verdict

_SHOWN = 5
_NO_EFFECT = "the registry took the request, but shows no effect"


def hold_key(run: Run, step: Step) -> str:
    """The reason under which instances are kept out: one for each service of a run, whatever the attempt or the direction."""
    return f"{run.id} {step.service} {run.plan.digest.removeprefix('sha256:')[:12]}"


async def take_out(hand: Hand, step: Step, service: Service, registry: Registry, *, patience: float, poll: float) -> str | None:
    """Take out every instance of another release than the step's, and see that none can be found. `None`, or why that failed."""
    key, watch = hold_key(hand.run, step), _Watch(registry, service, patience, poll)
    intended: dict[str, None] = {}
    trouble = ""
    while True:
        seen = await watch.look()
        if isinstance(seen, str):
            return seen
        open_ones = [one for one in seen.instances if one.version != step.to and one.held is None]
        found = [one for one in seen.instances if one.version != step.to and one.listed]
        if not open_ones and not found:
            out = [one.id for one in seen.instances if one.version != step.to and _ours(one, key)]
            await hand.record(Drained(step=step.id, key=key, instances=tuple(out), seconds=round(watch.spent, 2)))
            return None
        if watch.over:
            return f"{_names(found or open_ones)} can still be found: {trouble or _NO_EFFECT}"
        fresh = [one.id for one in open_ones if one.id not in intended]
        if fresh:
            intended |= dict.fromkeys(fresh)
            await hand.record(DrainIntended(step=step.id, key=key, instances=tuple(fresh)))
        hand.lease.check()
        for one in open_ones:
            try:
                await registry.drain(service, one, key=key)
            except Rejected as error:
                return f"{one.id} could not be taken out of discovery: {error}"
            except IntegrationError as error:
                trouble = str(error)


async def bring_in(hand: Hand, step: Step, service: Service, registry: Registry, *, patience: float, poll: float) -> Judgement:
    """Put back what runs the step's release, and judge whether that, and nothing else, can be found and is well."""
    key, watch = hold_key(hand.run, step), _Watch(registry, service, patience, poll)
    restored: dict[str, None] = {}
    trouble = ""
    while True:
        seen = await watch.look()
        if isinstance(seen, str):
            return Judgement(verdict=Verdict.FAIL, because=f"who can be found could not be told: {seen}")
        ours = [one for one in seen.instances if one.version == step.to and _ours(one, key)]
        if not ours:
            judgement = _judge(step.to, seen)
            if judgement.verdict is Verdict.PASS:
                left = tuple(one.id for one in seen.instances if _ours(one, key))
                await hand.record(Restored(step=step.id, key=key, instances=tuple(restored), left=left))
                return judgement
            if watch.over:
                # What is still out may be what runs, saying no version: it is put back when the step has failed.
                return judgement
        elif watch.over:
            because = f"{_names(ours)} could not be put back into discovery: {trouble or _NO_EFFECT}"
            return Judgement(verdict=Verdict.FAIL, because=because)
        trouble = await _restore(hand, step, service, registry, ours, key, restored) or trouble


async def put_back(hand: Hand, step: Step, service: Service, registry: Registry, *, patience: float, poll: float) -> None:
    """Put back everything that a step took out and that rests now, whatever release it says, and write what came of it."""
    key, watch = hold_key(hand.run, step), _Watch(registry, service, patience, poll)
    restored: dict[str, None] = {}
    trouble = ""
    while True:
        seen = await watch.look()
        if isinstance(seen, str):
            await hand.record(RestoreFailed(step=step.id, key=key, instances=step.held or step.left, because=seen))
            return
        ours = [one for one in seen.instances if _ours(one, key)]
        if not ours:
            await hand.record(Restored(step=step.id, key=key, instances=tuple(restored)))
            return
        if watch.over:
            names = tuple(one.id for one in ours)
            await hand.record(RestoreFailed(step=step.id, key=key, instances=names, because=trouble or _NO_EFFECT))
            return
        trouble = await _restore(hand, step, service, registry, ours, key, restored) or trouble


async def _restore(
    hand: Hand,
    step: Step,
    service: Service,
    registry: Registry,
    ours: Sequence[Instance],
    key: str,
    restored: dict[str, None],
) -> str:
    """Ask for these to be put back; what went wrong, in words."""
    fresh = [one.id for one in ours if one.id not in restored]
    if fresh:
        restored |= dict.fromkeys(fresh)
        await hand.record(RestoreIntended(step=step.id, key=key, instances=tuple(fresh)))
    hand.lease.check()
    trouble = ""
    for one in ours:
        try:
            await registry.restore(service, one, key=key)
        except IntegrationError as error:
            trouble = str(error)
    return trouble


def _judge(to: Version, seen: Discovery) -> Judgement:
    """Whether the release, and no other, can be found."""
    others = [one for one in seen.instances if one.listed and one.version != to]
    mine = [one for one in seen.instances if one.version == to]
    well = [one for one in mine if one.passing]
    if others:
        what = ", ".join(f"{one.id} ({one.version or 'says no version'})" for one in others[:_SHOWN])
        return Judgement(verdict=Verdict.FAIL, because=f"something else than {to} can be found: {what}")
    if not well:
        sick = "; ".join(f"{one.id}: {one.detail or 'not passing'}" for one in mine[:_SHOWN])
        return Judgement(
            verdict=Verdict.FAIL, because=f"no healthy instance of {to} can be found. {sick or 'None is registered'}"
        )
    return Judgement(
        verdict=Verdict.PASS,
        because=f"{len(well)} of {len(mine)} instances of {to} can be found and are passing, no other release",
    )


def _ours(instance: Instance, key: str) -> bool:
    return instance.held is not None and key in instance.held


def _names(instances: Sequence[Instance]) -> str:
    more = f" and {len(instances) - _SHOWN} more" if len(instances) > _SHOWN else ""
    return ", ".join(one.id for one in instances[:_SHOWN]) + more


class _Watch:
    """Looks again when something has changed, or after a while; tells when patience is over."""

    def __init__(self, registry: Registry, service: Service, patience: float, poll: float) -> None:
        self._registry = registry
        self._service = service
        self._patience = patience
        self._poll = poll
        self._began = _seconds()
        self._seen: Discovery | None = None

    @property
    def spent(self) -> float:
        """Seconds since the first look."""
        return _seconds() - self._began

    @property
    def over(self) -> bool:
        """Whether patience is over."""
        return self.spent >= self._patience

    async def look(self) -> Discovery | str:
        """Who is registered now; the reason where the registry says no, or stays silent until patience is over."""
        while True:
            if self._seen is not None:
                await asyncio.sleep(self._poll)
            try:
                # Not longer than a few polls: an effect may have come before the look that was to see it.
                limit = max(0.0, min(4 * self._poll, self._patience - self.spent))
                self._seen = await self._registry.look(self._service, since=self._seen, limit=limit)
            except Rejected as error:
                return str(error)
            except IntegrationError as error:
                if self.over:
                    return str(error)
                await asyncio.sleep(self._poll)
                continue
            return self._seen


def _seconds() -> float:
    return asyncio.get_running_loop().time()
