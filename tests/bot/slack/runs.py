"""Runs at every stage of their life, small and huge, plain and hostile, for drawing."""

import itertools
from collections.abc import Sequence
from datetime import timedelta

from planner.events import (
    Approved,
    Asked,
    Choice,
    Decided,
    Ended,
    Ending,
    Entry,
    Gate,
    GateJudged,
    Granted,
    Halted,
    LeaseTaken,
    LocksTaken,
    Measured,
    Planned,
    PressRefused,
    RunEvent,
    StepAccepted,
    StepFailed,
    StepIntended,
    StepNotTaken,
    StepUnknown,
    StepVerified,
    StopAsked,
    Surveyed,
)
from planner.facts import MigrationKind
from planner.names import RunId, ServiceName, Version
from planner.plan import Alternative, Hazard, Move, OrderEdge, Plan, Request, Risk, Strategy, Target
from planner.refusal import Code
from planner.registry_events import Drained, DrainIntended, Restored, RestoreFailed, RestoreIntended
from planner.run import Run, replay
from planner.verdict import Outcome, Verdict
from tests.commands.fakes import ANA, BEN, GUEST, HERE, NOON

HOSTILE = "<!channel> <@UBEN> <!here|x> & `x` *b* </script> \u202e\x00 " + "long " * 200


def plan(services: int = 2, *, text: str = "", grouped: bool = False, hazards: int = 0) -> Plan:
    """A plan over so many services in waves of seven; `text` goes wherever people or systems could write."""
    names = [ServiceName(f"service-{number}") for number in range(services)]
    if services >= 2:
        names[0], names[1] = ServiceName("payment-service"), ServiceName("order-service")
    waves = [tuple(names[at : at + 7]) for at in range(0, services, 7)] if services > 2 else [(name,) for name in names]
    old, new = Version(f"1.4.2{text}"), Version(f"2.0.0{text}")
    moves = tuple(
        Move(
            service=name,
            from_version=new,
            to_version=old,
            wave=number,
            group="lockstep-1" if grouped and number == 1 else None,
            because=(f"order-service goes back to 1.4.2{text}", f"order-service 1.4.2 needs {name} >=1 <2{text}"),
        )
        for number, wave in enumerate(waves, start=1)
        for name in wave
    )
    risk = Risk(success=0.97, expected_seconds=61.0, p90_seconds=93.0)
    return Plan(
        digest="sha256:" + "5f" * 32,
        strategy=Strategy.PARTIAL,
        target=Target(service=names[-1], from_version=new, to_version=old),
        moves=moves,
        waves=tuple(waves),
        order=tuple(OrderEdge(before=a, after=b, because=f"{b} would break{text}") for a, b in itertools.pairwise(names)),
        hazards=tuple(
            Hazard(service=names[0], release=new, migration=f"00{n}_drop{text}", kind=MigrationKind.CONTRACT)
            for n in range(hazards)
        ),
        warnings=(f"stock-service needs order-service ^2 and did so before{text}",) * (1 if services < 50 else services),
        risk=risk,
        alternatives=(Alternative(strategy=Strategy.FULL, services=services + 3, hazards=1, risk=risk),),
        facts=dict.fromkeys(names, new),
        data_loss_accepted=bool(hazards),
    )


def asking(of: Plan, *, approvals: int = 1, reason: str | None = "checkouts fail") -> list[RunEvent]:
    asked = Asked(by=ANA.person, words=of.target.service, request=Request(service=of.target.service), place=HERE, reason=reason)
    return [asked, Planned(plan=of, approvals=approvals, expires_at=NOON + timedelta(minutes=20))]


def granting(of: Plan) -> list[RunEvent]:
    return [Approved(by=BEN.person, digest=of.digest), Granted(approvals=1)]


def starting(of: Plan) -> list[RunEvent]:
    return [
        LeaseTaken(worker="w1", epoch=1, take_over=False),
        LocksTaken(services=tuple(move.service for move in of.moves)),
        Surveyed(facts=of.facts),
    ]


def asking_for(move: Move, *, step: str | None = None) -> list[RunEvent]:
    key = f"k-{move.service}"
    name = step or move.service
    return [
        StepIntended(step=name, attempt=1, expect=move.from_version, to=move.to_version, key=key),
        StepAccepted(step=name, key=key),
    ]


def settling(step: str, text: str = "") -> list[RunEvent]:
    return [
        GateJudged(step=step, gate=gate, verdict=Verdict.PASS, because=f"1.4.2 answers alone{text}", seconds=1.25)
        for gate in (Gate.IDENTITY, Gate.CONVERGED, Gate.STABLE)
    ]


def checking(step: str, verdict: Verdict = Verdict.PASS, text: str = "") -> list[RunEvent]:
    outcome = Outcome.PASS if verdict is Verdict.PASS else Outcome.FAIL
    check = f"checkout works{text}"
    return [
        Measured(step=step, check=check, outcome=outcome, seen=f"200{text}"),
        GateJudged(step=step, gate=Gate.INDICATORS, check=check, verdict=verdict, because=f"1 of 1: 200{text}", seconds=4.0),
    ]


def doing(move: Move, text: str = "") -> list[RunEvent]:
    step = move.service
    return [*asking_for(move), *settling(step, text), *checking(step, text=text), StepVerified(step=step)]


def failing(move: Move, text: str = "") -> list[RunEvent]:
    step = move.service
    because = f"checkout works: 3 of 5 failed{text}"
    failed = StepFailed(step=step, because=because, settled=True)
    halted = Halted(because=f"{step}: {because}")
    return [*asking_for(move), *settling(step, text), *checking(step, Verdict.FAIL, text), failed, halted]


def log(events: Sequence[RunEvent]) -> tuple[Entry, ...]:
    """Entries two seconds apart."""
    return tuple(
        Entry(seq=seq, at=NOON + timedelta(seconds=2 * seq), event=event, hash=f"{seq:064x}")
        for seq, event in enumerate(events, start=1)
    )


def stories(of: Plan, text: str = "") -> dict[str, list[RunEvent]]:
    """A log for every stage and ending."""
    first, last = of.moves[0], of.moves[-1]
    waiting = asking(of, reason=f"checkouts fail{text}")
    begun = [*waiting, *granting(of), *starting(of)]
    halted = [*begun, *failing(first, text)]
    undone = [*halted, Decided(by=BEN.person, choice=Choice.UNDO, reason=f"no help{text}")]
    back = f"undo:{first.service}"
    all_done = [event for move in of.moves for event in doing(move, text)]
    lost = StepUnknown(step=first.service, key="k", detail=f"no answer{text}")
    return {
        "waiting": waiting,
        "waiting_for_one_more": [*asking(of, approvals=2), Approved(by=BEN.person, digest=of.digest)],
        "refused_press": [
            *waiting,
            PressRefused(by=GUEST.person, verb="approve", code=Code.NOT_ALLOWED, message=f"no{text}"),
        ],
        "granted": [*waiting, *granting(of)],
        "locked": begun[:-1],
        "running": [*begun, *asking_for(first), *settling(first.service, text)],
        "unknown": [
            *begun,
            *asking_for(first)[:1],
            lost,
            StepNotTaken(step=first.service, key="k", running=first.from_version),
        ],
        "taken_over": [*begun, *asking_for(first), LeaseTaken(worker=f"w2{text}", epoch=2, take_over=True)],
        "stopping": [*begun, *asking_for(first), StopAsked(by=ANA.person)],
        "discovery": [
            *begun,
            *asking_for(first)[:1],
            DrainIntended(step=first.service, key="k", instances=(f"order-1@node-a{text}", f"order-2@node-b{text}")),
            Drained(step=first.service, key="k", instances=(f"order-1@node-a{text}", f"order-2@node-b{text}"), seconds=1.5),
            *asking_for(first)[1:],
            RestoreIntended(step=first.service, key="k", instances=(f"order-1@node-a{text}",)),
            Restored(step=first.service, key="k", instances=(f"order-1@node-a{text}",), left=(f"order-2@node-b{text}",)),
            RestoreFailed(step=first.service, key="k", instances=(f"order-1@node-a{text}",), because=f"no answer{text}"),
        ],
        "halted": halted,
        "undoing": [
            *undone,
            StepIntended(step=back, attempt=1, expect=first.to_version, to=first.from_version, key="u"),
        ],
        "left": [
            *halted,
            Decided(by=BEN.person, choice=Choice.LEAVE, reason=text or None),
            Ended(ending=Ending.LEFT, because=f"left so{text}", by=BEN.person),
        ],
        "finished": [
            *begun,
            *all_done,
            Ended(
                ending=Ending.FINISHED,
                because="",
                obligations=(f"clear the bad mark of {last.service} 2.0.0{text}",) * (2 if len(of.moves) <= 2 else 30),
            ),
        ],
        "rejected": [*waiting, Ended(ending=Ending.REJECTED, because=f"Ben rejected the plan: no{text}", by=BEN.person)],
        "superseded": [
            *waiting,
            Ended(ending=Ending.SUPERSEDED, because="Ana asked again", by=ANA.person, superseded_by=RunId("r13")),
        ],
        "stale": [*begun[:-1], Ended(ending=Ending.STALE, because=f"{first.service} runs 9.9.9{text} now")],
    }


def at(events: Sequence[RunEvent], name: str = "r12") -> Run:
    return replay(RunId(name), log(events))
