"""The channels as they are now: who is in them, and direct messages that were opened since the start."""

from collections.abc import Callable
from dataclasses import replace

from bot.workspace.directory import Channel, Directory
from bot.workspace.errors import SlackError
from bot.workspace.json_value import Json


class Channels:
    """All conversations by id. Nobody is added to a private channel here."""

    def __init__(self, directory: Directory, push: Callable[[Json], None]) -> None:
        self._directory = directory
        self._push = push
        self._known = {channel.id: channel for channel in directory.channels}

    def all(self) -> list[Channel]:
        """Give every channel, in the order of the directory, then direct messages."""
        return list(self._known.values())

    def find(self, name: str) -> Channel | None:
        """Give the channel with this id or `#name`; a person's id gives the direct message with them."""
        if self._directory.person(name) is not None:
            return self.open_im(name)
        if name in self._known:
            return self._known[name]
        return next((channel for channel in self._known.values() if channel.name == name.removeprefix("#")), None)

    def for_bot(self, name: str) -> Channel:
        """Give a channel that the bot names; SlackError channel_not_found."""
        channel = self.find(name)
        if channel is None:
            raise SlackError("channel_not_found")
        return channel

    def bot_is_in(self, channel: Channel) -> bool:
        """Tell whether the bot was invited."""
        return channel.is_im or self._directory.bot.user_id in channel.members

    def join(self, channel: Channel, user: str) -> Channel:
        """Add a person to a public channel and give the channel as it then is."""
        if user not in channel.members:
            channel = replace(channel, members=(*channel.members, user))
            self._known[channel.id] = channel
            self._push({"type": "channel", "channel": page_channel(channel)})
        return channel

    def open_im(self, user: str) -> Channel:
        """Give the direct message between this person and the bot, made on first use."""
        known = self._known.get(f"D{user[1:]}")
        if known is not None:
            return known
        person = self._directory.person(user)
        if person is None:
            raise SlackError("user_not_found")
        members = (user, self._directory.bot.user_id)
        opened = Channel(id=f"D{user[1:]}", name=person.name, is_private=True, is_im=True, members=members)
        self._known[opened.id] = opened
        self._push({"type": "channel", "channel": page_channel(opened)})
        return opened


def page_channel(channel: Channel) -> Json:
    """Give a channel as the page knows it."""
    return {
        "id": channel.id,
        "name": channel.name,
        "topic": channel.topic,
        "is_private": channel.is_private,
        "is_archived": channel.is_archived,
        "is_im": channel.is_im,
        "members": list(channel.members),
    }
