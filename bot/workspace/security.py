"""Who may speak to the workspace: programs on this machine that know a token, and pages that this server served.

Every request and WebSocket is checked for its Host (against rebound names) and its Origin (against pages from elsewhere);
the page and its actions also need the random token of the page's URL.
"""

import hmac
from collections.abc import Iterable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

TOKEN_HEADER = "X-Rollbot-Token"  # noqa: S105

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
FILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": PAGE_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def guard(hosts: Iterable[str], page_token: str) -> Middleware:
    """Give the middleware that checks every request; `hosts` are names under which the server may be called."""
    allowed = {host.lower() for host in (*LOOPBACK, *hosts)}

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        refusal = _refusal(request, allowed, page_token)
        if refusal:
            return web.Response(status=403, text=refusal, headers=_HEADERS)
        return await handler(request)

    return check


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Put the protective headers on every answer that did not choose its own."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)


def _refusal(request: web.Request, allowed: set[str], page_token: str) -> str:
    host = request.headers.get("Host", "")
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    if name.lower() not in allowed:
        return "This local workspace answers only under the address it printed at its start."
    origin = request.headers.get("Origin")
    if origin is not None and origin.lower() != f"http://{host.lower()}":
        return "A page from elsewhere may not use this local workspace."
    if _needs_page_token(request) and not _has_token(request, page_token):
        return "The token is missing or wrong. Open the whole address that was printed when the workspace started."
    return ""


def _needs_page_token(request: web.Request) -> bool:
    if request.method == "POST":
        return request.path.startswith("/page/")
    return request.path in {"/", "/page/socket"}


def _has_token(request: web.Request, page_token: str) -> bool:
    given = request.headers.get(TOKEN_HEADER) or request.query.get("token", "")
    return hmac.compare_digest(given.encode(), page_token.encode())
