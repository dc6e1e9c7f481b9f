"""Every key in Redis, and what it holds. All keys of one environment share a hash tag: a script may touch them together.

head:CHAIN   hash    seq and hash of the last entry of a log
log:CHAIN    stream  the log; the entry with sequence number 7 has the id 7-0 and the fields b (canonical JSON) and h (its hash),
                     and, where it is a head that was signed, s
feed         stream  which log grew, newest about 10,000; what live views follow
lock:SERVICE hash    owner and since; of a run: run, stays until it ends, whatever happens to workers; of a person: by, name,
                     reason, channel, thread and until (ms by the server's clock, empty: no end), when it holds no more
held         set     services that somebody holds, a run or a person
holds        zset    services held by hand that have an end, by that end (ms)
waiters      hash    who is told when which services are free, with their place in the order
asked:S:P    string  whose hold on service S the person P asked for last; expires after ten minutes
pace:WHAT    string  when (ms) the next call of a kind to Slack is due: one budget for all replicas; expires
looks        set     runs that were started past their approvals and that nobody has looked at since
lease:RUN    hash    owner, epoch and until (ms) of the worker that has the run in its hands
epoch        string  the last fencing number given out
number       string  the last run number given out
runs         zset    every run by the time it was asked for (ms)
runs:SERVICE zset    the runs that would move this service
by:PERSON    zset    the runs that this person asked for or decided on
trimmed      hash    the last checkpoint: what left for the archive, into which segment, and which runs went on then
archives     hash    for each segment of the archive: which runs are in it, and where the file is
anchored     hash    seq and at of the last head of the environment's log that was written down outside; since and why where that
                     does not succeed
open         set     runs that have not ended
bad:SERVICE  hash    versions that must not be gone back to, with the reason
marked:SERVICE hash  when, by whom and by which run each of them was marked, as JSON
bad          set     services that have such versions
watching     set     ended runs whose settle watch goes on
after:RUN    zset    the entries of the environment's log that go on with an ended run's story, by number
owed         hash    what runs left to be done and nobody has done yet, as JSON, by run and number
deploys      hash    services whose forward deploys are locked, as JSON
view:RUN     hash    which Slack message shows the run, and how far its thread is written
undrawn      set     runs whose messages do not show the end yet
viewer:RUN   string  which replica draws the run at present; expires
thread:C:TS  string  which run the message with that ts in that channel shows
installed    hash    where the app is installed, with the bot's TOKENS: by workspace or organisation, as JSON, encrypted where
                     there is a key for it
renewing:W   string  which replica renews the token of installation W; expires after twenty seconds
speakers     hash    which installation speaks in a channel, or to a person
oauth:STATE  string  an installation under way; used once, expires after ten minutes
replicas     hash    which processes serve Slack, when each gave its last sign of life, and how many connections it was told of
event:ID     string  an event that Slack delivered; expires after an hour
jobs:…       many    wake-ups for workers, kept by the job engine in its own way; may be lost
"""

from dataclasses import dataclass

from planner.names import ActorId, RunId, ServiceName

ENVIRONMENT_CHAIN = "environment"
"""The log of what belongs to no run, and of where runs begin and how they ended."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one environment."""

    environment: str

    @property
    def tag(self) -> str:
        """What every key begins with: in a Cluster it puts them all into one slot."""
        return f"{{rollbot:{self.environment}}}"

    def _key(self, rest: str) -> str:
        return f"{self.tag}:{rest}"

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

    @property
    def held(self) -> str:
        """Services that somebody holds."""
        return self._key("held")

    @property
    def holds(self) -> str:
        """Holds by hand that have an end."""
        return self._key("holds")

    @property
    def waiters(self) -> str:
        """Who waits for services."""
        return self._key("waiters")

    def asked(self, service: ServiceName, person: ActorId) -> str:
        """Whom somebody asked lately to give a service back."""
        return self._key(f"asked:{service}:{person}")

    def pace(self, what: str) -> str:
        """When the next call of this kind is due."""
        return self._key(f"pace:{what}")

    @property
    def looks(self) -> str:
        """Runs that somebody must look at."""
        return self._key("looks")

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

    def runs_by(self, person: ActorId) -> str:
        """The runs of a person."""
        return self._key(f"by:{person}")

    @property
    def trimmed(self) -> str:
        """The last checkpoint."""
        return self._key("trimmed")

    @property
    def archives(self) -> str:
        """Where runs went that are no longer here."""
        return self._key("archives")

    @property
    def anchored(self) -> str:
        """Which heads were written down outside."""
        return self._key("anchored")

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

    def marked(self, service: ServiceName) -> str:
        """Who marked a service's bad versions."""
        return self._key(f"marked:{service}")

    @property
    def watching(self) -> str:
        """Runs that are watched after their end."""
        return self._key("watching")

    def after(self, run: RunId) -> str:
        """What came after a run's end."""
        return self._key(f"after:{run}")

    @property
    def owed(self) -> str:
        """What is left to be done."""
        return self._key("owed")

    @property
    def deploys(self) -> str:
        """Forward deploys that are locked."""
        return self._key("deploys")

    def view(self, run: RunId) -> str:
        """A run's message."""
        return self._key(f"view:{run}")

    @property
    def undrawn(self) -> str:
        """Runs that are not shown to their end."""
        return self._key("undrawn")

    def viewer(self, run: RunId) -> str:
        """Who draws a run."""
        return self._key(f"viewer:{run}")

    @property
    def installed(self) -> str:
        """Installations, with tokens."""
        return self._key("installed")

    def renewing(self, name: str) -> str:
        """Who renews a token."""
        return self._key(f"renewing:{name}")

    @property
    def speakers(self) -> str:
        """Who speaks where."""
        return self._key("speakers")

    def oauth_state(self, state: str) -> str:
        """An installation under way."""
        return self._key(f"oauth:{state}")

    @property
    def replicas(self) -> str:
        """Who serves."""
        return self._key("replicas")

    def thread(self, channel: str, ts: str) -> str:
        """Which run a message shows."""
        return self._key(f"thread:{channel}:{ts}")

    def event(self, event: str) -> str:
        """An event that was delivered."""
        return self._key(f"event:{event}")

    @property
    def jobs(self) -> str:
        """The prefix of the job engine's own keys."""
        return self._key("jobs")
