"""The whole demo shop: its processes, its customers, its catalog, and what the panel shows of it."""

import asyncio
import sys
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bot.demo import catalog
from bot.demo.shop import panel, ports
from bot.demo.shop.load import Load
from integrations.errors import Unavailable
from integrations.local_process import LocalProcessRuntime
from integrations.protocols import Phase
from planner.facts import Release, Service
from planner.names import ServiceName, Version

_POLL = 0.03
_LATELY = 10
_PATIENCE = 30.0
# The way forward that keeps the shop whole: whoever can talk to old and new goes before the new.
_FORWARD = ("ledger-service", "order-service", "payment-service", "inventory-service", "web-front")


class Shop:
    """Five services as real processes below `state_dir`. They outlive this program; `start` takes over those that run.

    `catalog` is the catalog file, `ports` where each service listens, `load` the customers: all known from `start` on.
    `first_port` is where the ports begin if they are free; `None` takes any.
    """

    def __init__(self, state_dir: Path, *, python: str = sys.executable, first_port: int | None = 7001) -> None:
        self._python = python
        self._first_port = first_port
        self._kept_ports = state_dir / "shop-ports.json"
        self._gauges: list[panel.Gauge] = []
        self.catalog = state_dir / "shop.yaml"
        self.runtime = LocalProcessRuntime(state_dir.resolve())
        self.ports: dict[str, int] = {}
        self.load: Load | None = None

    async def start(self, *, fresh: bool = False) -> None:
        """Have every service up and ready, and customers asking. `fresh` puts all back to the newest releases.

        Without it a service that runs keeps its release. Raises `Unavailable` with what was seen where one does not come up.
        """
        self.catalog.parent.mkdir(parents=True, exist_ok=True)
        running = await self._settle_ports()
        catalog.write_catalog(self.catalog, self.ports, self._python)
        if fresh and any(version not in (None, catalog.newest(name)) for name, version in running.items()):
            for name in _FORWARD:
                await self._bring(name, catalog.newest(name))
        else:
            wanted = {name: version or catalog.newest(name) for name, version in running.items()}
            await asyncio.gather(*(self._bring(name, version) for name, version in wanted.items()))
        self._gauges = [panel.Gauge(name, self.url(name)) for name in catalog.SERVICES]
        self.load = self.load or Load(
            checkout=self.url("web-front") + "/checkout", stock=self.url("inventory-service") + "/stock"
        )
        self.load.start()

    async def stop(self) -> None:
        """Send the customers home and stop every service that the shop started."""
        if self.load is not None:
            await self.load.stop()
        if self.ports:
            await self._stop_all(catalog.SERVICES)

    async def panel(self) -> dict[str, Any]:
        """The shop as the side panel shows it; before `start` and after `stop` too."""
        async with panel.session() as session:
            services = await asyncio.gather(*(gauge.read(session) for gauge in self._gauges))
        load = self.load
        recent = load.recent() if load else []
        return {
            "title": "Demo shop",
            "services": list(services),
            "load": {
                "ok": load.ok if load else 0,
                "failed": load.failed if load else 0,
                "incompatible": load.incompatible if load else 0,
                "recent": [{"t": second.t, "ok": second.ok, "failed": second.failed} for second in recent],
            },
            "note": self._note(),
        }

    def url(self, name: str) -> str:
        """Where a service answers."""
        return f"http://127.0.0.1:{self.ports[name]}"

    def service(self, name: str) -> Service:
        """A service of the shop, as the runtime needs it."""
        return Service(name=ServiceName(name), runtime=catalog.runtime(name, self.ports, self._python))

    async def apply(self, name: str, version: str, *, expect: str | None) -> None:
        """Make one service run another release, and wait until it is ready. Raises as the runtime does, and `Unavailable`."""
        service = self.service(name)
        release = Release(version=Version(version), artifact=catalog.artifact(name, version))
        key = f"shop:{uuid.uuid4()}"
        await self.runtime.apply(service, release, expect=None if expect is None else Version(expect), key=key)
        deadline = asyncio.get_running_loop().time() + _PATIENCE
        while (seen := await self.runtime.observe(service, release, key=key)).phase is not Phase.CONVERGED:
            if seen.phase is Phase.FAILED or asyncio.get_running_loop().time() > deadline:
                raise Unavailable(f"the shop's {name} {version} does not come up: {seen.detail}")
            await asyncio.sleep(_POLL)

    async def _bring(self, name: str, version: str) -> None:
        now = await self.runtime.current(self.service(name))
        if now != version:
            await self.apply(name, version, expect=now)

    async def _settle_ports(self) -> dict[str, Version | None]:
        """Find a place for every service, and what already runs there. A stranger's place is left to the stranger."""
        self.ports = ports.load(self._kept_ports, catalog.SERVICES)
        if not self.ports:
            self.ports = ports.choose(catalog.SERVICES, self._first_port)
            await self._stop_all(catalog.SERVICES)  # whatever runs still, listens where nobody would ask
        elif strangers := [name for name in catalog.SERVICES if await self._is_taken(name)]:
            # Callers know the old places: all of the shop moves.
            await self._stop_all(catalog.SERVICES)
            self.ports |= ports.choose(strangers, None, self.ports.values())
        ports.save(self._kept_ports, self.ports)
        found = await asyncio.gather(*(self.runtime.current(self.service(name)) for name in catalog.SERVICES))
        return dict(zip(catalog.SERVICES, found, strict=True))

    async def _is_taken(self, name: str) -> bool:
        version = Version(catalog.newest(name))
        release = Release(version=version, artifact=catalog.artifact(name, version))
        return bool(await self.runtime.preflight(self.service(name), release))

    async def _stop_all(self, names: Iterable[str]) -> None:
        await asyncio.gather(*(self.runtime.stop(self.service(name)) for name in names))

    def _note(self) -> str:
        if self.load is None:
            return "The shop is opening."
        if self.load.incompatible:
            return f"{self.load.incompatible} calls were not understood: {self.load.last_incompatible}"
        recent = self.load.recent()[-_LATELY:]
        failed, asked = sum(second.failed for second in recent), sum(second.ok + second.failed for second in recent)
        return f"{failed} of the last {asked} checkouts failed." if failed else ""
