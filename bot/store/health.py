"""How safe the store's memory is: what a crash, a full disk or a failover would cost, and what to set instead."""

from redis.exceptions import ResponseError

from bot.store.connect import Store
from bot.store.durable import ALONE, Copies


async def weaknesses(store: Store, copies: Copies = ALONE, *, cluster: bool = False) -> tuple[str, ...]:
    """What is weaker than it should be, each with its cure; empty where nothing is. Raises what `STORE_DOWN` names.

    `copies` are the replicas that Rollbot is told to wait for; `cluster`: it was told that this is a Redis Cluster.
    """
    found: list[str] = []
    if not cluster and int((await store.info("cluster")).get("cluster_enabled", 0)):
        found.append(
            "the server belongs to a Redis Cluster, and Rollbot was not told: it stops when the environment is served by another"
            " node. Write redis+cluster://… in ROLLBOT_REDIS_URL"
        )
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
    if cluster and settings.get("cluster-require-full-coverage") == "yes":
        found.append(
            "cluster-require-full-coverage is yes: nodes that hold nothing of Rollbot's can stop it when they die. CONFIG SET"
            " cluster-require-full-coverage no, on every node"
        )
    replicas = int((await store.info("replication")).get("connected_slaves", 0))
    if replicas < copies.wanted:
        found.append(
            f"only {replicas} of the {copies.wanted} replicas that ROLLBOT_REDIS_WAIT_REPLICAS asks for are there: until they"
            " are, no run is carried out. Bring them back, or lower it"
        )
    elif cluster and not replicas:
        found.append("the node that holds this environment has no replica: while it is dead, nothing is done. Give it one")
    elif replicas and not copies.wanted:
        found.append(
            f"there are {replicas} replicas, and nobody waits for them: a failover may lose what was acknowledged, and a run"
            " could end as stale although it touched something. Set ROLLBOT_REDIS_WAIT_REPLICAS to 1"
        )
    return tuple(found)
