"""What a framework has on an agent: the sums from which both show what is used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from typing import Final

from transport.records.resources import Resources
from transport.records.task_status import TaskState

#: No resources.
NOTHING: Final = Resources()


class Share:
    """One framework's part of one agent."""

    __slots__ = ("_holdings", "_used", "states")

    def __init__(self) -> None:
        #: How many of the framework's tasks, ended ones included, are in each state there.
        self.states: Counter[TaskState] = Counter()
        self._holdings: dict[Hashable, Resources] = {}
        self._used: Resources | None = None

    def __bool__(self) -> bool:
        return bool(self._holdings) or any(self.states.values())

    def hold(self, holder: Hashable, resources: Resources) -> bool:
        """What one task, executor or operation holds; returns whether that is not what it did before."""
        before = self._holdings.get(holder, NOTHING)
        if before is resources or before == resources:
            return False
        if resources:
            self._holdings[holder] = resources
        else:
            del self._holdings[holder]
        self._used = None
        return True

    def count(self, state: TaskState, by: int) -> None:
        """So many more tasks are in that state."""
        self.states[state] += by
        if not self.states[state]:
            del self.states[state]

    @property
    def used(self) -> Resources:
        """The sum of what is held."""
        if self._used is None:
            self._used = total(self._holdings.values())
        return self._used


def total(parts: Iterable[Resources]) -> Resources:
    """The sum."""
    return sum(parts, NOTHING)


def states(shares: Mapping[str, Share]) -> Counter[TaskState]:
    """How many tasks are in each state in all of them."""
    found: Counter[TaskState] = Counter()
    for share in shares.values():
        found.update(share.states)
    return found
