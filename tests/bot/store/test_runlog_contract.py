"""The real run log keeps the contract of every run log."""

import pytest

from tests.commands.runs_contract import CONTRACT, name


@pytest.mark.parametrize("must", CONTRACT, ids=name)
async def test_contract(must, log):
    await must(log)
