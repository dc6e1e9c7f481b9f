"""The approval rules of an environment as settings: who may approve, past whom it may go, and what a freeze means."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from integrations.durations import parse_duration
from planner.names import SERVICE_NAME, ActorId, ServiceName
from planner.policy import Circle, Freeze, FreezeRule, Policy

Seconds = Annotated[float, BeforeValidator(lambda value: parse_duration(value) if isinstance(value, str) else value), Field(gt=0)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, populate_by_name=True)


class Approvers(_Part):
    """Some people, by Slack user id (U…) and user group id (S…). Empty means nobody."""

    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    def circle(self) -> Circle:
        """The same as the planner knows it."""
        return Circle(users=frozenset(ActorId(user) for user in self.users), groups=frozenset(self.groups))


class FreezeSettings(_Part):
    """A time in which these services should not change, and what that means for a rollback. Times without a zone are UTC."""

    name: str = Field(min_length=1, max_length=100)
    begins: datetime | None = Field(default=None, alias="from")
    ends: datetime | None = Field(default=None, alias="until")
    services: Literal["all"] | tuple[str, ...] = "all"
    rollback: FreezeRule = FreezeRule.ALLOW

    @field_validator("name")
    @classmethod
    def _typed(cls, name: str) -> str:
        if '"' in name or name != " ".join(name.split()):
            raise ValueError("expected a name that people can type in quotes: no quotes, no line breaks, single blanks")
        return name

    @field_validator("begins", "ends")
    @classmethod
    def _zoned(cls, moment: datetime | None) -> datetime | None:
        return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment

    @field_validator("services")
    @classmethod
    def _named(cls, services: Any) -> Any:
        if services != "all" and (not services or any(not SERVICE_NAME.fullmatch(name) for name in services)):
            raise ValueError("expected all, or a list of service names")
        return services

    @model_validator(mode="after")
    def _ordered(self) -> "FreezeSettings":
        if self.begins is not None and self.ends is not None and self.begins >= self.ends:
            raise ValueError("expected `from` before `until`")
        return self

    def freeze(self) -> Freeze:
        """The same as the planner knows it."""
        services = None if self.services == "all" else frozenset(ServiceName(name) for name in self.services)
        return Freeze(name=self.name, begins=self.begins, ends=self.ends, services=services, rollback=self.rollback)


class PolicySettings(_Part):
    """The approval rules of this environment."""

    approvals: int = Field(default=1, ge=1)
    approvers: Approvers = Approvers()
    own_request: bool = False
    expires: Seconds = 1200.0
    escalate_to: Approvers = Approvers()
    break_glass: Approvers = Approvers()
    freezes: tuple[FreezeSettings, ...] = ()

    @field_validator("freezes")
    @classmethod
    def _apart(cls, freezes: tuple[FreezeSettings, ...]) -> tuple[FreezeSettings, ...]:
        names = [freeze.name for freeze in freezes]
        if len(set(names)) < len(names):
            raise ValueError("expected freezes with different names: an override names one")
        return freezes

    def policy(self) -> Policy:
        """The rules as the planner knows them."""
        approvers = self.approvers.circle()
        return Policy(
            approvals=self.approvals,
            users=approvers.users,
            groups=approvers.groups,
            own_request=self.own_request,
            expires=self.expires,
            escalate_to=self.escalate_to.circle(),
            break_glass=self.break_glass.circle(),
            freezes=tuple(freeze.freeze() for freeze in self.freezes),
        )
