"""How the local Web API says no: one exception that becomes Slack's answer, and one for rate limits.

Exception
  SlackError         {"ok": false, "error": code, ...}
  RateLimitedError   HTTP 429 with Retry-After
"""

from typing import Any


class SlackError(Exception):
    """An error that Slack names; `code` is its name, `more` further keys of the answer."""

    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.more = more

    @classmethod
    def explained(cls, code: str, messages: list[str]) -> "SlackError":
        """Give an error with Slack's explanations, one line for each thing that is wrong."""
        return cls(code, errors=list(messages), response_metadata={"messages": list(messages)})


class RateLimitedError(Exception):
    """Too many calls; `retry_after` is in whole seconds, at least 1."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"retry after {retry_after} s")
        self.retry_after = retry_after
