"""order-service: takes orders and has them paid.

1.x speaks version 2 of the payment API, 2.0.0 speaks 3 and still 2. 1.4.1 is slow. 2.0.0 is broken: after the payment it looks
up a loyalty account, which every third customer has not, and so fails their checkouts.
"""

import itertools
import time
from collections.abc import Callable, Mapping
from typing import Any

from bot.demo.shop.neighbour import Identity, Neighbour
from bot.demo.shop.service import Answer, Service, run

_SLOW = {"1.4.1": 1.5}
_LOYAL = {"2.0.0"}


def make(me: Identity, neighbour: Callable[[str, tuple[int, ...]], Neighbour]) -> Service:
    """The order-service of one release."""
    payment = neighbour("payment-service", (2,) if me.major < 2 else (2, 3))
    numbers = itertools.count(1)
    taken: list[int] = []

    def checkout(_: int) -> Answer:
        number = next(numbers)
        time.sleep(_SLOW.get(me.release, 0.0))
        version, said = payment.ask(f"/pay?order={number}")
        if not _is_paid(version, said):
            return Answer(status=402, body={"ok": False, "error": "not paid", "order": number})
        points = _points(number) if me.release in _LOYAL else None
        taken.append(number)
        return Answer(body={"ok": True, "order": number, **({"points": points} if points else {})})

    def orders(_: int) -> Answer:
        return Answer(body={"ok": True, "open": len(taken)})

    return Service(paths={"/checkout": checkout, "/orders": orders})


def _is_paid(version: int, said: Mapping[str, Any]) -> bool:
    """Version 2 says `paid`, version 3 says a state."""
    return said["paid"] is True if version == 2 else bool(said["payment"]["state"] == "captured")


def _points(number: int) -> int:
    accounts: Mapping[int, int] = {rest: 10 * rest for rest in (1, 2)}
    try:
        return accounts[number % 3]
    except KeyError:
        raise LookupError(f"order {number}: this customer has no loyalty account") from None


if __name__ == "__main__":
    run("order-service", make)
