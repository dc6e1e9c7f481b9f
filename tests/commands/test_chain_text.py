"""The chain's table: everything that the risk says is in it."""

from dataclasses import replace

from commands.views.chain_text import FORMULAS, chain_text
from planner.rates import PRIOR, Rates
from planner.risk import risk_of
from tests.making import SHOP, plan

PLAN = replace(SHOP, risk=risk_of(SHOP.waves))


def test_ends_parts_and_formulas_are_there():
    text = chain_text(PLAN)
    for words in ("restored by this plan", "not restored", "order-service", "verify", "decide", "(people)", *FORMULAS):
        assert words in text
    assert f"{PLAN.risk.success:.2%}" in text
    assert "there is no record yet" in text


def test_the_record_is_named():
    assert "from 12 runs of record" in chain_text(PLAN, Rates(runs=12))


def test_a_large_plan_is_cut():
    many = plan({f"s{at}": ("2", "1") for at in range(80)})
    text = chain_text(replace(many, risk=risk_of(many.waves)), PRIOR)
    assert "more rows" in text
    assert max(map(len, text.splitlines())) <= 130
