"""Other catalogs by their settings: what `live_catalogs` may hold."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from integrations.durations import parse_duration


def _seconds(value: object) -> object:
    return parse_duration(value) if isinstance(value, str) else value


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, populate_by_name=True)


class FromKubernetes(_Strict):
    """Workloads; without `namespaces` those of the context's namespace."""

    source: Literal["kubernetes"] = Field(alias="from")
    namespaces: tuple[str, ...] = ()
    context: str | None = None
    selector: str = ""


class FromPrometheus(_Strict):
    """Observed calls between known services; without `url` from the setting `prometheus_url`."""

    source: Literal["prometheus"] = Field(alias="from")
    url: str | None = None
    window: Annotated[float, BeforeValidator(_seconds), Field(gt=0)] = 3600.0
    alias: Mapping[str, str] = Field(default_factory=dict)


class FromConsul(_Strict):
    """Registered services, from the setting `consul_url`."""

    source: Literal["consul"] = Field(alias="from")


class FromBackstage(_Strict):
    """Components in these files and folders."""

    source: Literal["backstage"] = Field(alias="from")
    paths: tuple[Path, ...] = Field(min_length=1)


class FromCompose(_Strict):
    """Services in these docker-compose files."""

    source: Literal["compose"] = Field(alias="from")
    paths: tuple[Path, ...] = Field(min_length=1)
    ignore: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()


LiveCatalogSettings = Annotated[
    FromKubernetes | FromPrometheus | FromConsul | FromBackstage | FromCompose, Field(discriminator="source")
]
