"""Scripts that count only once enough replicas have what they wrote: a failover must not lose what somebody acted on."""

from collections.abc import Sequence
from dataclasses import dataclass

from redis.exceptions import RedisError

from bot.store.connect import Store


class TooFewReplicas(RedisError):
    """The write stands on the primary alone, so a failover could lose it: do not act on it; try again later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """How many replicas must have a write before Rollbot acts on it (0: none is asked), and how many seconds they get."""

    wanted: int = 0
    patience: float = 1.0


ALONE = Copies()
"""Nobody waits for replicas."""


async def call(store: Store, script: str, keys: Sequence[str], arguments: Sequence[str], replicas: Copies = ALONE) -> list[str]:
    """What the script answers. Raises `TooFewReplicas` (the script has run all the same), or what `STORE_DOWN` names."""
    if not replicas.wanted:
        return await store.register_script(script)(keys=keys, args=arguments)
    # WAIT asks about the writes of its own connection, and only a pipeline stays on one.
    async with store.pipeline(transaction=False) as pipeline:
        await store.register_script(script)(keys=keys, args=arguments, client=pipeline)
        pipeline.execute_command("WAIT", replicas.wanted, int(replicas.patience * 1000))
        answer, reached = await pipeline.execute()
    if int(reached) < replicas.wanted:
        raise TooFewReplicas(
            f"only {reached} of {replicas.wanted} replicas had the write within {replicas.patience:g} s, so nothing is done that "
            "hangs on it. Bring the replicas back, or lower ROLLBOT_REDIS_WAIT_REPLICAS"
        )
    return list(answer)
