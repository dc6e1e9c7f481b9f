"""A plan and a refusal as text and as Mermaid: everything is in it, lines stay short, nothing breaks out of a label."""

import re
from datetime import UTC, datetime

import pytest

from commands.views.plan_mermaid import plan_mermaid, refusal_mermaid
from commands.views.plan_text import plan_text, refusal_text, slack_command
from planner.facts import MigrationKind, Origin
from planner.plan import Alternative, Footing, Hazard, Move, OrderEdge, Plan, Risk, Strategy, Target
from planner.refusal import Code, Refusal

RISK = Risk(success=0.9731, expected_seconds=212.4, p90_seconds=340.0)


def move(service: str, wave: int, *because: str, group: str | None = None, to: str = "1.4.2") -> Move:
    return Move(service=service, from_version="2.0.0", to_version=to, wave=wave, group=group, because=because)


def plan(**changes) -> Plan:
    first = "order-service goes back to 1.4.2, the release before"
    values = {
        "digest": "sha256:" + "ab" * 32,
        "strategy": Strategy.PARTIAL,
        "target": Target(service="order-service", from_version="2.0.0", to_version="1.4.2"),
        "moves": (
            move("order-service", 1, first),
            move("payment-service", 2, first, "order-service 1.4.2 needs payment-service >=1 <2, which 2.0.0 is not"),
            move("ledger-service", 2, first, "payment-service 1.4.2 needs ledger-service ^1", group="lockstep-1"),
            move("books", 2, first, group="lockstep-1"),
        ),
        "waves": (("order-service",), ("payment-service", "ledger-service", "books")),
        "order": (OrderEdge(before="order-service", after="payment-service", because="with both mixed, calls fail"),),
        "hazards": (Hazard(service="books", release="1.9.0", migration="0042_drop", kind=MigrationKind.CONTRACT),),
        "warnings": ("ledger-service: nobody knows",),
        "risk": RISK,
        "alternatives": (Alternative(strategy=Strategy.FULL, services=5, hazards=1, risk=RISK),),
        "data_loss_accepted": True,
    }
    return Plan(**{**values, **changes})


def test_the_text_says_everything_that_the_plan_says():
    text = plan_text(plan(), next_command=True)
    for said in (
        "Roll back order-service from 2.0.0 to 1.4.2",
        "partial rollback: 4 services in 2 waves",
        "Wave 1 of 2",
        "  payment-service  2.0.0  1.4.2  order-service 1.4.2 needs payment-service >=1 <2",
        "(lockstep-1): ledger-service, books",
        "order-service before payment-service: with both mixed, calls fail",
        "Hazards: 1 migration that can lose or misread data (accepted in the request)",
        "books 1.9.0: 0042_drop (contract)",
        "ledger-service: nobody knows",
        "97.3 % chance that every step succeeds, about 4 min, 9 times in 10 at most 6 min",
        "full: 5 services, 1 hazard",
        "sha256:" + "ab" * 32,
        "  /rollback order-service to 1.4.2 --strategy partial --accept-data-loss",
    ):
        assert said in text, said
    assert "/rollback" not in plan_text(plan())
    assert not text.endswith("\n")


def test_a_reason_is_said_once_and_every_row_has_one():
    text = " ".join(plan_text(plan()).split())
    assert text.count("which 2.0.0 is not") == 1
    assert re.search(r"books 2\.0\.0 1\.4\.2 order-service goes back", text)


@pytest.mark.parametrize("width", [80, 96, 120])
def test_lines_keep_to_the_width_and_names_stay_whole(width):
    reason = "a-service-with-a-name 10.20.30 needs payment-service >=1.2.3 <2.0.0, which 2.0.0 is not, " * 3
    text = plan_text(plan(moves=(move("order-service", 1, reason),), waves=(("order-service",),)), width=width)
    assert all(len(line) <= width for line in text.splitlines())
    assert text.count("payment-service") == 4  # with the one in the order edge


def test_a_long_name_puts_the_reasons_below_the_row():
    name = "s" * 63
    text = plan_text(plan(moves=(move(name, 1, "because of it", to="1.0.0-rc.1"),), waves=((name,),), order=(), hazards=()))
    assert f"  {name}  2.0.0  1.0.0-rc.1\n      because of it" in text


def test_a_plan_without_hazards_says_so_and_one_wave_needs_no_order():
    text = plan_text(plan(moves=(move("order-service", 1),), waves=(("order-service",),), hazards=(), order=(), alternatives=()))
    assert "Hazards: none" in text
    assert "1 service in 1 wave\n" in text
    assert "Order" not in text
    assert "Alternatives" not in text


def test_the_command_asks_for_this_plan_and_no_other():
    assert slack_command(plan(data_loss_accepted=False, strategy=Strategy.FULL)) == (
        "/rollback order-service to 1.4.2 --strategy full"
    )


REFUSAL = Refusal(
    code=Code.DATA_LOSS,
    message='Going back crosses "0042".',
    facts=("books 1.9.0 drops a column", "nobody accepted that"),
    nearest=("/rollback order-service to 1.5.0 --strategy partial --accept-data-loss " + "x" * 80,),
)


def test_a_refusal_says_why_and_what_would_do_without_breaking_what_is_copied():
    text = refusal_text(REFUSAL)
    assert text.startswith('No: Going back crosses "0042".')
    assert "\n  - nobody accepted that\n" in text
    assert f"\n  {REFUSAL.nearest[0]}" in text
    assert refusal_text(Refusal(code=Code.LOCKED, message="Held.")) == "No: Held."


def test_the_drawing_has_every_move_edge_wave_and_group():
    drawing = plan_mermaid(plan())
    assert drawing.startswith("flowchart LR\n")
    assert drawing.count("subgraph") == drawing.count("\n  end") + drawing.count("\n    end") == 3
    assert 's1["order-service<br/>2.0.0 to 1.4.2"]' in drawing
    assert "wave1 --> wave2" in drawing
    assert 's1 -. "with both mixed, calls fail" .-> s2' in drawing
    assert "class s1 target" in drawing
    assert "class s4 hazard" in drawing


def test_nothing_breaks_out_of_a_label():
    evil = 'x"]\n  evil["<script>`;%%{init}'
    drawing = plan_mermaid(plan(moves=(move("order-service", 1, to=evil),), waves=(("order-service",),), order=(), hazards=()))
    label = re.search(r's1\["(.*)"\]', drawing)
    assert label
    assert not set('"[]{};`%\n') & set(re.sub(r"#\w+;", "", label[1]))
    assert "evil[" not in drawing
    assert 'no["No: Going back crosses #34;0042#34;."]' in refusal_mermaid(REFUSAL)


SEEN = datetime(2026, 11, 20, 8, tzinfo=UTC)
STANDS = (
    Footing(origin=Origin.DECLARED, source=None, edges=3),
    Footing(origin=Origin.IMPORTED, source="backstage", edges=1),
    Footing(origin=Origin.OBSERVED, source="prometheus", edges=2, oldest_seen_at=SEEN, some=("order-service -> books",)),
)


def test_a_plan_says_on_which_kind_of_dependency_it_stands():
    text = " ".join(plan_text(plan(stands_on=STANDS)).split())
    assert (
        "Stands on: 3 declared dependencies; 1 imported dependency (from backstage); 2 observed dependencies "
        "(prometheus, each seen 2026-11-20 08:00 UTC or later)"
    ) in text
    assert "Stands on" not in plan_text(plan())
