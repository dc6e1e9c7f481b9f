"""Real processes keep the contract of every runtime."""

import asyncio
import os
import signal

import pytest

from integrations.protocols import Phase
from planner.facts import Service
from tests.integrations.contract import StartingContract, World, settled
from tests.integrations.local_process.conftest import NEWER, OLDER, Bench


class TestContract(StartingContract):
    @pytest.fixture
    async def world(self, bench: Bench) -> World:
        runtime = bench.runtime()
        service = bench.service(env={"STARTS": str(bench.folder / "starts")})
        absent = bench.service("absent-service")
        await runtime.apply(service, NEWER, expect=None, key="first")
        assert (await settled(runtime, service, NEWER, "first")).phase is Phase.CONVERGED

        async def starts(_: Service) -> int:
            lines = (bench.folder / "starts").read_text().splitlines()
            return len(lines)

        async def kill(killed: Service) -> None:
            process = bench.record(killed).process
            os.kill(process.pid, signal.SIGKILL)
            while (await runtime.observe(killed, NEWER, key="first")).running is not None:
                await asyncio.sleep(0.02)

        return World(runtime=runtime, service=service, absent=absent, older=OLDER, newer=NEWER, starts=starts, kill=kill)
