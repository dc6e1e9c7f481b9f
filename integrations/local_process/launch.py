"""What would be started for a release: words, environment and folder, and whether that can be started at all."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from integrations.errors import Rejected
from integrations.local_process.settings import PLACEHOLDER, LocalProcessSettings
from planner.facts import Release, Service

MARKER = "ROLLBOT_PROCESS"
"""The environment variable by which a process is found again that was started a moment before a crash of the bot."""

_OURS = ("ROLLBOT_", "SLACK_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """One way to start one release."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path | None


def prepare(settings: LocalProcessSettings, service: Service, release: Release) -> Launch:
    """The launch of a release. Raises `Rejected` where it could not be started; starts nothing."""
    values = {"version": release.version, "artifact": release.artifact, "port": settings.port, "name": service.name}
    wanted = (*settings.command, *settings.env.values(), settings.cwd or "")
    if release.artifact is None and any("{artifact}" in text for text in wanted):
        raise Rejected(f"{service.name} {release.version} names no artifact, and its command needs {{artifact}}")

    def fill(text: str) -> str:
        return PLACEHOLDER.sub(lambda found: str(values[found[1]]), text)

    added = {name: fill(text) for name, text in settings.env.items()}
    env = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)} | added
    cwd = Path(fill(settings.cwd)).expanduser() if settings.cwd else None
    if cwd is not None and not cwd.is_dir():
        raise Rejected(f"{service.name}: the folder {cwd} of its runtime settings (cwd) does not exist")
    words = tuple(fill(text) for text in settings.command)
    program = _program(words[0], env, cwd, service)
    return Launch(argv=(program, *words[1:]), env=env, cwd=cwd)


def _program(word: str, env: Mapping[str, str], cwd: Path | None, service: Service) -> str:
    if os.sep not in word:
        found = shutil.which(word, path=env.get("PATH"))
        if found is None:
            raise Rejected(f"{service.name}: the command {word!r} was not found on this machine")
        return found
    path = Path(word) if cwd is None else cwd / word
    if not path.is_file():
        raise Rejected(f"{service.name}: the command {path} does not exist")
    if not os.access(path, os.X_OK):
        raise Rejected(f"{service.name}: the command {path} is not executable")
    return str(path)
