import csv
import io
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from commands.views.entry_row import COLUMNS, csv_line, entry_row
from commands.views.run_markdown import plain, run_markdown
from planner.events import BadCleared, Entry, Gate, GateJudged, StepIntended
from planner.verdict import Verdict
from tests.making import ANA, NOON, approved, asked, granted, planned


def entries(*events):
    return [Entry(seq=seq, at=NOON, event=event, hash=f"{seq:064x}") for seq, event in enumerate(events, start=1)]


@given(st.text())
def test_no_cell_is_a_formula_and_nothing_is_lost(text):
    (row,) = csv.reader(io.StringIO(csv_line([text, "next"]), newline=""))
    assert row[1] == "next"
    line = " ".join(text.splitlines())
    assert row[0] in (line, f"'{line}")
    assert not row[0].lstrip().startswith(("=", "+", "-", "@"))


def test_a_row_names_who_and_what():
    (entry,) = entries(BadCleared(service="order-service", version="2.0.0", by=ANA, reason="fixed"))
    row = dict(zip(COLUMNS, entry_row("environment", entry), strict=True))
    assert (row["who"], row["who_id"], row["services"], row["kind"]) == ("Ana", "U_ANA", "order-service", "bad_cleared")
    (step,) = entries(StepIntended(step="undo:order-service", attempt=1, expect="1.0.0", to="2.0.0", key="k"))
    assert entry_row("r1", step)[6] == "order-service"


@given(st.text(min_size=1))
def test_people_cannot_write_markdown(text):
    shown = plain(text)
    assert "\n" not in shown
    assert all(shown[at - 1] == "\\" for at, sign in enumerate(shown) if sign in "`*_[]<>#|~!&{}" and at >= 0)


def test_a_page_shows_verdicts_and_keeps_tables_whole():
    judged = GateJudged(step="order-service", gate=Gate.STABLE, verdict=Verdict.PASS, because="up | up\nup", seconds=10.0)
    said = replace(asked(), reason="# <script> | `rm`")
    intended = StepIntended(step="order-service", attempt=1, expect="2.0.0", to="1.4.2", key="k")
    page = run_markdown("r1", entries(said, planned(), approved(), granted(), intended, judged))
    assert "| order-service | stable | pass | up \\| up up |  | 10 |" in page
    assert "<script>" not in page.replace("\\<script\\>", "")
    assert "- Not ended: granted" in page
    assert page.endswith("`rollbot audit verify --head r1:6:0000000000000000`\n")
