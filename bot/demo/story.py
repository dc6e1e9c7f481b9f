"""The demo's story, played in the terminal through the same page API that a browser uses, and checked at its end."""

import asyncio
import contextlib
import json
import re
import sys
from pathlib import Path
from typing import Any

from bot.demo.cast import ANA, GUS, INCIDENTS, RAJ
from bot.demo.narrator import Narrator
from bot.demo.stage import Stage, stage
from bot.workspace.client import PageClient
from integrations.catalog_file import CatalogFile
from integrations.http_probe import HttpProbe
from planner.verdict import Outcome

TARGET = "order-service"
APPROVE = "rollbot:approve"
_HEAD = re.compile(r"audit (r\d+) #(\d+) sha256:([0-9a-f]{16})")
_WATCHED = re.compile(r"Watched run r\d+|watch of run r\d+|after run r\d+")
_PATIENCE = 45.0
"""Seconds for the whole rollback, which takes about twelve, and again for what is watched afterwards."""


class StoryError(Exception):
    """The story did not go as it must; the message says where."""


async def play(state_dir: Path) -> int:
    """Play it. 0 if the shop really runs the planned versions, its checks pass and the audit holds, else 1."""
    narrator = Narrator()
    narrator.scene("Starting the shop, the local workspace and the bot")
    try:
        async with stage(state_dir, port=0) as running, PageClient(running.url) as page:
            following = asyncio.create_task(narrator.follow(page))
            try:
                await _story(narrator, running, page)
            finally:
                following.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await following
    except (StoryError, TimeoutError, ConnectionError, LookupError) as error:
        narrator.scene(f"FAILED: {error}")
        return 1
    narrator.scene("The story ended well")
    return 0


async def _story(narrator: Narrator, running: Stage, page: PageClient) -> None:
    narrator.scene(f"The shop: {await _broken(running)}")
    planned = await _planned(running)
    narrator.scene(f"Ana, on call, types: /rollback {TARGET}")
    await page.command(ANA.id, INCIDENTS.id, f"/rollback {TARGET}")
    plan = await page.wait_message(lambda m: not m.get("thread_ts") and _has_button(m), timeout=15, channel=INCIDENTS.id)
    for person, why in ((ANA, "who asked, presses Approve"), (GUS, "a guest, presses Approve")):
        narrator.scene(f"{person.real_name}, {why}")
        mark = page.mark()
        await page.press(person.id, plan, APPROVE)
        told = lambda frame, who=person.id: frame["type"] == "ephemeral" and frame["user"] == who  # noqa: E731
        await page.wait_for(told, timeout=10, since=mark)
    narrator.scene(f"{RAJ.real_name}, who may, presses Approve")
    await page.press(RAJ.id, plan, APPROVE)
    summary = await page.wait_message(
        lambda m: m.get("thread_ts") == plan["ts"] and _HEAD.search(json.dumps(m)), timeout=_PATIENCE, channel=INCIDENTS.id
    )
    narrator.scene("Now the claims are checked")
    await _check_versions(narrator, running, planned)
    await _check_checks(narrator, running, planned)
    await _check_load(narrator, running)
    await _check_audit(narrator, running, summary)
    narrator.scene("The settle watch goes on by itself; here it is short")
    watched = await page.wait_message(
        lambda m: m.get("thread_ts") == plan["ts"] and _WATCHED.search(str(m.get("text"))),
        timeout=_PATIENCE,
        channel=INCIDENTS.id,
    )
    if "stays well" not in str(watched.get("text")):
        raise StoryError(f"the settle watch says: {watched.get('text')}")


async def _broken(running: Stage) -> str:
    """Wait until the fault shows in the shop's own figures, and say so."""
    async with asyncio.timeout(20):
        while not (load := (await running.shop.panel())["load"])["failed"]:
            await asyncio.sleep(0.2)
    return f"{load['failed']} of {load['failed'] + load['ok']} checkouts failed since the last deploy"


async def _planned(running: Stage) -> dict[str, str]:
    """Every service's version after the plan, as the command line computes it."""
    catalog = await CatalogFile(running.shop.catalog).load()
    versions = {name: service.releases[-1].version for name, service in catalog.services.items()}
    status, text = await _rollbot(running, "plan", TARGET, "--catalog", str(running.shop.catalog), "--format", "json")
    if status:
        raise StoryError(f"rollbot plan ended with status {status}: {text}")
    return {**versions, **{move["service"]: move["to"] for move in json.loads(text)["moves"]}}


async def _check_versions(narrator: Narrator, running: Stage, planned: dict[str, str]) -> None:
    services = {service["name"]: service for service in (await running.shop.panel())["services"]}
    wrong = [
        f"{name} runs {services[name]['version']}, not {want}"
        for name, want in planned.items()
        if services[name]["version"] != want
    ]
    if wrong:
        raise StoryError("; ".join(wrong))
    narrator.proof("versions", ", ".join(f"{name} {version}" for name, version in sorted(planned.items())))


async def _check_checks(narrator: Narrator, running: Stage, planned: dict[str, str]) -> None:
    catalog = await CatalogFile(running.shop.catalog).load()
    probe, passed = HttpProbe(), 0
    for name in planned:
        for check in catalog.services[name].checks:  # type: ignore[index]
            measured = await probe.measure(check)
            if measured.outcome is not Outcome.PASS:
                raise StoryError(f"{name}: the check {check.name!r} says {measured.outcome}: {measured.seen}")
            passed += 1
    narrator.proof("checks", f"{passed} checks of {len(planned)} services pass")


async def _check_load(narrator: Narrator, running: Stage) -> None:
    """No call ever met an incompatible pair, and the checkouts work again."""
    before = (await running.shop.panel())["load"]
    if before.get("incompatible"):
        raise StoryError(f"{before['incompatible']} calls met versions that cannot talk to each other")
    async with asyncio.timeout(20):
        while (after := (await running.shop.panel())["load"])["ok"] < before["ok"] + 20:
            await asyncio.sleep(0.1)
    failed = after["failed"] - before["failed"]
    if failed:
        raise StoryError(f"{failed} checkouts failed after the rollback")
    narrator.proof("load", f"{after['ok'] - before['ok']} checkouts since, none failed; no incompatible call in the whole story")


async def _check_audit(narrator: Narrator, running: Stage, summary: dict[str, Any]) -> None:
    """The audit holds against the head that the thread shows."""
    head = _HEAD.search(json.dumps(summary))
    kept = ":".join(head.groups()) if head else ""
    status, text = await _rollbot(running, "audit", "verify", "--head", kept)
    if status:
        raise StoryError(f"audit verify: {text}")
    narrator.proof("audit", text.strip())


async def _rollbot(running: Stage, *arguments: str) -> tuple[int, str]:
    """The command line, in the environment of the demo's bot."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *arguments,
        env=dict(running.variables),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode("utf-8", "replace")


def _has_button(message: dict[str, Any]) -> bool:
    return APPROVE in json.dumps(message.get("blocks", []))
