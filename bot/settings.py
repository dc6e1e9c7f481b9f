"""Every setting: where it comes from, its unit, its default and what is checked.

Environment variables win over `rollbot.yaml` in the working directory (or the file that ROLLBOT_CONFIG names). Nested keys join
with two underscores: ROLLBOT_POLICY__APPROVALS. Slack's own three variables keep their usual names.
"""

import difflib
import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, YamlConfigSettingsSource

from bot.audit_settings import SHORTEST, Anchor, AuditKey
from bot.audit_settings import read_key as read_key
from bot.catalog_settings import LiveCatalogSettings
from bot.policy_settings import Approvers as Approvers
from bot.policy_settings import PolicySettings as PolicySettings
from bot.token_kinds import kind_of
from integrations.durations import parse_duration

PREFIX = "ROLLBOT_"
_OURS = ("slack_api_url", "slack_teams", "slack_redirect_url")
"""Settings about Slack whose variables have our prefix; the others keep Slack's own names."""
CONFIG = "ROLLBOT_CONFIG"


class CannotStart(Exception):
    """Something that the settings name cannot be had; the message says what, why and what to do."""


class SettingsError(CannotStart):
    """The settings cannot be used; every mistake is named with its place and what was expected, never with its value."""


def _seconds(value: Any) -> Any:
    return parse_duration(value) if isinstance(value, str) else value


def _stripped(value: Any) -> Any:
    # People paste tokens with quotes and blanks around them.
    return value.strip().strip("'\"").strip() if isinstance(value, str) else value


def _each_long_enough(keys: SecretStr) -> SecretStr:
    parts = [part.strip() for part in keys.get_secret_value().split(",")]
    if any(len(part) < SHORTEST for part in parts):
        raise ValueError(f"expected at least {SHORTEST} characters for each key, for example those of `openssl rand -hex 32`")
    return SecretStr(",".join(parts))


Seconds = Annotated[float, BeforeValidator(_seconds), Field(gt=0)]
Token = Annotated[SecretStr, BeforeValidator(_stripped)]
TokenKeys = Annotated[SecretStr, BeforeValidator(_stripped), AfterValidator(_each_long_enough)]


class Mode(StrEnum):
    """How Slack's requests come: by a socket that we open, or by HTTP requests to us."""

    SOCKET = "socket"
    HTTP = "http"


class Settings(BaseSettings):
    """All settings. `load` reads them; tests and the demo make them directly."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=True,
    )

    catalog: Path = Path("services.yaml")
    live_catalogs: tuple[LiveCatalogSettings, ...] = ()
    """Other catalogs that are asked at every look at the world, and merged into the file's."""
    environment: str = Field(default="prod", pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")
    state_dir: Path = Path(".rollbot")
    redis_url: Token | None = None
    redis_wait_replicas: int = Field(default=0, ge=0)
    """How many replicas of the store must have a worker's write before anything is done on the strength of it."""
    policy: PolicySettings = PolicySettings()
    max_parallel: int = Field(default=4, ge=1)
    stable: Seconds = 10.0
    """How long a service must stay up before the plan moves on."""
    converge: Seconds = 600.0
    """How long a service may take to run its release."""
    baseline: Seconds = 5.0
    """How long at most the services around a plan are measured before its first step."""
    settle: Annotated[float, BeforeValidator(_seconds), Field(ge=0)] = 1800.0
    """How long a finished rollback is watched; 0: not at all."""
    read_only: bool = False
    """Plan against the real world and carry nothing out."""
    survey: Seconds = 2.0
    """How long the runtimes may take to say what runs."""
    prometheus_url: str | None = None
    """Where checks of the kind prometheus ask, unless they name a server themselves."""
    consul_url: str | None = Field(default=None, pattern=r"^https?://[^@\s]+$")
    """Where services with a `registry` of the kind consul are asked for: an agent or a server."""
    consul_token: Token | None = None
    """The ACL token for it, and for the agents that it names."""
    edit_interval: Seconds = 3.0
    """The shortest time between two edits of one message."""
    stream: bool = False
    """Also stream each run's steps to the person who asked for it; one workspace only."""
    mode: Mode = Mode.SOCKET
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=3000, ge=1, le=65535)
    """Where Slack's requests come in, in HTTP mode; a proxy with TLS stands before it."""
    ops_host: str = "127.0.0.1"
    ops_port: int | None = Field(default=None, ge=1, le=65535)
    """Where /healthz, /readyz, /metrics and /v1/bad answer; absent: nowhere."""
    ops_token: Token | None = None
    """What /v1/bad asks for; absent: nothing."""
    audit_key: AuditKey | None = None
    """Signs heads of the log; kept outside the store."""
    audit_key_file: Path | None = None
    """A file that holds it instead."""
    audit_anchor: Anchor | None = None
    """Where heads are written down outside the store: a file, or a URL that takes them by POST and may hold a token."""
    retention: Seconds | None = None
    """How old an ended run is, in seconds, before `rollbot audit trim` moves it to an archive; absent: never."""
    log_level: str = Field(default="INFO", pattern=r"^(DEBUG|INFO|WARNING|ERROR)$")
    slack_api_url: str = "https://slack.com/api/"
    slack_bot_token: Token | None = Field(default=None, validation_alias=AliasChoices("SLACK_BOT_TOKEN", "slack_bot_token"))
    slack_app_token: Token | None = Field(default=None, validation_alias=AliasChoices("SLACK_APP_TOKEN", "slack_app_token"))
    slack_signing_secret: Token | None = Field(
        default=None, validation_alias=AliasChoices("SLACK_SIGNING_SECRET", "slack_signing_secret")
    )

    @model_validator(mode="before")
    @classmethod
    def _read_audit_key(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("audit_key_file") is not None and given.get("audit_key") is None:
            return {**given, "audit_key": read_key(Path(given["audit_key_file"]))}
        return given

    slack_client_id: str | None = Field(default=None, validation_alias=AliasChoices("SLACK_CLIENT_ID", "slack_client_id"))
    slack_client_secret: Token | None = Field(
        default=None, validation_alias=AliasChoices("SLACK_CLIENT_SECRET", "slack_client_secret")
    )
    slack_teams: tuple[str, ...] = ()
    """Who may install the app, by id of the workspace (T…) or organisation (E…). Empty means nobody."""
    token_key: TokenKeys | None = None
    """Encrypts the tokens of installations in the store; several with commas between them: the first encrypts, all decrypt."""
    slack_redirect_url: str | None = None
    """Where Slack sends people back to; absent: the first one that the app's page names."""

    @field_validator("slack_bot_token")
    @classmethod
    def _is_bot_token(cls, token: SecretStr | None) -> SecretStr | None:
        return _kind(token, "xoxb-", "a bot token (OAuth & Permissions, Bot User OAuth Token)")

    @field_validator("slack_app_token")
    @classmethod
    def _is_app_token(cls, token: SecretStr | None) -> SecretStr | None:
        return _kind(token, "xapp-", "an app-level token (Basic Information, App-Level Tokens, scope connections:write)")

    @field_validator("slack_api_url")
    @classmethod
    def _ends_in_slash(cls, url: str) -> str:
        if not url.startswith(("http://", "https://")):
            raise ValueError("expected a URL that begins with https:// or http://")
        return url.rstrip("/") + "/"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What wins over what: arguments, environment, file."""
        file = YamlConfigSettingsSource(settings_cls, yaml_file=Path(os.environ.get(CONFIG, "rollbot.yaml")))
        return init_settings, env_settings, file


def load(**given: Any) -> Settings:
    """The settings of this process; `given` wins over everything. Raises `SettingsError` naming every mistake at once."""
    mistakes = _unknown(os.environ)
    try:
        settings = Settings(**given)
    except ValidationError as error:
        mistakes += [_words(e["loc"], e["msg"]) for e in error.errors(include_input=False, include_url=False)]
    except Exception as error:  # a settings file that is no YAML raises whatever its parser raises
        mistakes.append(f"{os.environ.get(CONFIG, 'rollbot.yaml')}: {error}")
    if mistakes:
        raise SettingsError("\n".join(mistakes))
    return settings


def _unknown(environment: Mapping[str, str]) -> list[str]:
    """Variables that look like ours and are not, with the nearest that is."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields if not name.startswith("slack_") or name in _OURS}
    known |= {CONFIG, "ROLLBOT_CHROMIUM", "ROLLBOT_TOKEN"}
    mistakes = []
    for name in sorted(environment):
        if not name.startswith(PREFIX) or name.split("__")[0] in known:
            continue
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(sorted(known))}"
        mistakes.append(f"{name}: no such setting{hint}")
    return mistakes


def _kind(token: SecretStr | None, prefix: str, what: str) -> SecretStr | None:
    if token is not None and not token.get_secret_value().startswith(prefix):
        found = kind_of(token.get_secret_value())
        raise ValueError(f"expected {what}, which begins with {prefix}" + (f"; this is {found}" if found else ""))
    return token


def _words(place: tuple[int | str, ...], message: str) -> str:
    return f"{'.'.join(str(part) for part in place)}: {message.removeprefix('Value error, ')}"
