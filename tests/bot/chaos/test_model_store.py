"""The model of the store keeps the contract of every run log, and answers as the real scripts do."""

import random
from pathlib import Path

import pytest

import bot.store.commit
from bot.store.commit import Commit, Head
from bot.store.keys import Keys
from bot.store.runlog import RunLog
from commands.ports import Holder
from planner.events import StopAsked
from tests.bot.chaos.model_store import Server, Wire
from tests.commands.runs_contract import CONTRACT, name
from tests.making import ANA, NOON

LEASE = (Path(bot.store.commit.__file__).parent / "scripts" / "lease.lua").read_text("utf-8")


@pytest.fixture
def model() -> Server:
    return Server(lambda: int(NOON.timestamp() * 1_000_000))


@pytest.mark.parametrize("must", CONTRACT, ids=name)
async def test_contract(must, model):
    await must(RunLog(Wire(model), Keys("model"), lambda: NOON))


async def outcome(store, commit: Commit):
    try:
        await commit.carry_out(store)
    except Exception as error:
        return type(error).__name__, str(error)
    return "done"


def random_commit(chance: random.Random, keys: Keys, heads: dict[str, Head]) -> tuple[Commit, dict[str, Head]]:
    commit = Commit(keys, NOON, _writer="me")
    after = {}
    for chain in chance.sample(("r1", "r2", "environment"), chance.randrange(1, 3)):
        head = heads.get(chain, Head()) if chance.random() < 0.8 else Head(seq=chance.randrange(3), hash="0" * 64)
        lines = commit.append(chain, head, [StopAsked(by=ANA)] * chance.randrange(1, 3))
        after[chain] = Head(seq=head.seq + len(lines), hash=lines[-1].hash)
    for service in chance.sample(("a", "b", "c"), chance.randrange(3)):
        run = chance.choice(("r1", "r2"))
        if chance.random() < 0.6:
            commit.lock(Holder(service=service, run=run, since=NOON))
        else:
            commit.unlock(service, run, must=chance.random() < 0.3)
    if chance.random() < 0.3:
        commit.effect("SADD", keys.open, chance.choice("xyz"))
    return commit, after


async def test_the_model_answers_as_the_real_commit_does(store, keys, model):
    for seed in range(40):
        chance, wire, fresh = random.Random(seed), Wire(model), Keys(f"{keys.environment}-{seed}")
        heads: dict[str, Head] = {}
        for _ in range(25):
            at = chance.getstate()
            commit, _ = random_commit(chance, fresh, heads)
            chance.setstate(at)
            same, after = random_commit(chance, fresh, heads)
            real, modelled = await outcome(store, commit), await outcome(wire, same)
            assert real == modelled, (seed, real, modelled)
            if real == "done":
                heads.update(after)
        for chain in heads:
            assert await store.xrange(fresh.log(chain)) == [tuple(row) for row in await wire.xrange(fresh.log(chain))]
        for service in "abc":
            assert await store.hgetall(fresh.lock(service)) == await wire.hgetall(fresh.lock(service))


async def test_the_model_answers_as_the_real_lease_does(store, keys, model):
    real, modelled = store.register_script(LEASE), Wire(model).register_script(LEASE)
    for seed in range(30):
        chance, names = random.Random(seed), [f"{keys.lease('r1')}:{seed}", f"{keys.epoch}:{seed}"]
        epochs = [("1", "1")]
        for _ in range(20):
            verb = chance.choice(("take", "take", "renew", "release"))
            owner, which = chance.choice("ab"), chance.randrange(len(epochs))
            asked = [[verb, owner, "60000"] if verb == "take" else [verb, epochs[which][side], "60000"] for side in (0, 1)]
            answers = await real(keys=names, args=asked[0]), await modelled(keys=names, args=asked[1])
            assert answers[0][0] == answers[1][0], (seed, answers)
            if answers[0][0] == "taken":
                assert answers[0][2] == answers[1][2]
                epochs.append((answers[0][1], answers[1][1]))
