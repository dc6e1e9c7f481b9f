"""What the Slack side counts while it works: declared here, kept by whoever composes the bot."""

from typing import Protocol


class Meter(Protocol):
    """Takes counts. Every label comes from a closed list: never a user, a run, a channel or a text."""

    def acknowledged(self, kind: str, seconds: float) -> None:
        """Slack was answered after so many seconds; `kind` is Slack's word for the request."""
        ...

    def asked(self, verb: str) -> None:
        """Somebody typed a command."""
        ...

    def pressed(self, button: str) -> None:
        """Somebody pressed a button."""
        ...

    def refused(self, code: str) -> None:
        """Somebody was told no."""
        ...

    def called(self, method: str, result: str) -> None:
        """A Web API method was called; `result` is ok, later, refused or unsure."""
        ...


class Silent:
    """Counts nothing."""

    def acknowledged(self, kind: str, seconds: float) -> None:
        """Nothing."""

    def asked(self, verb: str) -> None:
        """Nothing."""

    def pressed(self, button: str) -> None:
        """Nothing."""

    def refused(self, code: str) -> None:
        """Nothing."""

    def called(self, method: str, result: str) -> None:
        """Nothing."""


SILENT = Silent()
