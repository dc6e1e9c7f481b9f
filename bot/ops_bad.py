"""`GET /v1/bad/{service}/{version}` on the ops port: whether a version may be shipped, for those who cannot run the command line.

200: remembered as bad. 404: not remembered as bad. 400: such a name cannot be. 401: the token is missing or wrong. 503: the
store does not answer, so nobody can tell. Nothing is changed, nothing but what is remembered of that one version is told.
"""

import asyncio
import hmac
import json

from aiohttp import web
from pydantic import SecretStr

from commands.bad_check import checked_json, look_up, read_version
from commands.ports import Runs
from planner.refusal import Refusal

_PATIENCE = 3.0
"""Seconds for the store."""
_USAGE = "GET /v1/bad/SERVICE/VERSION"


def bad_route(runs: Runs, token: SecretStr | None) -> web.RouteDef:
    """The route. With a `token` it is asked for as `Authorization: Bearer …`."""

    async def answer(request: web.Request) -> web.Response:
        if token is not None and not _allowed(request, token):
            return _say(401, {"error": "this needs the token of ROLLBOT_OPS_TOKEN as Authorization: Bearer"})
        asked = read_version((request.match_info["service"], request.match_info["version"]), _USAGE)
        if isinstance(asked, Refusal):
            return _say(400, {"error": asked.message})
        try:
            async with asyncio.timeout(_PATIENCE):
                found = await look_up(runs, *asked)
        except Exception:  # whatever stands in the way, nobody can tell
            return _say(503, {"error": "the store does not answer, so nobody can tell"})
        return _say(200 if found.bad is not None else 404, dict(checked_json(found)))

    # A version may hold a slash, as a branch's name does.
    return web.get("/v1/bad/{service}/{version:.+}", answer)


def _allowed(request: web.Request, token: SecretStr) -> bool:
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    return hmac.compare_digest(given.encode("utf-8", "replace"), token.get_secret_value().encode())


def _say(status: int, body: dict[str, object]) -> web.Response:
    headers = {"Cache-Control": "no-store"}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return web.Response(text=json.dumps(body) + "\n", status=status, content_type="application/json", headers=headers)
