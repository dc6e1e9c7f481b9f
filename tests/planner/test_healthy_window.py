from datetime import datetime, timedelta

from planner.facts import Check, Release, Service
from planner.healthy_window import healthy_until, with_windows
from tests.making import NOON


def service(*days, baseline=True):
    check = Check(name="c", probe="prometheus", settings={} if baseline is None else {"baseline": baseline})
    releases = tuple(Release(version=f"1.{n}.0", deployed_at=at) for n, at in enumerate(days))
    return Service(name="order-service", checks=(check,), releases=releases)


def day(number):
    return NOON + timedelta(days=number)


def test_a_release_was_healthy_until_its_successor_went_live():
    shop = service(day(1), day(5), day(9))
    assert healthy_until(shop, "1.0.0") == day(5)
    assert healthy_until(shop, "1.1.0") == day(9)
    assert healthy_until(shop, "1.2.0") is None
    assert healthy_until(shop, "9.9.9") is None
    assert healthy_until(service(day(9), day(1)), "1.1.0") == day(9)
    assert healthy_until(service(None, day(1)), "1.0.0") is None
    assert healthy_until(service(day(1), datetime(2026, 12, 1)), "1.0.0") is None  # noqa: DTZ001 (one without a zone)


def test_checks_learn_the_time_where_they_name_none():
    shop = {"order-service": service(day(1), day(5))}
    timed = with_windows(shop, {"order-service": "1.0.0", "ghost": "1.0.0"})
    assert timed["order-service"].checks[0].settings == {"baseline": {"at": day(5).isoformat()}}
    own = {"order-service": service(day(1), day(5), baseline={"at": "2026-01-01", "worse_by": 2})}
    assert with_windows(own, {"order-service": "1.0.0"})["order-service"].checks[0].settings["baseline"]["at"] == "2026-01-01"
    for without in (None, False):
        plain = {"order-service": service(day(1), day(5), baseline=without)}
        assert with_windows(plain, {"order-service": "1.0.0"})["order-service"].checks == plain["order-service"].checks
