"""What every registry must do, real or fake. A test module subclasses `RegistryContract`, with a `registry_world` fixture."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from integrations.protocols import Discovery, Instance, Registry
from planner.facts import Service

PATIENCE = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryWorld:
    """A registry in which `service` has two healthy instances of 2.0.0, and `absent` none.

    `register` adds a healthy instance of a version, `sicken` lets the checks of one fail, `hold` takes one out by hand for
    another's reason, `again` registers the same instance anew with another version, as a restarted process does.
    """

    registry: Registry
    service: Service
    absent: Service
    register: Callable[[str], Awaitable[None]]
    sicken: Callable[[Instance], Awaitable[None]]
    hold: Callable[[Instance], Awaitable[None]]
    again: Callable[[Instance, str], Awaitable[None]]


async def until(world: RegistryWorld, fits: Callable[[Discovery], bool]) -> Discovery:
    """The first look that fits, or the last one when patience ends."""
    async with asyncio.timeout(PATIENCE):
        seen = await world.registry.look(world.service)
        while not fits(seen):
            seen = await world.registry.look(world.service, since=seen, limit=1.0)
            await asyncio.sleep(0.01)
        return seen


def listed(seen: Discovery) -> list[str]:
    return sorted(instance.version or "?" for instance in seen.instances if instance.listed)


class RegistryContract:
    """The rules of `integrations.protocols.Registry`, one test each."""

    async def test_who_is_registered_is_seen_with_version_and_health(self, registry_world: RegistryWorld):
        seen = await registry_world.registry.look(registry_world.service)
        assert listed(seen) == ["2.0.0", "2.0.0"]
        assert all(instance.passing and instance.held is None for instance in seen.instances)
        assert len({instance.id for instance in seen.instances}) == 2
        assert (await registry_world.registry.look(registry_world.absent)).instances == ()

    async def test_what_is_drained_is_not_listed_and_says_why(self, registry_world: RegistryWorld):
        one, other = (await registry_world.registry.look(registry_world.service)).instances
        await registry_world.registry.drain(registry_world.service, one, key="r1 order")
        seen = await until(registry_world, lambda seen: listed(seen) == ["2.0.0"])
        held = next(instance for instance in seen.instances if instance.id == one.id)
        assert not held.passing
        assert "r1 order" in (held.held or "")
        assert next(instance for instance in seen.instances if instance.id == other.id).passing

    async def test_draining_and_restoring_again_does_no_harm(self, registry_world: RegistryWorld):
        one, _ = (await registry_world.registry.look(registry_world.service)).instances
        for _ in range(2):
            await registry_world.registry.drain(registry_world.service, one, key="r1 order")
        await until(registry_world, lambda seen: listed(seen) == ["2.0.0"])
        for _ in range(2):
            await registry_world.registry.restore(registry_world.service, one, key="r1 order")
        seen = await until(registry_world, lambda seen: listed(seen) == ["2.0.0", "2.0.0"])
        assert all(instance.held is None for instance in seen.instances)

    async def test_what_others_hold_is_theirs(self, registry_world: RegistryWorld):
        one, other = (await registry_world.registry.look(registry_world.service)).instances
        await registry_world.hold(one)
        await registry_world.registry.drain(registry_world.service, one, key="r1 order")
        await registry_world.registry.restore(registry_world.service, one, key="r1 order")
        await registry_world.registry.drain(registry_world.service, other, key="r1 order")
        await registry_world.registry.restore(registry_world.service, other, key="r2 order")
        await until(registry_world, lambda seen: listed(seen) == [])
        await registry_world.registry.restore(registry_world.service, other, key="r1 order")
        seen = await until(registry_world, lambda seen: listed(seen) == ["2.0.0"])
        held = next(instance for instance in seen.instances if instance.id == one.id)
        assert held.held is not None and "r1 order" not in held.held

    async def test_a_process_that_comes_back_under_its_name_is_still_held_and_says_its_new_version(
        self, registry_world: RegistryWorld
    ):
        one, _ = (await registry_world.registry.look(registry_world.service)).instances
        await registry_world.registry.drain(registry_world.service, one, key="r1 order")
        await registry_world.again(one, "1.4.2")
        seen = await until(registry_world, lambda seen: "1.4.2" in [i.version for i in seen.instances])
        back = next(instance for instance in seen.instances if instance.version == "1.4.2")
        assert not back.listed
        await registry_world.registry.restore(registry_world.service, back, key="r1 order")
        await until(registry_world, lambda seen: listed(seen) == ["1.4.2", "2.0.0"])

    async def test_what_is_sick_is_not_listed_and_is_told_apart_from_what_is_held(self, registry_world: RegistryWorld):
        one, _ = (await registry_world.registry.look(registry_world.service)).instances
        await registry_world.sicken(one)
        seen = await until(registry_world, lambda seen: listed(seen) == ["2.0.0"])
        sick = next(instance for instance in seen.instances if instance.id == one.id)
        assert (sick.held, sick.passing) == (None, False)
        assert sick.detail

    async def test_waiting_ends_with_a_change_or_with_the_limit(self, registry_world: RegistryWorld):
        seen = await registry_world.registry.look(registry_world.service)
        loop = asyncio.get_running_loop()
        waiting = asyncio.create_task(registry_world.registry.look(registry_world.service, since=seen, limit=PATIENCE))
        await registry_world.register("1.4.2")
        async with asyncio.timeout(PATIENCE / 2):
            after = await waiting
        assert "1.4.2" in listed(after)
        began = loop.time()
        assert listed(await registry_world.registry.look(registry_world.service, since=after, limit=0.1)) == listed(after)
        assert loop.time() - began < PATIENCE
