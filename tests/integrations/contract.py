"""What every runtime must do, real or fake. A test module subclasses `RuntimeContract` and gives it a `world` fixture."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from integrations.errors import Conflict
from integrations.protocols import FindingLevel, Observation, Phase, Runtime
from planner.facts import Release, Service
from planner.names import ServiceName, Version

PATIENCE = 20.0


ABSENT = Service(name=ServiceName("absent"))


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A runtime and two services of it: `service` runs `newer` now, `absent`, where there can be such a one, runs nothing.

    `starts` counts how often a service was really made to run something since the world began; `kill` lets it die.
    """

    runtime: Runtime
    service: Service
    absent: Service = ABSENT
    older: Release
    newer: Release
    starts: Callable[[Service], Awaitable[int]]
    kill: Callable[[Service], Awaitable[None]]


async def settled(runtime: Runtime, service: Service, to: Release, key: str) -> Observation:
    """The observation in which the service has converged, has failed, or patience has ended."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while True:
        seen = await runtime.observe(service, to, key=key)
        if seen.phase in (Phase.CONVERGED, Phase.FAILED) or asyncio.get_running_loop().time() > deadline:
            return seen
        await asyncio.sleep(0.02)


class RuntimeContract:
    """The rules of `integrations.protocols.Runtime`, one test each."""

    async def test_it_knows_what_runs(self, world: World):
        assert await world.runtime.current(world.service) == world.newer.version

    async def test_looking_changes_nothing(self, world: World):
        before = await world.starts(world.service)
        seen = await world.runtime.observe(world.service, world.older, key="never-applied")
        findings = await world.runtime.preflight(world.service, world.older)
        await world.runtime.releases(world.service)
        assert seen.running == world.newer.version
        assert seen.phase is not Phase.CONVERGED
        assert seen.key != "never-applied"
        assert not [finding for finding in findings if finding.level is FindingLevel.BLOCK]
        assert await world.runtime.current(world.service) == world.newer.version
        assert await world.starts(world.service) == before

    async def test_what_has_died_is_known_by_its_release_and_can_be_moved(self, world: World):
        await world.kill(world.service)
        assert (await world.runtime.observe(world.service, world.older, key="k1")).running is None
        assert await world.runtime.current(world.service) == world.newer.version
        await world.runtime.apply(world.service, world.older, expect=world.newer.version, key="k1")
        assert (await settled(world.runtime, world.service, world.older, "k1")).running == world.older.version

    async def test_a_release_is_applied_and_converges(self, world: World):
        await world.runtime.apply(world.service, world.older, expect=world.newer.version, key="k1")
        seen = await settled(world.runtime, world.service, world.older, "k1")
        assert seen.phase is Phase.CONVERGED, seen.detail
        assert (seen.running, seen.old_left, seen.restarts, seen.key) == (world.older.version, 0, 0, "k1")
        assert await world.runtime.current(world.service) == world.older.version

    async def test_the_same_key_starts_once(self, world: World):
        before = await world.starts(world.service)
        for _ in range(3):
            await world.runtime.apply(world.service, world.older, expect=world.newer.version, key="k1")
        await settled(world.runtime, world.service, world.older, "k1")
        assert await world.starts(world.service) == before + 1

    async def test_the_same_key_at_once_starts_once(self, world: World):
        before = await world.starts(world.service)
        apply = world.runtime.apply
        await asyncio.gather(*(apply(world.service, world.older, expect=world.newer.version, key="k1") for _ in range(5)))
        assert (await settled(world.runtime, world.service, world.older, "k1")).phase is Phase.CONVERGED
        assert await world.starts(world.service) == before + 1

    async def test_a_late_copy_of_an_old_request_does_not_undo_a_newer_one(self, world: World):
        """A redelivered job must not toggle a service back and forth."""
        apply = world.runtime.apply
        await apply(world.service, world.older, expect=world.newer.version, key="k1")
        await settled(world.runtime, world.service, world.older, "k1")
        await apply(world.service, world.newer, expect=world.older.version, key="k2")
        await settled(world.runtime, world.service, world.newer, "k2")
        await apply(world.service, world.older, expect=world.newer.version, key="k1")
        seen = await settled(world.runtime, world.service, world.newer, "k2")
        assert (seen.running, seen.key) == (world.newer.version, "k2")

    @pytest.mark.parametrize("expect", [Version("0.0.1"), None])
    async def test_something_else_than_expected_is_a_conflict(self, world: World, expect: Version | None):
        before = await world.starts(world.service)
        with pytest.raises(Conflict, match=world.newer.version):
            await world.runtime.apply(world.service, world.older, expect=expect, key="k1")
        assert await world.runtime.current(world.service) == world.newer.version
        assert await world.starts(world.service) == before

    async def test_of_two_requests_at_once_one_wins(self, world: World):
        before = await world.starts(world.service)
        apply = world.runtime.apply
        answers = await asyncio.gather(
            *(apply(world.service, world.older, expect=world.newer.version, key=f"k{n}") for n in range(2)),
            return_exceptions=True,
        )
        assert sorted(type(answer).__name__ for answer in answers) == ["Conflict", "NoneType"]
        assert (await settled(world.runtime, world.service, world.older, "k")).phase is Phase.CONVERGED
        assert await world.starts(world.service) == before + 1


class StartingContract(RuntimeContract):
    """The same for a runtime that can also make run what does not exist yet. Its world has an `absent` service."""

    async def test_it_knows_what_does_not_run(self, world: World):
        assert await world.runtime.current(world.absent) is None

    async def test_nothing_running_is_seen_as_absent(self, world: World):
        seen = await world.runtime.observe(world.absent, world.older, key="k")
        assert (seen.phase, seen.running, seen.old_left) == (Phase.ABSENT, None, 0)

    async def test_what_did_not_run_is_started(self, world: World):
        await world.runtime.apply(world.absent, world.older, expect=None, key="k1")
        seen = await settled(world.runtime, world.absent, world.older, "k1")
        assert (seen.phase, seen.running) == (Phase.CONVERGED, world.older.version), seen.detail

    async def test_expecting_something_where_nothing_runs_is_a_conflict(self, world: World):
        with pytest.raises(Conflict):
            await world.runtime.apply(world.absent, world.older, expect=world.newer.version, key="k1")
        assert await world.runtime.current(world.absent) is None
