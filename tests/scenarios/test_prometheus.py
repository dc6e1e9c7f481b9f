"""Rollbacks judged by a real Prometheus over real counters, through Slack: errors that go away or stay, too little traffic."""

import asyncio
import re
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.integrations.test_prometheus_probe import prometheus
from tests.scenarios.world import World, world

pytestmark = pytest.mark.skipif(
    shutil.which("prometheus") is None, reason="needs a Prometheus server (Debian: apt install prometheus)"
)


class Counters:
    """Counters that grow with each scrape, by what a test says; the share of errors hangs on what order-service runs."""

    def __init__(self) -> None:
        self.world: World | None = None
        self.bad = {"2.0.0": 0.3, "1.4.2": 0.0}
        self.requests = 1000
        self.patience = 15
        self.counted = {"requests": 0.0, "errors": 0.0}
        counters = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                body = counters.scraped().encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def scraped(self) -> str:
        runs = self.world.runs()["order-service"] if self.world is not None else "2.0.0"
        self.counted["requests"] += self.requests
        self.counted["errors"] += self.requests * self.bad.get(runs, 1.0)
        return "".join(f"# TYPE shop_{name}_total counter\nshop_{name}_total {count}\n" for name, count in self.counted.items())


class MeasuredWorld(World):
    """The shop whose order-service is judged by counts."""

    url = ""
    patience = 0

    def _service(self, name):
        service = super()._service(name)
        if name == "order-service":
            service["checks"] = [
                {
                    "name": "errors", "probe": "prometheus", "url": self.url, "allowed": "1%", "count": 1, "interval": "1s",
                    "errors": "sum(increase(shop_errors_total[4s]))", "requests": "sum(increase(shop_requests_total[4s]))",
                    "unclear_limit": self.patience, "failure_limit": 0,
                }
            ]  # fmt: skip
        return service


def over(thread: list[str]) -> str | None:
    """The whole thread once it tells how the run ended, or that it stopped."""
    told = "\n".join(thread)
    return told if "Audit:" in told or "✋ Stopped" in told else None


async def judged(tmp_path, counters):
    """What the thread tells once the run has ended or stopped."""
    async with prometheus(tmp_path, f"127.0.0.1:{counters.server.server_port}") as server:

        def shop(folder, slack):
            made = MeasuredWorld(folder, slack)
            made.url, made.patience = server, counters.patience
            return made

        try:
            async with world(tmp_path / "world", shop=shop, ROLLBOT_SETTLE="0s") as w:
                counters.world = w
                await asyncio.sleep(5)  # so much of the past do the queries look at
                ts = await w.approved_plan()
                return await w.slack.until("its end in the thread", lambda: over(w.slack.thread(ts)))
        finally:
            counters.server.shutdown()
            counters.server.server_close()


@pytest.mark.timeout(150)
async def test_errors_that_go_away_errors_that_stay_and_too_little_traffic(tmp_path):
    goes, stays, quiet = Counters(), Counters(), Counters()
    stays.bad["1.4.2"] = 0.2
    quiet.requests, quiet.patience = 1, 2
    for name in ("goes", "stays", "quiet"):
        (tmp_path / name).mkdir()
    well, bad, doubt = await asyncio.gather(
        judged(tmp_path / "goes", goes), judged(tmp_path / "stays", stays), judged(tmp_path / "quiet", quiet)
    )
    assert "📏 Failing before the first step" in well
    assert re.search(r"(30|29\.\d+|30\.\d+) % errors in", well), well
    assert "0 % errors in" in well
    assert "allowed 1 %: pass (at most" in well
    assert "💚 The symptom is gone" in well

    assert "allowed 1 %: fail (at least" in bad
    assert "✋ Stopped" in bad

    assert "too little traffic" in doubt
    assert "Somebody should look" in doubt
