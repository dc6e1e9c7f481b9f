"""How a service of the shop calls another: it says who it is and which versions of the other's API it speaks.

    Caller: order-service 1.4.2
    Api-Version: 2

The other answers in the newest that both speak, and says which that is.
"""

import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

_CALL_TIMEOUT = 4.0
_RETRY_FOR = 2.0
_RETRY_EVERY = 0.05


class Incompatible(Exception):
    """The other side speaks no version that this side speaks; the text says who speaks what."""


class Down(Exception):
    """The other side did not answer."""


class Failed(Exception):
    """The other side answered that it failed; goes back to the caller as it came."""

    def __init__(self, status: int, error: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.error = error


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who this process is."""

    name: str
    release: str

    @property
    def major(self) -> int:
        """The first number of the release."""
        return int(self.release.split(".")[0])


class Neighbour:
    """Another service, as this one sees it: where it is and which versions of its API this one speaks."""

    def __init__(self, me: Identity, name: str, url: str, speaks: tuple[int, ...]) -> None:
        self._me = me
        self._name = name
        self._place = urlsplit(url).netloc
        self._speaks = speaks

    def ask(self, path: str) -> tuple[int, Mapping[str, Any]]:
        """The API version it answered in, and the answer. Raises `Incompatible`, `Failed`, or `Down` after a moment.

        Everything that is asked in the shop may be asked twice without harm: an order is paid once, by its number.
        """
        until = time.monotonic() + _RETRY_FOR
        while True:
            try:
                return self._ask_once(path)
            except OSError as error:
                if time.monotonic() > until:
                    raise Down(f"{self._name} does not answer ({error})") from error
                time.sleep(_RETRY_EVERY)

    def _ask_once(self, path: str) -> tuple[int, Mapping[str, Any]]:
        connection = http.client.HTTPConnection(self._place, timeout=_CALL_TIMEOUT)
        try:
            versions = ", ".join(map(str, self._speaks))
            connection.request("GET", path, headers={"Caller": f"{self._me.name} {self._me.release}", "Api-Version": versions})
            response = connection.getresponse()
            body = json.loads(response.read())
        except http.client.IncompleteRead as error:
            raise ConnectionResetError("the answer was cut off") from error
        finally:
            connection.close()
        if response.status == 409:
            raise Incompatible(body.get("detail", f"{self._name} speaks another version"))
        if response.status != 200:
            raise Failed(response.status, body.get("error", "internal"), body.get("detail", f"{self._name} failed"))
        return int(response.headers.get("Api-Version", "1")), body
