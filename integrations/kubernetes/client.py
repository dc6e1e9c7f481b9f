"""Calls to a cluster, with every answer mapped to what to do next.

not sent, or 429, 5xx on a read       Unavailable      nothing happened
400, 401, 403, 404, 410, 422          Rejected         in the cluster's own words; a list that expires (410) is begun again
409, 422 on our own test              Conflict         somebody else was there first
no answer to a write, or 5xx          OutcomeUnknown   observe before doing it again

An answer must be whole in `WHOLE` times the timeout, and of bounded length: one that trickles is no answer.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from integrations import web
from integrations.errors import Conflict, OutcomeUnknown, Rejected, Unavailable
from integrations.kubernetes.access import Access

Json = dict[str, Any]
WHOLE = 3
_PAGE = 500
_MOST = 32_000_000
"""Bytes of one answer: a page of 500 pods of a large cluster has about 5 million."""


_UNFIT_PATCH = "the server rejected our request due to an error in our request"
"""All that is said where a patch's test or path does not hold. Where its result is not allowed, the object is named."""

_AT_ONCE = 50
"""Requests to one cluster at once."""


class Gone(Rejected):
    """It is not there (404)."""


class Expired(Rejected):
    """It was there and no longer is (410): the rest of a list that was read too slowly."""


class Cluster:
    """One cluster. Use as an async context manager; connections are kept while it is open."""

    def __init__(self, access: Access, *, timeout: float = 10.0) -> None:
        self.access = access
        extensions = {"sni_hostname": access.server_name} if access.server_name else {}
        self._extensions = extensions
        self._patience = WHOLE * timeout
        # The client's own queue is gone through anew for each request: thousands that wait there stop everything else.
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._client = httpx.AsyncClient(
            base_url=access.server,
            auth=access.auth,
            verify=access.trust,
            proxy=access.proxy,
            trust_env=not web.is_loopback(access.server),
            timeout=timeout,
            headers={"Accept": "application/json", "User-Agent": "rollbot"},
        )

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    async def get(self, path: str, **query: str) -> Json:
        """An object. Raises `Gone`, `Rejected` or `Unavailable`."""
        return await self._send("GET", path, query=query)

    async def list(self, path: str, **query: str) -> tuple[Json, ...]:
        """All objects of a list, page by page. A list that expires on the way (410) is begun again once."""
        for again in (False, True):
            items: list[Json] = []
            following = ""
            try:
                while True:
                    more = {"continue": following} if following else {}
                    page = await self._send("GET", path, query={"limit": str(_PAGE), **query, **more})
                    items += page.get("items") or []
                    following = (page.get("metadata") or {}).get("continue") or ""
                    if not following:
                        return tuple(items)
            except Expired:
                if again:
                    raise Unavailable(f"the list {path} expired twice while it was read") from None
        raise AssertionError

    async def patch(self, path: str, operations: Sequence[Mapping[str, Any]], *, dry_run: bool = False) -> Json:
        """Apply a JSON patch. Raises `Conflict` where a test in it does not hold or the object changed meanwhile."""
        query = {"fieldManager": "rollbot", **({"dryRun": "All"} if dry_run else {})}
        body = json.dumps(list(operations))
        return await self._send("PATCH", path, query=query, body=body, kind="application/json-patch+json", writes=not dry_run)

    async def create(self, path: str, body: Mapping[str, Any]) -> Json:
        """Create an object; only for reviews, which change nothing."""
        return await self._send("POST", path, body=json.dumps(body), kind="application/json")

    async def delete(self, path: str, *, uid: str) -> None:
        """Delete exactly the object with that uid."""
        body = json.dumps({"preconditions": {"uid": uid}})
        await self._send("DELETE", path, body=body, kind="application/json", writes=True)

    async def text(self, path: str, **query: str) -> str:
        """What is there, as text: logs."""
        return _text(await self._exchange("GET", path, query, None, {}, writes=False), path)

    async def _send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: str | None = None,
        kind: str | None = None,
        writes: bool = False,
    ) -> Json:
        headers = {"Content-Type": kind} if kind else {}
        return _read(await self._exchange(method, path, query or {}, body, headers, writes=writes), path, writes=writes)

    async def _exchange(
        self, method: str, path: str, query: Mapping[str, str], body: str | None, headers: Mapping[str, str], *, writes: bool
    ) -> "_Answer":
        """Status and body. Raises `Unavailable` where nothing was sent, or nothing was to be changed, else `OutcomeUnknown`."""
        try:
            async with (
                self._turns,
                asyncio.timeout(self._patience),
                self._client.stream(
                    method, path, params=dict(query), content=body, headers=dict(headers), extensions=self._extensions
                ) as response,
            ):
                return _Answer(response.status_code, await web.read(response, _MOST))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            raise Unavailable(f"the cluster cannot be reached: {web.in_words(error)}") from error
        except (httpx.HTTPError, TimeoutError, web.TooLong) as error:
            why = f"no whole answer within {self._patience:g} s" if isinstance(error, TimeoutError) else web.in_words(error)
            if writes:
                raise OutcomeUnknown(f"the cluster gave no answer to a change: {why}") from error
            raise Unavailable(f"the cluster could not be asked: {why}") from error


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came back."""

    status: int
    body: bytes

    @property
    def json(self) -> object:
        """The body as JSON; `None` where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def reason(self) -> str:
        """Why not, in the cluster's own words."""
        found = self.json
        if isinstance(found, dict):
            return str(found.get("message") or found.get("reason") or "")[:500]
        return self.body[:200].decode("utf-8", "replace")


def _text(answer: _Answer, path: str) -> str:
    if answer.status != httpx.codes.OK:
        _read(answer, path, writes=False)
    return answer.body.decode("utf-8", "replace")


def _read(answer: _Answer, path: str, *, writes: bool) -> Json:
    status, reason = answer.status, answer.reason if answer.status >= httpx.codes.MULTIPLE_CHOICES else ""
    match status:
        case 200 | 201 | 202:
            body = answer.json
            if not isinstance(body, dict):
                raise Rejected(f"{path}: the answer is no JSON object; is this a Kubernetes API?")
            return body
        case 401:
            raise Rejected(f"the cluster does not know us (401): the credentials are wrong or have expired. {reason}".strip())
        case 403:
            raise Rejected(f"not allowed (403): {reason}")
        case 404:
            raise Gone(f"not there (404): {reason}")
        case 409:
            raise Conflict(f"somebody else changed it (409): {reason}")
        case 410:
            raise Expired(f"no longer there (410): {reason}")
        case 422 if reason.startswith(_UNFIT_PATCH):
            raise Conflict(f"it is no longer what was expected (422): {reason}")
        case 429:
            raise Unavailable(f"the cluster asks to slow down (429): {reason}")
        case _ if status >= httpx.codes.INTERNAL_SERVER_ERROR:
            if writes:
                raise OutcomeUnknown(f"the cluster answered {status} to a change: {reason}")
            raise Unavailable(f"the cluster answered {status}: {reason}")
        case _:
            raise Rejected(f"the cluster answered {status}: {reason}")
