"""A small shop of real HTTP services, so that a rollback can be seen at work; it needs nothing but Python.

    web-front ─┐
               ├─> order-service ──> payment-service ──> ledger-service
    inventory ─┘

Each is a process of its own (`python -m bot.demo.shop.order --port P --release V`). What a release speaks and how it fails is in
its module; what of that the catalog tells is in `bot.demo.catalog`, and a test holds the two together.
"""
