"""Kills the bot, its store, or both, or freezes the bot, at random moments of a whole rollback over a real shop, again and again.

    python -m tests.scenarios.kill_loop --seed 7 --times 25

Each round ends only when the thread says Finished, the shop runs what was planned, every release was started exactly once, and
the audit holds. Moments come from the seed, but the machine's own pace decides what they hit. Not part of the tests: a round
takes some ten seconds. It stops at the first round that does not end well, leaves its folder, and says where.
"""

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.scenarios.world import AFTER, STARTED_ONCE, World, command_line, processes, world

BLOWS = ("bot", "store", "both", "freeze")
"""SIGKILL to the bot, its store or both; SIGSTOP to the bot for longer than its lease, or shorter, and SIGCONT."""


async def strike(w: World, what: str, chance: random.Random) -> None:
    """One blow. Whoever was killed is started again at once, as a supervisor does; the store by the bot itself."""
    if what == "freeze":
        assert w.bot is not None
        os.kill(w.bot.pid, signal.SIGSTOP)
        await asyncio.sleep(chance.uniform(0.2, 12))
        os.kill(w.bot.pid, signal.SIGCONT)
        return
    if what in ("store", "both"):
        for pid in processes(str(w.state)):
            if "valkey" in command_line(pid):
                os.kill(pid, signal.SIGKILL)
    if what in ("bot", "both"):
        await w.kill_bot()
        await w.start_bot()


async def one_round(folder: Path, chance: random.Random) -> list[str]:
    """One rollback with one to three blows; which they were."""
    struck = []
    async with world(folder) as w:
        ts = await w.approved_plan()
        for _ in range(chance.choice((1, 1, 2, 3))):
            await asyncio.sleep(chance.uniform(0, 1.6))
            struck.append(chance.choice(BLOWS))
            await strike(w, struck[-1], chance)
        try:
            await w.finished(ts)
            assert w.runs() == AFTER, w.runs()
            assert w.starts() == STARTED_ONCE, w.starts()
            status, said = await w.cli("audit", "verify")
            assert status == 0, said
        except BaseException as error:
            error.add_note(f"after {', '.join(struck)}: {w.runs()}, started {dict(w.starts())}")
            raise
    return struck


async def main(seed: int, times: int) -> int:
    """All rounds, one after the other."""
    place = Path(tempfile.mkdtemp(prefix="rollbot-kill-"))
    for number in range(times):
        began = time.monotonic()
        try:
            struck = await one_round(place / f"round-{number}", random.Random(f"{seed} {number}"))
        except Exception as error:
            print(
                f"round {number} of seed {seed}, in {place}/round-{number}: {error!r}", *getattr(error, "__notes__", ()), sep="\n"
            )
            return 1
        print(f"round {number}: {', '.join(struck)}: well after {time.monotonic() - began:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    words = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--times", type=int, default=10)
    given = words.parse_args()
    sys.exit(asyncio.run(main(given.seed, given.times)))
