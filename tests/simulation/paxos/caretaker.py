"""What looks after one replica from its start on: the recover protocol, and what it missed to learn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.log.catchup import CatchUp
from actors.log.recovery import Become, Go, Recovery
from transport.message import Message
from transport.messages.replication import (
    ChangeStatus,
    LearnedResponse,
    RecoverRequest,
    RecoverResponse,
    Status,
    Vouch,
)

if TYPE_CHECKING:
    from tests.simulation.paxos.member import Member
    from tests.simulation.paxos.world import World

_ROUND_SECONDS = 0.5
_LATER_SECONDS = 2.0
_LATE_SECONDS = 1.0
#: So long a replica that votes waits for all members, when it has started.
_PATIENCE_SECONDS = 1.0
#: A replica that never held anything learns nothing.
_LEARNING = (Status.RECOVERING, Status.VOTING)


class Caretaker:
    """Lives as long as its member does; asks all members how they fare, again and again."""

    def __init__(self, world: World, member: Member) -> None:
        self._world = world
        self._member = member
        self._life = member.life
        self._recovery = Recovery(world.quorum)
        self._catch_up = CatchUp(world.rng)
        self._deciding = False
        self._patient_until = world.post.now + _PATIENCE_SECONDS

    def start(self) -> None:
        """Ask for the first time."""
        self._world.post.after(0.0, self._round)

    def _is_over(self) -> bool:
        return self._member.life != self._life or not self._member.up

    def _pauses(self, call: object, *arguments: object) -> bool:
        """Whether the node stands still; it is called then when it goes on."""
        seconds = self._member.paused_until - self._world.post.now
        if seconds > 0.0:
            self._world.post.after(seconds, call, *arguments)  # type: ignore[arg-type]
        return seconds > 0.0

    def _round(self) -> None:
        if self._is_over() or self._pauses(self._round):
            return
        world, member = self._world, self._member
        replica = member.replica
        members = world.membership(member.seat)
        self._recovery.change_members([other.pid for other in members], len(members))
        request = RecoverRequest(replica.identity, member.address, replica.status, replica.end, world.quorum)
        world.post.after(0.0, member.deliver, request, self._hear_own)
        for other in members:
            if self._is_over():
                return
            if other is not member:
                world.post.carry(member.seat, other.seat, other.deliver, request, self._back(other))
            world.passing("asked", member.seat)
        self._ask()
        seconds = _LATER_SECONDS if self._recovery.settled else _ROUND_SECONDS
        world.post.after(seconds * (0.5 + world.rng.random()), self._round)

    def _back(self, other: Member) -> object:
        # An answer may come so late that another life's caretaker gets it.
        post, seat, member = self._world.post, other.seat, self._member
        return lambda answer: post.carry(seat, member.seat, member.hear, other, answer)

    def hear(self, other: Member, answer: Message) -> None:
        """Take another member's answer."""
        if self._is_over() or self._pauses(self.hear, other, answer):
            return
        if isinstance(answer, LearnedResponse):
            if self._catch_up.answered(other.pid):
                self._world.post.after(0.0, self._member.deliver, answer, self._hear_own)
            return
        assert isinstance(answer, RecoverResponse)
        self._recovery.hear(other.pid, answer)
        self._decide()

    def _hear_own(self, answer: Message) -> None:
        if self._is_over():
            return
        assert isinstance(answer, RecoverResponse)
        before = self._recovery.mine
        self._recovery.hear_own(answer)
        self._decide()
        if before is not None and answer.learned > before.learned:
            self._ask()

    def _changed(self, answer: Message) -> None:
        self._deciding = False
        self._hear_own(answer)

    def _decide(self) -> None:
        if self._deciding:
            return
        world, member = self._world, self._member
        decision = self._recovery.decide(patient=world.post.now < self._patient_until)
        if isinstance(decision, Become):
            world.tell(member.seat, "becomes", decision.status.value, decision.promised)
            self._deciding = True
            name = "" if decision.above is None else world.name(decision.above)
            assert self._recovery.mine is not None
            was = self._recovery.mine.status
            change = ChangeStatus(was, decision.status, decision.promised, name)
            world.post.after(0.0, member.deliver, change, self._changed)
        elif isinstance(decision, Go):
            world.tell(member.seat, "may vote", decision.promised)
            world.post.after(0.0, member.deliver, Vouch(decision.promised), lambda _: None)

    def _ask(self) -> None:
        recovery = self._recovery
        if recovery.mine is None or recovery.mine.status not in _LEARNING or self._is_over():
            return
        goal = max((answer.learned for answer in recovery.others.values()), default=0)
        asked = self._catch_up.ask(recovery.mine, recovery.others, goal)
        if asked is not None:
            pid, request = asked
            other = next(other for other in self._world.members if other.pid == pid)
            seat = self._member.seat
            self._world.post.carry(seat, other.seat, other.deliver, request, self._back(other))
            self._world.post.after(_LATE_SECONDS, self._catch_up.late, pid)
