"""A catalog that lists no releases is enough: the cluster's own history is what can be gone back to."""

from dataclasses import replace

from integrations.protocols import CatalogFacts
from integrations.remembered import with_history
from integrations.survey import survey
from planner.facts import Release, Service, Verified
from planner.plan import Plan, Request
from planner.planning import make_plan
from tests.integrations.kubernetes.conftest import NEWER, OLDER, service


class Fixed:
    """A catalog that says what it was told to."""

    def __init__(self, *services):
        self.services = services

    async def load(self):
        return CatalogFacts(services={each.name: each for each in self.services})


async def test_a_service_without_releases_goes_back_to_what_ran_before(cluster, runtime):
    cluster.deployment("order-service", OLDER.artifact)
    cluster.roll("deployments", "order-service", NEWER.artifact)
    bare = replace(service(), releases=())
    world = await survey(Fixed(bare), {"kubernetes": runtime}, {})
    plan = make_plan(Request(service="order-service"), world)
    assert isinstance(plan, Plan)
    assert (plan.target.from_version, plan.target.to_version) == ("2.0.0", "1.4.2")
    release = world.services["order-service"].release("1.4.2")
    assert release.artifact == "shop/order:1.4.2"
    assert release.deployed_at is not None


async def test_where_the_catalog_knows_enough_nobody_is_asked_for_history(cluster, runtime):
    cluster.deployment("order-service", OLDER.artifact)
    cluster.roll("deployments", "order-service", NEWER.artifact)
    cluster.requests.clear()
    await survey(Fixed(service()), {"kubernetes": runtime}, {})
    assert not [request for request in cluster.requests if "replicasets" in request]


async def test_a_history_that_cannot_be_had_stops_nothing(cluster, runtime):
    cluster.deployment("order-service", OLDER.artifact)
    cluster.fail("GET", 403, path="replicasets")
    world = await survey(Fixed(replace(service(), releases=())), {"kubernetes": runtime}, {})
    assert world.current["order-service"] == "1.4.2"


def test_the_catalog_has_the_last_word_on_what_both_know():
    known = Release(version="1.4.2", verified=Verified.GOOD, artifact="ours:1.4.2")
    extra = Release(version="3.0.0")
    told = [OLDER._replace(deployed_at=None), NEWER]
    joined = with_history(Service(name="order-service", releases=(known, extra)), told).releases
    assert [release.version for release in joined] == ["1.4.2", "2.0.0", "3.0.0"]
    assert joined[0].verified is Verified.GOOD
    assert joined[0].artifact == "ours:1.4.2"
