"""The run log in memory keeps the contract that the real one keeps."""

import pytest

from tests.commands.fakes import MemoryRuns
from tests.commands.runs_contract import CONTRACT, Must, name


@pytest.mark.parametrize("must", CONTRACT, ids=name)
async def test_memory_runs_keep_the_contract(must: Must):
    await must(MemoryRuns())
