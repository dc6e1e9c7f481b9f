"""Prints the story: scenes, what each person sees as it arrives, and the proofs at the end."""

import re
import time
from collections.abc import Mapping
from typing import Any

from bot.workspace.client import PageClient

_WIDTH = 118
_LINK = re.compile(r"<(?:[^|<>]*\|)?([^<>]*)>")


class Narrator:
    """Writes to standard output, each line with the seconds since the start."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._shown: dict[str, str] = {}

    def scene(self, text: str) -> None:
        """Something begins."""
        print(f"\n{self._clock}  {text}", flush=True)

    def proof(self, about: str, text: str) -> None:
        """A claim was checked and holds."""
        print(f"{self._clock}    ok  {about}: {text}", flush=True)

    async def follow(self, page: PageClient) -> None:
        """Print every message as it is posted or changes, for ever."""
        seen = 0
        while True:
            frame = await page.wait_for(lambda _: True, timeout=3600, since=seen)
            seen = page.frames.index(frame, seen) + 1
            self._frame(page, frame)

    def _frame(self, page: PageClient, frame: Mapping[str, Any]) -> None:
        message = frame.get("message") or {}
        match frame.get("type"), frame.get("event"):
            case "message", "posted":
                place = "thread  " if message.get("thread_ts") else "channel "
                self._text(place, message)
            case "message", "changed":
                self._text("edited  ", message)
            case "ephemeral", _:
                name = next((p["name"] for p in page.view.hello["people"] if p["id"] == frame["user"]), "somebody")
                self._text(f"to {name:<5}", message)
            case "failed", _:
                print(f"{self._clock}    FAILED  {frame.get('text')}", flush=True)

    def _text(self, place: str, message: Mapping[str, Any]) -> None:
        text = _plain(str(message.get("text", "")))
        if self._shown.get(str(message.get("ts"))) == text:
            return
        self._shown[str(message.get("ts"))] = text
        for number, line in enumerate(text.splitlines() or [""]):
            shown = line if len(line) <= _WIDTH else line[: _WIDTH - 1] + "…"
            print(f"{self._clock if not number else '       '}    {place if not number else '        '}| {shown}", flush=True)

    @property
    def _clock(self) -> str:
        return f"{time.monotonic() - self._began:6.1f}s"


def _plain(text: str) -> str:
    """Slack's text as a terminal shows it best."""
    return _LINK.sub(r"\1", text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
