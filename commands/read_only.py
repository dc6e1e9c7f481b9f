"""A bot that plans against the real world and carries nothing out: what it says of itself, and the no to whatever would begin."""

from commands.ports import Desk
from planner.refusal import Code, Refusal

NOTE = (
    "Read-only: this bot plans against the real world and carries nothing out. Approve is refused (ROLLBOT_READ_ONLY, "
    "rollbot serve --read-only)."
)


def not_here(desk: Desk, what: str) -> Refusal | None:
    """Why this cannot be done here; `None` where the bot carries things out. `what` completes "… is refused"."""
    if not desk.read_only:
        return None
    return Refusal(
        code=Code.READ_ONLY,
        message=f"This bot is read-only: it plans against the real world and carries nothing out, so {what} is refused.",
        facts=("Nothing was touched, and nothing will be.",),
        nearest=(
            "/rollback SERVICE --dry-run",
            "To have plans carried out, start a bot without --read-only and without ROLLBOT_READ_ONLY.",
        ),
    )
