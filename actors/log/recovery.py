"""What becomes of a replica, from what the others answer: the recover protocol (mesos-protocol.md §11.3).

- Others vote, a quorum of them: it copies what they know to be chosen, up to the last position that any of
  them holds, promises what they promised, and votes.
- All that there are (2 * quorum - 1) never held anything: they begin together, in two steps, so that none
  votes before each was seen to be empty.
- It votes already: it may go on once enough others have answered, and none of them remembers that it held
  more than it does now (its disk may have been set back).

Answers are those to questions under the replica's present id only: who answers has met it under that id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from transport.messages.replication import Ballot, RecoverResponse, Status
from transport.pid import Pid


class Become(msgspec.Struct, frozen=True):
    """The replica is to be in this status, and have an id greater than `above`, unless that is None."""

    status: Status
    promised: Ballot = Ballot()
    above: str | None = None


class Go(msgspec.Struct, frozen=True):
    """The replica may vote."""

    promised: Ballot


class Recovery:
    """Decides for one replica. `members` are to be told first, and at each change."""

    def __init__(self, quorum: int, *, auto_initialize: bool = True) -> None:
        if quorum < 1:
            raise ValueError(f"quorum {quorum}: must be at least 1")
        self.quorum = quorum
        self.auto_initialize = auto_initialize
        #: How this node's replica fares; None until it has answered.
        self.mine: RecoverResponse | None = None
        #: Whether it may vote, as far as can be known.
        self.vouched = False
        #: The position up to which everything must be copied before it votes; None until others said so.
        self.target: int | None = None
        self._promised = Ballot()
        #: The greatest id that others have met at this node's address.
        self._above = ""
        self._answers: dict[Pid, RecoverResponse] = {}
        self._members: tuple[Pid, ...] = ()
        self._crowded = False

    @property
    def others(self) -> Mapping[Pid, RecoverResponse]:
        """The newest answers of the others, by member."""
        return self._answers

    @property
    def settled(self) -> bool:
        """Whether the replica votes."""
        return self.vouched and self.mine is not None and self.mine.status is Status.VOTING

    def change_members(self, members: Sequence[Pid], registered: int | None, *, sure: bool = True) -> None:
        """Take note of who takes part now, this node's own included; not `sure`, there may be more."""
        self._members = tuple(member.whoever() for member in members)
        self._crowded = not sure or max(len(self._members), registered or 0) > 2 * self.quorum - 1
        for member in [member for member in self._answers if member not in self._members]:
            del self._answers[member]

    def forget(self, members: Iterable[Pid]) -> None:
        """Count no more on the answers of members that have been silent since."""
        for member in members:
            self._answers.pop(member.whoever(), None)

    def hear_own(self, response: RecoverResponse) -> None:
        """Take note of how this node's replica fares."""
        if self.mine is not None and self.mine.replica != response.replica:
            self._answers.clear()
            self.target = None
        self.mine = response

    def hear(self, sender: Pid, response: RecoverResponse) -> None:
        """Take note of how another one fares."""
        member = sender.whoever()
        if self.mine is None or response.asker != self.mine.replica or member not in self._members:
            return
        if response.retired:
            self._above = max(self._above, response.retired)
        else:
            self._answers[member] = response

    def decide(self, *, patient: bool = False) -> Become | Go | None:
        """What this node's replica is to do now, if anything.

        With `patient` there is still hope that more members answer, so a replica that votes is not let go
        by the first ones that do.
        """
        if self.mine is None or not self._members:
            return None
        if self._above > self.mine.replica and self._can_renew:
            return self._renew(self.mine)
        if self.mine.status is Status.VOTING:
            return None if self.vouched else self._check(self.mine, patient=patient)
        voting = self._of(Status.VOTING)
        if self.mine.status is not Status.RECOVERING:
            begun = None if self._crowded else self._begin(self.mine)
            if begun is None and len(voting) >= self.quorum:
                return Become(Status.RECOVERING, above=self.mine.replica)
            return begun
        # Those that are not sure of what they hold yet soon will be.
        voting = [answer for answer in voting if answer.votes]
        if self.target is None and len(voting) >= self.quorum:
            self.target = max(answer.end for answer in voting)
            self._promised = max(answer.promised for answer in voting)
        if self.target is not None and self.mine.learned >= self.target:
            self.vouched = True
            return Become(Status.VOTING, self._promised)
        return None

    def check_invariants(self) -> None:
        """Raise AssertionError when the books contradict themselves."""
        for member, answer in self._answers.items():
            assert member in self._members, f"{member} is no member"
            assert self.mine is not None, "others were asked before this node's replica"
            assert answer.asker == self.mine.replica, f"{answer} was told to another replica"

    @property
    def _can_renew(self) -> bool:
        """Whether the others can do without it, if it votes already: else none might be left to copy from."""
        return not self.vouched or sum(answer.votes for answer in self._of(Status.VOTING)) >= self.quorum

    def _renew(self, mine: RecoverResponse) -> Become:
        """Another replica was met here: what is on this node's disk is older than that, or nothing."""
        empty = mine.status in (Status.EMPTY, Status.STARTING)
        self.vouched = False
        return Become(Status.EMPTY if empty else Status.RECOVERING, above=self._above)

    def _begin(self, mine: RecoverResponse) -> Become | None:
        needed = 2 * self.quorum - 2
        starting = self._of(Status.STARTING)
        if mine.status is Status.STARTING:
            begun = starting + self._of(Status.VOTING)
            if len(begun) < needed or any(answer.end for answer in begun):
                return None
            self.vouched = True
            return Become(Status.VOTING, max((answer.promised for answer in begun), default=Ballot()))
        if self.auto_initialize and len(starting) + len(self._of(Status.EMPTY)) >= needed:
            return Become(Status.STARTING)
        return None

    def _check(self, mine: RecoverResponse, *, patient: bool) -> Become | Go | None:
        if any(answer.yours > mine.end for answer in self._answers.values()):
            return Become(Status.RECOVERING, above=mine.replica)
        voting = self._of(Status.VOTING)
        if len(voting) < self.quorum - 1 or (patient and len(self._answers) < len(self._members) - 1):
            return None
        self.vouched = True
        return Go(max((answer.promised for answer in voting), default=Ballot()))

    def _of(self, status: Status) -> list[RecoverResponse]:
        """The answers of others in that status, one for each replica."""
        assert self.mine is not None
        distinct = {answer.replica: answer for answer in self._answers.values()}
        distinct.pop(self.mine.replica, None)
        return [answer for answer in distinct.values() if answer.status is status]
