"""The Home tab: what waits for you, what runs, what is held, what was done, what is still owed."""

from datetime import datetime
from typing import Any

from bot.slack.actions import ActionId, encode
from bot.slack.render.kit import (
    Block,
    actions,
    button,
    clip,
    code,
    context,
    count,
    divider,
    escape,
    listing,
    moment,
    section,
    who,
)
from bot.slack.render.plan import approver
from bot.slack.render.run import buttons, standing, state
from commands.board import Board
from commands.obligations import obligation_words
from commands.ports import Holder
from planner.run import Run, Stage

_MINE = 8
_SHOWN = 6
_MOST_BLOCKS = 100


def home(board: Board, now: datetime) -> dict[str, Any]:
    """The tab as a view."""
    env = escape(board.environment)
    blocks: list[Block] = [
        section(f"*Rollbot in {env}*"),
        actions(button("Roll back a service…", ActionId.START, "-", "primary")),
        divider(),
        *_mine(board),
        *_list("Runs now", [_line(run) for run in board.running], "Nothing runs."),
        *_list("Waits for others", [_line(run) for run in board.waiting], ""),
        *_list("Locks", [_held(holder) for holder in board.held], "Nothing is held: every service is free to move."),
        divider(),
        *_list("Recent", [_line(run) for run in board.recent], "There has been no rollback yet."),
        *_owed(board, now),
        *_list(
            "Versions that no plan goes back to",
            [f"{code(bad.service)} {code(bad.version)}: {escape(clip(bad.reason, 150))}" for bad in board.bad],
            "",
        ),
        context(f"As of {moment(now, '{time_secs}')}. Everything else: `/rollback help`"),
    ]
    return {"type": "home", "blocks": blocks[:_MOST_BLOCKS]}


def _mine(board: Board) -> list[Block]:
    if not board.mine:
        return [section("*Waits for you*\nNothing waits for you.")]
    blocks: list[Block] = [section(f"*Waits for you: {count(len(board.mine), 'run')}*")]
    for run in board.mine[:_MINE]:
        blocks += [section(_told(run)), actions(*_buttons(run))]
    if len(board.mine) > _MINE:
        blocks.append(context(f"…and {len(board.mine) - _MINE} more: `/rollback status`"))
    return blocks


def _buttons(run: Run) -> tuple[Block, ...]:
    value = encode(run)
    show = button("Show plan" if run.stage is Stage.WAITING else "Show run", ActionId.SHOW, value)
    if run.stage is not Stage.WAITING:
        return (*buttons(run), show)
    return (button("Approve", ActionId.APPROVE, value, "primary"), button("Reject", ActionId.REJECT, value, "danger"), show)


def _told(run: Run) -> str:
    asked = f"Asked by {who(run.asked.by)}" if run.asked else "Nobody is known to have asked"
    reason = f": “{escape(clip(run.asked.reason, 200))}”" if run.asked and run.asked.reason else ""
    until = f" Expires {moment(run.planned.expires_at)}." if run.planned and run.stage is Stage.WAITING else ""
    have = ", ".join(approver(approval) for approval in run.approvals)
    approved = f" Approved by {have}." if have and run.stage is Stage.WAITING else ""
    moves = f"{count(len(run.plan.moves), 'service')} in {count(len(run.plan.waves), 'wave')}"
    how = f"\n{clip(state(run), 800)}" if run.stage is not Stage.WAITING else ""
    return f"*{_what(run)}*, {moves}\n{asked}{reason}.{approved}{until}{how}"


def _line(run: Run) -> str:
    when = run.ended_at or run.granted_at or run.asked_at
    at = f", {moment(when, '{date_short_pretty} {time}')}" if when else ""
    asked = f", asked by {who(run.asked.by)}" if run.asked else ""
    return f"{_what(run)}: {standing(run)}{asked}{at}"


def _what(run: Run) -> str:
    target = run.plan.target
    return f"{run.id} {code(target.service)} {escape(target.from_version)} → {escape(target.to_version)}"


def _held(holder: Holder) -> str:
    why = f": “{escape(clip(holder.reason, 150))}”" if holder.reason else ""
    until = f", until {moment(holder.until)}" if holder.until else ""
    return f"{code(holder.service)} by {escape(holder.who)} since {moment(holder.since)}{until}{why}"


def _owed(board: Board, now: datetime) -> list[Block]:
    looks = [f"👀 Somebody else must look at run {run}: `/rollback reviewed {run}`" for run in board.second_looks]
    lines = [f"☐ {escape(clip(obligation_words(one, now), 300))}" for one in board.owed]
    return _list("Still to do after rollbacks", looks + lines, "", bullet="")


def _list(title: str, lines: list[str], empty: str, *, bullet: str = "• ") -> list[Block]:
    if not lines:
        return [section(f"*{title}*\n{empty}")] if empty else []
    return [section(listing([f"*{title}*", *(f"{bullet}{line}" for line in lines)], _SHOWN + 1))]
