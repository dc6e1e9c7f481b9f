"""The frame of every service of the shop: answers HTTP, counts, stops when told. Standard library only, to start fast.

A request that speaks no version of the API that this service speaks gets 409 and `"error": "incompatible"`, in earnest: there is
no other way in. Health, version and metrics need no version.
"""

import argparse
import json
import signal
import socketserver
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from bot.demo.shop.neighbour import Down, Failed, Identity, Incompatible, Neighbour


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes back: a status and JSON."""

    status: int = 200
    body: Mapping[str, Any]


Handler = Callable[[int], Answer]
"""Answers one request; gets the API version that both sides speak."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What a service does: the API versions it speaks, and a handler for each path."""

    speaks: tuple[int, ...] = (1,)
    paths: Mapping[str, Handler]


class _Counts:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.requests = 0
        self.errors = 0

    def add(self, failed: bool) -> None:
        with self._lock:
            self.requests += 1
            self.errors += failed

    def text(self, name: str) -> str:
        return (
            "# HELP requests_total Requests for the service's business.\n# TYPE requests_total counter\n"
            f'requests_total{{service="{name}"}} {self.requests}\n'
            "# HELP errors_total Those of them that failed.\n# TYPE errors_total counter\n"
            f'errors_total{{service="{name}"}} {self.errors}\n'
        )


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # what was begun is ended before the process goes
    request_queue_size = 128

    def server_bind(self) -> None:
        # Without the name look-up of HTTPServer, which can take seconds.
        socketserver.TCPServer.server_bind(self)


def run(name: str, make: Callable[[Identity, Callable[[str, tuple[int, ...]], Neighbour]], Service]) -> None:
    """Serve until SIGTERM or SIGINT. `make` builds the service; its second argument gives the neighbours by name."""
    words = argparse.ArgumentParser(prog=name)
    words.add_argument("--port", type=int, required=True)
    words.add_argument("--release", required=True)
    words.add_argument("--call", action="append", default=[], metavar="NAME=URL")
    given = words.parse_args()
    me = Identity(name=name, release=given.release)
    urls = dict(call.split("=", 1) for call in given.call)
    service = make(me, lambda other, speaks: Neighbour(me, other, urls[other], speaks))
    try:
        server = _Server(("127.0.0.1", given.port), _handler(me, service))
    except OSError as error:
        sys.exit(f"{name} {given.release}: port {given.port} cannot be used: {error.strerror}")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"{name} {given.release} listens on port {given.port}", flush=True)
    server.serve_forever(poll_interval=0.05)
    server.server_close()


def _handler(me: Identity, service: Service) -> type[BaseHTTPRequestHandler]:
    counts = _Counts()

    class Requests(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if path == "/healthz":
                self._send(200, "application/json", json.dumps({"ok": True}))
            elif path == "/version":
                self._send(200, "application/json", json.dumps({"service": me.name, "version": me.release}))
            elif path == "/metrics":
                self._send(200, "text/plain; version=0.0.4", counts.text(me.name))
            elif path in service.paths:
                self._business(service.paths[path])
            else:
                self._send(404, "application/json", json.dumps({"ok": False, "error": "no such path"}))

        do_POST = do_GET  # noqa: N815 (the name is given)

        def _business(self, handler: Handler) -> None:
            asked = [int(word) for word in self.headers.get("Api-Version", "").split(",") if word.strip().isdecimal()]
            common = [version for version in asked or service.speaks if version in service.speaks]
            if common:
                answer, version = _answer(handler, max(common)), max(common)
            else:
                caller = self.headers.get("Caller", "somebody")
                detail = (
                    f"{caller} speaks version {_list(asked)} of the API, {me.name} {me.release} speaks {_list(service.speaks)}"
                )
                answer, version = _failure(409, "incompatible", detail), 0
            counts.add(failed=answer.status >= 400)
            if answer.status >= 400:
                print(f"{self.path}: {answer.status} {answer.body.get('detail', '')}", file=sys.stderr, flush=True)
            self._send(answer.status, "application/json", json.dumps(answer.body), version)

        def _send(self, status: int, kind: str, text: str, version: int = 0) -> None:
            body = text.encode()
            with suppress(ConnectionError):  # the caller has gone: nobody is left to be told
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                if version:
                    self.send_header("Api-Version", str(version))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Only failures are worth a line."""

    return Requests


def _answer(handler: Handler, version: int) -> Answer:
    try:
        return handler(version)
    except Incompatible as error:
        return _failure(502, "incompatible", str(error))
    except Down as error:
        return _failure(503, "unavailable", str(error))
    except Failed as error:
        return _failure(error.status, error.error, str(error))
    except Exception as error:  # a bug of a release must not take the process down: it is what the demo shows
        return _failure(500, "internal", f"{type(error).__name__}: {error}")


def _failure(status: int, error: str, detail: str) -> Answer:
    return Answer(status=status, body={"ok": False, "error": error, "detail": detail})


def _list(versions: tuple[int, ...] | list[int]) -> str:
    return " and ".join(map(str, sorted(versions)))
