"""web-front: what customers see. A checkout goes on to order-service, and its failure comes back as it is."""

from collections.abc import Callable

from bot.demo.shop.neighbour import Identity, Neighbour
from bot.demo.shop.service import Answer, Service, run


def make(me: Identity, neighbour: Callable[[str, tuple[int, ...]], Neighbour]) -> Service:
    """The web-front of one release."""
    orders = neighbour("order-service", (1,))

    def front(_: int) -> Answer:
        return Answer(body={"ok": True, "page": f"Welcome to the shop ({me.release})"})

    def checkout(_: int) -> Answer:
        _, said = orders.ask("/checkout")
        return Answer(body=said)

    return Service(paths={"/": front, "/checkout": checkout})


if __name__ == "__main__":
    run("web-front", make)
