"""Where the shop's services listen: the same places at every start, as long as nobody else took them."""

import json
import random
import socket
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from integrations.local_process.record import replace_file

_LOWEST, _HIGHEST = 20000, 29999  # below the range from which systems take ports for outgoing connections


def load(path: Path, services: Collection[str]) -> dict[str, int]:
    """The ports kept there; none where there are none, or where they are not those of these services."""
    try:
        kept = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    if not isinstance(kept, dict) or set(kept) != set(services):
        return {}
    good = all(type(port) is int and 0 < port < 65536 for port in kept.values())
    return kept if good else {}


def save(path: Path, ports: Mapping[str, int]) -> None:
    """Keep them for the next start."""
    replace_file(path, json.dumps(dict(ports), indent=1))


def choose(services: Iterable[str], first: int | None, taken: Collection[int] = ()) -> dict[str, int]:
    """A free port for each: from `first` on where it is given and they are free, else anywhere out of the way."""
    used = set(taken)
    chosen = {}
    for place, service in enumerate(services):
        wanted = [first + place] if first is not None else []
        # Not a secret: any will do.
        wanted += random.sample(range(_LOWEST, _HIGHEST), 200)
        port = next((port for port in wanted if port not in used and _is_free(port)), None)
        if port is None:
            raise OSError(f"no free port was found for {service} between {_LOWEST} and {_HIGHEST}")
        used.add(port)
        chosen[service] = port
    return chosen


def _is_free(port: int) -> bool:
    with socket.socket() as attempt:
        # As the services themselves do: a connection that has just ended does not count.
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            attempt.bind(("127.0.0.1", port))
            return True
    return False
