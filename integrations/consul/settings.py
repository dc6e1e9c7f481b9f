"""A service's `registry` settings for Consul: what it is called there, and how an instance says its version."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, ValidationError

from integrations.errors import Rejected
from integrations.explained import Settings, mistakes
from planner.facts import Service

KIND = "consul"


class ConsulSettings(Settings):
    """What Consul knows of a service. `service` is its name there, the service's own if absent.

    An instance says its version in the metadata key `meta`, or, with `tag`, in the tag that begins so. `agent` is where an
    instance's agent answers, with `{address}` for its node's address; absent: the port and scheme of Consul's own address.
    """

    kind: Literal["consul"] = "consul"
    service: str | None = Field(default=None, min_length=1, max_length=253)
    meta: str = Field(default="version", min_length=1)
    tag: str | None = Field(default=None, min_length=1)
    datacenter: str | None = Field(default=None, min_length=1)
    agent: str | None = Field(default=None, pattern=r"^https?://[^/?#]+$")


def problems(registry: Mapping[str, Any]) -> tuple[str, ...]:
    """What is wrong with the settings, one line per mistake, beginning with its key."""
    return mistakes(ConsulSettings, registry)


def read_settings(service: Service) -> ConsulSettings:
    """The settings, checked. Raises `Rejected` naming every mistake."""
    try:
        return ConsulSettings.read(service.registry or {})
    except ValidationError:
        raise Rejected(f"{service.name}: registry: {'; '.join(problems(service.registry or {}))}") from None
