"""Who and what there is in the emulated Slack, and how its calls are read."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

BOT_TOKEN, APP_TOKEN = "xoxb-1-judge-4f6b1c9a", "xapp-1-A1-judge-8d3e2f7b"
BOT, CHANNEL, TEAM = "U0BOT", "C0OPS", "T0JUDGE"
ANA, RAJ, GUS = "U0ANA", "U0RAJ", "U0GUS"
PEOPLE = {ANA: "Ana Asker", RAJ: "Raj Rights", GUS: "Gus Guest", **{f"U0R{n:02}": f"Raj number {n}" for n in range(20)}}
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of the Web API as it arrived."""

    method: str
    arguments: Mapping[str, Any]
    at: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limited:
    """A 429 in place of the answer; nothing happens."""

    retry_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """The call is carried out, and its answer never arrives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Private:
    """What one person alone was told."""

    user: str
    text: str
    blocks: list[Json]


class Refused(Exception):
    """An answer with `ok: false`."""


def person(user: str) -> Json:
    """Somebody, as they stand in what Slack sends."""
    return {"id": user, "username": user.lower(), "name": user.lower(), "team_id": TEAM}


def typed(text: str, user: str, answer_url: str, trigger: str) -> Json:
    """What Slack sends when somebody types `/rollback TEXT`."""
    return {
        "command": "/rollback", "text": text, "user_id": user, "user_name": user.lower(), "channel_id": CHANNEL,
        "channel_name": "ops", "team_id": TEAM, "team_domain": "judge", "api_app_id": "A1", "token": "old",
        "is_enterprise_install": "false", "response_url": answer_url, "trigger_id": trigger,
    }  # fmt: skip


def buttons(message: Mapping[str, Any]) -> list[Json]:
    """The buttons of a message."""
    rows = [block["elements"] for block in message.get("blocks", []) if block["type"] == "actions"]
    return [element for row in rows for element in row if element["type"] == "button"]


def everything(message: Mapping[str, Any]) -> str:
    """All text of a message, blocks included."""
    return json.dumps([message["text"], message.get("blocks", [])], ensure_ascii=False)


async def read_arguments(request: web.Request) -> Json:
    """The arguments of a call, however they were sent."""
    if request.content_type == "application/json":
        return {key: value for key, value in (await request.json()).items() if value is not None}
    given: Json = {**request.query, **(await request.post())}
    for name in ("blocks", "metadata"):
        if isinstance(given.get(name), str):
            given[name] = json.loads(given[name])
    return given


def page(found: list[Json], arguments: Json) -> Json:
    """One page of messages, with metadata only where it was asked for."""
    with_metadata = str(arguments.get("include_all_metadata", "")).lower() in ("true", "1")
    begin, most = int(arguments.get("cursor") or 0), int(arguments.get("limit") or 100)
    shown = [m if with_metadata else {k: v for k, v in m.items() if k != "metadata"} for m in found[begin : begin + most]]
    more = str(begin + most) if begin + most < len(found) else ""
    return {"messages": shown, "has_more": bool(more), "response_metadata": {"next_cursor": more}}
