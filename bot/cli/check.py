"""`rollbot check`: what is set up, what is missing, what to do about it."""

import argparse
import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum

from bot import app, serving
from bot.settings import Settings, load
from bot.slack.identity import Identity
from bot.slack.self_test import can_connect, identify
from bot.store.connect import STORE_DOWN, connect
from bot.store.embedded import EmbeddedStore, EmbeddedStoreError
from bot.store.health import weaknesses
from integrations.catalog_file import CatalogFile
from integrations.errors import IntegrationError

HELP = "say what is set up, what is missing and what to do about it"


class Mark(StrEnum):
    """How a finding is marked, in words too wide to overlook."""

    OK = "ok     "
    WARN = "warning"
    MISSING = "MISSING"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: about what, how it is, and what to do."""

    mark: Mark
    about: str
    text: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It has none."""


def run(args: argparse.Namespace) -> int:
    """Exit status 1 where something is missing that serving needs."""
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
    async for finding in _catalog(settings):
        yield finding
    async for finding in _store(settings):
        yield finding
    yield _policy(settings)
    async for finding in _slack(settings):
        yield finding


async def _catalog(settings: Settings) -> AsyncIterator[Finding]:
    if not settings.catalog.exists():
        text = f"{settings.catalog} does not exist. Write one (see docs/catalog.md) or set ROLLBOT_CATALOG."
        yield Finding(Mark.MISSING, "catalog", text)
        return
    try:
        facts = await CatalogFile(settings.catalog).load()
    except IntegrationError as error:
        yield Finding(Mark.MISSING, "catalog", f"{settings.catalog} cannot be used:\n{error}")
        return
    yield Finding(Mark.OK, "catalog", f"{len(facts.services)} services from {settings.catalog}")
    for warning in facts.warnings:
        yield Finding(Mark.WARN, "catalog", warning)
    systems = app.runtimes(settings)
    for service in facts.services.values():
        if service.runtime is None:
            yield Finding(Mark.WARN, "runtime", f"{service.name} has none: it can be planned but not rolled back")
            continue
        runtime = systems.get(str(service.runtime.get("kind")))
        if runtime is None:
            text = f"{service.name}: nobody here knows the kind {service.runtime.get('kind')!r}; known: {', '.join(systems)}"
            yield Finding(Mark.WARN, "runtime", text)
            continue
        try:
            running = await runtime.current(service)
        except IntegrationError as error:
            yield Finding(Mark.WARN, "runtime", f"{service.name}: {error}")
        else:
            yield Finding(Mark.OK, "runtime", f"{service.name} runs {running or 'nothing'}")


async def _store(settings: Settings) -> AsyncIterator[Finding]:
    if settings.redis_url is None:
        try:
            async with EmbeddedStore(settings.state_dir).run():
                text = f"embedded, under {settings.state_dir}/store. For several machines set ROLLBOT_REDIS_URL."
                yield Finding(Mark.OK, "store", text)
        except EmbeddedStoreError as error:
            yield Finding(Mark.MISSING, "store", str(error))
        return
    store = connect(settings.redis_url.get_secret_value(), patient=False)
    try:
        weak = await weaknesses(store)
    except STORE_DOWN as error:
        yield Finding(Mark.MISSING, "store", f"ROLLBOT_REDIS_URL does not answer ({type(error).__name__}).")
    else:
        yield Finding(Mark.OK, "store", "the server that ROLLBOT_REDIS_URL names answers")
        for weakness in weak:
            yield Finding(Mark.WARN, "store", weakness)
    finally:
        await store.aclose()


def _policy(settings: Settings) -> Finding:
    policy = settings.policy
    people = len(policy.approvers.users) + len(policy.approvers.groups)
    if not people:
        text = "nobody may approve: set policy.approvers.users or policy.approvers.groups (ROLLBOT_POLICY__APPROVERS__USERS)"
        return Finding(Mark.MISSING, "policy", text)
    own = "; people may approve their own requests" if policy.own_request else ""
    return Finding(Mark.OK, "policy", f"{policy.approvals} to approve, {people} approvers or groups named{own}")


async def _slack(settings: Settings) -> AsyncIterator[Finding]:
    serving.forget_proxy(settings.slack_api_url)
    if settings.slack_bot_token is None:
        yield Finding(
            Mark.MISSING, "slack", "SLACK_BOT_TOKEN is not set: create the app from slack/manifest.yaml and install it."
        )
    else:
        identity = await identify(settings.slack_bot_token.get_secret_value(), settings.slack_api_url)
        match identity:
            case str():
                yield Finding(Mark.MISSING, "slack", f"SLACK_BOT_TOKEN: {identity}")
            case Identity(missing=()):
                yield Finding(Mark.OK, "slack", f"connected as @{identity.name} in {identity.team}")
            case Identity():
                text = f"scopes missing: {', '.join(identity.missing)}. Add them (slack/manifest.yaml), then reinstall the app."
                yield Finding(Mark.MISSING, "slack", text)
    if settings.slack_app_token is None:
        yield Finding(Mark.MISSING, "slack", "SLACK_APP_TOKEN is not set: App-Level Tokens, with the scope connections:write.")
    elif trouble := await can_connect(settings.slack_app_token.get_secret_value(), settings.slack_api_url):
        yield Finding(Mark.MISSING, "slack", f"SLACK_APP_TOKEN: {trouble}")
    else:
        yield Finding(Mark.OK, "slack", "Socket Mode opens")
