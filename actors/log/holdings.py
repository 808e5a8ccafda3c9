"""The positions of a replica: what it accepted, and what it knows to be chosen, from `begin` to `end`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from actors.log.records import Written
from transport.messages.replication import Accepted, Action, Ballot, Kind


class Holdings:
    """Values by position. A value that is chosen stays until its position is given up."""

    def __init__(self) -> None:
        #: The first position that was not given up.
        self.begin = 1
        #: The last position at which something is held; `begin` - 1 when nothing is.
        self.end = 0
        #: Every position from `begin` to this one is known to be chosen.
        self.learned = 0
        #: The greatest ballot under which anything was chosen.
        self.settled = Ballot()
        self._held: dict[int, Accepted] = {}

    def get(self, position: int) -> Accepted | None:
        """What is held at a position."""
        return self._held.get(position)

    def accepted(self) -> Iterable[Accepted]:
        """All that is held."""
        return self._held.values()

    def write(self, accepted: Accepted) -> None:
        """Accept a value, unless its position was given up."""
        if accepted.action.position < self.begin:
            return
        self._held[accepted.action.position] = accepted
        self.end = max(self.end, accepted.action.position)
        if accepted.learned:
            self.settled = max(self.settled, accepted.ballot)
            self._settle(accepted.action)

    def choose(self, position: int, action: Action | None, ballot: Ballot) -> None:
        """Learn that a value is chosen under a ballot: this one, or (None) the one held at `position`."""
        if position < self.begin:
            return
        held = self._held.get(position)
        if action is None:
            assert held is not None, f"position {position} is chosen, but holds nothing"
            self.write(Accepted(max(held.ballot, ballot), held.action, learned=True))
        else:
            self.write(Accepted(ballot, action, learned=True))

    def give_up(self, begin: int) -> None:
        """Drop all positions before `begin`."""
        if begin <= self.begin:
            return
        if begin - self.begin < len(self._held):
            for position in range(self.begin, begin):
                self._held.pop(position, None)
        else:
            self._held = {position: held for position, held in self._held.items() if position >= begin}
        self.begin = begin
        self.end = max(self.end, begin - 1)
        self.learned = max(self.learned, begin - 1)
        self._advance()

    def read(self, position: int, size_bytes: int) -> Iterator[Action]:
        """Chosen values from `position` to the first that is not known: as many as fit, but at least one."""
        first = max(position, self.begin)
        for at in range(first, self.learned + 1):
            action = self._held[at].action
            size_bytes -= len(action.content)
            if size_bytes < 0 and at > first:
                return
            yield action

    def records(self) -> Iterator[Written]:
        """Records that restore all of it."""
        for _position, held in sorted(self._held.items()):
            yield Written(held)

    def check_invariants(self) -> None:
        """Raise AssertionError when what is kept contradicts itself."""
        assert 1 <= self.begin <= self.end + 1, f"begins at {self.begin}, ends at {self.end}"
        assert self.begin - 1 <= self.learned <= self.end, f"learned up to {self.learned} of {self.end}"
        for position, held in self._held.items():
            assert position == held.action.position, f"{held} at position {position}"
            assert self.begin <= position <= self.end, f"{held} outside of {self.begin} to {self.end}"
            assert held.learned or position > self.learned, f"{held} is not learned"
            if held.learned and held.action.kind is Kind.TRUNCATE:
                assert min(held.action.to, position) <= self.begin, f"{held} has truncated nothing"

    def _settle(self, action: Action) -> None:
        if action.kind is Kind.TRUNCATE:
            self.give_up(min(action.to, action.position))
        self._advance()

    def _advance(self) -> None:
        while (held := self._held.get(self.learned + 1)) is not None and held.learned:
            self.learned += 1
