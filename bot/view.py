"""Where a run is shown: the one value that the Slack side and the store share, so it belongs to neither."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A run's message in a channel.

    `ts` is the message, empty while none was posted. `drawn` is the last log entry that the message shows, `written` the last
    that its thread tells, `writing` one that was about to be posted (of the thread; of the message itself where `ts` is empty):
    after a crash it is looked for before it is posted again. `trouble` is Slack's own word for why nothing can be posted.
    `paper` says how much of a long plan's file or pages is in the thread, `pictures` which pictures are.
    """

    channel: str
    ts: str = ""
    drawn: int = 0
    written: int = 0
    writing: int = 0
    trouble: str = ""
    paper: str = ""
    pictures: str = ""
