"""The catalog as a file that people and programs write: YAML or JSON, one file or a folder of them."""

from pathlib import Path

from integrations.catalog_file.errors import CatalogError, Problem
from integrations.catalog_file.files import files_of
from integrations.catalog_file.loading import read_catalog
from integrations.protocols import CatalogFacts

__all__ = ["CatalogError", "CatalogFile", "Problem", "read_catalog"]

Signature = tuple[tuple[str, int, int, int], ...]


class CatalogFile:
    """A catalog in a file or a folder. Reads it again only where a file has changed."""

    def __init__(self, path: Path | str) -> None:
        self._path = Path(path)
        self._read: tuple[Signature, CatalogFacts] | None = None

    async def load(self) -> CatalogFacts:
        """Everything it says now. Raises `CatalogError` with every mistake at once."""
        import asyncio  # here, so that `rollbot plan`, which needs no event loop, starts without one

        return await asyncio.to_thread(self.load_now)

    def load_now(self) -> CatalogFacts:
        """The same, for those who can wait for the disk."""
        signature = _signature(self._path)
        if self._read is None or not signature or self._read[0] != signature:
            self._read = (signature, read_catalog(self._path))
        return self._read[1]


def _signature(path: Path) -> Signature:
    """What changes when a file does; empty where that cannot be told."""
    try:
        stats = [(str(file), file.stat()) for file in files_of(path)]
    except OSError:
        return ()
    return tuple((name, stat.st_mtime_ns, stat.st_size, stat.st_ino) for name, stat in stats)
