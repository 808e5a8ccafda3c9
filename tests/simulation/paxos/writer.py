"""One reign: a coordinator, what it is given to write, and who reads the log when it begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.log.coordinator import Coordinator
from actors.log.effects import Broadcast, Chosen, Outbid, Ready, Retry, Step
from tests.simulation.paxos.member import Member
from transport.message import Message
from transport.messages.replication import (
    Action,
    Kind,
    Learned,
    LearnedRequest,
    LearnedResponse,
    PromiseResponse,
    Settled,
    Unsettled,
    WriteRequest,
    WriteResponse,
)

if TYPE_CHECKING:
    from tests.simulation.paxos.world import World

#: A reader that was not told all asks again.
_READ_SECONDS = 0.5
_REMIND_SECONDS = 1.0
_ROUNDS = 1_000
#: Values that a writer writes at its pace; then it rests a second between two.
_HASTY_VALUES = 20
#: How many values it is given at once.
_AT_ONCE = (1, 1, 1, 2, 3)


class Writer:
    """Writes from one seat until it is outbid or its node fails; it does not know that its reign is over.

    It writes as the master's store does: one value at a time, each of which stands for all before it, and
    now and then it gives up what lies before its newest.
    """

    def __init__(self, world: World, seat: int, epoch: int) -> None:
        self.seat = seat
        self.epoch = epoch
        # As the master's store does: who writes in an epoch knows its own rounds, where epochs are counted.
        first_round = world.rng.randrange(1, _ROUNDS) if epoch else 1
        self.coordinator = Coordinator(epoch, world.quorum, world.rng, first_round)
        self.alive = True
        #: How many values it was given to write, and how many of them are chosen.
        self._given = 0
        self.written = 0
        #: What it read when it was elected; None until it has read all.
        self.read: list[Action] | None = None
        self._world = world
        self._number = world.number_writer()
        self._life = world.members[seat].life
        self._timer = 0
        #: What it was given to write that is not chosen yet.
        self._open: dict[bytes, None] = {}
        self._newest = 0
        self._seen: list[Action] = []
        self._begin = 1
        self._end = 0

    def start(self) -> None:
        """Stand for election."""
        self._world.tell(self.seat, f"writer {self._number} of epoch {self.epoch} stands for election")
        self._world.post.after(_REMIND_SECONDS, self._remind)
        self._take(self.coordinator.elect())

    def works(self) -> bool:
        """Whether its node is as it was when the reign began; a pause ends nothing."""
        return self.alive and self._world.members[self.seat].life == self._life and self._up

    @property
    def _up(self) -> bool:
        return self._world.members[self.seat].up

    # What it hears.

    def receive(self, member: Member, response: Message) -> None:
        """Take an answer to a promise or a write."""
        if self._pauses(self.receive, member, response) or not self.works():
            return
        assert isinstance(response, PromiseResponse | WriteResponse | Unsettled)
        self._take(self.coordinator.receive(member.pid, response))

    def _retry(self, timer: int) -> None:
        if self._pauses(self._retry, timer) or not self.works() or timer != self._timer:
            return
        self._take(self.coordinator.retry())

    def _remind(self) -> None:
        if self._pauses(self._remind) or not self.works():
            return
        self._world.post.after(_REMIND_SECONDS, self._remind)
        self._take(self.coordinator.remind())

    def _pauses(self, call: object, *arguments: object) -> bool:
        seconds = self._world.members[self.seat].paused_until - self._world.post.now
        if seconds > 0.0:
            self._world.post.after(seconds, call, *arguments)  # type: ignore[arg-type]
        return seconds > 0.0

    # What it does.

    def _take(self, steps: tuple[Step, ...]) -> None:
        world = self._world
        self.coordinator.check_invariants()
        for step in steps:
            if isinstance(step, Broadcast):
                self._broadcast(step)
            elif isinstance(step, Retry):
                self._timer += 1
                world.post.after(step.seconds, self._retry, self._timer)
            elif isinstance(step, Chosen):
                self._chosen(step)
            elif isinstance(step, Ready):
                self._ready()
            else:
                assert isinstance(step, Outbid)
                world.tell(self.seat, f"writer {self._number} is outbid by", step.promised)
                self.alive = False
            if world.passing(type(step).__name__, self.seat):
                return

    def _broadcast(self, step: Broadcast) -> None:
        world, message = self._world, step.message
        if isinstance(message, WriteRequest):
            world.referee.proposed(message)
        elif isinstance(message, Learned):
            world.referee.learned(message.action)
        elif isinstance(message, Settled):
            world.referee.settled(message.position)
        world.tell(self.seat, f"writer {self._number}:", message)
        for member in world.membership(self.seat):
            if member.pid in step.answered:
                continue
            world.post.carry(self.seat, member.seat, member.deliver, message, self._back(member))
            if world.passing("told", self.seat):
                return

    def _back(self, member: Member) -> object:
        post, seat = self._world.post, member.seat
        return lambda answer: post.carry(seat, self.seat, self.receive, member, answer)

    def _ready(self) -> None:
        coordinator = self.coordinator
        self._end = coordinator.position - 1
        self._world.tell(self.seat, f"writer {self._number} is ready after", self._end)
        self._world.referee.ready(coordinator.ballot, self._end)
        self._ask_to_read()

    def _chosen(self, step: Chosen) -> None:
        if step.action is None:
            return
        self._world.tell(self.seat, f"writer {self._number} calls chosen", step.action)
        self._world.referee.learned(step.action)
        content = step.action.content
        if step.action.kind is Kind.APPEND and content in self._open:
            self._world.referee.acknowledges(content, step.position)
            del self._open[content]
            self._newest = step.position
            self.written += 1
        if self.coordinator.ready and self.read is not None and not self._open:
            pace_seconds = self._world.pace_seconds if self.written < _HASTY_VALUES else 1.0
            self._world.post.after(self._world.rng.random() * pace_seconds, self._write)

    def _write(self) -> None:
        if self._pauses(self._write) or not self.works() or not self.coordinator.ready or self._open:
            return
        if self._newest and self._world.rng.random() < self._world.truncating:
            self._take(self.coordinator.truncate(self._newest))
            return
        for _ in range(self._world.rng.choice(_AT_ONCE)):
            self._given += 1
            content = f"{self.epoch}/{self._number}/{self._given}".encode()
            self._open[content] = None
            self._world.referee.appending(self.epoch, content)
            self._take(self.coordinator.append(content))
            if not self.works():
                return

    # What it reads before it writes: all that its own replica knows, as far as the log reaches.

    def _ask_to_read(self) -> None:
        if self._pauses(self._ask_to_read) or not self.works() or self.read is not None:
            return
        world, member = self._world, self._world.members[self.seat]
        position = self._seen[-1].position + 1 if self._seen else self._begin
        if position > self._end:
            self._has_read()
            return
        request = LearnedRequest(position, world.rng.choice((1, 40, 1 << 20)))
        world.post.after(0.0, member.deliver, request, self._told)
        world.post.after(_READ_SECONDS, self._ask_to_read)

    def _told(self, response: Message) -> None:
        assert isinstance(response, LearnedResponse)
        if not self.works() or self.read is not None:
            return
        if response.begin > self._begin:
            self._begin = response.begin
            self._seen = [action for action in self._seen if action.position >= self._begin]
        expected = self._seen[-1].position + 1 if self._seen else self._begin
        if response.actions and response.actions[0].position == expected:
            self._seen += [action for action in response.actions if action.position <= self._end]
        if self._begin > self._end or (self._seen and self._seen[-1].position >= self._end):
            self._has_read()

    def _has_read(self) -> None:
        self.read = self._seen
        self._world.tell(self.seat, f"writer {self._number} has read", len(self._seen), "values")
        self._world.referee.read(self._seen, self._begin, self._end)
        self._write()
