"""Small values for tests: plans, people and events that are valid and easy to read."""

from datetime import UTC, datetime, timedelta

from planner.events import Approved, Asked, Granted, Person, Place, Planned
from planner.names import ActorId, ServiceName, Version
from planner.plan import Move, Plan, Request, Risk, Strategy, Target

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ANA = Person(id=ActorId("U_ANA"), name="Ana")
RAJ = Person(id=ActorId("U_RAJ"), name="Raj")
GUS = Person(id=ActorId("U_GUS"), name="Gus")
DIGEST = "sha256:" + "a" * 64


def plan(*waves: dict[str, tuple[str, str]], digest: str = DIGEST, groups: dict[str, str] | None = None) -> Plan:
    """A plan of these waves: service -> (from, to). The target is the first service of the last wave."""
    moves = tuple(
        Move(
            service=ServiceName(name),
            from_version=Version(before),
            to_version=Version(after),
            wave=number,
            group=(groups or {}).get(name),
            because=(f"{name} must go back",),
        )
        for number, wave in enumerate(waves, start=1)
        for name, (before, after) in wave.items()
    )
    target = moves[-len(waves[-1])]
    return Plan(
        digest=digest,
        strategy=Strategy.PARTIAL,
        target=Target(service=target.service, from_version=target.from_version, to_version=target.to_version),
        moves=moves,
        waves=tuple(tuple(ServiceName(name) for name in wave) for wave in waves),
        risk=Risk(success=0.97, expected_seconds=60.0, p90_seconds=90.0),
        facts={move.service: move.from_version for move in moves},
    )


SHOP = plan({"payment-service": ("3.0.0", "2.2.0")}, {"order-service": ("2.0.0", "1.4.2")})


def asked(service: str = "order-service", by: Person = ANA) -> Asked:
    return Asked(by=by, words=f"/rollback {service}", request=Request(service=ServiceName(service)), place=Place(channel="C1"))


def planned(of: Plan = SHOP, approvals: int = 1, expires_at: datetime = NOON + timedelta(minutes=20)) -> Planned:
    return Planned(plan=of, approvals=approvals, expires_at=expires_at)


def approved(by: Person = RAJ, digest: str = DIGEST) -> Approved:
    return Approved(by=by, digest=digest)


def granted() -> Granted:
    return Granted(approvals=1)
