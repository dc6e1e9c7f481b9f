"""Who Rollbot is to a cluster: tokens that are read again when they age, exec plugins with expiry, and one refresh on a 401."""

import asyncio
import json
import os
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from integrations.errors import Rejected, Unavailable

_REREAD = 60.0
"""Seconds after which a token file is read again: the kubelet rotates it."""
_EARLY = 30.0
"""Seconds before its expiry at which a plugin's token is no longer used."""
_PLUGIN_PATIENCE = 30.0


class Bearer(httpx.Auth):
    """A bearer token that can go stale: `fetch` gives it, and is asked once more when the cluster says 401."""

    def __init__(self, fetch: Callable[[bool], Any]) -> None:
        self._fetch = fetch

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Send with the token known; after a 401 send once more with a fresh one."""
        request.headers["Authorization"] = f"Bearer {await self._fetch(False)}"
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED:
            request.headers["Authorization"] = f"Bearer {await self._fetch(True)}"
            yield request


def token_file(path: Path) -> Bearer:
    """The token in a file, read again every minute and on a 401. Raises `Unavailable` on use where it cannot be read."""
    kept: tuple[float, str] | None = None

    async def fetch(fresh: bool) -> str:
        nonlocal kept
        if kept is None or fresh or time.monotonic() - kept[0] > _REREAD:
            try:
                kept = (time.monotonic(), (await asyncio.to_thread(path.read_text, "utf-8")).strip())
            except OSError as error:
                raise Unavailable(f"the token file {path} cannot be read ({type(error).__name__})") from error
        return kept[1]

    return Bearer(fetch)


def fixed_token(token: str) -> Bearer:
    """One token for ever."""

    async def fetch(fresh: bool) -> str:
        return token

    return Bearer(fetch)


def plugin(settings: Mapping[str, Any], cluster: Mapping[str, Any], source: str) -> Bearer:
    """The token of an exec plugin, asked again when it expires and on a 401.

    Raises `Rejected` on use where the plugin cannot be run or answers otherwise than its protocol says; its output is never
    shown, for it holds the token.
    """
    kept: tuple[float | None, str] | None = None
    lock = asyncio.Lock()

    async def fetch(fresh: bool) -> str:
        nonlocal kept
        async with lock:
            expired = kept is not None and kept[0] is not None and time.time() > kept[0] - _EARLY
            if kept is None or fresh or expired:
                kept = await _run_plugin(settings, cluster, source)
            return kept[1]

    return Bearer(fetch)


async def _run_plugin(settings: Mapping[str, Any], cluster: Mapping[str, Any], source: str) -> tuple[float | None, str]:
    command = str(settings.get("command") or "")
    version = str(settings.get("apiVersion") or "client.authentication.k8s.io/v1")
    info: dict[str, Any] = {"apiVersion": version, "kind": "ExecCredential", "spec": {"interactive": False}}
    if settings.get("provideClusterInfo"):
        info["spec"]["cluster"] = {
            "server": cluster.get("server"),
            "certificate-authority-data": cluster.get("certificate-authority-data"),
        }
    environment = {
        **os.environ,
        **{str(pair["name"]): str(pair["value"]) for pair in settings.get("env") or []},
        "KUBERNETES_EXEC_INFO": json.dumps(info),
    }
    try:
        process = await asyncio.create_subprocess_exec(
            command,
            *(str(argument) for argument in settings.get("args") or []),
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        hint = settings.get("installHint")
        said = f" {hint}" if hint else ""
        raise Rejected(f"{source}: the exec plugin {command!r} cannot be started ({error.strerror}).{said}") from error
    try:
        async with asyncio.timeout(_PLUGIN_PATIENCE):
            output, complaint = await process.communicate()
    except TimeoutError as error:
        process.kill()
        await process.wait()
        raise Unavailable(f"the exec plugin {command!r} gave no token within {_PLUGIN_PATIENCE:g} s") from error
    if process.returncode:
        last = complaint.decode("utf-8", "replace").strip().splitlines()[-1:] or ["nothing"]
        raise Rejected(f"the exec plugin {command!r} ended with exit code {process.returncode}; it said: {last[0][:200]}")
    return _credential(output, command)


def _credential(output: bytes, command: str) -> tuple[float | None, str]:
    try:
        status = json.loads(output)["status"]
        token = status["token"]
        until = status.get("expirationTimestamp")
        expires = datetime.fromisoformat(until).timestamp() if until else None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Rejected(f"the exec plugin {command!r} gave no ExecCredential with status.token") from error
    if not isinstance(token, str) or not token:
        raise Rejected(f"the exec plugin {command!r} gave an empty token")
    return expires, token
