"""The probe against a real Prometheus with real counters, and against one that answers whatever it likes."""

import asyncio
import contextlib
import re
import shutil
import socket
from datetime import UTC, datetime

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


def counted(**settings) -> Check:
    asked = {"errors": "errors", "requests": "requests", "allowed": "1%", **settings}
    return Check(name="c", probe="prometheus", settings=asked)


async def counts(answers, **settings):
    """What the probe says where each query has one of these answers; with a time, that of `QUERY@`."""

    async def handler(request):
        form = await request.post()
        asked = form["query"] + ("@" if "time" in form else "")
        found = answers[asked]
        return web.json_response(vector(found) if found is not None else vector())

    async with serving(handler) as url:
        return await PrometheusProbe(url).measure(counted(**settings))


@pytest.mark.parametrize(
    ("errors", "requests", "outcome", "says"),
    [
        ("7.7", "1830", Outcome.PASS, "0.42 % errors in 1,830 requests, allowed 1 %: pass"),
        ("90", "1830", Outcome.FAIL, "4.92 % errors in 1,830 requests, allowed 1 %: fail"),
        ("20", "1830", Outcome.INCONCLUSIVE, "cannot tell yet"),
        ("0", "37", Outcome.INCONCLUSIVE, "too little traffic: 37 of 268 requests"),
        (None, "1830", Outcome.PASS, "0 % errors in 1,830 requests"),
        ("0", None, Outcome.INCONCLUSIVE, "no data"),
        ("NaN", "1830", Outcome.INCONCLUSIVE, "nan"),
    ],
)
async def test_counts_are_judged_by_their_bounds(errors, requests, outcome, says):
    measured = await counts({"errors": errors, "requests": requests})
    assert (measured.outcome, says in measured.seen) == (outcome, True), measured.seen


async def test_min_samples_is_the_least_traffic_where_it_is_given():
    few = await counts({"errors": "0", "requests": "400"}, min_samples=500)
    assert (few.outcome, few.seen) == (Outcome.INCONCLUSIVE, "too little traffic: 400 of 500 requests")


async def test_counts_are_doubted_where_the_same_release_did_better_before():
    when = {"baseline": {"at": "2026-11-20T09:00:00Z"}}
    now = {"errors": "15", "requests": "5000"}
    worse = await counts({**now, "errors@": "1", "requests@": "5000"}, **when)
    assert (worse.outcome, "but worse than 0.02 % of 5,000 requests" in worse.seen) == (Outcome.INCONCLUSIVE, True)
    same = await counts({**now, "errors@": "14", "requests@": "5000"}, **when)
    assert (same.outcome, "not worse than 0.28 %" in same.seen) == (Outcome.PASS, True)
    nothing = await counts({**now, "errors@": None, "requests@": None}, **when)
    assert (nothing.outcome, "nothing was counted" in nothing.seen) == (Outcome.PASS, True)
    unknown = await counts(now, baseline=True)
    assert (unknown.outcome, "not known when the bad release went live" in unknown.seen) == (Outcome.PASS, True)


async def test_latencies_are_compared_over_time():
    now, before = [str(0.3 + i / 1000) for i in range(60)], [str(0.2 + i / 1000) for i in range(60)]

    async def handler(request):
        form = await request.post()
        if "start" not in form:
            return web.json_response(vector("0.33"))
        rows = before if float(form["end"]) < 1_770_000_000 else now
        values = [[n, value] for n, value in enumerate([*rows, "NaN"])]
        return web.json_response(
            {"status": "success", "data": {"resultType": "matrix", "result": [{"metric": {}, "values": values}]}}
        )

    when = {"at": "2026-01-01T00:00:00Z"}
    async with serving(handler) as url:
        probe = PrometheusProbe(url)
        slower = await probe.measure(check("p99", pass_if={"below": 0.5}, baseline=when))
        little = await probe.measure(check("p99", pass_if={"below": 0.5}, baseline={**when, "worse_by": 1.6}))
        limit = await probe.measure(check("p99", pass_if={"below": 0.1}, baseline=when))
    assert (slower.outcome, "1.44 times what it was" in slower.seen) == (Outcome.INCONCLUSIVE, True), slower.seen
    assert little.outcome is Outcome.PASS
    assert limit.outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"errors": "a", "requests": "b"}, "errors, requests and allowed go together"),
        ({"errors": "a", "requests": "b", "allowed": "1%", "query": "c"}, "either query"),
        ({"errors": "a", "requests": "b", "allowed": "much"}, "write 1% or 0.01"),
        ({"errors": "a", "requests": "b", "allowed": "100%"}, "allowed"),
        ({"errors": "a", "requests": "b", "allowed": 0.01, "confidence": 2}, "confidence"),
        ({"errors": "a", "requests": "b", "allowed": 0.01, "baseline": {"at": "yesterday"}}, "baseline.at"),
        ({"errors": "a", "requests": "b", "allowed": 0.01, "baseline": {"window": "30d"}}, "points"),
    ],
)
def test_mistakes_in_counts_are_named(settings, says):
    assert says in "\n".join(problems(Check(name="c", probe="prometheus", settings=settings)))


@pytest.mark.skipif(shutil.which("prometheus") is None, reason="needs a Prometheus server (Debian: apt install prometheus)")
async def test_real_counters_in_a_real_prometheus(tmp_path):
    """Counters that grow at each scrape: `all` by a thousand, the others by fewer; in the end one of them by more."""
    grows = {"all": 1000, "some": 5, "many": 200, "rare": 3}
    counted_so_far = dict.fromkeys(grows, 0)

    async def metrics(_):
        for name, more in grows.items():
            counted_so_far[name] += more
        lines = [f'requests_total{{kind="{name}"}} {count}' for name, count in counted_so_far.items()]
        return web.Response(text="# TYPE requests_total counter\n" + "\n".join(lines) + "\n", content_type="text/plain")

    def of(kind: str, window: str = "20s") -> str:
        return f'sum(increase(requests_total{{kind="{kind}"}}[{window}]))'

    async with serving(metrics) as exporter, prometheus(tmp_path, exporter.removeprefix("http://")) as server:
        probe = PrometheusProbe(server)

        async def until(asked: Check, outcome: Outcome):
            async with asyncio.timeout(30):
                while (measured := await probe.measure(asked)).outcome is not outcome:
                    await asyncio.sleep(0.2)
            return measured

        ratio = 'sum(rate(requests_total{kind="many"}[20s])) / sum(rate(requests_total{kind="all"}[20s]))'
        samples = {"samples": of("all"), "min_samples": 100}
        assert "0.2" in (await until(check(ratio, **samples), Outcome.FAIL)).seen
        assert (await probe.measure(check(ratio, pass_if={"below": 0.3}, **samples))).outcome is Outcome.PASS
        starved = check(ratio, samples=of("all"), min_samples=1e9)
        assert (await probe.measure(starved)).outcome is Outcome.INCONCLUSIVE

        healthy = await until(counted(errors=of("some"), requests=of("all")), Outcome.PASS)
        assert re.fullmatch(
            r"0\.(5|49|51) % errors in [\d,]+ requests, allowed 1 %: pass \(at most .* confidence\)", healthy.seen
        )
        sick = await probe.measure(counted(errors=of("many"), requests=of("all")))
        assert sick.outcome is Outcome.FAIL
        assert re.match(r"(20|19\.\d+|20\.\d+) % errors in", sick.seen), sick.seen
        quiet = await probe.measure(counted(errors=of("nobody"), requests=of("rare")))
        assert (quiet.outcome, "too little traffic" in quiet.seen) == (Outcome.INCONCLUSIVE, True)
        none = await probe.measure(counted(errors=of("nobody"), requests=of("all")))
        assert (none.outcome, "0 % errors in" in none.seen) == (Outcome.PASS, True)
        before = {"baseline": {"at": datetime.now(UTC).isoformat()}}
        grows["some"] = 60
        now = {"errors": of("some", "4s"), "requests": of("all", "4s"), "allowed": "30%", **before}
        doubted = await until(counted(**now), Outcome.INCONCLUSIVE)
        assert "allowed 30 %: pass" in doubted.seen
        assert re.search(r"but worse than 0\.(5|49|51) % of", doubted.seen), doubted.seen

        silent = check('sum(rate(requests_total{kind="nobody"}[20s]))')
        assert (await probe.measure(silent)).outcome is Outcome.INCONCLUSIVE
        assert (await probe.measure(check("0 / 0"))).outcome is Outcome.INCONCLUSIVE
        broken = await probe.measure(check("sum(("))
        assert broken.outcome is Outcome.ERROR
        assert "parse error" in broken.seen


@contextlib.asynccontextmanager
async def prometheus(directory, target):
    """A real server that scrapes this target each second."""
    port = free_port()
    (directory / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s, scrape_timeout: 1s}\n"
        f"scrape_configs: [{{job_name: shop, static_configs: [{{targets: ['{target}']}}]}}]\n"
    )
    arguments = [f"--config.file={directory}/prometheus.yml", f"--storage.tsdb.path={directory}/data"]
    with (directory / "log").open("wb") as log:
        server = await asyncio.create_subprocess_exec(
            "prometheus", *arguments, f"--web.listen-address=127.0.0.1:{port}", stdout=log, stderr=log
        )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        await server.wait()
