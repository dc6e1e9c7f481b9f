"""Files that the bot uploads: an address to send the bytes to, then a message that shows them."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from bot.workspace.errors import SlackError
from bot.workspace.json_value import Json

MOST_BYTES = 20_000_000
_SHOWN = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "svg": "image/svg+xml"}
_TEXTS = {"txt", "md", "json", "yaml", "yml", "log", "csv", "dot", "mmd"}


@dataclass(slots=True, kw_only=True)
class Upload:
    """One file; `secret` is part of its address, so that an <img> needs no token."""

    id: str
    name: str
    length: int
    secret: str
    born: float
    alt_text: str = ""
    content: bytes | None = None

    @property
    def content_type(self) -> str:
        """The media type by the name's ending; anything unknown is just bytes."""
        ending = self.name.rpartition(".")[2].lower()
        if ending in _TEXTS:
            return "text/plain"
        return _SHOWN.get(ending, "application/octet-stream")


class Files:
    """All uploads of this workspace, in memory."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._known: dict[str, Upload] = {}

    def reserve(self, name: str, length: int, alt_text: str) -> Upload:
        """Make room for a file of `length` bytes."""
        file_id = f"F{secrets.token_hex(5).upper()}"
        secret = secrets.token_urlsafe(16)
        upload = Upload(id=file_id, name=name, length=length, secret=secret, born=self._clock(), alt_text=alt_text)
        self._known[file_id] = upload
        return upload

    def find(self, file_id: str, secret: str | None = None) -> Upload | None:
        """Give a file by id, and by its secret where one is given."""
        upload = self._known.get(file_id)
        if upload is None or (secret is not None and not secrets.compare_digest(upload.secret.encode(), secret.encode())):
            return None
        return upload

    def finished(self, file_id: str) -> Upload:
        """Give a file whose bytes have come; SlackError file_not_found."""
        upload = self._known.get(file_id)
        if upload is None or upload.content is None:
            raise SlackError("file_not_found")
        return upload


def file_json(upload: Upload, title: str, user: str, origin: str) -> Json:
    """Give a file as it stands in messages and answers."""
    address = f"{origin}/files/{upload.id}/{upload.secret}/{upload.name}"
    return {
        "id": upload.id,
        "created": int(upload.born),
        "timestamp": int(upload.born),
        "name": upload.name,
        "title": title or upload.name,
        "alt_txt": upload.alt_text,
        "mimetype": upload.content_type,
        "filetype": upload.name.rpartition(".")[2].lower(),
        "user": user,
        "size": len(upload.content or b""),
        "mode": "hosted",
        "is_external": False,
        "url_private": address,
        "url_private_download": address,
    }
