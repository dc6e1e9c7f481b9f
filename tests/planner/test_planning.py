"""Plans from start to end on catalogs small enough to be worked out by hand."""

from datetime import datetime

from planner.plan import Plan, Request, Strategy
from planner.planning import make_plan, way_forward, why_stays
from planner.refusal import Code
from planner.wire import plan_digest
from tests.planner.world import release, service, snapshot


def ask(facts, name="order", **more):
    return make_plan(Request(service=name, **more), facts)


SHOP = snapshot(
    service(
        "order",
        release("1.4.2", 5, requires={"payment": "1.x || 2.x"}),
        release("2.0.0", 10, requires={"payment": "^3"}),
    ),
    service("payment", release("2.1.0", 2, requires={"ledger": "*"}), release("3.0.0", 10, requires={"ledger": "*"})),
    service("ledger", release("1.0.0", 0), release("1.1.0", 11)),
    service("web", release("5.0.0", 3, requires={"order": "*"})),
)


def test_the_shop_moves_two_services_in_one_step():
    plan = ask(SHOP)
    assert plan.waves == (("order", "payment"),)
    assert [(move.service, move.from_version, move.to_version, move.group) for move in plan.moves] == [
        ("order", "2.0.0", "1.4.2", "lockstep-1"),
        ("payment", "3.0.0", "2.1.0", "lockstep-1"),
    ]
    assert plan.move("payment").because == (
        "order goes back to 1.4.2, the release before",
        "order 1.4.2 needs payment 1.x || 2.x, which 3.0.0 is not, so payment goes back to 2.1.0",
        (
            "payment moves in one step with order (lockstep-1): with payment already at 2.1.0 and order still at 2.0.0: "
            "order 2.0.0 needs payment ^3, which 2.1.0 is not"
        ),
    )
    assert dict(plan.facts) == {"ledger": "1.1.0", "order": "2.0.0", "payment": "3.0.0", "web": "5.0.0"}
    assert plan.digest == plan_digest(plan)


def test_full_is_offered_beside_partial_and_the_other_way_round():
    plan = ask(SHOP)
    assert [(other.strategy, other.services, other.hazards) for other in plan.alternatives] == [(Strategy.FULL, 3, 0)]
    full = ask(SHOP, strategy=Strategy.FULL)
    assert full.strategy is Strategy.FULL
    assert {move.service: move.to_version for move in full.moves} == {"order": "1.4.2", "payment": "2.1.0", "ledger": "1.0.0"}
    assert [(other.strategy, other.services) for other in full.alternatives] == [(Strategy.PARTIAL, 2)]


def test_consumer_first_where_the_provider_is_backward_compatible():
    facts = snapshot(
        service("order", release("1.0.0", requires={"payment": ">=1"}), release("2.0.0", requires={"payment": ">=2"})),
        service("payment", release("1.0.0", requires={"order": "<2"}), release("2.0.0", requires={"order": "*"})),
    )
    plan = ask(facts, "payment")
    assert plan.waves == (("order",), ("payment",))
    (edge,) = plan.order
    assert (edge.before, edge.after) == ("order", "payment")
    assert edge.because == (
        "With payment already at 1.0.0 and order still at 2.0.0: payment 1.0.0 needs order <2, which 2.0.0 is not"
    )


def test_provider_first_where_the_old_consumer_does_not_know_the_new_provider():
    facts = snapshot(
        service("order", release("1.0.0", requires={"payment": "<2"}), release("2.0.0", requires={"payment": "*"})),
        service("payment", "1.0.0", "2.0.0"),
    )
    assert ask(facts).waves == (("payment",), ("order",))


def test_a_cycle_and_a_diamond():
    ring = ["a", "b", "c"]
    facts = snapshot(
        *(
            service(
                name,
                release("1.0.0", requires={ring[(at + 1) % 3]: "^1"}),
                release("2.0.0", requires={ring[(at + 1) % 3]: "^2"}),
            )
            for at, name in enumerate(ring)
        )
    )
    plan = ask(facts, "b")
    assert plan.waves == (("a", "b", "c"),)
    assert {move.group for move in plan.moves} == {"lockstep-1"}
    needs = {"top": ["left", "right"], "left": ["base"], "right": ["base"], "base": []}
    facts = snapshot(
        *(
            service(
                name,
                release("1.0.0", requires=dict.fromkeys(others, ">=1")),
                release("2.0.0", requires=dict.fromkeys(others, ">=2")),
            )
            for name, others in needs.items()
        )
    )
    assert ask(facts, "base").waves == (("top",), ("left", "right"), ("base",))
    assert ask(facts, "top").waves == (("top",),)


def test_a_service_that_depends_on_itself_or_on_nobody_known():
    facts = snapshot(
        service(
            "order", release("1.0.0", 1, requires={"ghost": "^1"}), release("2.0.0", 2), depends_on=["order", "ghost", "phantom"]
        )
    )
    plan = ask(facts)
    assert plan.warnings == (
        "order 1.0.0 needs ghost ^1, but no such service is known: not checked",
        "order 1.0.0 needs phantom, but no such service is known: not checked",
    )


def test_a_release_that_contradicts_itself_is_never_chosen():
    odd = service("order", "1.0.0", release("1.1.0", requires={"order": "<1.1"}), "2.0.0")
    refusal = ask(snapshot(odd), to="1.1.0")
    assert refusal.facts == ("order goes back to 1.1.0", "order 1.1.0 needs order itself <1.1")
    assert refusal.nearest == ("/rollback order to 1.0.0",)
    needy = service("web", release("1.0.0", requires={"order": "<2"}), release("2.0.0", requires={"order": "*"}))
    plan = ask(snapshot(odd, needy), "web")
    assert plan.move("order").to_version == "1.0.0"


def test_derived_ranges_come_from_what_was_live():
    facts = snapshot(
        service("order", release("1.0.0", 1), release("2.0.0", 5), depends_on=["payment"]),
        service("payment", release("1.0.0", 0), release("1.5.0", 2), release("2.0.0", 4)),
    )
    plan = ask(facts)
    assert plan.move("payment").to_version == "1.5.0"
    assert "order 1.0.0 needs payment ^1.0.0 (not declared; 1.0.0 was live when it went live)" in plan.move("payment").because[1]


def test_where_history_cannot_tell_anything_goes_and_is_warned_of():
    facts = snapshot(service("order", "1.0.0", "2.0.0", depends_on=["payment"]), service("payment", release("1.0.0", 3)))
    plan = ask(facts)
    assert len(plan.moves) == 1
    assert plan.warnings == (
        "order 1.0.0 depends on payment without saying which versions, and history does not tell: any version is taken as fine",
    )
    back = ask(snapshot(service("order", "1.0.0", depends_on=["payment"]), service("payment", "1.0.0", "1.1.0")), "payment")
    assert "order 1.0.0 depends on payment" in back.warnings[0]


def test_versions_that_are_not_semver_fit_only_a_range_that_holds_everything():
    facts = snapshot(
        service("order", release("1.0.0", requires={"cache": "*"}), release("1.1.0", requires={"cache": "*"})),
        service("cache", "blue", "green"),
    )
    assert ask(facts, "cache").target.to_version == "blue"
    strict = snapshot(service("order", release("1.0.0", requires={"cache": "^1"}), "2.0.0"), service("cache", "blue", "green"))
    assert ask(strict).code is Code.NO_SAFE_PLAN


def test_prereleases_follow_npm():
    facts = snapshot(
        service("order", release("1.0.0", requires={"payment": "^2.0.0"}), "2.0.0"),
        service("payment", "2.0.0", "2.1.0-rc.1"),
    )
    assert ask(facts).move("payment").to_version == "2.0.0"


def test_what_was_broken_before_between_services_that_stay_is_a_warning():
    facts = snapshot(
        service("order", "1.0.0", "2.0.0"), service("web", release("1.0.0", requires={"ads": "^2"})), service("ads", "1.0.0")
    )
    assert ask(facts).warnings == ("web 1.0.0 needs ads ^2, but 1.0.0 runs: it was so before, and this plan leaves it so",)


def test_hazards_stop_a_plan_until_data_loss_is_accepted():
    facts = snapshot(service("order", release("1.0.0"), release("1.1.0"), release("2.0.0", migrations=["contract", "expand"])))
    refusal = ask(facts)
    assert refusal.code is Code.DATA_LOSS
    assert refusal.facts == ("order 2.0.0 removed something that older releases use (migration m0, contract)",)
    assert refusal.nearest == ("/rollback order to 1.1.0 --accept-data-loss",)
    plan = ask(facts, accept_data_loss=True)
    assert plan.data_loss_accepted
    assert [(hazard.release, hazard.migration) for hazard in plan.hazards] == [("2.0.0", "m0")]


def test_fewer_hazards_are_worth_more_services():
    facts = snapshot(
        service("order", release("1.0.0", requires={"a": "2.0.0 || 1.0.0", "b": "*"}), release("2.0.0")),
        service("a", release("1.0.0"), release("2.0.0", requires={"b": "1.0.0"}), release("3.0.0", migrations=["expand"])),
        service("b", release("1.0.0"), release("2.0.0")),
    )
    hazardous = snapshot(
        facts.services["order"],
        service(
            "a",
            release("1.0.0"),
            release("2.0.0", requires={"b": "1.0.0"}, migrations=["data"]),
            release("3.0.0", migrations=["expand"]),
        ),
        facts.services["b"],
    )
    assert {move.service: move.to_version for move in ask(facts).moves} == {"order": "1.0.0", "a": "1.0.0"}
    assert {move.service: move.to_version for move in ask(hazardous).moves} == {"order": "1.0.0", "a": "2.0.0", "b": "1.0.0"}


def test_full_takes_everything_since_and_leaves_what_did_not_exist():
    facts = snapshot(
        service("order", release("1.0.0", 1), release("2.0.0", 10)),
        service("late", release("1.0.0", 3), release("1.1.0", 12), release("1.2.0", 13)),
        service("early", release("1.0.0", 3), release("1.1.0", 9)),
        service("newborn", release("1.0.0", 11)),
        service("dateless", "1.0.0", "1.1.0"),
    )
    plan = ask(facts, strategy=Strategy.FULL)
    assert {move.service: move.to_version for move in plan.moves} == {"order": "1.0.0", "late": "1.0.0"}
    assert plan.warnings == ("dateless stays at 1.1.0: nobody recorded when it went live",)
    assert "late 1.2.0 went live at 2026-01-14 00:00:00 UTC, which is not before 2026-01-11" in plan.move("late").because[1]
    assert [other.services for other in plan.alternatives] == [1]


def test_full_is_refused_with_what_it_would_break():
    facts = snapshot(
        service("order", release("1.0.0", 1), release("2.0.0", 10)),
        service("web", release("1.0.0", 1, requires={"order": "^1"}), release("2.0.0", 5, requires={"order": "^2"})),
    )
    refusal = ask(facts, strategy=Strategy.FULL)
    assert refusal.code is Code.NO_SAFE_PLAN
    assert refusal.facts == (
        "order goes back to 1.0.0",
        "web 2.0.0 went live before 2026-01-11 00:00:00 UTC and stays",
        "web 2.0.0 needs order ^2",
    )
    assert refusal.nearest == ("/rollback order to 1.0.0 --strategy partial",)


def test_no_plan_names_the_conflict_and_what_would_do():
    facts = snapshot(
        service("order", "0.9.0", release("1.0.0", requires={"payment": "<2"}), release("2.0.0", requires={"payment": "^2"})),
        service("payment", release("1.0.0", verified="bad"), "2.0.0"),
        service("bystander", "1.0.0", "2.0.0", depends_on=["payment"]),
    )
    refusal = ask(facts)
    assert refusal.code is Code.NO_SAFE_PLAN
    assert refusal.facts == (
        "order goes back to 1.0.0",
        "order 1.0.0 needs payment <2: of its releases that leaves 1.0.0",
        "payment 1.0.0 is marked bad in the catalog",
    )
    assert refusal.nearest == ("/rollback order to 0.9.0",)


def test_why_a_service_stays():
    facts = SHOP
    plan = ask(facts)
    assert why_stays(facts, plan, "ledger") == ("payment 2.1.0 needs ledger *, and 1.1.0 is",)
    lonely = snapshot(service("order", "1.0.0", "2.0.0"), service("web", "1.0.0"))
    assert why_stays(facts, plan, "order") == plan.move("order").because
    assert why_stays(facts, plan, "ghost") == ("no service ghost is known",)
    assert why_stays(lonely, ask(lonely), "web") == ("nothing that moves needs anything of web 1.0.0, nor the other way round",)


def test_the_way_forward_is_sealed_and_stands_on_the_state_after():
    plan = ask(SHOP)
    back = way_forward(plan)
    assert (back.target.from_version, back.target.to_version) == ("1.4.2", "2.0.0")
    assert dict(back.facts) == {"ledger": "1.1.0", "order": "1.4.2", "payment": "2.1.0", "web": "5.0.0"}
    assert back.digest == plan_digest(back) != plan.digest


def test_times_without_a_zone_count_as_utc():
    bare = datetime(2026, 1, 3)  # noqa: DTZ001
    old, new = release("1.0.0", 1), release("2.0.0")
    mixed = snapshot(service("order", old, type(new)(version="2.0.0", deployed_at=bare)))
    assert isinstance(ask(mixed, strategy=Strategy.FULL), Plan)


def test_a_full_rollback_of_very_many_services_is_left_to_those_who_ask_for_it():
    since = [service(f"other-{number}", release("1.0.0", 1), release("1.1.0", 11)) for number in range(201)]
    facts = snapshot(service("order", release("1.0.0", 2), release("2.0.0", 10)), *since)
    plan = ask(facts)
    assert plan.waves == (("order",),)
    assert plan.alternatives == ()
    assert plan.advice.startswith("More than 200 services went live since then")
    full = ask(facts, strategy=Strategy.FULL)
    assert len(full.moves) == 202
    assert [other.strategy for other in full.alternatives] == [Strategy.PARTIAL]
