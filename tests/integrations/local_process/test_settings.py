"""Mistakes in runtime settings are all named, each by its key."""

from typing import Any

import pytest

from integrations.errors import Rejected
from integrations.local_process import problems
from integrations.local_process.settings import read_settings
from planner.facts import Service
from planner.names import ServiceName

GOOD: dict[str, Any] = {
    "kind": "local_process",
    "command": ["python", "-m", "shop.order", "--port", "{port}", "--release", "{version}"],
    "port": 7001,
    "ready_url": "http://127.0.0.1:7001/healthz",
    "version_url": "http://127.0.0.1:7001/version",
    "stop_timeout": "10s",
}


def test_the_public_form_is_read():
    settings = read_settings(Service(name=ServiceName("order-service"), runtime=GOOD))
    assert problems(GOOD) == ()
    assert (settings.stop_timeout, settings.ready_timeout, settings.port) == (10.0, 15.0, 7001)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"comand": ["x"]}, "comand: there is no such key; did you mean command?"),
        ({"command": []}, "command: must not be empty"),
        ({"command": "python -m shop"}, "command: must be a list"),
        ({"command": ["run", "{verison}"]}, "command.1: {verison} is no placeholder; there are {version}"),
        ({"port": "7001"}, "port: must be a whole number"),
        ({"port": 70000}, "port: "),
        ({"port": None}, "{port} is used and no port is given"),
        ({"ready_url": "127.0.0.1:7001"}, "ready_url: '127.0.0.1:7001' is no http:// or https:// address"),
        ({"stop_timeout": "10"}, "stop_timeout: '10' is no duration: write a number and a unit"),
        ({"stop_timeout": 10}, "stop_timeout: 10 is no duration"),
        ({"env": {"PORT": 7001}}, "env.PORT: must be text (put it in quotes)"),
    ],
)
def test_a_mistake_is_named_by_its_key(change: dict[str, Any], said: str):
    (line,) = problems({**GOOD, **change})
    assert said in line


def test_all_mistakes_are_named_at_once():
    lines = problems({"kind": "local_process", "port": "x", "stop_timeout": "y"})
    assert [line.split(":")[0] for line in lines] == ["command", "port", "stop_timeout"]


def test_settings_that_cannot_be_used_are_rejected_with_the_services_name():
    with pytest.raises(Rejected, match=r"order-service: its runtime settings cannot be used: command: is missing"):
        read_settings(Service(name=ServiceName("order-service"), runtime={"kind": "local_process"}))
