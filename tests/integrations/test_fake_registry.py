"""The registry in memory keeps the contract."""

import pytest

from integrations.protocols import Instance
from planner.facts import Service
from tests.integrations.fake_registry import FakeRegistry
from tests.integrations.registry_contract import RegistryContract, RegistryWorld


class TestContract(RegistryContract):
    @pytest.fixture
    def registry_world(self) -> RegistryWorld:
        registry = FakeRegistry()
        registry.register("order", "order-1", "2.0.0")
        registry.register("order", "order-2", "2.0.0")

        async def register(version: str) -> None:
            registry.register("order", f"order-{version}", version)

        async def sicken(instance: Instance) -> None:
            registry.sicken("order", instance.id)

        async def hold(instance: Instance) -> None:
            registry.hold("order", instance.id, "ana debugs")

        async def again(instance: Instance, version: str) -> None:
            registry.register("order", instance.id, version)

        return RegistryWorld(
            registry=registry,
            service=Service(name="order"),
            absent=Service(name="nobody"),
            register=register,
            sicken=sicken,
            hold=hold,
            again=again,
        )
