"""Every key in Redis, and what it holds. All keys of one environment share a hash tag: a script may touch them together.

head:CHAIN   hash    seq and hash of the last entry of a log
log:CHAIN    stream  the log; the entry with sequence number 7 has the id 7-0 and the fields b (canonical JSON) and h (its hash)
feed         stream  which log grew, newest about 10,000; what live views follow
lock:SERVICE hash    run and since; stays until the run ends, whatever happens to workers
lease:RUN    hash    owner, epoch and until (ms) of the worker that has the run in its hands
epoch        string  the last fencing number given out
number       string  the last run number given out
runs         zset    every run by the time it was asked for (ms)
runs:SERVICE zset    the runs that would move this service
open         set     runs that have not ended
bad:SERVICE  hash    versions that must not be gone back to, with the reason
bad          set     services that have such versions
view:RUN     hash    which Slack message shows the run, and how far its thread is written
viewer:RUN   string  which replica draws the run at present; expires
"""

from dataclasses import dataclass

from planner.names import RunId, ServiceName

ENVIRONMENT_CHAIN = "environment"
"""The log of what belongs to no run, and of where runs begin and how they ended."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one environment."""

    environment: str

    def _key(self, rest: str) -> str:
        return f"{{rollbot:{self.environment}}}:{rest}"

    def head(self, chain: str) -> str:
        """Where a log ends."""
        return self._key(f"head:{chain}")

    def log(self, chain: str) -> str:
        """A log."""
        return self._key(f"log:{chain}")

    @property
    def feed(self) -> str:
        """Which log grew."""
        return self._key("feed")

    def lock(self, service: ServiceName | str) -> str:
        """Who holds a service."""
        return self._key(f"lock:{service}")

    def lease(self, run: RunId) -> str:
        """Who works on a run."""
        return self._key(f"lease:{run}")

    @property
    def epoch(self) -> str:
        """The last fencing number."""
        return self._key("epoch")

    @property
    def number(self) -> str:
        """The last run number."""
        return self._key("number")

    @property
    def runs(self) -> str:
        """All runs."""
        return self._key("runs")

    def runs_of(self, service: ServiceName) -> str:
        """The runs of a service."""
        return self._key(f"runs:{service}")

    @property
    def open(self) -> str:
        """Runs that have not ended."""
        return self._key("open")

    def bad(self, service: ServiceName) -> str:
        """A service's bad versions."""
        return self._key(f"bad:{service}")

    @property
    def bad_services(self) -> str:
        """Services with bad versions."""
        return self._key("bad")

    def view(self, run: RunId) -> str:
        """A run's message."""
        return self._key(f"view:{run}")

    def viewer(self, run: RunId) -> str:
        """Who draws a run."""
        return self._key(f"viewer:{run}")

    @property
    def jobs(self) -> str:
        """The prefix of the job engine's own keys."""
        return f"rollbot-{self.environment}-jobs"
