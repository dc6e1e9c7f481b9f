"""The demo shop's catalog, written in the public format: what its releases are, what they need, how they are run and checked.

The story it tells: on 20 November order-service 2.0.0 went live, and a quarter of an hour later payment-service 3.0.0, to which
only it can talk. 2.0.0 loses a third of the checkouts. The way back is payment-service first (2.0.0 still talks to 2.x),
then order-service.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

import bot

_HEAD = """\
# The catalog of the demo shop, written anew at every start of `rollbot demo`.
# It is an ordinary catalog file: `rollbot plan order-service --catalog THIS_FILE` reads it too.
"""
_PAYS_2 = {"payment-service": ">=2.1 <3"}
_PAYS_2_AND_3 = {"payment-service": ">=2.1 <4"}
_ORDERS = {"order-service": ">=1.3 <3"}
_LEDGER = {"ledger-service": ">=1.0 <2"}

SERVICES = ("web-front", "inventory-service", "order-service", "payment-service", "ledger-service")
"""Every service of the shop, callers first."""

CALLS: Mapping[str, tuple[str, ...]] = {
    "web-front": ("order-service",),
    "inventory-service": ("order-service",),
    "order-service": ("payment-service",),
    "payment-service": ("ledger-service",),
    "ledger-service": (),
}
"""Who calls whom."""

_MODULES = {
    "web-front": "web_front",
    "inventory-service": "inventory",
    "order-service": "order",
    "payment-service": "payment",
    "ledger-service": "ledger",
}
_OWNERS = {
    "web-front": ("team-web", 1),
    "inventory-service": ("team-stock", 2),
    "order-service": ("team-orders", 1),
    "payment-service": ("team-payments", 1),
    "ledger-service": ("team-payments", 2),
}
_RELEASES: Mapping[str, tuple[tuple[str, str, str, Mapping[str, str]], ...]] = {
    "web-front": (
        ("5.1.0", "2026-11-03T10:20:00Z", "good", _ORDERS),
        ("5.2.0", "2026-11-12T13:05:00Z", "good", _ORDERS),
        ("5.3.0", "2026-11-20T15:40:00Z", "good", _ORDERS),
    ),
    "inventory-service": (
        ("1.7.2", "2026-11-02T08:45:00Z", "good", _ORDERS),
        ("1.8.0", "2026-11-16T11:10:00Z", "good", _ORDERS),
    ),
    "order-service": (
        ("1.3.0", "2026-11-04T09:30:00Z", "good", _PAYS_2),
        ("1.4.1", "2026-11-11T14:00:00Z", "bad", _PAYS_2),
        ("1.4.2", "2026-11-13T09:15:00Z", "good", _PAYS_2),
        ("2.0.0", "2026-11-20T09:00:00Z", "unknown", _PAYS_2_AND_3),
    ),
    "payment-service": (
        ("2.1.0", "2026-11-03T16:00:00Z", "good", _LEDGER),
        ("2.2.0", "2026-11-10T10:30:00Z", "good", _LEDGER),
        ("3.0.0", "2026-11-20T09:15:00Z", "unknown", _LEDGER),
    ),
    "ledger-service": (
        ("1.0.0", "2026-11-01T09:00:00Z", "good", {}),
        ("1.1.0", "2026-11-09T09:45:00Z", "good", {}),
    ),
}
# Widening the books does no harm to the release before it: going back across these is safe.
_MIGRATIONS = {
    ("order-service", "2.0.0"): [{"id": "0051_add_loyalty_points", "kind": "expand"}],
    ("ledger-service", "1.1.0"): [{"id": "0007_add_entry_currency", "kind": "expand"}],
}
_CHECKS: Mapping[str, tuple[str, str, Mapping[str, Any]]] = {
    "web-front": ("front page answers", "/", {"status": 200, "json": {"ok": True}, "max_latency": "1s"}),
    "inventory-service": ("stock is known", "/stock", {"status": 200, "json": {"ok": True}}),
    "order-service": ("checkout works", "/checkout", {"status": 200, "json": {"ok": True}, "max_latency": "1s"}),
    "payment-service": ("pays", "/pay", {"status": 200, "json": {"ok": True}, "max_latency": "1s"}),
    "ledger-service": ("books an entry", "/entries", {"status": 200, "json": {"ok": True}}),
}


def newest(service: str) -> str:
    """The newest release of a service of the shop."""
    return _RELEASES[service][-1][0]


def versions(service: str) -> tuple[str, ...]:
    """Every release of a service of the shop, oldest first."""
    return tuple(version for version, _, _, _ in _RELEASES[service])


def artifact(service: str, version: str) -> str:
    """What the release is started from, by name."""
    return f"shop/{service}:{version}"


def runtime(service: str, ports: Mapping[str, int], python: str) -> dict[str, Any]:
    """The `runtime` settings of a service of the shop."""
    here = f"http://127.0.0.1:{ports[service]}"
    command = [python, "-m", f"bot.demo.shop.{_MODULES[service]}", "--port", "{port}", "--release", "{version}"]
    for other in CALLS[service]:
        command += ["--call", f"{other}=http://127.0.0.1:{ports[other]}"]
    return {
        "kind": "local_process",
        "command": command,
        "port": ports[service],
        "ready_url": f"{here}/healthz",
        "version_url": f"{here}/version",
        "stop_timeout": "5s",
        "ready_timeout": "10s",
        # The services are found wherever the demo itself was.
        "env": {"PYTHONPATH": str(Path(bot.__file__).resolve().parent.parent)},
    }


def write_catalog(path: Path, ports: Mapping[str, int], python: str) -> None:
    """Write the catalog of a shop that listens on those ports and is run by that Python."""
    services = [_service(name, ports, python) for name in SERVICES]
    text = yaml.safe_dump({"version": 1, "services": services}, sort_keys=False, allow_unicode=True, width=120)
    path.write_text(_HEAD + text)


def _service(name: str, ports: Mapping[str, int], python: str) -> dict[str, Any]:
    owner, tier = _OWNERS[name]
    check, path, expect = _CHECKS[name]
    return {
        "name": name,
        "owner": owner,
        "tier": tier,
        "runtime": runtime(name, ports, python),
        "depends_on": list(CALLS[name]),
        "checks": [
            {
                "name": check,
                "probe": "http",
                "url": f"http://127.0.0.1:{ports[name]}{path}",
                "expect": dict(expect),
                "interval": "400ms",
                "count": 5,
                "failure_limit": 0,
            }
        ],
        "releases": [_release(name, *facts) for facts in _RELEASES[name]],
    }


def _release(name: str, version: str, deployed_at: str, verified: str, requires: Mapping[str, str]) -> dict[str, Any]:
    release: dict[str, Any] = {
        "version": version,
        "deployed_at": deployed_at,
        "verified": verified,
        "artifact": artifact(name, version),
    }
    if requires:
        release["requires"] = dict(requires)
    if migrations := _MIGRATIONS.get((name, version)):
        release["migrations"] = [dict(migration) for migration in migrations]
    return release
