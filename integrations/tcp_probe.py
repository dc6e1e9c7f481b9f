"""Opens a connection and closes it again: the probe `tcp`.

Whether somebody accepts is the very question, so a refusal and a connection that does not come in time are failures; a
name that does not resolve or a network that cannot be reached is an error.
"""

import asyncio
import socket
import time
from contextlib import suppress

from pydantic import Field, ValidationError

from integrations.durations import say_duration
from integrations.explained import Duration, Settings, mistakes
from planner.facts import Check
from planner.verdict import Measurement, Outcome


class TcpSettings(Settings):
    """Where to connect."""

    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(ge=1, le=65535)
    timeout: Duration = 5.0


def problems(check: Check) -> tuple[str, ...]:
    """What is wrong with the check's settings, one line per mistake, beginning with its key."""
    return mistakes(TcpSettings, check.settings)


class TcpProbe:
    """One connection for one measurement; nothing is sent."""

    async def measure(self, check: Check) -> Measurement:
        """Connect once. Settings that cannot be used are an error too, told in words."""
        try:
            settings = TcpSettings.read(check.settings)
        except ValidationError:
            return Measurement(outcome=Outcome.ERROR, seen="; ".join(problems(check)))
        place = f"{settings.host}:{settings.port}"
        began = time.perf_counter()
        try:
            async with asyncio.timeout(settings.timeout):
                _, writer = await asyncio.open_connection(settings.host, settings.port)
        except TimeoutError:
            return Measurement(outcome=Outcome.FAIL, seen=f"{place} did not open within {say_duration(settings.timeout)}")
        except ConnectionRefusedError:
            return Measurement(outcome=Outcome.FAIL, seen=f"{place} refused the connection")
        except socket.gaierror:
            return Measurement(outcome=Outcome.ERROR, seen=f"the name {settings.host} does not resolve")
        except OSError as error:
            return Measurement(outcome=Outcome.ERROR, seen=f"could not reach {place}: {error.strerror or error}")
        seconds = time.perf_counter() - began
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        return Measurement(outcome=Outcome.PASS, seen=f"{place} open after {say_duration(round(seconds, 3))}")
