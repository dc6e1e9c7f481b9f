"""How safe the store's memory is: what a crash, a full disk or a failover would cost, and what to set instead."""

from redis.exceptions import ResponseError

from bot.store.connect import Store
from bot.store.durable import ALONE, Copies


async def weaknesses(store: Store, copies: Copies = ALONE) -> tuple[str, ...]:
    """What is weaker than it should be, each with its cure; empty where nothing is. Raises what `STORE_DOWN` names.

    `copies` are the replicas that Rollbot is told to wait for.
    """
    found: list[str] = []
    try:
        settings = await store.config_get("*")
    except ResponseError:
        return ("the server does not tell its settings; see to it that appendonly is yes and maxmemory-policy is noeviction",)
    if settings.get("appendonly") != "yes":
        found.append("appendonly is off: a crash of the server loses runs and audit. CONFIG SET appendonly yes")
    elif settings.get("appendfsync") == "no":
        found.append(
            "appendfsync is no: a power cut loses what the system had not written. CONFIG SET appendfsync everysec, or always"
        )
    policy = settings.get("maxmemory-policy", "noeviction")
    if policy != "noeviction":
        found.append(f"maxmemory-policy is {policy}: a full server throws runs away. CONFIG SET maxmemory-policy noeviction")
    replicas = int((await store.info("replication")).get("connected_slaves", 0))
    if replicas < copies.wanted:
        found.append(
            f"only {replicas} of the {copies.wanted} replicas that ROLLBOT_REDIS_WAIT_REPLICAS asks for are there: until they"
            " are, no run is carried out. Bring them back, or lower it"
        )
    elif replicas and not copies.wanted:
        found.append(
            f"there are {replicas} replicas, and nobody waits for them: a failover may lose what was acknowledged, and a run"
            " could end as stale although it touched something. Set ROLLBOT_REDIS_WAIT_REPLICAS to 1"
        )
    return tuple(found)
