"""Schedules from seeds, every law checked in each; and proof that the laws see what they are for."""

import asyncio
import json
import logging
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import structlog

from bot.store.leases import Lease, Leases
from tests.bot.chaos.laws import Broken
from tests.bot.chaos.model_store import Server
from tests.bot.chaos.simulated import World
from tests.bot.chaos.simulation import play

SCHEDULES = int(os.environ.get("CHAOS_SCHEDULES", "500"))
"""As many as take some seconds; CI asks for thousands."""
ROOT = Path(__file__).parents[3]
MUST_HAPPEN = (
    "answer lost",
    "asked twice, done once",
    "died",
    "ended blocked",
    "ended expired",
    "ended finished",
    "ended left",
    "ended rejected",
    "ended stale",
    "ended undone",
    "ended withdrawn",
    "failover",
    "froze",
    "halted",
    "lease lost",
    "decided leave",
    "decided retry",
    "decided skip",
    "decided undo",
    "neighbours fail",
    "neighbours inconclusive",
    "neighbours pass",
    "observed: it was done",
    "observed: it was not done",
    "outcome unknown",
    "stale write refused",
    "store down",
    "symptom inconclusive",
    "store full",
    "take-over",
    "wake-up doubled",
    "wake-up lost",
    "watch fail",
    "watch inconclusive",
    "watch pass",
    "world refused",
    "write came too late",
)


@pytest.fixture(autouse=True)
def quiet():
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.configure(**before)


@pytest.mark.timeout(600)
async def test_no_schedule_breaks_a_law_and_every_rare_thing_happens():
    """On all the cores that there are."""
    seen: Counter[str] = Counter()
    cores = os.cpu_count() or 1

    async def some(first: int) -> None:
        asked = ("--from", str(first), "--to", str(SCHEDULES), "--step", str(cores), "--json")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.bot.chaos.simulation", *asked, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        try:
            told, wrong = (text.decode() for text in await process.communicate())
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            pytest.fail(f"{wrong}\nplay it again: python -m tests.bot.chaos.simulation --seed N")
        seen.update(json.loads(told))

    async with asyncio.TaskGroup() as group:
        for first in range(1, cores + 1):
            group.create_task(some(first))
    assert not [what for what in MUST_HAPPEN if not seen[what]], dict(sorted(seen.items()))


def test_a_seed_plays_the_same_schedule_again():
    for seed in (7, 11, 23):
        (first, laws), (second, again) = play(seed), play(seed)
        assert first == second
        assert [effect[:3] for effect in laws.effects] == [effect[:3] for effect in again.effects]


def broken_within(seeds: int) -> Counter[str]:
    """The first law that is broken by any of these seeds."""
    found: Counter[str] = Counter()
    for seed in range(1, seeds + 1):
        try:
            play(seed)
        except Broken as broken:
            found[str(broken).partition(": ")[2].partition(" ")[0]] += 1
            break
    return found


@pytest.fixture
def deluded(monkeypatch):
    """Workers that never notice that they have lost their lease."""

    async def renewed(leases, lease):
        await asyncio.sleep(leases._ttl / 4)
        return True

    monkeypatch.setattr(Lease, "check", lambda lease: None)
    monkeypatch.setattr(Leases, "_renewed", renewed)


@pytest.mark.usefixtures("deluded")
def test_workers_that_do_not_notice_are_stopped_by_the_store():
    assert not broken_within(60)


@pytest.mark.usefixtures("deluded")
def test_the_laws_see_a_store_that_does_not_fence(monkeypatch):
    commit = Server._commit
    monkeypatch.setattr(Server, "_commit", lambda server, keys, spec: commit(server, keys, {**spec, "fence": None}))
    assert broken_within(60)


def test_the_laws_see_a_world_that_takes_every_request(monkeypatch):
    def do(world, name, to, expect, key):
        state = world._states[name]
        world.effects.append((name, state.running, to, key))
        state.running, state.key = to, key
        world.on_effect(name, to, key)

    monkeypatch.setattr(World, "_do", do)
    assert broken_within(250)
