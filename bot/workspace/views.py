"""The modals that people have open, as stacks, and their Home tabs."""

import secrets
from collections.abc import Callable

from bot.workspace.directory import Directory
from bot.workspace.errors import SlackError
from bot.workspace.json_value import Json
from bot.workspace.messages import fill_ids

STACK = 3


class Views:
    """Views by id; every change is shown to the pages. Views must have been checked before they come here."""

    def __init__(self, directory: Directory, push: Callable[[Json], None]) -> None:
        self._directory = directory
        self._push = push
        self._stacks: dict[str, list[Json]] = {}
        self._homes: dict[str, Json] = {}

    def open(self, user: str, view: Json) -> Json:
        """Show a new modal to a person, in the place of any other that they had open."""
        self.clear(user)
        return self._add(user, view)

    def push(self, user: str, view: Json) -> Json:
        """Put a modal on top of a person's stack; SlackError push_limit_reached beyond three."""
        if len(self._stacks.get(user, [])) >= STACK:
            raise SlackError("push_limit_reached")
        return self._add(user, view)

    def find(self, *, view_id: str = "", external_id: str = "") -> tuple[str, Json]:
        """Give (person, view) of a modal or Home tab; SlackError not_found."""
        for user, view in [*((user, view) for user, stack in self._stacks.items() for view in stack), *self._homes.items()]:
            if (view_id and view["id"] == view_id) or (external_id and view.get("external_id") == external_id):
                return user, view
        raise SlackError("not_found")

    def update(self, old: Json, view: Json, *, expected_hash: str = "") -> Json:
        """Change a view in place; SlackError hash_conflict if `expected_hash` is given and not current."""
        user, current = self.find(view_id=str(old["id"]))
        if expected_hash and expected_hash != current["hash"]:
            raise SlackError("hash_conflict")
        fresh = self._complete(user, view) | {key: current[key] for key in ("id", "root_view_id", "previous_view_id")}
        if self._homes.get(user) is current:
            self._homes[user] = fresh
            self._push({"type": "home", "user": user, "view": fresh})
        else:
            stack = self._stacks[user]
            stack[stack.index(current)] = fresh
            self._show("updated", user, fresh)
        return fresh

    def close(self, user: str, view: Json) -> None:
        """Take one modal off a person's stack; the one below is seen again."""
        stack = self._stacks.get(user, [])
        if view in stack:
            stack.remove(view)
            self._show("closed", user, view)

    def clear(self, user: str) -> list[Json]:
        """Close all modals of a person and give them, the top one first."""
        closed = list(reversed(self._stacks.pop(user, [])))
        for view in closed:
            self._show("closed", user, view)
        return closed

    def publish(self, user: str, view: Json, *, expected_hash: str = "") -> Json:
        """Show a Home tab to a person."""
        current = self._homes.get(user)
        if current is not None:
            return self.update(current, view, expected_hash=expected_hash)
        fresh = self._complete(user, view)
        self._homes[user] = fresh
        self._push({"type": "home", "user": user, "view": fresh})
        return fresh

    def home(self, user: str) -> Json | None:
        """Give a person's Home tab, or None before the app published one."""
        return self._homes.get(user)

    def shown(self) -> list[Json]:
        """Give every open modal as {user, view}, in the order of the stacks."""
        return [{"user": user, "view": view} for user, stack in self._stacks.items() for view in stack]

    def _add(self, user: str, view: Json) -> Json:
        fresh = self._complete(user, view)
        self._stacks.setdefault(user, []).append(fresh)
        self._show("opened", user, fresh)
        return fresh

    def _complete(self, user: str, view: Json) -> Json:
        external_id = str(view.get("external_id") or "")
        stack = self._stacks.get(user, [])
        view_id = f"V{secrets.token_hex(5).upper()}"
        fresh: Json = {
            "id": view_id,
            "team_id": self._directory.team.id,
            "type": view["type"],
            "title": view.get("title"),
            "submit": view.get("submit"),
            "close": view.get("close"),
            "blocks": view["blocks"],
            "private_metadata": str(view.get("private_metadata") or ""),
            "callback_id": str(view.get("callback_id") or ""),
            "external_id": external_id,
            "state": {"values": {}},
            "hash": f"{secrets.randbelow(10**10)}.{secrets.token_hex(4)}",
            "clear_on_close": bool(view.get("clear_on_close")),
            "notify_on_close": bool(view.get("notify_on_close")),
            "submit_disabled": bool(view.get("submit_disabled")),
            "root_view_id": stack[0]["id"] if stack else view_id,
            "previous_view_id": stack[-1]["id"] if stack else None,
            "app_id": self._directory.bot.app_id,
            "app_installed_team_id": self._directory.team.id,
            "bot_id": self._directory.bot.bot_id,
        }
        fill_ids(fresh)
        return fresh

    def _show(self, event: str, user: str, view: Json) -> None:
        self._push({"type": "view", "event": event, "user": user, "view": view})
