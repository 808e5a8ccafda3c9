"""The world of one schedule: members, writers, the network between them, and the referee who sees it all."""

from __future__ import annotations

import random
from collections.abc import Callable

import msgspec

from actors.log.identity import make_identity
from actors.log.records import Identity, LogRecord, StatusChanged
from tests.simulation.paxos.member import Member
from tests.simulation.paxos.post import Post, Weather
from tests.simulation.paxos.referee import Referee
from tests.simulation.paxos.violation import Violation
from tests.simulation.paxos.writer import Writer
from transport.messages.replication import Status

#: Events after which a schedule that does not end is a failure.
_MOST_EVENTS = 20_000
#: Virtual seconds within which, once the faults are over, the log is written and all members agree.
CALM_SECONDS = 120.0
#: Values that must get written then.
CALM_VALUES = 3


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a world is like."""

    members: int = 3
    quorum: int = 2
    #: Its log was begun by hand, else it begins by itself.
    initialized: bool = False
    weather: Weather = Weather()
    #: How long a sync takes at most; 0: it is over at once.
    sync_seconds: float = 0.0
    #: How long a writer rests between two values, at most.
    pace_seconds: float = 0.3
    #: How often a writer gives up what is old, instead of writing something new.
    truncating: float = 0.1


class World:
    """Everything in it follows from `rng` and the calls made here."""

    def __init__(self, settings: Settings, rng: random.Random) -> None:
        self.settings = settings
        self.rng = rng
        self.quorum = settings.quorum
        self.sync_seconds = settings.sync_seconds
        self.pace_seconds = settings.pace_seconds
        self.truncating = settings.truncating
        self.post = Post(rng, settings.weather)
        self.members = [Member(self, seat) for seat in range(settings.members)]
        self.referee = Referee(settings.quorum, tuple(member.address for member in self.members))
        self.writers: list[Writer] = []
        self.epoch = 0
        #: Members that a seat does not see in the group, and until when.
        self.unseen: dict[tuple[int, int], float] = {}
        #: Told of each step of a seat, and how often it was taken by now; returns whether the seat failed.
        self.at_step: Callable[[str, int, int], bool] | None = None
        #: What happened, for people; None when nobody wants to know.
        self.story: list[str] | None = None
        self._passed: dict[str, int] = {}

    def begin(self) -> None:
        """Start every member."""
        for member in self.members:
            if self.settings.initialized:
                member.replace(self.afresh(Status.VOTING))
            member.start()

    def elect(self, seat: int, epoch: int | None = None) -> None:
        """Have somebody on that seat write the log from now on, in the next epoch unless told which."""
        if epoch is None:
            self.epoch += 1
            epoch = self.epoch
        if self.members[seat].up:
            writer = Writer(self, seat, epoch)
            self.writers.append(writer)
            writer.start()

    def run(self, seconds: float) -> None:
        """Let so much time go by."""
        until = self.post.now + seconds
        while self.post.advance(until):
            if self.post.events > _MOST_EVENTS:
                raise Violation(f"progress: after {self.post.now:.1f} s there were {_MOST_EVENTS} events")

    def settle(self) -> None:
        """Once nothing is wrong any more: one writer more, and all must come to know what it wrote."""
        self.post.clear_up()
        self.unseen.clear()
        self.at_step = None
        for member in self.members:
            member.paused_until = 0.0
            if not member.up:
                member.start()
        self.elect(self.rng.randrange(len(self.members)))
        deadline = self.post.now + CALM_SECONDS
        while not self._is_settled():
            if self.post.now >= deadline:
                raise Violation(f"progress: {CALM_SECONDS:g} s without faults, and {self._what_is_missing()}")
            self.run(1.0)

    # What its parts ask for.

    def membership(self, seat: int) -> list[Member]:
        """The members of the group as a seat sees it; it sees itself always."""
        if not self.unseen:
            return self.members
        now = self.post.now
        return [
            member
            for member in self.members
            if member.seat == seat or self.unseen.get((seat, member.seat), 0.0) <= now
        ]

    def passing(self, step: str, seat: int) -> bool:
        """Note a step that is about to be taken, or was; True when the seat does not live to see more."""
        if self.at_step is None:
            return False
        self._passed[step] = times = self._passed.get(step, 0) + 1
        return self.at_step(step, seat, times)

    def afresh(self, status: Status) -> list[LogRecord]:
        """The records of a replica that holds nothing."""
        return [Identity(self.name()), StatusChanged(status)]

    def name(self, above: str = "") -> str:
        """An id for a replica, greater than another one."""
        return make_identity(self.rng, above)

    def number_writer(self) -> int:
        """A number that no writer had before."""
        return len(self.writers) + 1

    def tell(self, seat: int, *words: object) -> None:
        """Add a line to the story."""
        if self.story is not None:
            self.story.append(f"{self.post.now:9.4f}  n{seat}  " + " ".join(map(str, words)))

    # How it ends.

    def _is_settled(self) -> bool:
        writer = self.writers[-1]
        if writer.written < CALM_VALUES or writer.read is None:
            return False
        end = writer.coordinator.position - 1
        replicas = [member.replica for member in self.members]
        return all(
            replica.votes and replica.end >= replica.learned >= end - 1 and replica.learned >= CALM_VALUES
            for replica in replicas
        )

    def _what_is_missing(self) -> str:
        writer = self.writers[-1]
        members = ", ".join(
            f"n{member.seat} {member.replica.status} {'votes' if member.replica.votes else 'does not vote'}"
            f" {member.replica.begin}-{member.replica.learned}/{member.replica.end}"
            for member in self.members
        )
        return f"the writer wrote {writer.written} ({writer.coordinator.phase}); {members}"
