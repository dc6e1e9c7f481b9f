"""The probe against a real Prometheus with real counters, and against one that answers whatever it likes."""

import asyncio
import contextlib
import shutil
import socket

import pytest
from aiohttp import web

from bot.listening import stop_listening
from integrations.prometheus_probe import PrometheusProbe, problems
from planner.facts import Check
from planner.verdict import Outcome


def check(query: str = "up", **settings) -> Check:
    return Check(name="c", probe="prometheus", settings={"query": query, "pass_if": {"below": 0.01}, **settings})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.asynccontextmanager
async def serving(handler):
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await stop_listening(runner)


async def answered(body, status=200, **settings):
    async def handler(_):
        return web.json_response(body, status=status) if not isinstance(body, str) else web.Response(text=body, status=status)

    async with serving(handler) as url:
        return await PrometheusProbe(url).measure(check(**settings))


def vector(*values):
    return {"status": "success", "data": {"resultType": "vector", "result": [{"metric": {}, "value": [0, v]} for v in values]}}


@pytest.mark.parametrize(
    ("body", "outcome", "says"),
    [
        (vector("0.002"), Outcome.PASS, "0.002, which is below 0.01"),
        (vector("0.02"), Outcome.FAIL, "0.02, expected below 0.01"),
        (vector(), Outcome.INCONCLUSIVE, "matched nothing"),
        (vector("NaN"), Outcome.INCONCLUSIVE, "nan"),
        (vector("+Inf"), Outcome.INCONCLUSIVE, "inf"),
        (vector("1", "2"), Outcome.ERROR, "matched 2 series"),
        ({**vector("0"), "warnings": ["remote read failed"]}, Outcome.INCONCLUSIVE, "remote read failed"),
        ({"status": "success", "data": {"resultType": "scalar", "result": [0, "0"]}}, Outcome.PASS, "0, which"),
        ({"status": "success", "data": {"resultType": "matrix", "result": []}}, Outcome.ERROR, "matrix"),
        ({"status": "success", "data": {"resultType": "vector", "result": [{}]}}, Outcome.ERROR, "not its own"),
        ("<html>", Outcome.ERROR, "no JSON"),
    ],
)
async def test_what_an_answer_means(body, outcome, says):
    measured = await answered(body)
    assert (measured.outcome, says in measured.seen) == (outcome, True), measured.seen


async def test_a_bad_query_is_an_error_in_prometheus_own_words():
    measured = await answered({"status": "error", "errorType": "bad_data", "error": "parse error"}, status=400)
    assert measured.outcome is Outcome.ERROR
    assert "bad_data: parse error" in measured.seen


async def test_nobody_there_is_an_error():
    measured = await PrometheusProbe(f"http://127.0.0.1:{free_port()}").measure(check())
    assert measured.outcome is Outcome.ERROR
    assert (await PrometheusProbe().measure(check())).outcome is Outcome.ERROR


@pytest.mark.parametrize(("value", "outcome"), [("0.001", Outcome.PASS), ("0.03", Outcome.INCONCLUSIVE), ("0.06", Outcome.FAIL)])
async def test_between_pass_and_fail_it_cannot_tell(value, outcome):
    assert (await answered(vector(value), fail_if={"above": 0.05})).outcome is outcome


async def test_too_few_samples_never_pass():
    async def handler(request):
        query = (await request.post())["query"]
        return web.json_response(vector("37" if query == "count" else "0"))

    async with serving(handler) as url:
        few = await PrometheusProbe(url).measure(check("ratio", samples="count", min_samples=500))
        enough = await PrometheusProbe(url).measure(check("ratio", samples="count", min_samples=37))
    assert (few.outcome, few.seen) == (Outcome.INCONCLUSIVE, "too little traffic: 37 of 500 samples")
    assert (enough.outcome, enough.seen) == (Outcome.PASS, "0 over 37 samples, which is below 0.01")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"query": "up"}, "pass_if or fail_if is needed"),
        ({"query": "up", "pass_if": {}}, "needs below, above, at_least or at_most"),
        ({"query": "up", "pass_if": {"under": 1}}, "no such key"),
        ({"query": "up", "pass_if": {"below": "low"}}, "pass_if.below"),
        ({"query": "up", "pass_if": {"below": 1}, "samples": "x"}, "go together"),
        ({"pass_if": {"below": 1}}, "query: is missing"),
    ],
)
def test_mistakes_are_named(settings, says):
    assert says in "\n".join(problems(Check(name="c", probe="prometheus", settings=settings)))


@pytest.mark.skipif(shutil.which("prometheus") is None, reason="needs a Prometheus server (Debian: apt install prometheus)")
async def test_real_counters_in_a_real_prometheus(tmp_path):
    counts = {"good": 0, "bad": 0}

    async def metrics(_):
        counts["good"] += 100
        counts["bad"] += 20
        lines = [f'requests_total{{ok="{name}"}} {count}' for name, count in counts.items()]
        return web.Response(text="# TYPE requests_total counter\n" + "\n".join(lines) + "\n", content_type="text/plain")

    async with serving(metrics) as exporter:
        port = free_port()
        target = exporter.removeprefix("http://")
        (tmp_path / "prometheus.yml").write_text(
            "global: {scrape_interval: 1s, scrape_timeout: 1s}\n"
            f"scrape_configs: [{{job_name: shop, static_configs: [{{targets: ['{target}']}}]}}]\n"
        )
        arguments = [f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data"]
        with (tmp_path / "log").open("wb") as log:
            server = await asyncio.create_subprocess_exec(
                "prometheus", *arguments, f"--web.listen-address=127.0.0.1:{port}", stdout=log, stderr=log
            )
        try:
            probe = PrometheusProbe(f"http://127.0.0.1:{port}")
            ratio = 'sum(rate(requests_total{ok="bad"}[20s])) / sum(rate(requests_total[20s]))'
            failing = check(ratio, samples="sum(increase(requests_total[20s]))", min_samples=100)
            async with asyncio.timeout(30):
                while (measured := await probe.measure(failing)).outcome is not Outcome.FAIL:
                    await asyncio.sleep(0.2)
            assert "0.16" in measured.seen
            loose = check(ratio, pass_if={"below": 0.2}, samples="sum(increase(requests_total[20s]))", min_samples=100)
            assert (await probe.measure(loose)).outcome is Outcome.PASS
            starved = check(ratio, samples="sum(increase(requests_total[20s]))", min_samples=1e9)
            assert (await probe.measure(starved)).outcome is Outcome.INCONCLUSIVE
            silent = check('sum(rate(requests_total{ok="nobody"}[20s]))')
            assert (await probe.measure(silent)).outcome is Outcome.INCONCLUSIVE
            assert (await probe.measure(check("0 / 0"))).outcome is Outcome.INCONCLUSIVE
            broken = await probe.measure(check("sum(("))
            assert broken.outcome is Outcome.ERROR
            assert "parse error" in broken.seen
        finally:
            server.terminate()
            await server.wait()
