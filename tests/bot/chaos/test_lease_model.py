"""Every history of two workers and one lease that fits into a few seconds, looked at one by one.

The server is the model that `test_model_store.py` holds to the real script. A worker may send at any moment; what it sent may
come at any later moment, and twice; the answer may come late. A failover may forget the last write once. In every state that can
be reached:

- two workers are never both sure of the lease, unless a failover forgot it,
- what the store accepts never comes from an older worker after a younger one's,
- no number is given to two workers.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from tests.bot.chaos.model_store import Server

TTL, SURE, LAST = 3, 2, 4
"""Seconds of a lease, seconds for which a worker trusts it, and where time ends here."""
KEYS = ("lease", "epoch")


@dataclass(frozen=True, slots=True)
class Worker:
    """What it knows, and what is on its way: a question (when it was sent, how often it came) and its answer."""

    epoch: str = ""
    sure_until: int = 0
    question: tuple[str, int, int] | None = None
    answer: tuple[str, ...] | None = None
    turns: int = 0


@dataclass(frozen=True, slots=True)
class State:
    time: int = 0
    lease: tuple[tuple[str, str], ...] = ()
    epoch: str = ""
    before: tuple[tuple[tuple[str, str], ...], str] | None = None
    workers: tuple[Worker, Worker] = (Worker(), Worker())
    accepted: str = "0"
    failed_over: bool = False


def ask(state: State, arguments: tuple[str, ...]) -> tuple[tuple[str, ...], State]:
    """The server's answer, and how it is afterwards."""
    server = Server(lambda: state.time * 1_000_000)
    if state.lease:
        server.data["lease"] = dict(state.lease)
    if state.epoch:
        server.data["epoch"] = state.epoch
    answer = tuple(server._lease(KEYS, arguments))
    lease, epoch = tuple(sorted(server.data.get("lease", {}).items())), server.data.get("epoch", "")
    changed = (lease, epoch) != (state.lease, state.epoch)
    return answer, replace(state, lease=lease, epoch=epoch, before=(state.lease, state.epoch) if changed else state.before)


def holder(state: State, who: int, worker: Worker) -> State:
    pair = list(state.workers)
    pair[who] = worker
    return replace(state, workers=(pair[0], pair[1]))


def steps(state: State, *, turns: int, times: int, trust: int, fenced: bool) -> Iterator[State]:
    """Everything that may happen next. A worker asks so many `turns`, and each question comes so many `times` at most."""
    if state.time < LAST:
        yield replace(state, time=state.time + 1)
        if not state.failed_over and state.before is not None:
            # A replica that lacks the last write takes over; that takes a while.
            lease, epoch = state.before
            yield replace(state, time=state.time + 1, lease=lease, epoch=epoch, before=None, failed_over=True)
    for who, me in enumerate(state.workers):
        sure = bool(me.epoch) and state.time < me.sure_until
        if me.question is None and me.answer is None and me.turns < turns:
            wanted = "renew" if sure else "take"
            yield holder(state, who, replace(me, question=(wanted, state.time, 0), turns=me.turns + 1))
        if me.question is not None and me.question[2] < times:
            verb, sent, came = me.question
            arguments = ("take", f"w{who}", str(TTL * 1000)) if verb == "take" else ("renew", me.epoch, str(TTL * 1000))
            answer, after = ask(state, arguments)
            # It may come twice: a client that hears no answer sends it again.
            yield holder(after, who, replace(me, answer=answer, question=(verb, sent, came + 1)))
        if me.answer is not None and me.question is not None:
            _, sent, _ = me.question
            heard = replace(me, question=None, answer=None)
            match me.answer:
                case ("taken", epoch, _):
                    yield holder(state, who, replace(heard, epoch=epoch, sure_until=sent + trust))
                case ("renewed",):
                    yield holder(state, who, replace(heard, sure_until=sent + trust))
                case _:
                    yield holder(state, who, replace(heard, epoch="", sure_until=0))
        if sure:
            real = dict(state.lease).get("epoch", "")
            if not fenced or real == me.epoch:
                yield replace(state, accepted=check_order(state.accepted, me.epoch))


class Wrong(AssertionError):
    """A history in which something happened that must not."""


def check_order(before: str, now: str) -> str:
    if int(now) < int(before):
        raise Wrong(f"a write with {now} was accepted after one with {before}")
    return now


def look_at(state: State) -> None:
    first, second = state.workers
    both = all(worker.epoch and state.time < worker.sure_until for worker in (first, second))
    if both and not state.failed_over:
        raise Wrong(f"both are sure: {state}")
    if first.epoch and first.epoch == second.epoch:
        raise Wrong(f"{first.epoch} was given twice: {state}")


def explore(*, turns: int = 2, times: int = 1, trust: int = SURE, fenced: bool = True) -> tuple[int, set[str]]:
    """How many states there are, and what could be seen in some of them."""
    todo, known, seen = [State()], {State()}, set()
    while todo:
        state = todo.pop()
        look_at(state)
        if state.failed_over and all(w.epoch and state.time < w.sure_until for w in state.workers):
            seen.add("a failover made two believe")
        if all(worker.epoch for worker in state.workers):
            seen.add("both had it, one after the other")
        for after in steps(state, turns=turns, times=times, trust=trust, fenced=fenced):
            if after not in known:
                known.add(after)
                todo.append(after)
    return len(known), seen


@pytest.mark.parametrize(("turns", "times", "many"), [(2, 1, 50_000), (1, 2, 20_000)])
def test_no_history_breaks_the_rules(turns, times, many):
    """With renewals and later takes; and with every question coming twice."""
    states, seen = explore(turns=turns, times=times)
    assert states > many
    assert seen == {"a failover made two believe", "both had it, one after the other"}


def found(**how) -> str:
    try:
        explore(**how)
    except Wrong as wrong:
        return str(wrong)
    return ""


def test_a_worker_that_trusts_its_lease_too_long_is_seen():
    assert "both are sure" in found(trust=TTL + 1)


def test_a_store_that_does_not_fence_is_seen():
    assert "was accepted after" in found(fenced=False)
