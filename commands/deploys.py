"""The lock on forward deploys that a rollback leaves, let go by somebody: what `unlock` does where nobody holds the service."""

from commands.ports import Call, DeployHold, Desk
from commands.refuse import refuse
from commands.reply import Reply, Said
from planner.approval import who_can
from planner.duty_events import DeploysReleased
from planner.names import ServiceName
from planner.refusal import Code, Refusal


async def deploy_hold(desk: Desk, service: ServiceName) -> DeployHold | None:
    """The lock on forward deploys of this service, where there is one."""
    return next((hold for hold in await desk.runs.deploy_holds() if hold.service == service), None)


async def let_go(desk: Desk, call: Call, hold: DeployHold, note: str | None) -> Reply:
    """Let forward deploys go again. Whoever asked for the rollback may, and every approver."""
    own = hold.asked_by is not None and hold.asked_by.id == call.actor.id
    if not own and not desk.policy.names(call.actor.id, call.actor.groups):
        return await refuse(desk, call, _not_yours(desk, hold))
    event = DeploysReleased(run=hold.run, service=hold.service, by=call.actor.person, note=note)
    await desk.runs.note(event)
    text = f"Forward deploys of {hold.service} may go again."
    lines = ["Whoever follows the run's thread is told."]
    bad = [bad.version for bad in await desk.runs.bad_versions() if bad.service == hold.service]
    if bad:
        lines.append(f"Still remembered as bad, and never shipped by who asks `rollbot bad check`: {', '.join(bad)}")
    return Said(text=text, lines=tuple(lines))


def hold_words(hold: DeployHold) -> str:
    """The lock in one sentence."""
    asked = f", asked for by {hold.asked_by.name}" if hold.asked_by else ""
    since = f"since {hold.since:%Y-%m-%d %H:%M} UTC by run {hold.run}{asked}"
    return f"Forward deploys of {hold.service} are locked {since}: {hold.reason}"


def _not_yours(desk: Desk, hold: DeployHold) -> Refusal:
    return Refusal(
        code=Code.NOT_ALLOWED,
        message=f"You may not let forward deploys of {hold.service} go: an approver may, or whoever asked for run {hold.run}.",
        facts=(hold_words(hold), who_can(desk.policy)),
        nearest=("Ask one of them.", f"/rollback show {hold.run}"),
    )
