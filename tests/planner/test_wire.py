"""The public form of plans and refusals: exactly its keys, there and back, and the same bytes whatever order facts came in."""

import json
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.facts import Service
from planner.plan import Plan, Request, Strategy
from planner.planning import make_plan
from planner.refusal import Code, Refusal
from planner.snapshot import Snapshot
from planner.wire import canonical, digest, plan_digest, plan_from_json, plan_to_json, refusal_to_json
from tests.planner.test_planning import SHOP
from tests.planner.world import catalogs, knots


def plan():
    return make_plan(Request(service="order", policy="p1"), SHOP)


def test_the_public_keys():
    value = plan_to_json(plan())
    assert set(value) >= {
        "schema",
        "digest",
        "strategy",
        "target",
        "moves",
        "waves",
        "order",
        "hazards",
        "warnings",
        "risk",
        "alternatives",
    }
    assert value["schema"] == "rollbot/plan/v1"
    assert value["target"] == {"service": "order", "from": "2.0.0", "to": "1.4.2"}
    assert set(value["moves"][0]) == {"service", "from", "to", "wave", "group", "because"}
    assert set(value["risk"]) >= {"success", "expected_seconds", "p90_seconds"}
    assert set(value["alternatives"][0]) == {"strategy", "services", "hazards", "risk"}


def test_a_refusal_in_its_public_form():
    refusal = Refusal(code=Code.NO_SAFE_PLAN, message="No.", facts=("a",), nearest=("b",))
    assert refusal_to_json(refusal) == {
        "schema": "rollbot/refusal/v1",
        "code": "no_safe_plan",
        "message": "No.",
        "facts": ["a"],
        "nearest": ["b"],
    }


def test_canonical_bytes_and_their_digest():
    assert canonical({"b": [1, None], "a": "ü"}) == '{"a":"ü","b":[1,null]}'.encode()
    assert digest({}) == "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(catalogs(), knots()), st.sampled_from(Strategy))
def test_there_and_back(snapshot, strategy):
    for name in sorted(snapshot.services):
        made = make_plan(Request(service=name, strategy=strategy, accept_data_loss=True), snapshot)
        if isinstance(made, Plan):
            again = plan_from_json(json.loads(canonical(plan_to_json(made))))
            assert again == made
            assert plan_digest(again) == made.digest


@pytest.mark.parametrize("value", [{}, {"schema": "rollbot/plan/v2"}, {"schema": "rollbot/plan/v1"}])
def test_anything_else_is_no_plan(value):
    with pytest.raises(ValueError, match="not a"):
        plan_from_json(value)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(catalogs(), knots()), st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(snapshot, chance):
    def mixed(mapping):
        return dict(chance.sample(list(mapping.items()), len(mapping)))

    def other(service):
        releases = tuple(item._replace(requires=mixed(item.requires)) for item in service.releases)
        depends_on = tuple(chance.sample(service.depends_on, len(service.depends_on)))
        return Service(**{**fields(service), "releases": releases, "depends_on": depends_on})

    shuffled = Snapshot(
        services=mixed({name: other(item) for name, item in snapshot.services.items()}),
        current=mixed(snapshot.current),
        bad=mixed(snapshot.bad),
    )
    for name in sorted(snapshot.services):
        request = Request(service=name)
        assert said(make_plan(request, shuffled)) == said(make_plan(request, snapshot))


def fields(value):
    return {name: getattr(value, name) for name in type(value).__dataclass_fields__}


def said(answer):
    return canonical(plan_to_json(answer) if isinstance(answer, Plan) else refusal_to_json(answer))


SCRIPT = """
import sys
from planner.plan import Request
from planner.planning import make_plan
from tests.planner.test_real_graphs import read, world
from tests.planner.test_wire import said
for name in ("otel-demo", "train-ticket-observed"):
    facts = world(read(name), seed=3)
    for service in sorted(facts.services):
        sys.stdout.buffer.write(said(make_plan(Request(service=service), facts)))
"""


def test_the_hash_seed_does_not_matter():
    def output(seed):
        return subprocess.run(
            [sys.executable, "-c", SCRIPT], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout

    first = output("1")
    assert len(first) > 10_000
    assert output("2") == first


def test_what_the_digest_covers():
    base = plan()
    same = make_plan(Request(service="order", policy="p1", strategy=Strategy.PARTIAL), SHOP)
    assert same.digest == base.digest
    assert make_plan(Request(service="order", policy="p2"), SHOP).digest != base.digest
    assert make_plan(Request(service="order", policy="p1", accept_data_loss=True), SHOP).digest != base.digest
