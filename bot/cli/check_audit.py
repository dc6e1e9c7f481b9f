"""What `rollbot check` says of the audit: is it signed, is it anchored, is something old enough to leave. Changes nothing."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

from bot.anchor import anchor_at
from bot.cli.finding import Finding, Mark
from bot.settings import Settings
from bot.store.audit_anchor import standing
from bot.store.audit_signing import key_id
from bot.store.connect import Store
from bot.store.keys import Keys


async def findings(settings: Settings, store: Store) -> AsyncIterator[Finding]:
    """Each point. Raises what `STORE_DOWN` names."""
    if settings.audit_key is None:
        yield _finding(
            Mark.WARN,
            "heads are not signed: set ROLLBOT_AUDIT_KEY, for example to the output of `openssl rand -hex 32`",
        )
    else:
        yield _finding(Mark.OK, f"heads are signed with the key {key_id(settings.audit_key.get_secret_value())}")
    if settings.audit_anchor is None:
        yield _finding(Mark.WARN, "heads are kept in the channel only: set ROLLBOT_AUDIT_ANCHOR to a file or an https:// URL")
        return
    place = settings.audit_anchor.get_secret_value()
    name = anchor_at(place).name
    now = await standing(store, Keys(settings.environment))
    if now.failing_since:
        since = f"{now.failing_since:%Y-%m-%d %H:%M} UTC"
        yield _finding(
            Mark.WARN, f"heads are not written down outside since {since}: {now.why}. It is tried again, and no run waits for it"
        )
    elif "://" not in place and not _can_write(Path(place)):
        yield _finding(
            Mark.WARN, f"{name} cannot be written by this user: make its directory, or set ROLLBOT_AUDIT_ANCHOR to another"
        )
    else:
        last = f"; the last at {now.at:%Y-%m-%d %H:%M} UTC, entry {now.seq}" if now.at else "; none yet"
        yield _finding(Mark.OK, f"heads go to {name}{last}")


def _finding(mark: Mark, text: str) -> Finding:
    return Finding(mark, "audit", text)


def _can_write(path: Path) -> bool:
    return os.access(path if path.exists() else path.parent, os.W_OK)
