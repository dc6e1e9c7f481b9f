"""When a yes to one plan is a yes to another: property tests over plans that differ in one thing, and in nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.events import Approved, Entry
from planner.facts import MigrationKind
from planner.names import RunId, ServiceName, Version
from planner.plan import Hazard, Move, Plan
from planner.standing import standing, unseen
from tests.bot.slack.runs import plan
from tests.commands.fakes import ANA, BEN, NOON


def runs(of: Plan) -> dict[ServiceName, Version]:
    """The world as the plan found it."""
    return {move.service: move.from_version for move in of.moves}


def without(of: Plan, *services: str) -> Plan:
    """The plan less some moves; waves stay as they are."""
    moves = tuple(move for move in of.moves if move.service not in services)
    waves = tuple(names for wave in of.waves if (names := tuple(name for name in wave if name not in services)))
    return replace(of, moves=moves, waves=waves)


@given(st.integers(1, 30), st.data())
def test_what_is_done_already_may_be_missing_and_nothing_else_may(size: int, data: st.DataObject):
    old = plan(size)
    gone = data.draw(st.sets(st.sampled_from([move.service for move in old.moves])))
    done = data.draw(st.sets(st.sampled_from(sorted(gone)))) if gone else set()
    world = runs(old) | {move.service: move.to_version for move in old.moves if move.service in done}
    found = unseen(old, without(old, *gone), world)
    assert (found == ()) == (gone == done)


@given(st.integers(1, 30), st.data())
def test_a_move_that_was_not_approved_is_always_seen(size: int, data: st.DataObject):
    new = plan(size)
    added = data.draw(st.sets(st.sampled_from([move.service for move in new.moves]), min_size=1))
    assert unseen(without(new, *added), new, runs(new))


def one_thing_else(of: Plan) -> dict[str, Plan]:
    """Plans that differ from this one in one thing that an approver must see."""
    first, *rest = of.moves
    hazard = Hazard(service=first.service, release=first.from_version, migration="m9", kind=MigrationKind.CONTRACT)

    def moved(**how: object) -> Plan:
        other: Move = replace(first, **how)  # type: ignore[arg-type]
        return replace(of, moves=(other, *rest))

    return {
        "version": moved(to_version=Version("0.0.1")),
        "start": moved(from_version=Version("9.9.9")),
        "lockstep": moved(group="lockstep-1"),
        "order": replace(of, waves=tuple(reversed(of.waves))),
        "side by side": replace(of, waves=(tuple(name for wave in of.waves for name in wave),)),
        "hazard": replace(of, hazards=(hazard,)),
        "warning": replace(of, warnings=("something is odd",)),
        "odds": replace(of, risk=replace(of.risk, success=of.risk.success - 0.06)),
        "data loss": replace(of, data_loss_accepted=True),
        "policy": replace(of, policy="sha256:other"),
    }


@pytest.mark.parametrize("what", sorted(one_thing_else(plan(9))))
def test_anything_that_an_approver_must_see_voids_the_yes(what: str):
    assert unseen(plan(9), one_thing_else(plan(9))[what], runs(plan(9)))


def test_facts_about_services_that_stay_do_not():
    old = plan(4)
    new = replace(old, digest="sha256:" + "cd" * 32, facts={**old.facts, ServiceName("bystander"): Version("2.0.0")})
    assert unseen(old, new, runs(old)) == ()


def test_only_fresh_approvals_of_others_stand_and_never_longer_for_being_carried():
    yes = Approved(by=BEN.person, digest="sha256:old")
    old = replace(yes, by=ANA.person, carried_from=RunId("r1"), given_at=NOON - timedelta(seconds=1300))
    log = [Entry(seq=3, at=NOON, event=yes), Entry(seq=4, at=NOON, event=old)]
    now = NOON + timedelta(seconds=60)
    (kept,) = standing(RunId("r2"), log, now, 1200, None)
    assert (kept.by, kept.carried_from, kept.given_at, kept.digest) == (BEN.person, "r2", NOON, "sha256:old")
    assert standing(RunId("r2"), log, now, 1200, BEN.id) == ()
    assert standing(RunId("r2"), log, NOON + timedelta(seconds=1201), 1200, None) == ()
