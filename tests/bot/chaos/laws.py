"""What must hold at every moment of every run, checked at the moments when something really happens."""

import itertools
import json
from collections import Counter

from bot.store.keys import Keys
from planner.events import (
    Decided,
    Ended,
    Ending,
    Gate,
    GateJudged,
    Halted,
    LeaseTaken,
    StepAccepted,
    StepIntended,
    StepNotTaken,
    StepUnknown,
)
from planner.names import RunId
from planner.run import DONE, Run, StepState
from planner.watch_events import WatchBegan, WatchEnded
from tests.bot.chaos.model_store import Server
from tests.bot.chaos.simulated import World, parsed, told


class Broken(AssertionError):
    """A law was broken."""


UNTOUCHED = (Ending.REJECTED, Ending.WITHDRAWN, Ending.EXPIRED, Ending.SUPERSEDED, Ending.STALE, Ending.BLOCKED)


class Laws:
    """Watches a server and a world. After a failover (`rewound`) the log may know less than the world."""

    def __init__(self, server: Server, world: World, keys: Keys, seen: Counter[str]) -> None:
        self.server = server
        self.world = world
        self.keys = keys
        self.seen = seen
        self.rewound = False
        self.broken: list[str] = []
        self.effects: list[tuple[RunId, str, str, str, int]] = []
        world.on_effect = self.effect
        server.on_append = self.appended
        server.on_write = lambda claimed, real: self.must(
            claimed == real, f"stale: a worker of {claimed} wrote, {real} has the run"
        )

    def entries(self, run: str):
        return [parsed(fields) for _, fields in self.server.do("xrange", self.keys.log(run))]

    def run(self, name: str) -> Run:
        return told(RunId(name), self.entries(name))

    def holder(self, service: str) -> str | None:
        return self.server.do("hget", self.keys.lock(service), "owner")

    def effect(self, service: str, to: str, key: str) -> None:
        name, step_id = key.split(":")[0], key.rpartition(":")[0].rpartition(":")[0].partition(":")[2]
        entries = self.entries(name)
        run = told(RunId(name), entries)
        self.effects.append((run.id, service, to, key, len(entries)))
        if self.rewound:
            return
        where = [at for at, entry in enumerate(entries) if isinstance(entry.event, StepIntended) and entry.event.key == key]
        self.must(bool(where), f"{key}: an effect without an intent")
        leases = [entry for entry in entries[: where[0]] if isinstance(entry.event, LeaseTaken)]
        self.must(bool(leases), f"{key}: an effect without a lease")
        self.must(self.holder(service) == name, f"{key}: {service} is held by {self.holder(service)}")
        self.must(step_id in run.steps, f"{key}: the run has no such step now")
        for wave in run.waves:
            if any(step.id == step_id for step in wave):
                break
            # A late request may come when a check of an earlier service has failed: that one runs its release all the same.
            done = all(step.state in DONE or step.settled for step in wave)
            self.must(done, f"{key}: an earlier wave is not done")

    def appended(self, chain: str, body: str) -> None:
        raw = json.loads(body)
        kind = raw["event"]["kind"]
        if chain == "environment":
            self.watching(raw["event"])
            return
        run = self.run(chain)
        self.must(run.ended is None or kind == "ended", f"{chain}: {kind} was written after the end")
        touched = any(step.touched for step in run.steps.values())
        if touched and run.ended is None:
            for move in run.plan.moves:
                self.must(self.holder(move.service) == chain, f"{chain}: half done, and {move.service} is not locked")
        if run.ended is not None:
            self.end(run)

    def watching(self, event) -> None:
        """A watch begins with the end of its run, looks only between its beginning and its end, and ends once."""
        run, kind = event.get("run"), event["kind"]
        if kind == "watch_began":
            self.must(self.run(run).ending is Ending.FINISHED or self.rewound, f"{run}: watched, and it has not finished")
        if kind in ("watch_looked", "watch_ended"):
            told = [self.entries("environment")[-1], *reversed(self.entries("environment")[:-1])]
            before = [e.event.kind for e in told[1:] if isinstance(e.event, WatchBegan | WatchEnded) and e.event.run == run]
            self.must(before[:1] == ["watch_began"] or self.rewound, f"{run}: {kind} after {before[:1]}")
        if kind == "watch_ended":
            self.seen[f"watch {event['verdict']}"] += 1

    def watched(self) -> bool:
        return bool(self.server.do("smembers", self.keys.watching))

    def end(self, run: Run) -> None:
        self.seen[f"ended {run.ending}"] += 1
        mine = [effect for effect in self.effects if effect[0] == run.id]
        if run.ending in UNTOUCHED:
            self.must(not mine or self.rewound, f"{run.id}: {run.ending}, and {mine} was done")
        if run.ending in (Ending.FINISHED, Ending.UNDONE):
            for step in run.steps.values():
                if step.state is not StepState.SKIPPED:
                    running = self.world.running(step.service)
                    self.must(running == step.to, f"{run.id}: {run.ending}, and {step.service} runs {running}, not {step.to}")

    def finally_(self, names: list[str]) -> None:
        """At the very end, when everybody had time."""
        self.must(not self.broken, "; ".join(self.broken[:1]))
        epochs: list[int] = []
        for name in names:
            entries = self.entries(name)
            run = told(RunId(name), entries)
            self.must(run.ended is not None, f"{name} never came to an end: {run.stage}, {run.because}")
            self.must([entry.seq for entry in entries] == list(range(1, len(entries) + 1)), f"{name}: gaps in the log")
            rows = self.server.do("xrange", self.keys.log(name))
            for before, after in itertools.pairwise(rows):
                self.must(json.loads(after[1]["b"])["prev"] == before[1]["h"], f"{name}: the chain is broken")
            mine = [entry.event.epoch for entry in entries if isinstance(entry.event, LeaseTaken)]
            self.must(mine == sorted(set(mine)), f"{name}: fencing numbers do not grow: {mine}")
            epochs += mine
            self.measured(run.id, entries)
            self.once(run.id, entries)
            self.count(entries)
        self.must(len(set(epochs)) == len(epochs), "a fencing number was given out twice")
        self.must(not self.watched(), "a watch never came to an end")
        holds = [self.server.data[key] for key in self.server.data if key.startswith(self.keys.lock(""))]
        self.must(not holds, f"locks are left: {holds}")

    def measured(self, name: RunId, entries) -> None:
        """What was before is measured before anything is touched, once; whether the symptom is gone, once, when all is done."""
        kinds = [entry.event.kind for entry in entries]
        first = kinds.index("step_intended") if "step_intended" in kinds else len(kinds)
        self.must(kinds.count("baseline_taken") <= 1, f"{name}: two baselines")
        self.must("baseline_taken" not in kinds[first:], f"{name}: a baseline after something was touched")
        asked = [at for at, entry in enumerate(entries) if getattr(entry.event, "gate", None) is Gate.SYMPTOM]
        self.must(len(asked) <= 1, f"{name}: the symptom was asked for {len(asked)} times")
        for at in asked:
            run = told(RunId(str(name)), entries[:at])
            self.must(all(step.state in DONE for step in run.steps.values()), f"{name}: the symptom before the end")

    def once(self, name: RunId, entries) -> None:
        """A service is moved to a release once, unless people decided something in between."""
        last: dict[tuple[str, str], int] = {}
        for run, service, to, key, at in self.effects:
            if run != name:
                continue
            if (service, to) in last and not self.rewound:
                between = entries[last[service, to] : at]
                self.must(any(isinstance(entry.event, Decided) for entry in between), f"{key}: {service} was moved to {to} twice")
            last[service, to] = at
        keys = Counter(key for run, _, _, key, _ in self.effects if run == name)
        self.must(not keys or max(keys.values()) == 1, f"{name}: one key, two effects: {keys}")

    def count(self, entries) -> None:
        for entry in entries:
            match entry.event:
                case LeaseTaken(take_over=True):
                    self.seen["take-over"] += 1
                case StepAccepted(recovered=True):
                    self.seen["observed: it was done"] += 1
                case StepNotTaken():
                    self.seen["observed: it was not done"] += 1
                case StepUnknown():
                    self.seen["outcome unknown"] += 1
                case Halted(because=because) if "workers in a row" in because:
                    self.seen["poison stopped"] += 1
                case Halted():
                    self.seen["halted"] += 1
                case GateJudged(gate=Gate.NEIGHBOURS | Gate.SYMPTOM as gate, verdict=verdict):
                    self.seen[f"{gate} {verdict}"] += 1
                case Decided(choice=choice):
                    self.seen[f"decided {choice}"] += 1
                case Ended():
                    pass

    def must(self, holds: bool, text: str) -> None:
        if not holds:
            # Whoever did it may have been cancelled, and nobody hears what it raises.
            self.broken.append(text)
            raise Broken(text)
