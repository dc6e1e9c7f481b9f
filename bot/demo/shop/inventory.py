"""inventory-service: knows what is on the shelves, and asks order-service what of it is spoken for."""

from collections.abc import Callable

from bot.demo.shop.neighbour import Down, Failed, Identity, Neighbour
from bot.demo.shop.service import Answer, Service, run

_ON_HAND = 4000


def make(me: Identity, neighbour: Callable[[str, tuple[int, ...]], Neighbour]) -> Service:
    """The inventory-service of one release."""
    del me
    orders = neighbour("order-service", (1,))

    def stock(_: int) -> Answer:
        try:
            _, said = orders.ask("/orders")
            reserved = said["open"]
        except (Down, Failed):
            reserved = None  # the shelves are known even so
        return Answer(body={"ok": True, "on_hand": _ON_HAND, "reserved": reserved})

    return Service(paths={"/stock": stock})


if __name__ == "__main__":
    run("inventory-service", make)
