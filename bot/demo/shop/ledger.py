"""ledger-service: keeps the books. Both releases speak version 1 of its API."""

import itertools
from collections.abc import Callable

from bot.demo.shop.neighbour import Identity, Neighbour
from bot.demo.shop.service import Answer, Service, run


def make(me: Identity, neighbour: Callable[[str, tuple[int, ...]], Neighbour]) -> Service:
    """The ledger-service of one release."""
    del me, neighbour
    numbers = itertools.count(1)

    def entries(_: int) -> Answer:
        return Answer(body={"ok": True, "entry": next(numbers)})

    return Service(paths={"/entries": entries})


if __name__ == "__main__":
    run("ledger-service", make)
