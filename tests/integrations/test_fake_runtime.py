"""The fake keeps the contract, and each of its faults does what it says."""

import pytest

from integrations.errors import Conflict, OutcomeUnknown, Rejected, Unavailable
from integrations.protocols import Phase
from planner.facts import Release, Service
from planner.names import ServiceName, Version
from tests.integrations.contract import StartingContract, World
from tests.integrations.fake_runtime import FakeRuntime, Fault

SERVICE = Service(name=ServiceName("order-service"))
OLDER = Release(version=Version("1.4.2"))
NEWER = Release(version=Version("2.0.0"))


@pytest.fixture
def runtime() -> FakeRuntime:
    return FakeRuntime({"order-service": "2.0.0"})


class TestContract(StartingContract):
    @pytest.fixture
    def world(self, runtime: FakeRuntime) -> World:
        async def starts(service: Service) -> int:
            return sum(name == service.name for name, _, _, _ in runtime.effects)

        async def kill(service: Service) -> None:
            runtime.kill(service.name)

        absent = Service(name=ServiceName("absent-service"))
        return World(runtime=runtime, service=SERVICE, absent=absent, older=OLDER, newer=NEWER, starts=starts, kill=kill)


async def _apply(runtime: FakeRuntime, key: str = "k") -> None:
    await runtime.apply(SERVICE, OLDER, expect=NEWER.version, key=key)


@pytest.mark.parametrize(
    ("fault", "error", "done"),
    [
        (Fault.CONFLICT, Conflict, False),
        (Fault.REJECTED, Rejected, False),
        (Fault.UNAVAILABLE, Unavailable, False),
        (Fault.UNKNOWN_NOT_DONE, OutcomeUnknown, False),
        (Fault.UNKNOWN_DONE, OutcomeUnknown, True),
    ],
)
async def test_a_fault_of_apply_goes_by_and_the_same_key_ends_it(runtime: FakeRuntime, fault: Fault, error: type, done: bool):
    runtime.fault("order-service", fault)
    with pytest.raises(error):
        await _apply(runtime)
    assert bool(runtime.effects) is done
    await _apply(runtime)
    assert runtime.effects == [("order-service", "2.0.0", "1.4.2", "k")]
    assert runtime.asked == 2


@pytest.mark.parametrize(
    ("fault", "phase", "running", "old_left"),
    [
        (Fault.NEVER_CONVERGES, Phase.PROGRESSING, None, 0),
        (Fault.WRONG_VERSION, Phase.PROGRESSING, "2.0.0", 1),
        (Fault.DIES, Phase.FAILED, None, 0),
    ],
)
async def test_a_release_that_does_not_come_up(runtime: FakeRuntime, fault: Fault, phase: Phase, running: str, old_left: int):
    runtime.fault("order-service", fault)
    await _apply(runtime)
    for _ in range(5):
        seen = await runtime.observe(SERVICE, OLDER, key="k")
    assert (seen.phase, seen.running, seen.old_left, seen.key) == (phase, running, old_left, "k")


async def test_restarts_and_silence_are_seen_as_often_as_asked(runtime: FakeRuntime):
    runtime.fault("order-service", Fault.RESTARTS, times=2)
    assert [(await runtime.observe(SERVICE, OLDER, key="k")).restarts for _ in range(3)] == [1, 2, 2]
    runtime.fault("order-service", Fault.SILENT)
    with pytest.raises(Unavailable):
        await runtime.observe(SERVICE, OLDER, key="k")
    assert await runtime.current(SERVICE) == "2.0.0"


async def test_it_takes_as_many_looks_as_told():
    runtime = FakeRuntime({"order-service": "2.0.0"}, looks=2)
    await _apply(runtime)
    phases = [(await runtime.observe(SERVICE, OLDER, key="k")).phase for _ in range(3)]
    assert phases == [Phase.PROGRESSING, Phase.PROGRESSING, Phase.CONVERGED]
