"""`help [VERB]`: every verb in one line, or one with its examples."""

from collections.abc import Callable
from dataclasses import dataclass

from commands.grammar import bad_command, clip
from commands.nearest import nearest
from commands.ports import Call, Desk
from commands.reply import Help, Reply, Usage
from commands.words import Word
from planner.refusal import Refusal

USAGE = "/rollback help [VERB]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Explain these verbs."""

    verbs: tuple[Usage, ...]


def reader(table: Callable[[], tuple[Usage, ...]]) -> Callable[[tuple[Word, ...]], Ask | Refusal]:
    """Reads `[VERB]` against this table."""

    def read(words: tuple[Word, ...]) -> Ask | Refusal:
        if not words:
            return Ask(verbs=table())
        word = words[0].text.lower()
        found = tuple(usage for usage in table() if usage.name == word)
        if found:
            return Ask(verbs=found)
        close = nearest(word, (usage.name for usage in table()))
        return bad_command(f"There is no verb “{clip(word)}”.", USAGE, *(f"/rollback help {name}" for name in close))

    return read


async def act(desk: Desk, call: Call, intent: Ask) -> Reply:
    """The verbs. Needs nothing that could fail."""
    del desk, call
    return Help(verbs=intent.verbs)
