"""From a path to documents: which files there are, how large they may be, and text that can be read at all."""

import re
from pathlib import Path as FilePath

from integrations.catalog_file.document import Document, Mistake, Unreadable
from integrations.catalog_file.json_reader import read_json

ENDINGS = (".yaml", ".yml", ".json")
LARGEST_JSON = 1 << 30
LARGEST_YAML = 1 << 24
"""YAML takes some fifty times as long to read as JSON; large catalogs are JSON."""

LARGE = 1 << 18
"""JSON files of more bytes than this are read service by service."""

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def files_of(path: FilePath) -> list[FilePath]:
    """The path itself, or the catalog files in that folder by name; hidden ones and folders in it do not count."""
    if not path.is_dir():
        return [path]
    return sorted(one for one in path.iterdir() if one.suffix.lower() in ENDINGS and one.name[0] != "." and not one.is_dir())


def read_document(path: FilePath, *, whole: bool = False) -> Document:
    """The document in that file, never in pieces if asked for as a `whole`. Raises `Unreadable`."""
    as_json = path.suffix.lower() == ".json"
    content = _bytes(path, LARGEST_JSON if as_json else LARGEST_YAML)
    if as_json and not whole and len(content) > LARGE:
        from integrations.catalog_file.bulk import read_bulk  # what it is made of takes longer to load than a small file to read

        if document := read_bulk(content):
            return document
    text = _text(content)
    if as_json:
        return read_json(text)
    unprintable = _UNPRINTABLE.search(text)
    if unprintable:
        line = text.count("\n", 0, unprintable.start()) + 1
        raise Unreadable(Mistake((), f"the character U+{ord(unprintable[0]):04X}", "expected plain text without it", line))
    from integrations.catalog_file.yaml_reader import read_yaml  # a JSON catalog needs no YAML library

    return read_yaml(text)


def _bytes(path: FilePath, largest: int) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(largest + 1)
    except FileNotFoundError:
        raise Unreadable(Mistake((), "there is no such file or folder", "expected a catalog in YAML or JSON")) from None
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise Unreadable(Mistake((), f"it cannot be read: {said}", "expected a readable file or folder")) from None
    if len(content) > largest:
        limit = f"expected at most {largest >> 20} MiB; split it into several files in a folder, or write JSON"
        raise Unreadable(Mistake((), "the file is too large", limit))
    return content


def _text(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in content[:4]:  # no text begins so in UTF-8
        raise Unreadable(Mistake((), "the file is in UTF-16 or UTF-32", "expected UTF-8", 1))
    try:
        return content.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Unreadable(Mistake((), f"the byte 0x{content[error.start]:02x} is no UTF-8", "expected UTF-8", line)) from None
