"""One installation of the app: the value that the Slack side and the store share, so it belongs to neither."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """Where the app was installed, and the bot's token there, which repr hides. `team_id` is empty for an organisation.

    Where Slack rotates tokens, the token ends at `expires_at`, and `refresh_token` gets the next one, once.
    """

    team_id: str
    team: str
    enterprise_id: str
    is_org: bool
    token: str = field(repr=False)
    bot_user_id: str
    scopes: tuple[str, ...]
    installed_by: str
    at: datetime
    refresh_token: str = field(default="", repr=False)
    expires_at: datetime | None = None

    @property
    def name(self) -> str:
        """What it is kept under: the organisation's id, or the workspace's."""
        return self.enterprise_id if self.is_org else self.team_id
