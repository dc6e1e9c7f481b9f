"""What one person should see at a glance: what runs, what waits for them, what is held, what was done and what is still owed."""

from dataclasses import dataclass

from commands.history import read_all
from commands.ports import BadVersion, Desk, Holder
from planner.approval import Actor, approve
from planner.deciding import decide
from planner.events import Choice
from planner.names import RunId
from planner.obligations import Obligation
from planner.refusal import Refusal
from planner.run import Run, Stage

_RECENT = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Everything at one moment, for one person. `mine` waits for exactly them; `waiting` waits for others.

    `second_looks` are runs started past their approvals that nobody else has looked at since.
    """

    environment: str
    mine: tuple[Run, ...]
    running: tuple[Run, ...]
    waiting: tuple[Run, ...]
    held: tuple[Holder, ...]
    recent: tuple[Run, ...]
    owed: tuple[Obligation, ...]
    bad: tuple[BadVersion, ...]
    second_looks: tuple[RunId, ...] = ()


async def board(desk: Desk, actor: Actor) -> Board:
    """Where things stand. Changes nothing."""
    open_runs = [run for run in await read_all(desk, await desk.runs.open_runs()) if run.planned is not None]
    mine = [run for run in open_runs if _waits_for(desk, run, actor)]
    others = [run for run in open_runs if run not in mine]
    recent = [run for run in await read_all(desk, await desk.runs.recent(_RECENT)) if run.stage is Stage.ENDED and run.planned]
    return Board(
        environment=desk.environment,
        mine=tuple(mine),
        running=tuple(run for run in others if run.stage is not Stage.WAITING),
        waiting=tuple(run for run in others if run.stage is Stage.WAITING),
        held=await desk.runs.all_holders(),
        recent=tuple(recent),
        owed=await desk.runs.obligations(),
        bad=await desk.runs.bad_versions(),
        second_looks=await desk.runs.second_looks(),
    )


def _waits_for(desk: Desk, run: Run, actor: Actor) -> bool:
    """Whether this person could bring the run forward now."""
    match run.stage:
        case Stage.WAITING:
            return not isinstance(approve(run, desk.policy, actor, run.plan.digest, desk.now()), Refusal)
        case Stage.HALTED:
            left = bool(run.decisions) and run.decisions[-1].choice is Choice.LEAVE
            return not left and decide(run, desk.policy, actor, Choice.LEAVE) is None
        case _:
            return False
