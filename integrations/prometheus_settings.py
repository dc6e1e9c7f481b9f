"""What a check of the kind prometheus may say: one number against limits, or two counts against an allowed share."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from integrations.explained import Duration, Settings, Url

_MOST_POINTS = 5_000
_PERCENT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*%\s*", re.ASCII)


class Limits(Settings):
    """Conditions on a number; several must all hold."""

    below: float | int | None = None
    above: float | int | None = None
    at_least: float | int | None = None
    at_most: float | int | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("needs below, above, at_least or at_most")
        return self

    def hold(self, value: float) -> bool:
        """Whether the number keeps all of them."""
        return (
            (self.below is None or value < self.below)
            and (self.above is None or value > self.above)
            and (self.at_least is None or value >= self.at_least)
            and (self.at_most is None or value <= self.at_most)
        )

    def __str__(self) -> str:
        """The conditions in words."""
        words = {"below": self.below, "above": self.above, "at least": self.at_least, "at most": self.at_most}
        return " and ".join(f"{word} {limit:g}" for word, limit in words.items() if limit is not None)


def _share(value: Any) -> float:
    """A share as people write it: 1%, 0.5 %, 0.01."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    found = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"{value!r} is no share: write 1% or 0.01")
    return float(found[1]) / 100


def _moment(value: Any) -> datetime:
    found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


Share = Annotated[float, BeforeValidator(_share)]
Moment = Annotated[datetime, BeforeValidator(_moment)]


class Baseline(Settings):
    """What to compare with: the window that ends `at`, where the run does not say when the bad release went live.

    `window` and `step` are for numbers over time. What is not `worse_by` times as much is not worse, however sure it is.
    """

    at: Moment | None = None
    worse_by: float = Field(default=1.2, ge=1)
    window: Duration = 900.0
    step: Duration = 15.0

    @model_validator(mode="after")
    def _is_not_endless(self) -> Self:
        if self.window / self.step > _MOST_POINTS:
            raise ValueError(f"window / step is more than {_MOST_POINTS} points")
        return self


def _baseline(value: Any) -> Any:
    return {} if value is True else None if value is False else value


class PrometheusSettings(Settings):
    """What is asked. `url` may be left out where the probe knows its server. `samples` counts what `query` was made from.

    `errors` and `requests` are counts, best of `increase(…)`; where `errors` matches nothing, there were none.
    """

    query: str | None = Field(default=None, min_length=1)
    pass_if: Limits | None = None
    fail_if: Limits | None = None
    samples: str | None = None
    errors: str | None = Field(default=None, min_length=1)
    requests: str | None = Field(default=None, min_length=1)
    allowed: Annotated[Share, Field(gt=0, lt=1)] | None = None
    confidence: Annotated[Share, Field(gt=0.5, lt=1)] = 0.95
    baseline: Annotated[Baseline | None, BeforeValidator(_baseline)] = None
    min_samples: float | int | None = None
    url: Url | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    timeout: Duration = 5.0

    @model_validator(mode="after")
    def _can_be_judged(self) -> Self:
        counts = (self.errors, self.requests, self.allowed)
        if any(part is not None for part in counts):
            if any(part is None for part in counts):
                raise ValueError("errors, requests and allowed go together")
            if self.query is not None or self.pass_if is not None or self.fail_if is not None or self.samples is not None:
                raise ValueError("either query with pass_if or fail_if, or errors, requests and allowed")
            return self
        if self.query is None:
            raise ValueError("query: is missing")
        if self.pass_if is None and self.fail_if is None:
            raise ValueError("pass_if or fail_if is needed: without a condition a number means nothing")
        if (self.samples is None) != (self.min_samples is None):
            raise ValueError("samples and min_samples go together")
        return self
