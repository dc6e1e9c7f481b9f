"""Slack's deadlines, all in seconds; tests make them shorter."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long things may take or last."""

    ack_seconds: float = 3.0
    event_retries: tuple[float, ...] = (0.0, 60.0, 300.0)
    """The pause before each redelivery of an event that nobody acknowledged."""
    trigger_seconds: float = 3.0
    response_url_seconds: float = 1_800.0
    response_url_posts: int = 5
    panel_seconds: float = 1.0
    drain_seconds: float = 2.0
    """How long a connection that was told to reconnect may still stay."""
