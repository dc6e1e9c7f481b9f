"""The last healthy window of a release: right before its successor went live. What a check's baseline compares with."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from planner.facts import Check, Service
from planner.names import ServiceName, Version

Catalog = Mapping[ServiceName, Service]
"""Every service by name."""


def healthy_until(service: Service, version: Version) -> datetime | None:
    """When the release after this one went live; `None` where that is not known, or where none came after it."""
    release = service.release(version)
    began = release.deployed_at if release else None
    if began is None:
        return None
    later = [other.deployed_at for other in service.releases if other.deployed_at is not None and other.version != version]
    return min((at for at in later if (at.tzinfo is None) is (began.tzinfo is None) and at > began), default=None)


def with_windows(services: Catalog, running: Mapping[ServiceName, Version]) -> Catalog:
    """The same services; checks that compare with a baseline know its time where they name none themselves."""
    found = {name: _timed(services[name], version) for name, version in running.items() if name in services}
    changed = {name: service for name, service in found.items() if service is not services[name]}
    return {**services, **changed} if changed else services


def _timed(service: Service, version: Version) -> Service:
    at = healthy_until(service, version)
    if at is None or not any("baseline" in check.settings for check in service.checks):
        return service
    return replace(service, checks=tuple(_check(check, at) for check in service.checks))


def _check(check: Check, at: datetime) -> Check:
    baseline = check.settings.get("baseline")
    if baseline is None or baseline is False:
        return check
    known = {} if baseline is True else dict(baseline)
    return replace(check, settings={**check.settings, "baseline": {"at": at.isoformat(), **known}})
