"""Everything that one running workspace knows, in one value that its doors share."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.workspace.ack import Delivery
from bot.workspace.channels import Channels
from bot.workspace.directory import Directory
from bot.workspace.faults import Faults
from bot.workspace.feed import Feed, Panel
from bot.workspace.files import Files
from bot.workspace.json_value import Json
from bot.workspace.messages import Messages
from bot.workspace.rates import RateRules, Rates
from bot.workspace.request_url import RequestUrl
from bot.workspace.socket_mode import Sockets
from bot.workspace.streams import Streams
from bot.workspace.timing import Timing
from bot.workspace.tokens import Tokens
from bot.workspace.triggers import Hooks, Triggers
from bot.workspace.views import Views

_CALLS_KEPT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One Web API call as it came in and what it answered; the token is left out."""

    at: float
    method: str
    arguments: Json
    answer: Json


@dataclass(slots=True, kw_only=True)
class State:
    """The parts of a workspace. `origin` is `http://host:port`, known once it listens."""

    title: str
    directory: Directory
    timing: Timing
    tokens: Tokens
    clock: Callable[[], float]
    channels: Channels
    messages: Messages
    views: Views
    triggers: Triggers
    hooks: Hooks
    files: Files
    rates: Rates
    streams: Streams
    faults: Faults
    feed: Feed
    sockets: Sockets
    request_url: RequestUrl | None = None
    origin: str = ""
    calls: deque[CallRecord] = field(default_factory=lambda: deque(maxlen=_CALLS_KEPT))
    chosen: dict[tuple[str, str, str], Json] = field(default_factory=dict)
    """What each person chose in menus of a message or view: (person, channel or "", ts or view id) -> state.values."""

    @property
    def delivery(self) -> Delivery:
        """How the bot is reached: at its request URL where it has one, else by its sockets."""
        return self.request_url or self.sockets


def build_state(
    *,
    title: str,
    directory: Directory,
    tokens: Tokens,
    timing: Timing,
    rules: RateRules,
    clock: Callable[[], float],
    panel: Panel | None,
) -> State:
    """Connect the parts: what changes is pushed to the pages."""
    feed, faults = Feed(panel, timing.panel_seconds), Faults()
    return State(
        title=title,
        directory=directory,
        timing=timing,
        tokens=tokens,
        clock=clock,
        channels=Channels(directory, feed.push),
        messages=Messages(clock, feed.push),
        views=Views(directory, feed.push),
        triggers=Triggers(clock, timing.trigger_seconds),
        hooks=Hooks(clock, timing.response_url_seconds, timing.response_url_posts),
        files=Files(clock),
        rates=Rates(rules, clock),
        streams=Streams(clock),
        faults=faults,
        feed=feed,
        sockets=Sockets(directory, timing, faults, lambda bots: feed.push({"type": "connection", "bots": bots})),
    )
