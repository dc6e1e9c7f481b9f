"""A run replayed: what the log tells, and what should happen next, for every order in which things can happen."""

from datetime import timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from planner.events import (
    Choice,
    Decided,
    Ended,
    Ending,
    Entry,
    Gate,
    GateJudged,
    Halted,
    LocksTaken,
    RunOpened,
    StepAccepted,
    StepFailed,
    StepIntended,
    StepNotTaken,
    StepUnknown,
    StepVerified,
    StopAsked,
    Surveyed,
)
from planner.next_actions import (
    AskSymptom,
    Expire,
    Finish,
    Halt,
    Indicate,
    Issue,
    Look,
    Settle,
    Survey,
    TakeBaseline,
    TakeLocks,
    next_actions,
    skippable,
)
from planner.run import DONE, Run, Stage, StepState, follow, replay
from planner.verdict import Verdict
from planner.watch_events import BaselineTaken
from tests.making import ANA, NOON, approved, asked, granted, plan, planned

WIDE = plan(
    {"a": ("2.0.0", "1.0.0"), "b": ("2.0.0", "1.0.0"), "c": ("2.0.0", "1.0.0")},
    {"d": ("2.0.0", "1.0.0"), "e": ("2.0.0", "1.0.0")},
    {"f": ("2.0.0", "1.0.0")},
    groups={"d": "g1", "e": "g1"},
)


def after(run: Run, *events) -> Run:
    for event in events:
        run = follow(run, Entry(seq=run.seq + 1, at=NOON + timedelta(seconds=run.seq), event=event))
    return run


def waiting(of=WIDE) -> Run:
    return after(Run(id="r1"), asked("f"), planned(of))


def running(of=WIDE) -> Run:
    return after(waiting(of), approved(), granted(), LocksTaken(services=()), Surveyed(facts={}), BaselineTaken(readings=()))


def gates(step):
    return [
        GateJudged(step=step, gate=gate, verdict=Verdict.PASS, because="", seconds=0.1)
        for gate in (Gate.IDENTITY, Gate.CONVERGED, Gate.STABLE)
    ]


def done(run: Run, action) -> list:
    """What a worker writes when an action goes well."""
    match action:
        case TakeLocks():
            return [LocksTaken(services=())]
        case Survey():
            return [Surveyed(facts={})]
        case TakeBaseline():
            return [BaselineTaken(readings=())]
        case Issue(step=step):
            key = run.steps[step].key or f"{step}:{run.steps[step].attempt + 1}"
            intent = StepIntended(step=step, attempt=run.steps[step].attempt + 1, expect=None, to=run.steps[step].to, key=key)
            return [intent, StepAccepted(step=step, key=key)]
        case Look(step=step):
            return [StepAccepted(step=step, key=run.steps[step].key, recovered=True)]
        case Settle(step=step):
            return gates(step)
        case Indicate(step=step):
            return [StepVerified(step=step)]
        case AskSymptom(step=step):
            return [GateJudged(step=step, gate=Gate.SYMPTOM, verdict=Verdict.INCONCLUSIVE, because="", seconds=0.1)]
        case Halt(because=because):
            return [Halted(because=because)]
        case Finish(ending=ending):
            return [Ended(ending=ending, because="")]
    raise AssertionError(action)


def test_a_run_goes_from_asked_to_finished():
    run = waiting()
    assert next_actions(run, 4) == (Expire(),)
    run = after(run, approved(), granted())
    while run.stage is not Stage.ENDED:
        (action, *_) = next_actions(run, 4)
        run = after(run, *done(run, action))
    assert run.ending is Ending.FINISHED
    assert {step.state for step in run.steps.values()} == {StepState.VERIFIED}


def test_waves_wait_for_the_one_before_and_groups_go_together():
    run = running()
    assert next_actions(run, 2) == (Issue("a"), Issue("b"))
    run = after(run, *done(run, Issue("a")))
    assert next_actions(run, 2) == (Settle("a"), Issue("b"))
    for step in "abc":
        run = after(run, *(done(run, Issue(step)) if step != "a" else []), *gates(step))
    assert [action for action in next_actions(run, 1) if isinstance(action, Issue)] == [Issue("d"), Issue("e")]


def test_an_intent_without_an_outcome_is_looked_at_before_anything_is_asked_again():
    run = after(running(), StepIntended(step="a", attempt=1, expect="2.0.0", to="1.0.0", key="k1"))
    assert Look("a") in next_actions(run, 4)
    assert Issue("a") not in next_actions(run, 4)
    unknown = after(run, StepUnknown(step="a", key="k1", detail="timed out"))
    assert Look("a") in next_actions(unknown, 4)
    again = after(unknown, StepNotTaken(step="a", key="k1", running="2.0.0"))
    assert Issue("a") in next_actions(again, 4)
    assert (again.steps["a"].key, again.steps["a"].expect) == ("k1", "2.0.0")


def test_a_failed_step_lets_what_is_under_way_finish_and_then_halts():
    run = running()
    run = after(run, *done(run, Issue("a")), *done(run, Issue("b")), StepFailed(step="a", because="it broke"))
    assert next_actions(run, 4) == (Settle("b"),)
    run = after(run, *gates("b"))
    assert next_actions(run, 4) == (Indicate("b"),)
    run = after(run, StepVerified(step="b"))
    assert next_actions(run, 4) == (Halt("a: it broke"),)
    run = after(run, Halted(because="a: it broke"))
    assert next_actions(run, 4) == ()


def halted(settled=False) -> Run:
    run = running()
    run = after(run, *done(run, Issue("a")), *done(run, Issue("b")), *gates("b"), StepVerified(step="b"))
    return after(run, StepFailed(step="a", because="it broke", settled=settled), Halted(because="a: it broke"))


def test_retry_looks_first():
    run = after(halted(), Decided(by=ANA, choice=Choice.RETRY))
    assert [action for action in next_actions(run, 4) if action.step == "a"] == [Look("a")]


def test_undo_takes_back_what_was_touched_and_nothing_else():
    run = after(halted(), Decided(by=ANA, choice=Choice.UNDO))
    assert set(run.steps) == {"undo:a", "undo:b"}
    assert set(next_actions(run, 4)) == {Look("undo:a"), Look("undo:b")} or set(next_actions(run, 4)) == {
        Look("undo:a"),
        Issue("undo:b"),
    }
    assert run.steps["undo:b"].to == "2.0.0"
    while run.stage is not Stage.ENDED:
        (action, *_) = next_actions(run, 4)
        run = after(run, *done(run, action))
    assert run.ending is Ending.UNDONE


def test_undo_goes_back_through_the_waves():
    run = running()
    for step in "abc":
        run = after(run, *done(run, Issue(step)), *gates(step), StepVerified(step=step))
    run = after(run, *done(run, Issue("d")), *done(run, Issue("e")), *gates("d"), *gates("e"))
    run = after(run, StepFailed(step="d", because="no", settled=True), StepVerified(step="e"), Halted(because="no"))
    run = after(run, Decided(by=ANA, choice=Choice.UNDO))
    assert [action.step for action in next_actions(run, 9)] == ["undo:d", "undo:e"]


def test_leaving_it_so_ends_the_run():
    run = after(halted(), Decided(by=ANA, choice=Choice.LEAVE))
    assert next_actions(run, 4) == (Finish(Ending.LEFT, "a: it broke"),)


def test_skipping_is_only_for_what_cannot_break_an_order():
    assert not skippable(halted())
    assert skippable(halted(settled=True))


def test_a_stop_before_anything_was_touched_withdraws():
    run = after(running(), StopAsked(by=ANA))
    assert next_actions(run, 4) == (Finish(Ending.WITHDRAWN, "Ana asked to stop before anything was touched"),)


def test_a_stop_in_the_middle_halts_at_a_safe_point_and_retry_goes_on():
    run = running()
    run = after(run, *done(run, Issue("a")), StopAsked(by=ANA))
    assert next_actions(run, 4) == (Settle("a"),)
    run = after(run, *gates("a"), StepVerified(step="a"))
    assert next_actions(run, 4) == (Halt("Ana asked to stop"),)
    run = after(run, Halted(because="Ana asked to stop"), Decided(by=ANA, choice=Choice.RETRY))
    assert next_actions(run, 4) == (Issue("b"), Issue("c"))


def test_replaying_in_two_parts_is_replaying_at_once():
    run, entries = Run(id="r1"), []
    before = (Surveyed(facts={}), BaselineTaken(readings=()))
    for event in (asked("f"), planned(WIDE), approved(), granted(), LocksTaken(services=()), *before):
        entries.append(Entry(seq=len(entries) + 1, at=NOON, event=event, hash=f"h{len(entries)}"))
        run = follow(run, entries[-1])
    assert replay("r1", entries) == run
    assert run.hash == "h6"


def test_a_baseline_is_taken_before_anything_is_touched_or_never():
    run = after(waiting(WIDE), approved(), granted(), LocksTaken(services=()), Surveyed(facts={}))
    assert next_actions(run, 4) == (TakeBaseline(),)
    older = after(run, *done(run, Issue("a")))
    assert TakeBaseline() not in next_actions(older, 4)


def test_a_group_is_verified_when_all_of_it_is_in_place():
    run = running()
    for step in "abc":
        run = after(run, *done(run, Issue(step)), *gates(step), StepVerified(step=step))
    run = after(run, *done(run, Issue("d")), *done(run, Issue("e")), *gates("d"))
    assert next_actions(run, 4) == (Settle("e"),)
    assert next_actions(after(run, StepFailed(step="e", because="it broke")), 4) == (Indicate("d"),)
    assert Indicate("d") in next_actions(after(run, *gates("e")), 4)


def test_another_logs_event_is_refused():
    with pytest.raises(TypeError, match="run_opened"):
        follow(Run(id="r1"), Entry(seq=1, at=NOON, event=RunOpened(run="r1")))


@settings(max_examples=300, deadline=None)
@given(st.data(), st.integers(1, 4))
def test_whatever_happens_no_wave_begins_before_the_one_before_is_done(data, max_parallel):
    """Actions are finished in any order, fail at any point, workers die after any entry; people decide anything."""
    run = running()
    for _ in range(60):
        actions = next_actions(run, max_parallel)
        for action in actions:
            if isinstance(action, Issue):
                waves = run.waves
                place = next(n for n, wave in enumerate(waves) if action.step in {s.id for s in wave})
                assert all(step.state in DONE for wave in waves[:place] for step in wave)
                assert not any(step.state is StepState.FAILED for step in run.steps.values())
        if run.stage is Stage.HALTED and not actions:
            choices = [Choice.RETRY, Choice.LEAVE]
            choices += [Choice.SKIP] if skippable(run) else []
            choices += [] if run.undoing else [Choice.UNDO]
            run = after(run, Decided(by=ANA, choice=data.draw(st.sampled_from(choices))))
            continue
        if run.stage is Stage.ENDED:
            break
        action = data.draw(st.sampled_from(actions))
        events = done(run, action)
        step = getattr(action, "step", None)
        luck = data.draw(st.sampled_from(["well", "well", "well", "fails", "dies"]))
        if luck == "dies":
            events = events[: data.draw(st.integers(0, len(events) - 1))]
        elif luck == "fails" and step is not None:
            intent = [event for event in events if isinstance(event, StepIntended)]
            events = [*intent, StepFailed(step=step, because="no", settled=run.steps[step].settled)]
        run = after(run, *events)
    if run.ending is Ending.FINISHED:
        assert all(step.state in DONE for step in run.steps.values())
