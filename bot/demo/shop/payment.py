"""payment-service: takes the money, once for each order, and writes it to the ledger.

2.x speaks version 2 of its API. 3.0.0 speaks version 3 alone: whoever speaks only 2 is turned away.
"""

from collections.abc import Callable

from bot.demo.shop.neighbour import Identity, Neighbour
from bot.demo.shop.service import Answer, Service, run


def make(me: Identity, neighbour: Callable[[str, tuple[int, ...]], Neighbour]) -> Service:
    """The payment-service of one release."""
    ledger = neighbour("ledger-service", (1,))

    def pay(version: int) -> Answer:
        _, entry = ledger.ask("/entries")
        if version == 2:
            return Answer(body={"ok": True, "paid": True, "entry": entry["entry"]})
        return Answer(body={"ok": True, "payment": {"state": "captured", "entry": entry["entry"]}})

    return Service(speaks=(2,) if me.major < 3 else (3,), paths={"/pay": pay})


if __name__ == "__main__":
    run("payment-service", make)
