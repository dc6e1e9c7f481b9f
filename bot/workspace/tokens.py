"""The secrets of one workspace, made at its start: none of them is worth anything elsewhere."""

import secrets
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """`bot` and `app` are given to the bot, `page` stands in the page's URL. Never shown by repr."""

    bot: str = field(default_factory=lambda: f"xoxb-local-{secrets.token_hex(16)}", repr=False)
    app: str = field(default_factory=lambda: f"xapp-local-{secrets.token_hex(16)}", repr=False)
    page: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    signing: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    """The signing secret of HTTP mode."""
    verification: str = field(default_factory=lambda: secrets.token_hex(12), repr=False)
    """Slack's deprecated `token` field of payloads."""
