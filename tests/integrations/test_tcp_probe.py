"""TCP checks against real sockets on this machine."""

import asyncio

import pytest

from integrations.tcp_probe import TcpProbe, problems
from planner.facts import Check
from planner.verdict import Outcome


def _check(**settings: object) -> Check:
    return Check(name="port", probe="tcp", settings=settings)


async def test_an_open_port_passes_and_a_closed_one_fails(unused_tcp_port: int):
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", unused_tcp_port)
    async with server:
        seen = await TcpProbe().measure(_check(port=unused_tcp_port))
        assert seen.outcome is Outcome.PASS
    seen = await TcpProbe().measure(_check(port=unused_tcp_port))
    assert (seen.outcome, seen.seen) == (Outcome.FAIL, f"127.0.0.1:{unused_tcp_port} refused the connection")


async def test_an_unknown_name_is_an_error():
    seen = await TcpProbe().measure(_check(host="no-such-host.invalid", port=80))
    assert seen.outcome is Outcome.ERROR


@pytest.mark.parametrize(
    ("settings", "said"),
    [({}, "port: is missing"), ({"port": "80"}, "port: must be a whole number"), ({"port": 80, "prot": 1}, "did you mean port?")],
)
async def test_mistakes_are_named(settings: dict[str, object], said: str):
    (line,) = problems(_check(**settings))
    assert said in line
    assert (await TcpProbe().measure(_check(**settings))).outcome is Outcome.ERROR
