"""Logging: one line an event, JSON where no person looks, and never a secret."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_SECRET = re.compile(r"xox[a-z]-[\w-]+|xapp-[\w-]+|xoxe\.[\w.-]+|(?<=ticket=)[\w.~%-]+|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)")
_SECRET_NAME = re.compile(r"token|secret|password|authorization|signature", re.IGNORECASE)
_MASK = "***"


def mask(text: str) -> str:
    """The text without tokens of Slack's kinds, tickets of its sockets and passwords in URLs."""
    return _SECRET.sub(_MASK, text)


def set_up(*, level: str = "INFO") -> None:
    """Send all logging of the process to standard error, masked: key=value on a terminal, JSON elsewhere."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _masked,
    ]
    last: structlog.typing.Processor = structlog.processors.JSONRenderer()
    if sys.stderr.isatty():
        last = structlog.dev.ConsoleRenderer(colors=True)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last]
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    # Their lines about every request tell nothing that the run log does not.
    for chatty in ("slack_bolt", "slack_sdk", "httpx", "httpcore", "aiohttp.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _masked(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: _clean(key, value) for key, value in event.items()}


def _clean(key: str, value: Any) -> Any:
    match value:
        case str():
            return _MASK if _SECRET_NAME.search(key) else mask(value)
        case dict():
            return {str(inner): _clean(str(inner), item) for inner, item in value.items()}
        case list() | tuple():
            return [_clean(key, item) for item in value]
        case _:
            return value
