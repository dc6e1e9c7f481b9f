"""A log entry as one row of a table, for spreadsheets: the same columns for every event."""

import csv
import io
from collections.abc import Sequence

from commands.views.entry_text import event_words
from planner.events import Entry
from planner.involved import doer, services

COLUMNS = ("log", "entry", "at", "kind", "who", "who_id", "services", "what", "hash")
"""More may be added at the end; none is moved."""
_FORMULA = ("=", "+", "-", "@", "\t")


def entry_row(log: str, entry: Entry) -> tuple[str, ...]:
    """One cell for each column. Times are UTC; several services stand with a blank between them."""
    person = doer(entry.event)
    what = " ".join(event_words(entry.event).split())
    return (
        log,
        str(entry.seq),
        entry.at.isoformat(),
        entry.event.kind,
        person.name if person else "",
        person.id if person else "",
        " ".join(services(entry.event)),
        what,
        entry.hash,
    )


def csv_line(cells: Sequence[str]) -> str:
    """The cells as one line of CSV. No cell is a formula: what could be taken for one begins with an apostrophe."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([safe_cell(cell) for cell in cells])
    return line.getvalue()


def safe_cell(text: str) -> str:
    """The text on one line, so that no spreadsheet calculates it."""
    text = " ".join(text.splitlines())
    return f"'{text}" if text.lstrip().startswith(_FORMULA) or text.startswith(_FORMULA) else text
