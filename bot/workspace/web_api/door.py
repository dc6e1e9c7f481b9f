"""The door of the Web API: token, scope, rate limit, then the method; every answer as Slack shapes it."""

import hmac
import json

from aiohttp import web

from bot.workspace.errors import RateLimitedError, SlackError
from bot.workspace.faults import Fault
from bot.workspace.json_value import Json, as_object
from bot.workspace.state import CallRecord, State
from bot.workspace.web_api.arguments import Arguments
from bot.workspace.web_api.table import METHODS, Method


class WebApi:
    """Answers `/api/{method}` for GET and POST, with arguments as query, form or JSON."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one call. A bad call is HTTP 200 with ok false, as with Slack; only rate limits are 429."""
        state, name = self._state, request.match_info["method"]
        raw: Json = {}
        try:
            raw = await _read(request)
            answer = self._call(name, _token(request, raw), raw)
        except SlackError as refusal:
            answer = {"ok": False, "error": refusal.code} | refusal.more
        except RateLimitedError as limit:
            self._remember(name, raw, {"ok": False, "error": "ratelimited"})
            headers = {"Retry-After": str(limit.retry_after)}
            return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
        self._remember(name, raw, answer)
        if name in METHODS and state.faults.strikes(Fault.DROP_ANSWER, name) and request.transport is not None:
            # The call was carried out; its answer never arrives.
            request.transport.abort()
        headers = {"X-OAuth-Scopes": ",".join(state.directory.scopes), "X-Slack-Req-Id": "local"}
        return web.json_response(answer, headers=headers)

    def _call(self, name: str, token: str, raw: Json) -> Json:
        state = self._state
        method = METHODS.get(name)
        if method is None:
            raise SlackError("unknown_method", req_method=name)
        self._authorise(method, token)
        if state.faults.strikes(Fault.RATE_LIMIT, name):
            raise RateLimitedError(1)
        arguments = Arguments(raw)
        state.rates.spend(name, arguments.text("channel"))
        return {"ok": True} | method.handler(state, arguments)

    def _authorise(self, method: Method, token: str) -> None:
        tokens, scopes = self._state.tokens, self._state.directory.scopes
        if not token:
            raise SlackError("not_authed")
        is_bot, is_app = _same(token, tokens.bot), _same(token, tokens.app)
        if not is_bot and not is_app:
            raise SlackError("invalid_auth")
        if is_app != method.app_token:
            raise SlackError("not_allowed_token_type")
        if is_bot and method.scope and method.scope not in scopes:
            raise SlackError("missing_scope", needed=method.scope, provided=",".join(scopes))

    def _remember(self, name: str, raw: Json, answer: Json) -> None:
        arguments = {key: value for key, value in raw.items() if key != "token"}
        self._state.calls.append(CallRecord(at=self._state.clock(), method=name, arguments=arguments, answer=answer))


async def _read(request: web.Request) -> Json:
    arguments: Json = dict(request.query)
    if request.method != "POST":
        return arguments
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.read() or b"{}")
        except ValueError:
            raise SlackError("invalid_json") from None
        if not isinstance(body, dict):
            raise SlackError("json_not_object")
        return arguments | body
    try:
        form = await request.post()
    except ValueError:
        raise SlackError("invalid_form_data") from None
    return arguments | {key: value for key, value in form.items() if isinstance(value, str)}


def _token(request: web.Request, raw: Json) -> str:
    # The SDK puts the app token of apps.connections.open into the arguments or the header, so both are read.
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    written = as_object(raw).get("token")
    return str(written) if written else (token.strip() if scheme.lower() == "bearer" else "")


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
