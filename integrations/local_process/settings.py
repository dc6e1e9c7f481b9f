"""The `runtime: {kind: local_process, …}` of a service: what may stand there, checked, with mistakes named by their key."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator

from integrations.errors import Rejected
from integrations.explained import Duration, Settings, Url, explain, known_keys, mistakes
from planner.facts import Service

KIND = "local_process"
PLACEHOLDERS = ("version", "artifact", "port", "name")
PLACEHOLDER = re.compile(r"\{(\w+)\}")


def _filled_by_us(text: str) -> str:
    for name in PLACEHOLDER.findall(text):
        if name not in PLACEHOLDERS:
            raise ValueError(f"{{{name}}} is no placeholder; there are {', '.join(f'{{{p}}}' for p in PLACEHOLDERS)}")
    return text


Template = Annotated[str, AfterValidator(_filled_by_us)]


class LocalProcessSettings(Settings):
    """How a service's process is started, asked and stopped. Times are seconds.

    `env` is added to the bot's own environment, from which Slack's and Rollbot's variables are taken out.
    Without `ready_url` a process is ready once its port is open, or, without a port, once it lives.
    Without `version_url` the release that was started last counts as the one that runs.
    """

    kind: Literal["local_process"]
    command: list[Template] = Field(min_length=1)
    port: int | None = Field(default=None, ge=1, le=65535)
    ready_url: Url | None = None
    version_url: Url | None = None
    stop_timeout: Duration = 10.0
    ready_timeout: Duration = 15.0
    env: dict[str, Template] = Field(default_factory=dict)
    cwd: Template | None = None

    @model_validator(mode="after")
    def _port_where_it_is_used(self) -> Self:
        if self.port is None and any("{port}" in text for text in (*self.command, *self.env.values())):
            raise ValueError("{port} is used and no port is given: add port: NUMBER")
        if not self.command[0].strip():
            raise ValueError("command: the first word, the program to start, is empty")
        return self


def problems(runtime: Mapping[str, Any]) -> tuple[str, ...]:
    """What is wrong with a service's runtime settings, one line per mistake; empty where nothing is."""
    return mistakes(LocalProcessSettings, runtime)


def read_settings(service: Service) -> LocalProcessSettings:
    """The checked settings of a service. Raises `Rejected` with every mistake at once."""
    try:
        return LocalProcessSettings.read(service.runtime or {})
    except ValidationError as error:
        lines = "; ".join(explain(error, known_keys(LocalProcessSettings)))
        raise Rejected(f"{service.name}: its runtime settings cannot be used: {lines}") from error
