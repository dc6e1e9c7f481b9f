"""Consul as a registry: the contract over a fake cluster, and each trap of its API."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.consul import ConsulCatalog, ConsulRegistry, problems
from integrations.consul.registry import next_index
from integrations.errors import OutcomeUnknown, Rejected, Unavailable
from integrations.protocols import Instance
from planner.facts import Service
from tests.integrations.catalog_contract import CatalogContract, CatalogWorld
from tests.integrations.consul.fake_consul import FakeConsul
from tests.integrations.registry_contract import RegistryContract, RegistryWorld

ORDER = Service(name="order", registry={"kind": "consul", "service": "shop-order", "agent": "http://{node}.invalid"})


@pytest.fixture
async def consul() -> AsyncIterator[FakeConsul]:
    fake = FakeConsul()
    await fake.start()
    await fake.register("node-a", "shop-order", "order-1", "2.0.0")
    await fake.register("node-b", "shop-order", "order-2", "2.0.0")
    yield fake
    await fake.stop()


class Routed(ConsulRegistry):
    """The same, with the agents' made-up names leading to their servers on this machine."""

    def __init__(self, fake: FakeConsul, **options) -> None:
        super().__init__(fake.agents["node-a"].url, fake.token, timeout=2.0, **options)
        self._fake = fake

    def _api(self, url: str):
        node = url.removeprefix("http://").removesuffix(".invalid")
        return super()._api(self._fake.agents[node].url if node in self._fake.agents else url)


@pytest.fixture
async def registry(consul: FakeConsul) -> AsyncIterator[ConsulRegistry]:
    found = Routed(consul)
    yield found
    await found.close()


class TestContract(RegistryContract):
    @pytest.fixture
    def registry_world(self, consul: FakeConsul, registry: ConsulRegistry) -> RegistryWorld:
        async def register(version: str) -> None:
            await consul.register("node-b", "shop-order", f"order-{version}", version)

        async def sicken(instance: Instance) -> None:
            consul.find(instance.id).status = "critical"
            await consul.touch()

        async def hold(instance: Instance) -> None:
            consul.find(instance.id).reason = "ana debugs"
            await consul.touch()

        async def again(instance: Instance, version: str) -> None:
            service_id, node = instance.id.split("@")
            await consul.register(node, "shop-order", service_id, version)

        return RegistryWorld(
            registry=registry,
            service=ORDER,
            absent=Service(name="nobody", registry={"kind": "consul"}),
            register=register,
            sicken=sicken,
            hold=hold,
            again=again,
        )


class TestCatalogContract(CatalogContract):
    @pytest.fixture
    async def catalog_world(self, consul: FakeConsul) -> CatalogWorld:
        await consul.register("node-a", "order", "o-1", "2.0.0")
        await consul.register("node-a", "payment", "p-1", "1.0.0")
        return CatalogWorld(
            catalog=ConsulCatalog(consul.agents["node-a"].url, consul.token),
            gone=ConsulCatalog("http://127.0.0.1:9", "x"),
            source="consul",
            edges=False,
        )


async def test_maintenance_goes_to_the_agent_that_owns_the_instance_and_to_no_other(consul, registry):
    one, other = (await registry.look(ORDER)).instances
    await registry.drain(ORDER, other, key="r1")
    puts = [request for request in consul.requests if request.startswith("PUT")]
    assert puts == ["PUT node-b /v1/agent/service/maintenance/order-2?enable=true&reason=rollbot+r1"]
    plain = ConsulRegistry(consul.agents["node-a"].url, consul.token, timeout=2.0)
    here = Service(name="shop-order", registry={"kind": "consul"})
    await plain.drain(here, one, key="r1")
    assert consul.find("order-1@node-a").reason == "rollbot r1"
    wrong = Service(name="shop-order", registry={"kind": "consul", "agent": consul.agents["node-a"].url})
    consul.find("order-2@node-b").reason = None
    with pytest.raises(Rejected, match="the agent of node-b does not own order-2"):
        await plain.drain(wrong, other, key="r1")
    await plain.close()


async def test_a_dead_node_is_not_passing_whatever_its_own_checks_say(consul, registry):
    consul.agents["node-b"].alive = False
    await consul.touch()
    other = (await registry.look(ORDER)).instances[1]
    assert (other.listed, other.passing) == (False, False)
    consul.agents["node-b"].alive, consul.agents["node-b"].serf = True, False
    other = (await registry.look(ORDER)).instances[1]
    assert (other.listed, other.passing) == (True, False)
    assert "no serf check" in other.detail


async def test_a_warning_can_be_found_and_is_not_passing_and_a_held_node_is_not_ours(consul, registry):
    consul.find("order-1@node-a").status = "warning"
    consul.agents["node-b"].held = True
    one, other = (await registry.look(ORDER)).instances
    assert (one.listed, one.passing) == (True, False)
    assert (other.listed, other.held) == (False, "disk")
    await registry.restore(ORDER, other, key="r1")
    assert not [request for request in consul.requests if request.startswith("PUT")]


async def test_an_empty_list_because_of_a_token_is_not_nobody(consul, registry):
    consul.hide = True
    with pytest.raises(Rejected, match="service:read"):
        await registry.look(ORDER)


async def test_an_index_that_went_backwards_begins_anew(consul, registry):
    first = await registry.look(ORDER)
    assert first.mark == consul.index
    consul.index = 3
    second = await registry.look(ORDER, since=first, limit=5.0)
    assert second.mark == 0
    third = await registry.look(ORDER, since=second, limit=5.0)
    assert third.mark == 3
    assert "index=" not in consul.requests[-1]


@given(st.integers(0, 100), st.none() | st.text(max_size=4) | st.integers(-5, 200).map(str))
def test_no_index_makes_a_busy_loop_or_waits_for_the_past(before, said):
    index = next_index(before, said)
    assert index == 0 or index >= max(1, before)


@pytest.mark.parametrize(
    ("registry_settings", "tags", "meta", "version"),
    [
        ({}, (), {"version": "1.0.0"}, "1.0.0"),
        ({"meta": "release"}, (), {"release": "2.0.0"}, "2.0.0"),
        ({"tag": "version="}, ("blue", "version=3.0.0"), {}, "3.0.0"),
        ({"tag": "v"}, ("v4.0.0",), {"version": "1.0.0"}, "4.0.0"),
        ({}, ("5.0.0",), {}, None),
        ({}, (), {"version": " "}, None),
    ],
)
async def test_where_an_instance_says_its_version(consul, registry, registry_settings, tags, meta, version):
    await consul.register("node-a", "mail", "mail-1", None, tags=tags, meta=meta)
    service = Service(name="mail", registry={"kind": "consul", **registry_settings})
    assert [instance.version for instance in (await registry.look(service)).instances] == [version]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"status": 500}, OutcomeUnknown),
        ({"status": 500, "after": True}, OutcomeUnknown),
        ({"reset": True, "after": True}, OutcomeUnknown),
        ({"reset": True}, OutcomeUnknown),
        ({"status": 429}, Unavailable),
        ({"status": 403}, Rejected),
        ({"status": 400}, Rejected),
    ],
)
async def test_every_answer_to_a_change_is_mapped_and_the_token_is_in_none(consul, registry, fault, error):
    one = (await registry.look(ORDER)).instances[0]
    consul.fail("PUT", **fault)
    with pytest.raises(error) as caught:
        await registry.drain(ORDER, one, key="r1")
    assert consul.token not in str(caught.value)
    assert (consul.find("order-1@node-a").reason is not None) is fault.get("after", False)


@pytest.mark.parametrize(
    ("fault", "error"),
    [({"status": 500}, Unavailable), ({"reset": True}, Unavailable), ({"status": 429}, Unavailable), ({"status": 403}, Rejected)],
)
async def test_every_answer_to_a_question_is_mapped(consul, registry, fault, error):
    consul.fail("GET", **fault)
    with pytest.raises(error) as caught:
        await registry.look(ORDER)
    assert consul.token not in str(caught.value)


async def test_a_wrong_token_and_no_consul_at_all_are_said(consul):
    wrong = ConsulRegistry(consul.agents["node-a"].url, "guess", timeout=2.0)
    with pytest.raises(Rejected, match="does not let us"):
        await wrong.look(ORDER)
    await wrong.close()
    with pytest.raises(Rejected, match="ROLLBOT_CONSUL_URL"):
        await ConsulRegistry(None).look(ORDER)
    assert consul.tokens == {"guess"}


def test_wrong_settings_are_named():
    assert problems({"kind": "consul", "sevice": "x"}) == ("sevice: there is no such key; did you mean service?",)
    assert problems({"kind": "consul", "agent": "node:8500"})
    assert not problems({"kind": "consul", "tag": "v"})


async def test_what_the_catalog_cannot_tell_is_said(consul):
    await consul.register("node-a", "mixed", "m-1", "1.0.0")
    await consul.register("node-b", "mixed", "m-2", "2.0.0")
    await consul.register("node-a", "silent", "s-1", None)
    await consul.register("node-a", "sick", "k-1", "1.0.0", status="critical")
    await consul.register("node-a", "tagged", "t-1", None, tags=("prod", "v3.1.0"))
    await consul.register("node-a", "order-sidecar-proxy", "x-1", None, kind="connect-proxy")
    facts = await ConsulCatalog(consul.agents["node-a"].url, consul.token).load()
    assert {name: service.current for name, service in facts.services.items()} == {
        "shop-order": "2.0.0",
        "mixed": None,
        "silent": None,
        "sick": None,
        "tagged": "v3.1.0",
    }
    notes = "\n".join(facts.warnings)
    for said in ("1 × 1.0.0, 1 × 2.0.0", "1 of 1 instances say no version", "none of its 1 instances", "is a connect-proxy"):
        assert said in notes
