"""Which archive segment a run left the store for: asked when somebody wants a run that is no longer here.

A note of one segment names its runs in stretches (`1-40 42 44-90`), so a million archived runs take a few kilobytes.
"""

import itertools
import json
from collections.abc import Iterable
from datetime import datetime

from bot.store.connect import Store
from bot.store.keys import Keys
from commands.ports import Archived
from planner.names import RunId


def note(runs: Iterable[str], place: str, until: datetime) -> str:
    """The note of a segment: its runs, the file as the one who trimmed named it, and when its last entry was written."""
    return json.dumps({"runs": _stretches(runs), "place": place, "until": until.isoformat()})


async def archived(store: Store, keys: Keys, run: RunId) -> Archived | None:
    """Where this run went; `None` where no note names it."""
    number = run.removeprefix("r")
    if not number.isdecimal():
        return None
    for text in (await store.hgetall(keys.archives)).values():
        kept = json.loads(text)
        if _within(int(number), kept["runs"]):
            return Archived(place=kept["place"], until=datetime.fromisoformat(kept["until"]))
    return None


async def newest_archive(store: Store, keys: Keys) -> Archived | None:
    """The segment with the youngest runs of all that left; `None` where none did."""
    notes = [json.loads(text) for text in (await store.hgetall(keys.archives)).values()]
    found = [Archived(place=kept["place"], until=datetime.fromisoformat(kept["until"])) for kept in notes]
    return max(found, key=lambda archive: archive.until, default=None)


def _stretches(runs: Iterable[str]) -> str:
    numbers = sorted(int(run.removeprefix("r")) for run in runs)
    found = []
    for _, stretch in itertools.groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        first, *_, last = [number for _, number in stretch] * 2
        found.append(str(first) if first == last else f"{first}-{last}")
    return " ".join(found)


def _within(number: int, stretches: str) -> bool:
    for stretch in stretches.split():
        first, _, last = stretch.partition("-")
        if int(first) <= number <= int(last or first):
            return True
    return False
