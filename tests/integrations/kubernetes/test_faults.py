"""Every answer of a cluster, and every missing one, says what to do next."""

import pytest

from integrations.errors import Conflict, OutcomeUnknown, Rejected, Unavailable
from integrations.kubernetes import KubernetesRuntime, client
from tests.integrations.contract import settled
from tests.integrations.kubernetes.conftest import NEWER, OLDER, service


@pytest.mark.parametrize(
    ("fault", "raises"),
    [
        ({"status": 401, "times": 2}, Rejected),
        ({"status": 403}, Rejected),
        ({"status": 404}, Rejected),
        ({"status": 410}, Rejected),
        ({"status": 422, "message": 'Deployment.apps "test-latest" is invalid: image: Required value'}, Rejected),
        ({"status": 422, "message": "the server rejected our request due to an error in our request"}, Conflict),
        ({"status": 409}, Conflict),
        ({"status": 429}, Unavailable),
        ({"status": 500}, OutcomeUnknown),
        ({"status": 503, "after": True}, OutcomeUnknown),
        ({"reset": True}, OutcomeUnknown),
        ({"reset": True, "after": True}, OutcomeUnknown),
    ],
)
async def test_every_answer_to_a_change_says_what_to_do_next(cluster, runtime, fault, raises):
    cluster.deployment("order-service", OLDER.artifact)
    cluster.roll("deployments", "order-service", NEWER.artifact)
    cluster.fail("PATCH", **fault)
    with pytest.raises(raises):
        await runtime.apply(service(), OLDER, expect="2.0.0", key="k1")


@pytest.mark.parametrize(
    ("fault", "raises"),
    [
        ({"status": 401, "times": 2}, Rejected),
        ({"status": 403}, Rejected),
        ({"status": 404}, Rejected),
        ({"status": 410}, Rejected),
        ({"status": 429}, Unavailable),
        ({"status": 500}, Unavailable),
        ({"status": 503}, Unavailable),
        ({"reset": True}, Unavailable),
    ],
)
async def test_every_answer_to_a_question_says_what_to_do_next(cluster, runtime, fault, raises):
    cluster.deployment("order-service", OLDER.artifact)
    cluster.fail("GET", **fault)
    with pytest.raises(raises):
        await runtime.current(service())


async def test_an_answer_lost_after_the_change_is_found_by_looking(cluster, runtime):
    cluster.deployment("order-service", OLDER.artifact)
    cluster.roll("deployments", "order-service", NEWER.artifact)
    cluster.fail("PATCH", 504, after=True)
    with pytest.raises(OutcomeUnknown):
        await runtime.apply(service(), OLDER, expect="2.0.0", key="k1")
    assert (await runtime.observe(service(), OLDER, key="k1")).key == "k1"
    await runtime.apply(service(), OLDER, expect="2.0.0", key="k1")
    assert len(cluster.patches) == 1


async def test_long_lists_are_read_page_by_page(cluster, runtime):
    cluster.page = 2
    cluster.deployment("order-service", OLDER.artifact, replicas=7)
    cluster.roll("deployments", "order-service", NEWER.artifact)
    await runtime.apply(service(), OLDER, expect="2.0.0", key="k1")
    assert (await settled(runtime, service(), OLDER, "k1")).running == "1.4.2"


async def test_a_list_that_expires_while_it_is_read_is_begun_again(cluster, runtime):
    cluster.page = 1
    cluster.deployment("order-service", OLDER.artifact, replicas=3)
    cluster.fail("GET", 410, path="continue=1")
    assert (await runtime.observe(service(), OLDER, key="k")).running == "1.4.2"
    cluster.fail("GET", 410, path="continue=1", times=2)
    with pytest.raises(Unavailable, match="expired twice"):
        await runtime.observe(service(), OLDER, key="k")


@pytest.fixture
async def hasty(access):
    """A runtime that waits for nobody."""
    found = KubernetesRuntime(access=lambda context: access, timeout=0.1)
    yield found
    await found.close()


async def test_an_answer_that_trickles_is_none(cluster, hasty):
    cluster.deployment("order-service", OLDER.artifact)
    cluster.roll("deployments", "order-service", NEWER.artifact)
    cluster.fail("GET", trickle=True)
    with pytest.raises(Unavailable, match=r"no whole answer within 0\.3 s"):
        await hasty.current(service())
    cluster.fail("PATCH", trickle=True)
    with pytest.raises(OutcomeUnknown, match=r"no whole answer within 0\.3 s"):
        await hasty.apply(service(), OLDER, expect="2.0.0", key="k1")


async def test_an_answer_without_end_is_not_read_to_its_end(cluster, runtime, monkeypatch):
    monkeypatch.setattr(client, "_MOST", 100)
    cluster.deployment("order-service", OLDER.artifact)
    with pytest.raises(Unavailable, match="longer than 100 bytes"):
        await runtime.current(service())
