"""What a window must still know when it comes back: where it was opened, and from which button. Slack keeps it for us."""

import json
from dataclasses import asdict, dataclass

from bot.slack.render.view import METADATA


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a window comes from. `action` and `value` are those of the button, empty for a command."""

    channel: str = ""
    thread: str = ""
    response_url: str = ""
    action: str = ""
    value: str = ""

    def encode(self) -> str:
        """As private_metadata; of what is too long, the address for answers is left out: there is another way to answer."""
        text = json.dumps({key: found for key, found in asdict(self).items() if found}, separators=(",", ":"))
        return text if len(text) <= METADATA or not self.response_url else _without(self).encode()


def decode(text: str) -> Origin:
    """What the metadata says; empty for anything that we never wrote."""
    try:
        found = json.loads(text)
    except ValueError:
        return Origin()
    known = set(Origin.__dataclass_fields__)
    if not isinstance(found, dict):
        return Origin()
    return Origin(**{key: value for key, value in found.items() if key in known and isinstance(value, str)})


def _without(origin: Origin) -> Origin:
    return Origin(channel=origin.channel, thread=origin.thread, action=origin.action, value=origin.value)
