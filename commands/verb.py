"""The shape of a verb: how it is used, how its words are read, what it does."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from commands.ports import Call, Desk
from commands.reply import Reply, Usage
from commands.words import Word
from planner.refusal import Refusal

Intent = TypeVar("Intent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb(Generic[Intent]):
    """A verb: `read` makes an intent of the words after its name, `act` carries the intent out.

    `act` raises `integrations.errors.IntegrationError` where the world outside is broken.
    """

    usage: Usage
    read: Callable[[tuple[Word, ...]], Intent | Refusal]
    act: Callable[[Desk, Call, Intent], Awaitable[Reply]]

    @property
    def name(self) -> str:
        """The word people type."""
        return self.usage.name

    def ready(self, words: tuple[Word, ...]) -> "Ready[Intent] | Refusal":
        """The verb with its intent, or why these words make none."""
        intent = self.read(words)
        return intent if isinstance(intent, Refusal) else Ready(verb=self, intent=intent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready(Generic[Intent]):
    """A verb and its intent: understood, and not done yet."""

    verb: Verb[Intent]
    intent: Intent

    async def answer(self, desk: Desk, call: Call) -> Reply:
        """Do it."""
        return await self.verb.act(desk, call, self.intent)
