"""What the page tells a person who cannot do something: the exception and the sentences that Slack uses."""


class PageError(Exception):
    """A person's action is not possible; the text is for that person. `more` are further keys of the answer."""

    def __init__(self, text: str, **more: object) -> None:
        super().__init__(text)
        self.text = text
        self.more = more


def unknown_command(word: str) -> str:
    """Slack's answer to a command that nobody registered."""
    return (
        f"`{word}` is not a valid command. In Slack, all messages that start with the “/” character are interpreted as "
        "commands.\nIf you are trying to send a message and not run a command, try preceding the “/” with an empty space."
    )


def not_in_threads(word: str) -> str:
    """Slack's answer to a command that was typed in a thread."""
    return f"{word} is not supported in threads. Sorry!"


def failed(what: str, reason: str) -> str:
    """Slackbot's words for an action that nobody acknowledged in time; `reason` is Slack's name for it."""
    why = {
        "operation_timeout": "the app did not respond within 3 seconds",
        "dispatch_failed": "the app is not connected",
    }.get(reason, "the app's answer was not valid")
    return f"{what} failed because {why} ({reason}). What it began may still happen; try again or look at the app's log."


TROUBLE = "We had some trouble connecting. Try again?"
"""Slack's words in a modal whose submission nobody acknowledged."""
