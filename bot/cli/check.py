"""`rollbot check`: what is set up, what is missing, what to do about it."""

import argparse
import asyncio
from collections.abc import AsyncIterator

from bot import clock
from bot.cli import check_audit, check_catalog, check_slack
from bot.cli.finding import Finding, Mark
from bot.memory import copies
from bot.settings import Settings, load
from bot.store.connect import STORE_DOWN, connect, is_cluster
from bot.store.embedded import EmbeddedStore, EmbeddedStoreError
from bot.store.health import weaknesses
from bot.store.keys import Keys
from bot.store.replicas import Replica, Replicas
from bot.store.store_clock import StoreClock

_APART = 5.0
"""Seconds between two clocks that are worth a word."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It has none."""


def run(args: argparse.Namespace) -> int:
    """Exit status 1 where something is missing that serving needs; settings that cannot be read at all are status 2."""
    return asyncio.run(_run())


async def _run() -> int:
    settings = load()
    missing = 0
    async for finding in findings(settings):
        print(f"{finding.mark}  {finding.about:<9} {finding.text}")
        missing += finding.mark is Mark.MISSING
    print(f"\n{missing} missing. `rollbot demo` needs none of it." if missing else "\nReady: start with `rollbot serve`.")
    return 1 if missing else 0


async def findings(settings: Settings) -> AsyncIterator[Finding]:
    """Everything that can be told without changing anything."""
    async for finding in check_catalog.findings(settings):
        yield finding
    live: list[Replica] = []
    async for finding in _store(settings, live):
        yield finding
    if settings.read_only:
        text = "read-only: plans are made, nothing is carried out, Approve is refused. Unset ROLLBOT_READ_ONLY to change that."
        yield Finding(Mark.WARN, "mode", text)
    yield _policy(settings)
    async for finding in check_slack.findings(settings, tuple(live)):
        yield finding


async def _store(settings: Settings, live: list[Replica]) -> AsyncIterator[Finding]:
    """What the store is like; `live` is filled with the replicas that serve now."""
    if settings.redis_url is None:
        try:
            async with EmbeddedStore(settings.state_dir).run() as url:
                text = f"embedded, under {settings.state_dir}/store. For several machines set ROLLBOT_REDIS_URL."
                yield Finding(Mark.OK, "store", text)
                async for finding in _ask(url, settings, live):
                    yield finding
        except EmbeddedStoreError as error:
            yield Finding(Mark.MISSING, "store", str(error))
        return
    async for finding in _ask(settings.redis_url.get_secret_value(), settings, live):
        yield finding


async def _ask(url: str, settings: Settings, live: list[Replica]) -> AsyncIterator[Finding]:
    try:
        store = connect(url, Keys(settings.environment).tag, patient=False)
    except ValueError as error:
        yield Finding(Mark.MISSING, "store", f"ROLLBOT_REDIS_URL cannot be used: {error}")
        return
    try:
        weak = await weaknesses(store, copies(settings), cluster=is_cluster(url))
        audit = [finding async for finding in check_audit.findings(settings, store)]
        now = StoreClock(store)
        await now.ask()
        live += await Replicas(store, Keys(settings.environment), now).live()
    except STORE_DOWN as error:
        yield Finding(Mark.MISSING, "store", f"ROLLBOT_REDIS_URL does not answer ({type(error).__name__}).")
    else:
        if settings.redis_url is not None:
            yield Finding(Mark.OK, "store", _answers(url, settings))
        for weakness in weak:
            yield Finding(Mark.WARN, "store", weakness)
        apart = abs((clock.now() - now()).total_seconds())
        if apart > _APART:
            text = f"this machine's clock and the store's, by which Rollbot goes, are {apart:.0f} s apart: set it right"
            yield Finding(Mark.WARN, "clock", text)
        for finding in audit:
            yield finding
    finally:
        await store.aclose()


def _answers(url: str, settings: Settings) -> str:
    if is_cluster(url):
        return f"the Redis Cluster answers; one of its nodes holds all of environment {settings.environment}"
    return "the server that ROLLBOT_REDIS_URL names answers"


def _policy(settings: Settings) -> Finding:
    policy = settings.policy
    people = len(policy.approvers.users) + len(policy.approvers.groups)
    if not people:
        text = "nobody may approve: set policy.approvers.users or policy.approvers.groups (ROLLBOT_POLICY__APPROVERS__USERS)"
        return Finding(Mark.MISSING, "policy", text)
    own = "; people may approve their own requests" if policy.own_request else ""
    return Finding(Mark.OK, "policy", f"{policy.approvals} to approve, {people} approvers or groups named{own}")
