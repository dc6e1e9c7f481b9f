"""How safe the store's memory is: what a crash, a full disk or a failover would cost, and what to set instead."""

from redis.exceptions import ResponseError

from bot.store.connect import Store


async def weaknesses(store: Store) -> tuple[str, ...]:
    """What is weaker than it should be, each with its cure; empty where nothing is. Raises what `STORE_DOWN` names."""
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
    replication = await store.info("replication")
    if int(replication.get("connected_slaves", 0)) and settings.get("min-replicas-to-write", "0") == "0":
        found.append("there are replicas, but min-replicas-to-write is 0: a failover may lose what was acknowledged")
    return tuple(found)
