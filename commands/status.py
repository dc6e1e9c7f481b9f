"""`status [SERVICE]`: what goes on now, or one service with what it could go back to."""

from dataclasses import dataclass

from commands.deploys import deploy_hold
from commands.grammar import arguments, bad_command, service_name
from commands.history import read_all
from commands.nearest import nearest
from commands.ports import Call, Desk
from commands.reply import Overview, Refused, Reply, ServiceStatus
from commands.words import Word
from planner.facts import Release, Service, Verified
from planner.names import ServiceName
from planner.refusal import Code, Refusal
from planner.snapshot import Snapshot

USAGE = "/rollback status [SERVICE]"
_MOST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Show everything that goes on, or this service."""

    service: ServiceName | None = None


def read(words: tuple[Word, ...]) -> Status | Refusal:
    """`[SERVICE]`."""
    found = arguments(words, {}, USAGE)
    if isinstance(found, Refusal):
        return found
    match found.places:
        case ():
            return Status()
        case (text,):
            service = service_name(text, USAGE)
            return service if isinstance(service, Refusal) else Status(service=service)
        case _:
            return bad_command("One service at a time.", USAGE)


async def act(desk: Desk, call: Call, intent: Status) -> Reply:
    """Where things stand. Changes nothing."""
    del call
    running = await read_all(desk, await desk.runs.open_runs())
    if intent.service is None:
        return Overview(
            environment=desk.environment,
            open=running,
            held=await desk.runs.all_holders(),
            second_looks=await desk.runs.second_looks(),
        )
    snapshot = await desk.survey()
    service = snapshot.services.get(intent.service)
    if service is None:
        return Refused(refusal=unknown_service(intent.service, snapshot))
    bad = snapshot.bad.get(service.name, {})
    held = await desk.runs.holders([service.name])
    recent = await read_all(desk, await desk.runs.recent(1, service.name))
    return ServiceStatus(
        service=service.name,
        owner=service.owner,
        current=snapshot.current[service.name],
        releases=tuple((r.version, r.deployed_at, _note(r, service, snapshot)) for r in service.releases[: -_MOST - 1 : -1]),
        bad=bad,
        holder=held[0] if held else None,
        open=tuple(run for run in running if run.planned and run.plan.move(service.name)),
        last=recent[0] if recent else None,
        deploys=await deploy_hold(desk, service.name),
    )


def unknown_service(name: ServiceName, snapshot: Snapshot) -> Refusal:
    """The catalog has no such service; these are like it."""
    close = nearest(name, snapshot.services)
    return Refusal(
        code=Code.UNKNOWN_SERVICE,
        message=f"The catalog has no service “{name}”.",
        facts=(f"Did you mean {' or '.join(close)}?",) if close else (f"It has {len(snapshot.services)} services.",),
        nearest=tuple(f"/rollback status {service}" for service in close) or ("/rollback status",),
    )


def _note(release: Release, service: Service, snapshot: Snapshot) -> str:
    notes = ["runs now"] if release.version == snapshot.current[service.name] else []
    reason = snapshot.bad.get(service.name, {}).get(release.version)
    if reason is not None:
        notes.append(f"bad: {reason}")
    elif release.verified is not Verified.UNKNOWN:
        notes.append(f"verified {release.verified}")
    if release.version == service.security_floor:
        notes.append("security floor")
    return ", ".join(notes)
