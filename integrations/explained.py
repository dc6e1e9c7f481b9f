"""Says in words what is wrong with settings that somebody wrote: which key, what was expected, which key was perhaps meant."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError

from integrations.durations import parse_duration


def _duration(value: object) -> float:
    seconds = parse_duration(value)
    if seconds <= 0:
        raise ValueError("must be more than nothing")
    return seconds


def _web_address(text: str) -> str:
    parts = urlsplit(text)
    try:
        named = parts.hostname and parts.port != 0
    except ValueError:
        named = False
    if parts.scheme not in ("http", "https") or not named or any(c.isspace() for c in text):
        raise ValueError(f"{text!r} is no http:// or https:// address")
    return text


Duration = Annotated[float, BeforeValidator(_duration)]
"""Seconds, more than none, written with a unit."""

Url = Annotated[str, AfterValidator(_web_address)]
"""A whole http:// or https:// address."""

_EXPECTED = {
    "missing": "is missing",
    "string_type": "must be text (put it in quotes)",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be a mapping of keys to values",
    "bool_type": "must be true or false",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
}


class Settings(BaseModel):
    """Settings as people write them: unknown keys are refused, nothing is guessed from another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @classmethod
    def read(cls, settings: Mapping[str, Any]) -> Self:
        """The settings, checked; a key without a value is absent. Raises pydantic's `ValidationError`, see `explain`."""
        return cls.model_validate({key: _plain(value) for key, value in settings.items() if value is not None})


def explain(error: ValidationError, known: Iterable[str]) -> tuple[str, ...]:
    """One line for every mistake, each beginning with its key. `known` are the keys there are."""
    names = sorted(known)
    return tuple(_line(mistake["type"], mistake["loc"], mistake["msg"], names) for mistake in error.errors(include_url=False))


def mistakes(model: type[Settings], settings: Mapping[str, Any]) -> tuple[str, ...]:
    """What is wrong with these settings, in words; empty where nothing is."""
    try:
        model.read(settings)
    except ValidationError as error:
        return explain(error, known_keys(model))
    return ()


def known_keys(model: type[BaseModel]) -> list[str]:
    """Every key of the model and of the models right below it, as people write them."""
    keys = []
    for name, info in model.model_fields.items():
        keys.append(info.alias or name)
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            keys += known_keys(info.annotation)
    return keys


def _plain(value: Any) -> Any:
    """The same without frozen mappings and tuples, which hold what was written as mappings and lists."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _line(kind: str, where: Sequence[int | str], message: str, known: list[str]) -> str:
    key = ".".join(str(part) for part in where) or "settings"
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(where[-1]), known, n=1)
        return f"{key}: there is no such key" + (f"; did you mean {near[0]}?" if near else f"; known keys: {', '.join(known)}")
    said = _EXPECTED.get(kind) or message.removeprefix("Value error, ")
    return f"{key}: {said}"
