"""Processes as automata: what an object does with an input, worked out once for each of its states."""

from __future__ import annotations

import copy
import random
from collections import deque
from collections.abc import Callable, Hashable, Iterable
from typing import Any

from actors.log.coordinator import Coordinator, Phase
from actors.log.holdings import Holdings
from actors.log.proposal import Proposal
from actors.log.replica import Replica
from actors.log.votes import Votes

#: What of a process says nothing about what it will do.
_IDLE = frozenset({"_patience", "_rng", "_soon", "_waits", "journal"})

#: What is taken apart.
_PARTS = (Coordinator, Holdings, Proposal, Replica)


def freeze(value: Any) -> Hashable:
    """The same for all objects that are in the same state, whatever the order of their mappings."""
    if isinstance(value, Votes):
        return frozenset(value.members)
    if isinstance(value, dict):
        return frozenset((key, freeze(one)) for key, one in value.items())
    if isinstance(value, list | deque):
        return tuple(map(freeze, value))
    if isinstance(value, random.Random):
        return None
    if isinstance(value, _PARTS):
        return _freeze_fields(value)
    hashable: Hashable = value
    return hashable


def _freeze_fields(value: Any) -> Hashable:
    idle = _IDLE
    if isinstance(value, Coordinator) and value.phase is not Phase.ELECTING:
        idle |= {"_votes"}
    fields = ((name, freeze(one)) for name, one in vars(value).items() if name not in idle)
    return (type(value).__name__, frozenset(fields))


class Automaton:
    """Numbers the states of objects of one kind; `act(object, input)` changes an object and returns words.

    A word is whatever the object says, for the caller to make sense of.
    """

    def __init__(self, start: Any, act: Callable[[Any, Any], Iterable[Hashable]]) -> None:
        self._act = act
        self._objects: list[Any] = []
        self._numbers: dict[Hashable, int] = {}
        self._steps: dict[tuple[int, Hashable], tuple[int, tuple[Hashable, ...]]] = {}
        self.number(start)

    def __len__(self) -> int:
        return len(self._objects)

    def __getitem__(self, state: int) -> Any:
        """An object in that state; not to be changed."""
        return self._objects[state]

    def number(self, state: Any) -> int:
        """The number of the state that an object is in."""
        key = freeze(state)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._objects)
            self._objects.append(state)
        return number

    def step(self, state: int, given: Hashable) -> tuple[int, tuple[Hashable, ...]]:
        """The state after an input, and what is said."""
        found = self._steps.get((state, given))
        if found is None:
            changed = copy.deepcopy(self._objects[state])
            words = tuple(self._act(changed, given))
            found = self._steps[state, given] = (self.number(changed), words)
        return found
